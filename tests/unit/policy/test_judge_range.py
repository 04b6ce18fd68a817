"""What a branch brings, in real repositories: rebased, merged, squashed, amended, reverted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.errors import LedgerError
from ledger.policy.check_covered import FRESH
from ledger.policy.judge_range import judge_range
from ledger.storage.git import clean_environment, find_repository
from make_repo import write_files
from policy.builders import RUN_ID, Repo, capture_run, environment


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.policy.judge import Verdict

SECOND = "2026-02-01_1700_demo-bbbbbbbb"
FILES = {
    "train.py": "import model\nLR = 1\n",
    "model.py": "WIDTH = 1\n",
    "tool.sh": "echo\n",
    "README.md": "x\n",
}


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Return a repository with code on main, on the branch ``work``."""
    made = Repo(tmp_path / "repo")
    write_files(made.top, FILES)
    made.commit("first")
    made.git("checkout", "-q", "-b", "work")
    return made


def verdict(repo: Repo, base: str = "main", head: str = "work", **options: str) -> Verdict:
    found = find_repository(str(repo.top), clean_environment(environment()))
    return judge_range(found, base, head, **options)


def findings(repo: Repo, **options: str) -> list[tuple[str, str]]:
    return [(one.code, one.path) for one in verdict(repo, **options).findings]


def upstream(repo: Repo, **files: str) -> None:
    """Commit ``files`` (``model`` is model.py) on main, and come back."""
    repo.git("checkout", "-q", "main")
    write_files(repo.top, {f"{name}.py": text for name, text in files.items()})
    repo.commit("upstream")
    repo.git("checkout", "-q", "work")


def change_and_run(repo: Repo, run_id: str = RUN_ID, **files: str) -> None:
    """Commit ``files``, run them, commit the run."""
    write_files(repo.top, {f"{name}.py": text for name, text in files.items()})
    repo.commit("code")
    capture_run(repo.top, run_id)
    repo.commit("run")


def dirty_run(repo: Repo, run_id: str = RUN_ID, **files: str) -> None:
    """Run edited ``files``, then commit code and run together."""
    write_files(repo.top, {f"{name}.py": text for name, text in files.items()})
    capture_run(repo.top, run_id)
    repo.commit("code and run")


# -- coverage


def test_a_branch_that_changes_nothing_is_fine(repo: Repo) -> None:
    assert [] == findings(repo)


def test_a_change_that_was_run_is_covered(repo: Repo) -> None:
    change_and_run(repo, model="WIDTH = 2\n")
    assert [] == findings(repo)
    assert 1 == verdict(repo).n_runs


def test_a_change_that_nobody_ran_is_told_by_its_path(repo: Repo) -> None:
    change_and_run(repo, model="WIDTH = 2\n")
    write_files(repo.top, {"train.py": "LR = 2\n", "new.py": "x\n", "README.md": "y\n"})
    (repo.top / "tool.sh").unlink()
    repo.commit("more")
    expected = [("LED100", path) for path in ("new.py", "tool.sh", "train.py")]
    assert expected == findings(repo)
    assert verdict(repo).is_blocked


def test_upstream_changes_never_count(repo: Repo) -> None:
    change_and_run(repo, model="WIDTH = 2\n")
    upstream(repo, train="LR = 9\n", other="x\n")
    assert [] == findings(repo)


@pytest.mark.parametrize("is_dirty", [False, True])
def test_a_rebase_keeps_a_run_valid(repo: Repo, is_dirty: bool) -> None:
    (dirty_run if is_dirty else change_and_run)(repo, model="WIDTH = 2\n")
    upstream(repo, train="LR = 9\n")
    repo.git("rebase", "-q", "main")
    assert [] == findings(repo)


