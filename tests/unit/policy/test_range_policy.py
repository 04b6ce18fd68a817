"""What a range is judged by: the settings of its base, and what may be left out of LED100."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from ledger.errors import LedgerError
from ledger.policy.judge_range import judge_range, judge_revision
from ledger.storage.git import clean_environment, find_repository
from make_repo import write_files
from policy.builders import RUN_ID, Repo, capture_run, environment, filled_note, write_run


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.policy.judge import Verdict
    from ledger.storage.git import Repository

SECOND = "2026-02-01_1700_demo-bbbbbbbb"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Return a repository with code on main, on the branch ``work``."""
    made = Repo(tmp_path / "repo")
    write_files(made.top, {"train.py": "LR = 1\n", "ledger.toml": ""})
    made.commit("first")
    made.git("checkout", "-q", "-b", "work")
    return made


def found(repo: Repo) -> Repository:
    return find_repository(str(repo.top), clean_environment(environment()))


def on_main(repo: Repo, settings: str) -> None:
    """Commit ``settings`` on main, and come back."""
    repo.git("checkout", "-q", "main")
    write_files(repo.top, {"ledger.toml": settings})
    repo.commit("settings")
    repo.git("checkout", "-q", "work")


def told(verdict: Verdict) -> list[tuple[str, str, str]]:
    return [(one.code, one.severity, one.path) for one in verdict.findings]


def judged(repo: Repo, **options: bool) -> list[tuple[str, str, str]]:
    return told(judge_range(found(repo), "main", "work", **options))


UNCOVERED = ("LED100", "error", "train.py")


def change(repo: Repo, settings: str | None = None) -> None:
    """Commit a change that nobody ran, and ``settings``, on the branch."""
    write_files(repo.top, {"train.py": "LR = 2\n"})
    if settings is not None:
        write_files(repo.top, {"ledger.toml": settings})
    repo.commit("change")


def test_the_printed_mend_of_a_range_brings_back_what_the_base_holds(repo: Repo) -> None:
    repo.git("checkout", "-q", "main")
    table = write_run(repo.top / "ledger") / "metrics.csv"
    repo.commit("a run")
    written = table.read_bytes()
    repo.git("checkout", "-q", "-B", "work")
    table.write_bytes(written + b"9,9.0,0.999\n")
    repo.commit("a better run")

    verdict = judge_range(found(repo), "main", "work")
    fixes = [one.fix for one in verdict.findings if one.code == "LED104"]
    for fix in fixes:
        subprocess.run(["sh", "-c", fix], cwd=repo.top, check=True)

    assert fixes
    assert table.read_bytes() == written


@pytest.mark.parametrize(
    "settings",
    [
        "severity = { LED100 = 'off' }\n",
        "code = ['*.sh']\n",
        "require = { ignore = ['**'] }\n",
        "require = { skip = [] }\n",
    ],
)
def test_a_change_is_not_judged_by_the_policy_it_brings(repo: Repo, settings: str) -> None:
    change(repo, settings)
    assert UNCOVERED in judged(repo)


def test_the_policy_is_what_the_base_has_now_not_where_the_branch_began(repo: Repo) -> None:
    change(repo)
    on_main(repo, "severity = { LED100 = 'warn' }\n")
    assert [("LED100", "warn", "train.py")] == judged(repo)


def test_a_project_that_is_not_on_the_base_brings_its_own_policy(repo: Repo) -> None:
    write_files(repo.top, {"new/ledger.toml": "severity = { LED102 = 'notice' }\n"})
    write_run(repo.top / "new" / "ledger", note=None)
    repo.commit("a project")
    assert {("LED102", "notice")} == {(code, weight) for code, weight, _ in judged(repo)}


def test_a_project_inside_another_answers_for_its_own_code(repo: Repo) -> None:
    """Not one that the change itself puts there: that would be a way round."""
    repo.git("checkout", "-q", "main")
    write_files(repo.top, {"inner/ledger.toml": "", "inner/a.py": "x\n", "outer/b.py": "x\n"})
    repo.commit("inner")
    repo.git("rebase", "-q", "main", "work")
    write_files(repo.top, {"inner/a.py": "y\n", "outer/b.py": "y\n", "outer/ledger.toml": ""})
    repo.commit("change")
    verdict = judge_range(found(repo), "main", "work")
    assert ["inner/a.py", "outer/b.py"] == sorted(one.path for one in verdict.findings)
    assert 2 == len(verdict.findings)


