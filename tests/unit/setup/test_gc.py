"""``ledger gc`` drops what nobody needs, and nothing of a run that could still need it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ledger.setup.garbage import SNAPSHOT, drop, find_garbage
from policy.builders import dirty_git, environment, make_table, write_run
from unit.setup.doctor.sick import DAYS, NOW, Patient, make_old, open_run


if TYPE_CHECKING:
    from pathlib import Path

RUN = "2026-02-01_1730_dirty-dddddddd"
CODE = b"print(2)\n"


@pytest.fixture
def repo(tmp_path: Path) -> Patient:
    """A repository with a dirty run that is not committed, and its snapshot."""
    repo = Patient(tmp_path / "repo")
    add_run(repo)
    return repo


def add_run(repo: Patient, run_id: str = RUN, code: bytes = CODE) -> Path:
    section = dirty_git({"train.py": code}, repo.ledger, ["train.py"])
    folder = write_run(repo.ledger, run_id, table=make_table(), git=section)
    repo.git("update-ref", f"refs/ledger/{run_id}", "HEAD")
    return folder


def dropped(repo: Patient) -> list[str]:
    """Return the runs whose snapshots go."""
    found = find_garbage(repo.repository, repo.place().ledgers, NOW)
    return [one.name for one in drop(repo.repository, found) if one.kind == SNAPSHOT]


def commit_code(repo: Patient, code: bytes = CODE) -> None:
    (repo.top / "train.py").write_bytes(code)
    repo.git("add", "train.py")
    repo.git("commit", "-q", "--no-verify", "-m", "code")


def commit_run(repo: Patient) -> None:
    repo.git("add", "ledger")
    repo.git("commit", "-q", "--no-verify", "-m", "run")


def refs(repo: Patient) -> list[str]:
    return repo.git("for-each-ref", "--format=%(refname)", "refs/ledger/").split()


def test_snapshot_of_a_committed_run_whose_code_is_in_history_goes(repo: Patient) -> None:
    commit_code(repo)
    commit_run(repo)
    commit_code(repo, b"print(3)\n")
    assert dropped(repo) == [RUN]
    assert refs(repo) == []
    assert dropped(repo) == []


def test_run_that_is_not_committed_keeps_its_snapshot(repo: Patient) -> None:
    assert dropped(repo) == []
    commit_code(repo)
    assert dropped(repo) == []


def test_committed_run_whose_code_is_in_no_commit_keeps_it(repo: Patient) -> None:
    commit_run(repo)
    assert dropped(repo) == []
    commit_code(repo, b"print(3)\n")
    assert dropped(repo) == []


def test_code_on_another_branch_does_not_count(repo: Patient) -> None:
    commit_run(repo)
    repo.git("checkout", "-q", "-b", "side")
    commit_code(repo)
    repo.git("checkout", "-q", "main")
    assert dropped(repo) == []
    repo.git("merge", "-q", "--no-ff", "-m", "merge", "side")
    assert dropped(repo) == [RUN]


def test_code_that_only_a_merge_brings_together_counts(tmp_path: Path) -> None:
    repo = Patient(tmp_path / "repo")
    (repo.top / "b.py").write_bytes(b"b\n")
    repo.commit()
    code = {"train.py": CODE, "b.py": b"bb\n"}
    section = dirty_git(code, repo.ledger, ["train.py", "b.py"])
    write_run(repo.ledger, RUN, git=section)
    repo.git("update-ref", f"refs/ledger/{RUN}", "HEAD")
    commit_run(repo)
    repo.git("checkout", "-q", "-b", "side")
    (repo.top / "b.py").write_bytes(b"bb\n")
    repo.commit()
    repo.git("checkout", "-q", "main")
    commit_code(repo)
    assert dropped(repo) == []
    repo.git("merge", "-q", "--no-ff", "-m", "merge", "side")
    assert dropped(repo) == [RUN]


def test_notebook_is_compared_by_its_code(tmp_path: Path) -> None:
    repo = Patient(tmp_path / "repo")
    from ledger.contract.notebook import code_of

    def notebook(output: str) -> bytes:
        cell = {"cell_type": "code", "source": ["x = 1\n"], "outputs": [output], "metadata": {}}
        return json.dumps({"cells": [cell], "nbformat": 4, "nbformat_minor": 5}).encode()

    code = code_of("a.ipynb", notebook("one"))
    section = dirty_git({"a.ipynb": code}, repo.ledger, ["a.ipynb"])
    write_run(repo.ledger, RUN, git=section)
    repo.git("update-ref", f"refs/ledger/{RUN}", "HEAD")
    commit_run(repo)
    assert dropped(repo) == []
    (repo.top / "a.ipynb").write_bytes(notebook("two"))
    repo.commit()
    assert dropped(repo) == [RUN]


def test_record_that_cannot_tell_what_it_used_keeps_the_snapshot(tmp_path: Path) -> None:
    repo = Patient(tmp_path / "repo")
    section = dirty_git({"train.py": CODE}, repo.ledger, ["train.py"]) | {"dirty": None}
    write_run(repo.ledger, RUN, git=section)
    repo.git("update-ref", f"refs/ledger/{RUN}", "HEAD")
    commit_code(repo)
    commit_run(repo)
    assert dropped(repo) == []


def test_doctor_names_a_needless_snapshot_only_when_it_is_old(repo: Patient) -> None:
    commit_code(repo)
    commit_run(repo)
    old, young = (
        repo.git("commit-tree", "-m", "x", "HEAD^{tree}", GIT_COMMITTER_DATE=f"@{int(made)} +0000")
        for made in (NOW - 15 * DAYS, NOW - DAYS)
    )
    repo.git("update-ref", f"refs/ledger/{RUN}", young.strip())
    assert repo.look() == []
    repo.git("update-ref", f"refs/ledger/{RUN}", old.strip())
    (problem,) = repo.look()
    assert problem.title == "1 snapshot of code that nobody needs"
    assert repo.heal().is_healthy
    assert refs(repo) == []


# ---- runs that are nowhere, and all the places where one may be


def gone(repo: Patient) -> None:
    subprocess.run(["rm", "-r", str(repo.ledger / "2026-02" / RUN)], check=True)


def test_snapshot_of_a_run_that_is_nowhere_goes(repo: Patient) -> None:
    gone(repo)
    assert dropped(repo) == [RUN]


def test_run_on_another_branch_keeps_it(repo: Patient) -> None:
    repo.git("checkout", "-q", "-b", "side")
    commit_run(repo)
    repo.git("checkout", "-q", "main")
    assert dropped(repo) == []


def test_run_in_a_stash_keeps_it(repo: Patient) -> None:
    repo.git("stash", "-q", "-u")
    (repo.top / "other.txt").write_text("x")
    repo.git("stash", "-q", "-u")
    assert dropped(repo) == []


def test_run_of_another_worktree_keeps_it(repo: Patient, tmp_path: Path) -> None:
    repo.git("worktree", "add", "-q", "--detach", str(tmp_path / "tree"))
    month = tmp_path / "tree" / "ledger" / "2026-02"
    (repo.ledger / "2026-02" / RUN).rename(month / RUN)
    assert dropped(repo) == []


def test_run_on_a_detached_worktree_keeps_it(repo: Patient, tmp_path: Path) -> None:
    repo.git("worktree", "add", "-q", "--detach", str(tmp_path / "tree"))
    month = tmp_path / "tree" / "ledger" / "2026-02"
    (repo.ledger / "2026-02" / RUN).rename(month / RUN)
    tree = tmp_path / "tree"
    repo.git("add", "-A", cwd=tree)
    repo.git("commit", "-q", "--no-verify", "-m", "detached", cwd=tree)
    repo.git("rm", "-rq", f"ledger/2026-02/{RUN}", cwd=tree)
    repo.git("commit", "-q", "--no-verify", "-m", "away", cwd=tree)
    assert dropped(repo) == []


def test_run_that_a_reflog_could_bring_back_keeps_it(repo: Patient) -> None:
    commit_run(repo)
    repo.git("reset", "-q", "--hard", "HEAD~1")
    assert dropped(repo) == []
    repo.git("reflog", "expire", "--expire=now", "--all")
    assert dropped(repo) == [RUN]


def test_run_in_the_git_directory_keeps_it(repo: Patient) -> None:
    live = repo.top / ".git/ledger/live" / RUN
    live.parent.mkdir(parents=True)
    (repo.ledger / "2026-02" / RUN).rename(live)
    assert dropped(repo) == []


def test_running_run_is_never_touched(repo: Patient) -> None:
    commit_code(repo)
    commit_run(repo)
    section = dirty_git({"train.py": CODE}, repo.ledger, ["train.py"])
    open_run(repo.ledger, RUN, os.getpid(), git=section)
    assert dropped(repo) == []


def test_record_that_cannot_be_read_keeps_it(repo: Patient) -> None:
    commit_code(repo)
    commit_run(repo)
    (repo.ledger / "2026-02" / RUN / "run.json").write_text("{")
    assert dropped(repo) == []


def test_snapshot_that_moved_meanwhile_stays(repo: Patient) -> None:
    gone(repo)
    found = find_garbage(repo.repository, repo.place().ledgers, NOW)
    other = repo.git("commit-tree", "-m", "x", "HEAD^{tree}").strip()
    repo.git("update-ref", f"refs/ledger/{RUN}", other)
    assert drop(repo.repository, found) == []
    assert refs(repo) == [f"refs/ledger/{RUN}"]


def test_repository_without_a_commit(tmp_path: Path) -> None:
    repo = Patient(tmp_path / "repo")
    commit = repo.git("rev-parse", "HEAD").strip()
    repo.git("update-ref", "-d", "HEAD")
    repo.git("reflog", "expire", "--expire=now", "--all")
    repo.git("update-ref", f"refs/ledger/{RUN}", commit)
    write_run(repo.ledger, RUN)
    assert dropped(repo) == []
    gone(repo)
    assert dropped(repo) == [RUN]


# ---- leftovers


def test_leftovers_go_when_they_are_old(repo: Patient) -> None:
    private = repo.top / ".git/ledger"
    old = {
        "snapshot-1-x.index": 2,
        "snapshot-1-x.index.lock": 2,
        "bug-1.txt": 31,
        "settings/abc/0123": 2,
        "ids/mine": 2,
        ".try.json.1.tmp": 2,
    }
    young = {"commit-2-x.index": 0.5, "bug-2.txt": 29, "ids/other": 0.5, ".a.2.tmp": 0.5}
    kept = {"commit-hook": 90, f"ids/{RUN}": 90, "notes.txt": 90}
    for name, days in (old | young | kept).items():
        (private / name).parent.mkdir(parents=True, exist_ok=True)
        (private / name).write_text("x")
        make_old(private / name, days)
    found = find_garbage(repo.repository, repo.place().ledgers, NOW)
    names = {os.path.relpath(one.name, private) for one in drop(repo.repository, found)}
    assert names == set(old)
    assert all((private / name).exists() for name in young | kept)


def stored(repo: Patient) -> Path:
    """Put a copy of the manifest of the run into the store, as recording does."""
    (manifest,) = (repo.ledger / "code").iterdir()
    copy = repo.top / ".git/ledger/shared/code" / manifest.name
    copy.parent.mkdir(parents=True)
    copy.write_bytes(manifest.read_bytes())
    return make_old(copy, 2)


def copies(repo: Patient) -> list[str]:
    found = find_garbage(repo.repository, repo.place().ledgers, NOW)
    return [one.name for one in found if "/shared/" in one.name]


def test_copy_of_a_shared_file_goes_once_head_holds_it(repo: Patient) -> None:
    copy = stored(repo)
    assert copies(repo) == []
    commit_run(repo)
    assert copies(repo) == [str(copy)]
    make_old(copy, 0.5)
    assert copies(repo) == []


def test_copy_that_an_uncommitted_run_names_stays(repo: Patient) -> None:
    stored(repo)
    commit_run(repo)
    folder = add_run(repo, "2026-02-01_1830_other-gggggggg")
    assert copies(repo) == []
    (folder / "run.json").write_text("{")
    assert copies(repo) == []


def test_copies_stay_while_a_stash_may_hold_a_run(repo: Patient) -> None:
    stored(repo)
    commit_run(repo)
    (repo.top / "train.py").write_text("edited\n")
    repo.git("stash", "-q")
    assert copies(repo) == []


def test_copies_stay_while_a_run_is_open(repo: Patient) -> None:
    stored(repo)
    commit_run(repo)
    open_run(repo.ledger, "2026-02-01_1830_open-gggggggg", os.getpid())
    assert copies(repo) == []


# ---- the command line


def gc(repo: Patient, *arguments: str) -> tuple[str, str]:
    done = subprocess.run(
        [sys.executable, "-I", "-c", "from ledger.cli.main import run; run()", "gc", *arguments],
        cwd=repo.top,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout, done.stderr


def test_dry_run_says_what_would_go_and_drops_nothing(repo: Patient) -> None:
    gone(repo)
    told, summary = gc(repo, "--dry-run")
    assert told == f"would drop refs/ledger/{RUN} (its run is nowhere any more)\n"
    assert "would drop 1 snapshot" in summary
    assert refs(repo) == [f"refs/ledger/{RUN}"]
    assert gc(repo)[0] == f"dropped refs/ledger/{RUN} (its run is nowhere any more)\n"
    assert gc(repo) == ("", "ledger: dropped 0 snapshots and 0 files of 0 bytes\n")


def test_ledger_commit_makes_the_snapshot_needless(tmp_path: Path) -> None:
    repo = Patient(tmp_path / "repo")
    (repo.top / "train.py").write_text(
        "import ledger\n"
        "with ledger.start('a', hypothesis='h') as run:\n    run.log(epoch=0, loss=1.0)\n"
    )
    env = environment() | {"LEDGER_QUIET": "1"}
    subprocess.run([sys.executable, "train.py"], cwd=repo.top, env=env, check=True)
    (ref,) = refs(repo)
    assert dropped(repo) == []
    texts = ("--change", "c", "--result", "r", "--next", "n", "--risk", "none")
    subprocess.run(
        [sys.executable, "-m", "ledger", "commit", "--accept", *texts],
        cwd=repo.top,
        env=env,
        check=True,
        capture_output=True,
    )
    assert dropped(repo) == [ref.removeprefix("refs/ledger/")]


# ---- what a push takes along


@pytest.mark.parametrize(
    ("arguments", "takes"),
    [(("--all",), False), (("main",), False), (("--tags", "main"), False), (("--mirror",), True)],
)
def test_only_a_mirror_takes_snapshots_along(
    repo: Patient, tmp_path: Path, arguments: tuple[str, ...], takes: bool
) -> None:
    repo.git("init", "-q", "--bare", str(tmp_path / "remote"))
    repo.git("push", "-q", str(tmp_path / "remote"), *arguments)
    listed = repo.git("ls-remote", str(tmp_path / "remote"))
    assert ("refs/ledger/" in listed) == takes