@pytest.mark.parametrize("is_dirty", [False, True])
def test_a_merge_of_upstream_keeps_a_run_valid(repo: Repo, is_dirty: bool) -> None:
    (dirty_run if is_dirty else change_and_run)(repo, model="WIDTH = 2\n")
    upstream(repo, train="LR = 9\n")
    repo.git("merge", "-q", "--no-edit", "main")
    assert [] == findings(repo)
    upstream(repo, train="LR = 10\n")
    assert [] == findings(repo)


@pytest.mark.parametrize("is_dirty", [False, True])
def test_a_squash_keeps_a_run_valid(repo: Repo, is_dirty: bool) -> None:
    (dirty_run if is_dirty else change_and_run)(repo, model="WIDTH = 2\n")
    upstream(repo, train="LR = 9\n")
    repo.git("checkout", "-q", "-b", "squashed", "main")
    repo.git("merge", "-q", "--squash", "work")
    repo.commit("squashed")
    assert [] == findings(repo, head="squashed")


def test_an_amend_keeps_a_run_valid(repo: Repo) -> None:
    change_and_run(repo, model="WIDTH = 2\n")
    write_files(repo.top, {"README.md": "y\n"})
    repo.git("add", "-A")
    repo.git("commit", "-q", "--amend", "--no-edit")
    assert [] == findings(repo)


def test_a_change_that_is_reverted_needs_no_run(repo: Repo) -> None:
    write_files(repo.top, {"model.py": "WIDTH = 2\n"})
    repo.commit("change")
    repo.git("revert", "--no-edit", "HEAD")
    assert [] == findings(repo)


def test_a_run_of_an_earlier_commit_covers_unless_it_must_be_fresh(repo: Repo) -> None:
    change_and_run(repo, model="WIDTH = 2\n")
    write_files(repo.top, {"model.py": "WIDTH = 2  # wide\n"})
    repo.commit("comment")
    assert [] == findings(repo)
    assert [("LED100", "model.py")] == findings(repo, mode=FRESH)


def test_a_run_of_what_was_there_before_covers_no_change(repo: Repo) -> None:
    """Its id stands in a commit of the range, which did not bring it."""
    change_and_run(repo, train="LR = 2\n")
    write_files(repo.top, {"model.py": "WIDTH = 2\n"})
    repo.commit("model")
    assert [("LED100", "model.py")] == findings(repo)


def test_several_runs_cover_a_range_together(repo: Repo) -> None:
    change_and_run(repo, model="WIDTH = 2\n")
    change_and_run(repo, SECOND, train="LR = 2\n")
    assert [] == findings(repo)


def test_a_mode_alone_is_no_change_of_code(repo: Repo) -> None:
    (repo.top / "tool.sh").chmod(0o755)
    repo.commit("executable")
    assert [] == findings(repo)


def test_a_submodule_is_a_change_like_any_other(repo: Repo, tmp_path: Path) -> None:
    inner = Repo(tmp_path / "inner", ledger=False)
    write_files(inner.top, {"net.py": "1\n"})
    inner.commit()
    allow = ("-c", "protocol.file.allow=always")
    repo.git(*allow, "submodule", "--quiet", "add", str(inner.top), "vendor")
    repo.commit("vendor")
    assert [("LED100", "vendor")] == findings(repo)
    capture_run(repo.top)
    repo.commit("run")
    assert [] == findings(repo)


