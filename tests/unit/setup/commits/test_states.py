"""``ledger commit`` in every state a repository can be in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ledger.errors import LedgerError, NoLedgerError
from ledger.project import find_project
from make_repo import git, make_repo
from unit.setup.commits.committing import commit, edit, enter, held, record, status, traces
from unit.writer.recording import PROJECT, ledger_command, make_project


if TYPE_CHECKING:
    from collections.abc import Callable


# ---- in the middle of something


def start_merge(project: Path) -> None:
    git(project, "switch", "--quiet", "-c", "other")
    edit(project, "print('theirs')\n")
    git(project, "commit", "--quiet", "-am", "theirs")
    git(project, "switch", "--quiet", "main")
    edit(project, "print('ours')\n")
    git(project, "commit", "--quiet", "-am", "ours")


def refused(project: Path, match: str) -> None:
    before = status(project), git(project, "rev-parse", "HEAD")
    with pytest.raises(LedgerError, match=match):
        commit(project)
    assert before == (status(project), git(project, "rev-parse", "HEAD"))
    assert [] == [name for name in traces(project) if name != "index.lock"]


@pytest.mark.parametrize(
    ("command", "what"),
    [
        (("merge", "other"), "a merge"),
        (("rebase", "other"), "a rebase"),
        (("cherry-pick", "other"), "a cherry-pick"),
        (("revert", "HEAD~1"), "a revert"),
    ],
)
def test_an_unfinished_operation_is_refused(
    project: Path, command: tuple[str, ...], what: str
) -> None:
    start_merge(project)
    if what == "a revert":
        edit(project, "print('third')\n")
        git(project, "commit", "--quiet", "-am", "third")
    record("a")
    with pytest.raises(Exception, match="returned non-zero"):
        git(project, *command)
    refused(project, f"{what} is in progress")


def test_a_conflict_of_a_stash_is_refused(project: Path) -> None:
    record("a")
    edit(project, "print('stashed')\n")
    git(project, "stash")
    edit(project, "print('committed')\n")
    git(project, "commit", "--quiet", "-am", "x")
    with pytest.raises(Exception, match="returned non-zero"):
        git(project, "stash", "pop")
    refused(project, "is unmerged")


def test_an_index_somebody_else_holds_is_left_alone(project: Path) -> None:
    record("a")
    lock = project / ".git" / "index.lock"
    lock.write_bytes(b"")
    refused(project, "another git command holds the index")
    assert lock.exists()


def test_no_run_is_one_line_and_one(project: Path) -> None:
    done = ledger_command(project, "commit")
    assert (1, "") == (done.returncode, done.stdout)
    assert "nothing to commit" in done.stderr


# ---- where HEAD is


def test_a_detached_head_is_said(project: Path) -> None:
    git(project, "switch", "--quiet", "--detach")
    edit(project, "print(1)\n")
    record("a")
    said = commit(project)
    assert (1, 0) == said.counts
    assert "detached" in said.text
    assert said.commits[0].commit == git(project, "rev-parse", "HEAD").strip()
    assert "print('train')\n" == held(project, "main", "train.py")


def test_before_the_first_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_repo(tmp_path).resolve()
    for path, text in PROJECT.items():
        edit(project, text, path)
    enter(project, monkeypatch)
    git(project, "add", "src")
    first = record("a")
    edit(project, "print(2)\n")
    second = record("b")
    said = commit(project)
    assert [first.id, second.id] == said.runs
    assert 2 == len(git(project, "log", "--format=%H").split())
    assert "print('train')\n" == held(project, "HEAD~1", "train.py")
    assert [] == status(project)


def test_a_worktree_commits_on_its_own_branch(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = tmp_path / "tree"
    git(project, "worktree", "add", "--quiet", "-b", "side", str(tree))
    enter(tree, monkeypatch)
    edit(tree, "print('side')\n")
    record("a")
    said = commit(tree)
    assert (1, 0) == said.counts
    assert "print('side')\n" == held(project, "side", "train.py")
    assert "print('train')\n" == held(project, "main", "train.py")
    assert [] == status(tree)
    assert [] == status(project)


def test_a_project_in_a_subdirectory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = make_repo(tmp_path, {f"team/ml/{path}": text for path, text in PROJECT.items()})
    project = (repo / "team" / "ml").resolve()
    enter(project, monkeypatch)
    edit(project, "print(1)\n")
    edit(repo, "x\n", "top.txt")
    record("a")
    assert (1, 0) == commit(project).counts
    assert "print(1)\n" == held(repo, "HEAD", "team/ml/train.py")
    assert ["?? top.txt"] == status(repo)


def test_two_projects_of_one_repository_do_not_mix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {f"{name}/{path}": text for name in ("a", "b") for path, text in PROJECT.items()}
    repo = make_repo(tmp_path, files).resolve()
    runs = []
    for name in ("a", "b"):
        enter(repo / name, monkeypatch)
        edit(repo / name, f"print('{name}')\n")
        runs.append(record(name))
    assert [runs[1].id] == commit(repo / "b").runs
    assert "print('b')\n" == held(repo, "HEAD", "b/train.py")
    assert "print('train')\n" == held(repo, "HEAD", "a/train.py")
    assert [runs[0].id] == commit(repo / "a").runs
    # the run of project a saw nothing of b's: what b's run committed stays
    assert "print('b')\n" == held(repo, "HEAD", "b/train.py")
    assert [] == status(repo)


def test_a_submodule_is_committed_at_the_commit_it_was_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = make_repo(tmp_path, {"lib.py": "1\n"}, name="library")
    project = make_project(tmp_path)
    git(project, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library), "lib")
    git(project, "commit", "--quiet", "-m", "library")
    enter(project, monkeypatch)
    edit(project, "2\n", "lib/lib.py")
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.com")
    git(project / "lib", *identity, "commit", "--quiet", "-am", "two")
    at = git(project / "lib", "rev-parse", "HEAD").strip()
    record("a")
    assert (1, 0) == commit(project).counts
    assert f"160000 commit {at}\tlib" == git(project, "ls-tree", "HEAD", "lib").strip()
    assert [] == status(project)


def test_a_project_inside_a_submodule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = make_repo(tmp_path, PROJECT, name="library")
    outer = make_repo(tmp_path, {"a.txt": "a\n"}, name="outer")
    git(outer, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library), "lib")
    git(outer, "commit", "--quiet", "-m", "library")
    project = (outer / "lib").resolve()
    git(project, "config", "user.name", "T")
    git(project, "config", "user.email", "t@example.com")
    enter(project, monkeypatch)
    edit(project, "print(1)\n")
    record("a")
    assert (1, 0) == commit(project).counts
    assert "print(1)\n" == held(project, "HEAD", "train.py")
    assert [] == status(project)


def test_a_bare_repository_holds_no_project(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "bare.git")
    with pytest.raises(NoLedgerError):
        find_project([tmp_path / "bare.git"])
    edit(tmp_path / "bare.git", "", "ledger.toml")
    done = ledger_command(tmp_path / "bare.git", "commit")
    assert 2 == done.returncode
    assert 1 == len(done.stderr.splitlines())


def test_sha256_repositories_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project(tmp_path, object_format="sha256")
    enter(project, monkeypatch)
    edit(project, "print(1)\n")
    record("a")
    assert (1, 0) == commit(project).counts
    assert [] == status(project)


# ---- what others did since


def test_upstream_changes_of_the_same_file_are_put_back_last(project: Path) -> None:
    edit(project, "print('ran')\n")
    record("a")
    edit(project, "print('upstream')\n")
    edit(project, "WIDTH = 9\n", "src/model.py")
    git(project, "commit", "--quiet", "-am", "upstream")
    edit(project, "print('mine')\n")

    said = commit(project)

    run_commit, closing = (one.commit or "" for one in said.commits)
    assert None is said.runs[1]
    assert "print('ran')\n" == held(project, run_commit, "train.py")
    assert "print('upstream')\n" == held(project, closing, "train.py")
    assert "WIDTH = 9\n" == held(project, run_commit, "src/model.py")
    assert closing == git(project, "rev-parse", "HEAD").strip()
    assert [" M train.py"] == status(project)
    assert "" == git(project, "log", "-1", "--format=%(trailers:key=Ledger-Run)").strip()


def test_a_last_run_on_top_of_upstream_needs_no_putting_back(project: Path) -> None:
    edit(project, "print('ran')\n")
    record("a")
    edit(project, "print('upstream')\n")
    git(project, "commit", "--quiet", "-am", "upstream")
    edit(project, "print('on top')\n")
    last = record("b")
    said = commit(project)
    assert last.id == said.runs[-1]
    assert "print('on top')\n" == held(project, "HEAD", "train.py")


def test_a_merge_that_changed_the_file_counts_as_others_work(project: Path) -> None:
    edit(project, "print('ran')\n")
    record("a")
    git(project, "stash", "--quiet")
    git(project, "switch", "--quiet", "-c", "other")
    edit(project, "print('theirs')\n")
    git(project, "commit", "--quiet", "-am", "theirs")
    git(project, "switch", "--quiet", "main")
    edit(project, "WIDTH = 9\n", "src/model.py")
    git(project, "commit", "--quiet", "-am", "ours")
    git(project, "merge", "--quiet", "--no-edit", "other")
    said = commit(project)
    assert 2 == len(said.commits)
    assert "print('ran')\n" == held(project, "HEAD~1", "train.py")
    assert "print('theirs')\n" == held(project, "HEAD", "train.py")
    assert [] == status(project)


def test_an_ordinary_commit_of_the_very_code_needs_no_putting_back(project: Path) -> None:
    edit(project, "print('ran')\n")
    run = record("a")
    git(project, "commit", "--quiet", "-m", "by hand", "train.py")
    said = commit(project)
    assert [run.id] == said.runs
    assert all(path.startswith("ledger/") for _, path in said.commits[0].changes)


def test_code_of_other_runs_is_not_what_this_run_saw(project: Path) -> None:
    """Run b did not see the width that run a tried, though a was committed in between."""
    edit(project, "WIDTH = 9\n", "src/model.py")
    first = record("a")
    edit(project, "WIDTH = 3\n", "src/model.py")
    edit(project, "print('b')\n")
    second = record("b")
    edit(project, "WIDTH = 9\n", "src/model.py")
    commit(project, first)
    assert "WIDTH = 9\n" == held(project, "HEAD", "src/model.py")
    said = commit(project, second)
    assert [second.id, None] == said.runs
    seen = said.commits[0].commit or ""
    assert "WIDTH = 3\n" == held(project, seen, "src/model.py")
    assert "print('b')\n" == held(project, seen, "train.py")
    # on the disk the width is the one that HEAD had
    assert "WIDTH = 9\n" == held(project, "HEAD", "src/model.py")
    assert [] == status(project)


def test_an_older_run_committed_late_does_not_take_head_back(project: Path) -> None:
    edit(project, "print('old')\n")
    old = record("old")
    edit(project, "print('new')\n")
    new = record("new")
    commit(project, new)
    said = commit(project, old)
    assert [old.id, None] == said.runs
    assert "print('old')\n" == held(project, "HEAD~1", "train.py")
    assert "print('new')\n" == held(project, "HEAD", "train.py")
    assert [] == status(project)


def test_another_branch_than_the_run_began_on(project: Path) -> None:
    git(project, "switch", "--quiet", "-c", "other")
    edit(project, "WIDTH = 7\n", "src/model.py")
    git(project, "commit", "--quiet", "-am", "other")
    edit(project, "print('ran on other')\n")
    record("a")
    git(project, "switch", "--quiet", "main")
    said = commit(project)
    assert (1, 0) == said.counts
    assert "print('ran on other')\n" == held(project, "HEAD", "train.py")
    assert "WIDTH = 3\n" == held(project, "HEAD", "src/model.py")
    assert [] == status(project)


def test_a_squash_in_between(project: Path) -> None:
    edit(project, "print(1)\n")
    record("a")
    commit(project)
    edit(project, "print(2)\n")
    record("b")
    git(project, "stash", "--quiet", "--", "train.py")
    edit(project, "WIDTH = 5\n", "src/model.py")
    git(project, "commit", "--quiet", "-am", "more")
    git(project, "reset", "--quiet", "--soft", "HEAD~2")
    git(project, "commit", "--quiet", "-m", "squashed")
    git(project, "stash", "pop", "--quiet")
    said = commit(project)
    assert (1, 0) == said.counts
    assert "print(2)\n" == held(project, "HEAD", "train.py")
    assert "WIDTH = 5\n" == held(project, "HEAD", "src/model.py")
    assert [] == status(project)


def test_a_rebase_in_between(project: Path) -> None:
    edit(project, "print(1)\n")
    record("a")
    commit(project)
    edit(project, "print(2)\n")
    record("b")
    git(project, "stash", "--quiet", "--", "train.py")
    git(project, "switch", "--quiet", "-c", "upstream", "HEAD~1")
    edit(project, "WIDTH = 5\n", "src/model.py")
    git(project, "commit", "--quiet", "-am", "upstream")
    git(project, "switch", "--quiet", "main")
    git(project, "rebase", "--quiet", "upstream")
    git(project, "stash", "pop", "--quiet")
    said = commit(project)
    assert (1, 0) == said.counts
    assert "print(2)\n" == held(project, "HEAD", "train.py")
    assert "WIDTH = 5\n" == held(project, "HEAD", "src/model.py")
    assert [] == status(project)


def test_edits_put_away_in_a_stash_come_back(project: Path) -> None:
    edit(project, "print('ran')\n")
    run = record("a")
    edit(project, "print('later')\n")
    git(project, "stash", "--quiet")
    said = commit(project)
    assert [run.id, None] == said.runs
    assert "print('ran')\n" == held(project, "HEAD~1", "train.py")
    assert [] == status(project)
    git(project, "stash", "pop", "--quiet")
    assert "print('later')\n" == (project / "train.py").read_text()


def test_a_change_that_was_given_up_is_put_back_last(project: Path) -> None:
    edit(project, "print('a try')\n")
    edit(project, "extra = 1\n", "src/extra.py")
    git(project, "add", "--intent-to-add", "src/extra.py")
    run = record("a")
    git(project, "rm", "--quiet", "--cached", "-f", "src/extra.py")
    (project / "src" / "extra.py").unlink()
    git(project, "restore", "train.py")
    said = commit(project)
    assert [run.id, None] == said.runs
    assert "print('a try')\n" == held(project, "HEAD~1", "train.py")
    assert "print('train')\n" == held(project, "HEAD", "train.py")
    assert None is held(project, "HEAD", "src/extra.py")
    assert [] == status(project)


def test_a_run_in_the_stash_is_not_missed_when_it_is_back(project: Path) -> None:
    edit(project, "print('ran')\n")
    run = record("a")
    git(project, "stash", "--quiet", "--include-untracked")
    assert (0, 0) == commit(project).counts
    git(project, "stash", "pop", "--quiet")
    assert [run.id] == commit(project).runs
    assert [] == status(project)


# ---- the disk and the user's settings


def test_settings_that_change_what_git_prints_change_nothing(project: Path) -> None:
    for key, value in {
        "log.follow": "true",
        "log.showSignature": "true",
        "diff.noprefix": "true",
        "diff.renames": "copies",
        "status.showUntrackedFiles": "no",
        "commit.cleanup": "strip",
        "commit.status": "true",
        "core.quotePath": "true",
        "color.ui": "always",
        "core.abbrev": "5",
    }.items():
        git(project, "config", key, value)
    edit(project, "print('ä')\n", "größe.py")
    git(project, "add", "größe.py")
    git(project, "commit", "--quiet", "-m", "odd name")
    edit(project, "print('ran')\n")
    edit(project, "print('#')\n", "größe.py")
    record("# not a comment")
    edit(project, "print('upstream')\n")
    git(project, "commit", "--quiet", "-m", "upstream", "train.py")
    said = commit(project)
    assert 2 == len(said.commits)
    assert "print('#')\n" == held(project, "HEAD", "größe.py")
    assert (
        "# not a comment: best loss 0.5 at 0"
        == git(project, "log", "-1", "--skip=1", "--format=%s").strip()
    )


@pytest.mark.parametrize("way", ["split", "untracked", "many"])
def test_other_forms_of_the_index(project: Path, way: str) -> None:
    forms: dict[str, Callable[[], object]] = {
        "split": lambda: git(project, "update-index", "--split-index"),
        "untracked": lambda: git(project, "update-index", "--untracked-cache"),
        "many": lambda: git(project, "config", "feature.manyFiles", "true"),
    }
    forms[way]()
    edit(project, "print(1)\n")
    record("a")
    edit(project, "print(2)\n")
    record("b")
    assert (2, 0) == commit(project).counts
    assert [] == status(project)
    git(project, "fsck", "--strict")


def test_a_file_of_a_run_that_cannot_be_read_keeps_only_that_run_out(project: Path) -> None:
    bad = record("bad")
    good = record("good")
    os.mkfifo(bad.dir / "pipe")  # no file of a run: passed over
    broken = bad.dir / "metrics.csv"
    broken.unlink()
    broken.symlink_to(Path("/nowhere"))
    said = commit(project)
    assert [good.id] == said.runs
    assert "LED105" in said.text