def test_a_policy_that_does_not_parse_on_the_base_can_be_mended(repo: Repo) -> None:
    on_main(repo, "severity = 3\n")
    repo.git("merge", "-q", "main")
    write_files(repo.top, {"ledger.toml": ""})
    repo.commit("mend")
    assert [] == judged(repo)


def test_a_policy_that_is_not_in_this_clone_is_not_replaced_by_that_of_the_change(
    repo: Repo,
) -> None:
    on_main(repo, "severity = { LED100 = 'error' }\n")
    change(repo, "severity = { LED100 = 'off' }\n")
    oid = repo.git("rev-parse", "main:ledger.toml").strip()
    (repo.top / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    with pytest.raises(LedgerError, match="not in this clone"):
        judged(repo)


def test_what_is_off_is_told_nowhere(repo: Repo) -> None:
    on_main(repo, "severity = { LED100 = { range = 'off' } }\n")
    change(repo)
    assert [] == judged(repo)


def test_a_rule_can_weigh_less_at_every_stage(repo: Repo) -> None:
    on_main(repo, "severity = { LED102 = 'notice' }\n")
    write_files(repo.top, {"train.py": "LR = 2\n"})
    capture_run(repo.top, note=None)
    repo.commit("run")
    path = f"ledger/2026-02/{RUN_ID}"
    assert [("LED102", "notice", path)] == [(a, b, c[: len(path)]) for a, b, c in judged(repo)]


def test_integrity_leaves_out_what_covers_and_nothing_else(repo: Repo) -> None:
    change(repo)
    capture_run(repo.top, note=None)
    repo.commit("run")
    assert {"LED102"} == {code for code, _, _ in judged(repo, is_integrity_only=True)}


@pytest.mark.parametrize(
    ("require", "status", "has_note", "is_covered"),
    [
        ("{}", "failed", True, True),
        ("{}", "failed", False, False),
        ("{}", "crashed", True, True),
        ("{ accept = ['finished'] }", "failed", True, False),
        ("{ accept = ['finished'] }", "finished", True, True),
        ("{ accept = [] }", "finished", True, False),
    ],
)
def test_which_runs_cover_is_a_setting(
    repo: Repo, require: str, status: str, *, has_note: bool, is_covered: bool
) -> None:
    on_main(repo, f"require = {require}\n")
    write_files(repo.top, {"train.py": "LR = 2\n"})
    note = filled_note(RUN_ID) if has_note else None
    capture_run(repo.top, status=status, note=note)
    repo.commit("run")
    assert is_covered is (UNCOVERED not in judged(repo))


def test_what_is_ignored_needs_no_run(repo: Repo) -> None:
    on_main(repo, "require = { ignore = ['plots/**'] }\n")
    write_files(repo.top, {"plots/a.py": "x\n", ".pre-commit-config.yaml": "x: 1\n"})
    repo.commit("plots")
    assert [("LED100", "error", ".pre-commit-config.yaml")] == judged(repo)


def test_hidden_files_and_our_settings_need_no_run(repo: Repo) -> None:
    write_files(repo.top, {".lint.yaml": "x\n", ".tool/a.py": "x\n", "ledger.toml": "# x\n"})
    repo.commit("tools")
    assert [] == judged(repo)


def test_a_run_of_an_earlier_commit_does_not_cover_where_settings_ask_for_fresh_ones(
    repo: Repo,
) -> None:
    write_files(repo.top, {"train.py": "LR = 2\n"})
    capture_run(repo.top)
    repo.commit("run")
    write_files(repo.top, {"train.py": "LR = 3\n"})
    repo.commit("more")
    assert [] == judged(repo)
    on_main(repo, "require = { mode = 'fresh' }\n")
    assert [UNCOVERED] == judged(repo)


@pytest.mark.parametrize(
    ("skip", "opt_outs", "by"),
    [
        ("['label', 'trailer']", ["label", "trailer"], "label"),
        ("['label', 'trailer']", ["trailer"], "trailer"),
        ("['label']", ["trailer"], None),
        ("['trailer']", ["label", "trailer"], "trailer"),
        ("[]", ["label", "trailer"], None),
    ],
)
def test_opt_outs_count_where_settings_let_them(
    repo: Repo, skip: str, opt_outs: list[str], by: str | None
) -> None:
    on_main(repo, f"require = {{ skip = {skip} }}\n")
    change(repo)
    verdict = judge_range(found(repo), "main", "work", opt_outs=opt_outs)
    assert ([UNCOVERED] if by is None else []) == told(verdict)
    assert [by] * (by is not None) == [kind for kind, _ in verdict.waived]


def test_code_that_is_declared_an_output_is_code_all_the_same(repo: Repo) -> None:
    change(repo)
    stage = "stages:\n  a:\n    cmd: x\n    outs: [train.py, made.py]\n"
    write_files(repo.top, {"dvc.yaml": stage, "made.py": "x\n"})
    repo.commit("pipeline")
    assert [("LED100", "error", "dvc.yaml"), UNCOVERED] == judged(repo)


@pytest.mark.parametrize("folder", ["", "model/"])
def test_a_ledger_in_the_place_of_code_hides_none(repo: Repo, folder: str) -> None:
    """Files of a ledger are no code: a change must not call its code a ledger."""
    old, new = f"{folder}src/a.py", f"{folder}src/b.py"
    shared, run = f"{folder}src/code/c.py", f"{folder}src/2026-02/x/d.py"
    repo.git("checkout", "-q", "main")
    write_files(repo.top, dict.fromkeys((old, shared, run), "x\n"))
    repo.commit("code")
    repo.git("rebase", "-q", "main", "work")
    write_files(repo.top, dict.fromkeys((old, new, shared, run), "y\n"))
    write_files(repo.top, {f"{folder}ledger.toml": "dir = 'src'\n"})
    repo.commit("change")
    hidden = [path for code, _, path in judged(repo) if code == "LED100"]
    assert sorted((old, new, shared, run)) == sorted(hidden)


def test_a_ledger_that_moves_leaves_nothing_behind(repo: Repo) -> None:
    """Its project is covered by the runs at the new place; runs of the base stay frozen."""
    repo.git("checkout", "-q", "main")
    capture_run(repo.top)
    repo.commit("run")
    repo.git("rebase", "-q", "main", "work")
    write_files(repo.top, {"ledger.toml": "dir = 'runs'\n", "train.py": "LR = 2\n"})
    capture_run(repo.top, SECOND)
    shutil.copytree(repo.ledger, repo.top / "runs")
    shutil.rmtree(repo.top / "runs" / "2026-02" / RUN_ID)
    repo.git("clean", "-fdxq", "ledger")
    repo.commit("move")
    assert [("LED113", "notice", "ledger.toml")] == judged(repo)

    repo.git("rm", "-rq", "ledger")
    repo.commit("drop the old ones")
    names = ("metrics.csv", "run.json")
    gone = [("LED103", "error", f"ledger/2026-02/{RUN_ID}/{name}") for name in names]
    assert gone == [one for one in judged(repo) if one[0] == "LED103"]


def test_what_a_forced_push_drops_is_missed(repo: Repo) -> None:
    """Without common history too: only what is replaced counts."""
    capture_run(repo.top)
    repo.commit("run")
    repo.git("checkout", "-q", "--orphan", "other")
    repo.git("rm", "-rqf", "ledger")
    repo.commit("another history")
    verdict = judge_range(found(repo), "work", "other", is_replacing=True)
    assert {"LED103"} == {one.code for one in verdict.findings if "run.json" in one.path}


def test_all_that_a_commit_holds_is_judged_where_there_is_no_base(repo: Repo) -> None:
    capture_run(repo.top)
    capture_run(repo.top, SECOND, note=None)
    head = repo.commit("runs")
    write_files(repo.top, {"ledger/.gitattributes": "* text=auto filter=lfs\n"})
    verdict = judge_revision(found(repo), head)
    assert [("LED102", "error", f"ledger/2026-02/{SECOND}/run.md")] == told(verdict)
    assert 2 == verdict.n_runs


def test_the_same_bytes_as_other_settings_hide_no_ledger(repo: Repo) -> None:
    """Settings are kept by the id of their bytes; a pyproject.toml may hold the same ones."""
    repo.git("checkout", "-q", "main")
    write_files(repo.top, {"pyproject.toml": "", "other/pyproject.toml": ""})
    repo.commit("empty files beside an empty file")
    repo.git("rebase", "-q", "main", "work")
    change(repo)
    assert [UNCOVERED] == judged(repo)
    assert [UNCOVERED] == judged(repo)