def test_each_project_is_covered_by_its_own_runs(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo", ledger=False)
    for name in ("a", "b"):
        write_files(repo.top, {f"{name}/ledger.toml": "", f"{name}/train.py": "1\n"})
    repo.commit("first")
    repo.git("checkout", "-q", "-b", "work")
    write_files(repo.top, {"a/train.py": "2\n", "b/train.py": "2\n"})
    repo.commit("code")
    capture_run(repo.top / "a")
    (repo.top / "a/ledger/.gitattributes").write_text("** -text\n**/run.md text\n")
    repo.commit("run")
    assert [("LED100", "b/train.py")] == findings(repo)


def test_dropping_the_settings_is_no_way_round(repo: Repo) -> None:
    write_files(repo.top, {"train.py": "LR = 2\n"})
    (repo.top / "ledger.toml").unlink()
    repo.commit("no settings")
    assert ("LED100", "train.py") in findings(repo)


# -- dirty runs


def test_any_one_commit_of_the_range_may_hold_the_code(repo: Repo) -> None:
    dirty_run(repo, model="WIDTH = 2\n", train="LR = 2\n")
    write_files(repo.top, {"model.py": "WIDTH = 3\n"})
    repo.commit("later")
    assert [] == findings(repo)


def test_two_commits_together_are_not_one(repo: Repo) -> None:
    write_files(repo.top, {"model.py": "WIDTH = 2\n", "train.py": "LR = 2\n"})
    capture_run(repo.top)
    write_files(repo.top, {"train.py": "LR = 1\n"})
    repo.commit("model alone")
    write_files(repo.top, {"model.py": "WIDTH = 1\n", "train.py": "LR = 2\n"})
    (repo.ledger / f"2026-02/{RUN_ID}/changes.patch").unlink()
    repo.commit("train alone")
    assert ("LED101", f"ledger/2026-02/{RUN_ID}/run.json") in findings(repo)


def test_where_no_commit_holds_the_code_the_patch_makes_it_a_notice(repo: Repo) -> None:
    write_files(repo.top, {"model.py": "WIDTH = 2\n"})
    capture_run(repo.top)
    write_files(repo.top, {"model.py": "WIDTH = 3\n"})
    repo.commit("run, and other code")
    before = repo.state()
    told = {one.code: one for one in verdict(repo).findings}
    assert before == repo.state()
    assert "notice" == told["LED101"].severity
    assert "changes.patch give it again" in told["LED101"].message
    (repo.ledger / f"2026-02/{RUN_ID}/changes.patch").write_text("")
    repo.commit("patch emptied")
    told = {one.code: one for one in verdict(repo).findings}
    assert "error" == told["LED101"].severity


def test_who_cannot_tell_is_not_helped_by_a_patch(repo: Repo) -> None:
    write_files(repo.top, {"model.py": "WIDTH = 2\n"})
    folder = capture_run(repo.top)
    text = (folder / "run.json").read_text()
    (folder / "run.json").write_text(text.replace('"dirty": true', '"dirty": null'))
    repo.commit("run")
    assert [("LED101", "error")] == [(one.code, one.severity) for one in verdict(repo).findings]


# -- records


def test_a_run_of_the_base_that_is_edited_or_gone_is_told(repo: Repo) -> None:
    repo.git("checkout", "-q", "main")
    for run_id in (RUN_ID, SECOND):
        capture_run(repo.top, run_id)
    repo.commit("runs")
    repo.git("checkout", "-q", "-B", "work")
    record = repo.ledger / f"2026-02/{RUN_ID}/run.json"
    record.write_text(record.read_text().replace('"demo"', '"better"'))
    for path in (repo.ledger / f"2026-02/{SECOND}").iterdir():
        path.unlink()
    repo.commit("cheat")
    frozen = [one.path for one in verdict(repo).findings if one.code == "LED103"]
    assert {record.relative_to(repo.top).as_posix()} < set(frozen)
    assert 3 == len(frozen)
    assert all(one.severity == "error" for one in verdict(repo).findings if one.code == "LED103")


def test_attributes_are_those_of_the_range(repo: Repo) -> None:
    capture_run(repo.top)
    write_files(repo.top, {"ledger/2026-02/.gitattributes": "*.csv text eol=crlf\n"})
    repo.commit("run")
    repo.git("checkout", "-q", "main")
    assert "LED105" in {code for code, _ in findings(repo)}


def test_a_commit_that_is_not_here_cannot_be_judged(repo: Repo) -> None:
    with pytest.raises(LedgerError, match="no commit here"):
        verdict(repo, base="gone")
    repo.git("checkout", "-q", "--orphan", "island")
    repo.commit("island")
    with pytest.raises(LedgerError, match="no common history"):
        verdict(repo, head="island")
