"""The action's steps, run as GitHub runs them, for the events that reach it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ci.events import ABSENT, ZEROS, Case, run
from ci.scenes import EVIL, build


if TYPE_CHECKING:
    from ci.emulator import Done
    from policy.builders import Repo

ANNOTATIONS = {"error", "warning", "notice"}
MOST_ANNOTATIONS = 10
VERDICTS = ["pass", "fail", "cannot judge"]
"""By exit code."""
OUTPUTS = {"verdict", "n-findings", "n-new-runs", "report"}


LABEL = [{"name": "no-experiment"}]
OTHER = {"full_name": "stranger/r", "fork": True}
CASES = {
    "a change with its run": Case(runs="1", is_attached=True),
    "a change of the documentation": Case(branch="docs", runs="0"),
    "a change without a run": Case(branch="uncovered", code=1, findings={"LED100"}),
    "a note is missing": Case(branch="no-note", code=1, findings={"LED102"}, is_attached=True),
    "the run was dirty": Case(branch="dirty", code=1, findings={"LED101"}),
    "a frozen record is edited": Case(branch="frozen", code=1, findings={"LED103", "LED104"}),
    "reopened": Case(payload={"action": "reopened"}),
    "the label is set": Case(
        branch="uncovered", payload={"action": "labeled", "labels": LABEL}, told="no-experiment"
    ),
    "the label is taken away": Case(
        branch="uncovered", payload={"action": "unlabeled"}, code=1, findings={"LED100"}
    ),
    "another label": Case(
        branch="uncovered", payload={"labels": [{"name": EVIL}]}, code=1, findings={"LED100"}
    ),
    "the label does not excuse a dirty run": Case(
        branch="dirty", payload={"labels": LABEL}, code=1, findings={"LED101"}
    ),
    "a reason in a trailer": Case(branch="trailer", told="only names were changed"),
    "an evil reason in a trailer": Case(branch="evil-trailer", told="touch marker"),
    "from a fork": Case(payload={"repo": OTHER}),
    "from a fork, with findings": Case(
        branch="no-note", payload={"repo": OTHER}, code=1, findings={"LED102"}
    ),
    "a draft": Case(branch="no-note", payload={"draft": True}, code=1, findings={"LED102"}),
    "by a bot": Case(payload={"user": {"login": "dependabot[bot]", "type": "Bot"}}, branch="docs"),
    "evil title and branch": Case(payload={"title": EVIL, "ref": EVIL.replace("\n", "")}),
    "evil names, ids and notes": Case(branch="evil-paths", code=1, findings=None, is_attached=True),
    "links out of the repository": Case(branch="links", code=1, findings=None, is_attached=True),
    "an event with too many rights": Case(event="pull_request_target", code=2, findings={"LED000"}),
    "the policy is weakened": Case(branch="weaker", code=1, findings={"LED100", "LED113"}),
    "modules with the names of ours": Case(
        branch="shadows", code=1, findings={"LED100"}, is_attached=True
    ),
    "no deep clone": Case(depth=1, code=2, findings={"LED000"}),
    "the base is not here": Case(
        payload={"base": ABSENT}, code=2, findings={"LED000"}, is_attached=True
    ),
    "a base that is no commit": Case(payload={"base": "--output=x"}, code=2, findings={"LED000"}),
    "a merge group": Case(event="merge_group"),
    "a merge group without a run": Case(event="merge_group", branch="uncovered"),
    "a merge group with a missing note": Case(
        event="merge_group", branch="no-note", code=1, findings={"LED102"}
    ),
    "a push": Case(event="push"),
    "a push without a run": Case(event="push", branch="uncovered"),
    "a push with a missing note": Case(event="push", branch="no-note", code=1, findings={"LED102"}),
    "a push of a new branch": Case(event="push", payload={"before": ZEROS, "created": True}),
    "a forced push": Case(event="push", payload={"before": ABSENT, "forced": True}),
    "another event, with a base": Case(
        event="workflow_dispatch", inputs={"base": "main", "head": "HEAD^2"}, runs="1"
    ),
    "evil inputs": Case(inputs={"base": EVIL, "head": "--help"}, code=2, findings={"LED000"}),
    "an option as base": Case(inputs={"base": "--help"}, code=2, findings={"LED000"}),
    "a checkout elsewhere": Case(inputs={"path": "a b/$(touch marker)"}, runs="1"),
    "an event that is no JSON": Case(raw=b"pull_request: 7", code=2, findings={"LED000"}),
    "an event too deep to read": Case(raw=b"[" * 200_000, code=2, findings={"LED000"}),
    "an event of another shape": Case(raw=b'{"pull_request": [7]}', code=2, findings={"LED000"}),
    "no summary": Case(inputs={"summary": "false"}),
}


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    return build(tmp_path_factory.mktemp("scene") / "repo")


def codes(done: Done) -> set[str]:
    titles = [properties["title"] for _, properties, _ in done.annotations]
    return {title.split()[0] for title in titles if title.startswith("LED")}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_event(case: Case, repo: Repo, tmp_path: Path) -> None:
    done = run(repo, case, tmp_path)

    assert case.code == done.code, done.said
    assert case.findings in (None, codes(done)), done.said
    assert VERDICTS[case.code] == done.outputs["verdict"]
    assert case.runs in {None, done.outputs["n-new-runs"]}
    assert_nothing_forged(done, tmp_path)
    assert_told(done, case)


def assert_nothing_forged(done: Done, folder: Path) -> None:
    """Whatever the change holds, the runner, the shell and the outputs are told what we say."""
    assert {name for name, _, _ in done.commands} <= ANNOTATIONS
    for kind in ANNOTATIONS:
        assert sum(name == kind for name, _, _ in done.annotations) <= MOST_ANNOTATIONS
    for _, properties, data in done.annotations:
        assert not data.startswith("forged")
        assert re.fullmatch(r"LED\d{3} .*|opt-out", properties["title"])
    assert OUTPUTS | {"folder"} == set(done.steps["judge"])
    assert (done.env, done.path) == ({}, "")
    assert not list(folder.rglob("marker"))
    assert "Traceback" not in done.said


def assert_told(done: Done, case: Case) -> None:
    report = Path(done.outputs["report"]).read_text(encoding="utf-8")
    assert case.told in report
    assert all(code in report for code in case.findings or ())
    assert not re.search(r"@all|<img|\u202e|root:", report)
    assert (case.inputs.get("summary") != "false") == (report in done.summary)
    if not case.is_attached:
        assert done.uses == []
        return
    (upload,) = done.uses
    folder = Path(upload["with"]["path"])
    assert ["report.md", "verdict.json"] == sorted(path.name for path in folder.iterdir())
    answer = json.loads((folder / "verdict.json").read_bytes())
    assert done.outputs["verdict"] == answer["verdict"]
    assert done.outputs["n-findings"] == str(len(answer["findings"]))


def test_what_the_program_narrates_is_shown_and_not_obeyed(repo: Repo, tmp_path: Path) -> None:
    """Whatever a library warns of on stderr may quote what a stranger wrote."""
    hostile = "::add-mask::a\n##[error]forged\n::stop-commands::b\n::error::no end"
    case = Case(variables={"NARRATION": hostile})
    narrating = '[ "$3" != ledger ] || printf %s "$NARRATION" >&2'

    done = run(repo, case, tmp_path, before=narrating)

    assert hostile in done.said
    assert [] == done.commands
    assert 0 == done.code
