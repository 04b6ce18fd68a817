"""A server that judges pushes: a real bare repository, its hook, and real pushes into it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from make_repo import write_files
from policy.builders import RUN_ID, Repo, capture_run


if TYPE_CHECKING:
    from pathlib import Path

HOOK = f"#!/bin/sh\nexec '{sys.executable}' -I -m ledger ci --pre-receive\n"
NOTE = f"ledger/2026-02/{RUN_ID}/run.md"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Return a clone of a server that judges pushes, with a ledger on main."""
    made = Repo(tmp_path / "repo")
    write_files(made.top, {"train.py": "LR = 1\n", "ledger.toml": ""})
    made.commit("first")
    server = tmp_path / "server.git"
    made.git("init", "-q", "--bare", "--initial-branch=main", str(server))
    hook = server / "hooks" / "pre-receive"
    hook.write_text(HOOK)
    hook.chmod(0o755)
    made.git("remote", "add", "origin", str(server))
    made.git("push", "-q", "origin", "HEAD:main")
    return made


def push(repo: Repo, *refs: str) -> tuple[bool, str]:
    """Return whether the server took ``refs``, and what it said."""
    done = repo.ask("push", "origin", *refs)
    return done.returncode == 0, done.stderr.decode()


def on_server(repo: Repo, ref: str) -> str:
    return repo.git("ls-remote", "origin", ref).partition("\t")[0]


def test_a_bad_run_that_went_past_the_hook_is_refused(repo: Repo) -> None:
    """``commit --no-verify`` passes every hook of a clone."""
    before = on_server(repo, "refs/heads/main")
    capture_run(repo.top, note=None)
    repo.commit("run")  # with --no-verify
    is_taken, said = push(repo, "HEAD:main")
    assert not is_taken
    assert f"LED102 {NOTE}" in said
    assert "refs/heads/main: ledger: 1 run judged: 1 to mend" in said
    assert "Traceback" not in said
    assert before == on_server(repo, "refs/heads/main")


def test_a_push_to_main_is_held_to_what_covers_unless_a_trailer_says_why(repo: Repo) -> None:
    write_files(repo.top, {"train.py": "LR = 2\n"})
    repo.commit("change")
    is_taken, said = push(repo, "HEAD:main")
    assert not is_taken
    assert "LED100 train.py" in said

    is_taken, said = push(repo, "HEAD:work")
    assert is_taken, said  # work in progress

    repo.commit("why\n\nLedger-Skip: only a rename")
    is_taken, said = push(repo, "HEAD:main")
    assert is_taken, said
    assert "only a rename" in said


def test_a_good_run_is_taken_and_frozen_from_then_on(repo: Repo) -> None:
    write_files(repo.top, {"train.py": "LR = 2\n"})
    capture_run(repo.top)
    first = repo.git("rev-parse", "HEAD").strip()
    repo.commit("run")
    is_taken, said = push(repo, "HEAD:main", "HEAD:other", "HEAD:refs/tags/v1")
    assert is_taken, said

    table = repo.top / "ledger" / "2026-02" / RUN_ID / "metrics.csv"
    table.write_bytes(table.read_bytes() + b"9,9,9,9\n")
    repo.commit("a better result")
    is_taken, said = push(repo, "HEAD:main")
    assert not is_taken
    assert "LED103" in said

    repo.git("reset", "-q", "--hard", first)
    repo.commit("without the run")
    is_taken, said = push(repo, "+HEAD:main")
    assert not is_taken
    assert "LED103" in said


def test_every_ref_of_a_push_is_judged(repo: Repo) -> None:
    repo.git("checkout", "-q", "-b", "good")
    write_files(repo.top, {"notes.txt": "x\n"})
    repo.commit("good")
    repo.git("checkout", "-q", "-b", "bad", "main")
    capture_run(repo.top, note=None)
    repo.commit("bad")
    is_taken, said = push(repo, "good", "bad")
    assert not is_taken
    assert "refs/heads/good: ledger: 0 runs judged: 0 to mend" in said
    assert "refs/heads/bad: ledger: 1 run judged: 1 to mend" in said
    is_taken, said = push(repo, "bad:refs/tags/v2")
    assert not is_taken, "a tag can bring commits too"
    assert push(repo, "good")[0]
    is_taken, said = push(repo, "good:again", "good:refs/tags/v3", ":good")
    assert is_taken, said
    assert "judged" not in said


def test_a_commit_cannot_be_judged_by_another_one_in_its_place(repo: Repo) -> None:
    """Git shows what refs/replace says instead, and whoever may push may push that."""
    good = repo.git("rev-parse", "HEAD").strip()
    capture_run(repo.top, note=None)
    bad = repo.commit("run")
    assert push(repo, f"{good}:refs/replace/{bad}")[0]
    is_taken, said = push(repo, f"{bad}:refs/heads/main")
    assert not is_taken
    assert "LED102" in said


def test_where_head_names_no_branch_each_is_judged_against_what_it_was(repo: Repo) -> None:
    server = repo.git("remote", "get-url", "origin").strip()
    repo.git("--git-dir", server, "symbolic-ref", "HEAD", "refs/heads/nowhere")
    capture_run(repo.top)
    repo.commit("run")
    assert push(repo, "HEAD:main")[0]
    repo.git("reset", "-q", "--hard", "HEAD~1")
    repo.commit("without it")
    is_taken, said = push(repo, "+HEAD:main")
    assert not is_taken
    assert "LED103" in said


def test_branches_without_common_history_and_things_that_are_no_commit(repo: Repo) -> None:
    repo.git("checkout", "-q", "--orphan", "pages")
    repo.git("rm", "-rqf", ".")
    write_files(repo.top, {"index.html": "x\n"})
    repo.commit("pages")
    blob = repo.git("hash-object", "-w", "index.html").strip()
    is_taken, said = push(repo, "pages", f"{blob}:refs/tags/file")
    assert is_taken, said


def test_what_is_asked_wrongly_is_refused_with_one_line(repo: Repo, tmp_path: Path) -> None:
    command = [sys.executable, "-I", "-m", "ledger", "ci", "--pre-receive"]
    env = {name: item for name, item in os.environ.items() if not name.startswith("GIT_")}
    for given, more in ((b"main\n", []), (b"a b refs/heads/x\n", []), (b"", ["--base=main"])):
        done = subprocess.run(
            [*command, *more],
            cwd=tmp_path / "server.git",
            input=given,
            env=env,
            capture_output=True,
            check=False,
        )
        assert (2, 1) == (done.returncode, len(done.stderr.splitlines())), done.stderr
    assert on_server(repo, "refs/heads/main")
