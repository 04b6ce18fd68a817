"""What a stranger sends is judged in the time that its size allows, and in a few git processes."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from ledger.policy.judge import judge_index, judge_staged
from ledger.storage.git import clean_environment, find_repository
from policy.builders import RUN_ID, Repo, dirty_git, environment, filled_note, write_run


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.policy.judge import Verdict

FACTS = {"sha256": "0" * 64, "rows": 1, "bytes": 1}
pytestmark = pytest.mark.timeout(30)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "repo")
    repo.commit()
    return repo


def staged(repo: Repo, **env: str) -> Verdict:
    repo.git("add", "-A")
    return judge_staged(find_repository(str(repo.top), clean_environment(environment() | env)), {})


def test_many_findings_need_no_git_process_each(repo: Repo, tmp_path: Path) -> None:
    counts = []
    for n_names in (3, 300):
        files = {f"f{number}.csv": FACTS for number in range(n_names)}
        write_run(repo.ledger, files=files)
        trace = tmp_path / f"trace{n_names}"
        found = staged(repo, GIT_TRACE2_EVENT=str(trace)).findings
        assert n_names < len(found)
        counts.append(trace.read_text().count('"event":"start"'))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    "name",
    ["a\0b", "x" * 300_000, "../../../etc/passwd", "/etc/passwd", ""],
    ids=["nul", "long", "up", "absolute", "empty"],
)
def test_a_name_that_no_path_can_be_is_a_finding(repo: Repo, name: str) -> None:
    write_run(repo.ledger, files={name: FACTS})
    first = staged(repo).findings[-1]
    assert ("LED104", f"ledger/2026-02/{RUN_ID}/run.json") == (first.code, first.path)
    assert "no file of the run" in first.message
    assert len(first.message) < 200


@pytest.mark.parametrize("name", ["a\0b.py", "x" * 300_000 + ".py"], ids=["nul", "long"])
def test_a_dirty_path_that_no_path_can_be_is_a_finding(repo: Repo, name: str) -> None:
    git = dirty_git({name: b"x\n"}, repo.ledger, [name])
    write_run(repo.ledger, git=git)
    assert {"LED101"} == {one.code for one in staged(repo).findings}


def test_a_manifest_that_leads_to_what_never_ends_is_not_read(repo: Repo) -> None:
    """It is judged where it is checked out, as a CI does."""
    git = dirty_git({"train.py": b"x\n"}, repo.ledger, ["train.py"])
    write_run(repo.ledger, git=git)
    (manifest,) = (repo.ledger / "code").iterdir()
    manifest.unlink()
    manifest.symlink_to("/dev/zero")
    assert {"LED101", "LED105"} == {one.code for one in staged(repo).findings}


def test_many_references_that_lead_nowhere_are_told_in_a_few_findings(repo: Repo) -> None:
    see = b"".join(b"See: nowhere%d\n" % number for number in range(40_000))
    write_run(repo.ledger, note=filled_note(RUN_ID) + see)
    found = staged(repo).findings
    assert ["LED102"] * 5 == [one.code for one in found]
    assert "'See: nowhere0' names a run that is not there" == found[0].message
    assert found[-1].message.endswith(" (and 39995 more)")


def test_names_that_differ_in_case_alone_are_told_once_each(repo: Repo) -> None:
    """In pairs they would be half a million findings."""
    blob = repo.git("hash-object", "-w", "--stdin").strip()
    names = {
        "".join(
            char.upper() if number >> place & 1 else char for place, char in enumerate("abcdefghij")
        )
        for number in range(1024)
    }
    lines = "".join(f"100644 {blob}\tledger/2026-02/{name}/run.json\n" for name in names)
    subprocess.run(
        ["git", "update-index", "--index-info"],
        cwd=repo.top,
        env=environment(),
        input=lines.encode(),
        check=True,
    )
    repository = find_repository(str(repo.top), clean_environment(environment()))
    found = [one for one in judge_index(repository).findings if one.code == "LED105"]
    assert 1024 == len(found)


@pytest.mark.parametrize("line", [b"password=aaaaaaa1\n", b"-----BEGIN PRIVATE KEY-----\n"])
def test_many_secrets_are_found_in_one_walk(repo: Repo, line: bytes) -> None:
    write_run(repo.ledger, note=filled_note(RUN_ID) + line * (200_000 // len(line)))
    found = staged(repo).findings
    lines = filled_note(RUN_ID).count(b"\n")
    assert [("LED107", lines + at) for at in range(1, 6)] == [(one.code, one.line) for one in found]


def test_what_mends_is_safe_to_paste(repo: Repo) -> None:
    """The name of a run is a stranger's; who mends it pastes what is printed."""
    name = "2026-02-01_1630_x;touch RAN;$(touch RAN)-aaaaaaaa"
    write_run(repo.ledger, name, note=None)
    write_run(repo.ledger, name + "2", note=b"\xff", status="interrupted", files=...)
    fixes = {one.fix for one in staged(repo).findings}
    for fix in fixes:
        bare = fix.replace(f"'{name}'", "").replace(f"'{name}2'", "")
        for run in (name, name + "2"):
            for file in ("", "/run.json", "/run.md"):
                bare = bare.replace(f"'ledger/2026-02/{run}{file}'", "")
        assert "touch" not in bare, fix
