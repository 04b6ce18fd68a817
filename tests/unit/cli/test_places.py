"""--ref, --at, --all-refs and --repo, on every verb that asks."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from ledger.cli.main import run
from make_repo import git
from unit.reader.builders import add_run, epochs
from unit.reader.places import branch, commit, commit_runs, folder_of, make_place, switch


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """Return main with the runs one and two, exp with a third that is better."""
    made = make_place(tmp_path, "one", "two")
    branch(made, "exp")
    add_run(made, "three", epochs(val_acc=[0.5, 0.99]))
    commit(made)
    switch(made, "main")
    return made


@pytest.fixture
def ask(repo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Return a function that runs the program in the repository: exit code, stdout, stderr."""
    monkeypatch.chdir(repo)

    def invoke(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["ledger", *arguments])
        with pytest.raises(SystemExit) as exited:
            run()
        captured = capsys.readouterr()
        return int(exited.value.code or 0), captured.out, captured.err

    return invoke


def listed(out: str) -> list[str]:
    return sorted(row["name"] for row in json.loads(out)["rows"])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], ["one", "two"]),
        (["--ref", "exp"], ["one", "three", "two"]),
        (["--ref", "exp", "--ref", "main"], ["one", "three", "two"]),
        (["--at", "exp~1"], ["one", "two"]),
        (["--all-refs"], ["one", "three", "two"]),
        (["--repo", "../bare.git"], ["one", "two"]),
        (["--repo", "../bare.git", "--ref", "exp"], ["one", "three", "two"]),
        (["--repo", "../bare.git", "--all-refs"], ["one", "three", "two"]),
        (["--repo", "../tree"], ["one", "three", "two"]),
    ],
)
def test_ls_asks_the_place_that_is_named(
    ask: Ask, repo: Path, options: list[str], expected: list[str]
) -> None:
    git(repo.parent, "clone", "-q", "--bare", str(repo), "bare.git")
    git(repo, "worktree", "add", "-q", "../tree", "exp")

    code, out, err = ask("ls", *options, "--format", "json")

    assert (0, "") == (code, err)
    assert expected == listed(out)


def test_every_verb_that_asks_asks_elsewhere(ask: Ask) -> None:
    code, out, _ = ask("show", "three", "--ref", "exp")
    assert (code, "0.99" in out) == (0, True)
    code, out, _ = ask("query", "best val_acc", "--all-refs", "--format", "json")
    assert (code, json.loads(out)["rows"][0]["value"]) == (0, 0.99)
    code, out, _ = ask("query", "best", "val_acc", "--at", "main", "--format", "json")
    assert (code, json.loads(out)["rows"][0]["value"]) == (0, 0.5)
    code, out, _ = ask("compare", "one", "three", "--all-refs", "--format", "json")
    assert (code, "0.99" in out) == (0, True)
    code, _, err = ask("show", "three")
    assert (code, "no run is called 'three'" in err) == (1, True)


def test_inside_a_bare_repository_no_option_is_needed(
    ask: Ask, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(repo.parent, "clone", "-q", "--bare", str(repo), "bare.git")
    monkeypatch.chdir(repo.parent / "bare.git")

    code, out, _ = ask("query", "best val_acc", "--ref", "exp", "--format", "json")
    assert (code, json.loads(out)["rows"][0]["value"]) == (0, 0.99)
    code, out, _ = ask("ls", "--format", "json")
    assert (code, listed(out)) == (0, ["one", "two"])


def test_recording_in_a_bare_repository_is_still_refused(
    ask: Ask, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(repo.parent, "clone", "-q", "--bare", str(repo), "bare.git")
    monkeypatch.chdir(repo.parent / "bare.git")

    code, _, err = ask("init")
    assert (code, "go to a clone that has files" in err) == (2, True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--ref", "epx"], "ledger: no branch is called 'epx' (did you mean exp?)\n"),
        (["--at", "-x"], "ledger: no commit is called '-x'"),
        (["--at=--all", "--all-refs"], "choose one of --ref, --at and --all-refs"),
        (["--repo", "nowhere"], "Directory 'nowhere' does not exist"),
    ],
)
def test_a_place_that_is_not_there_is_bad_usage(ask: Ask, options: list[str], said: str) -> None:
    code, out, err = ask("ls", *options)

    assert (2, "") == (code, out)
    assert said in err


def test_no_place_but_the_files_here_is_written_to(ask: Ask, repo: Path) -> None:
    """A list seals what is gone here; a question to another place changes nothing there."""
    gone = {"start": "2020-01-01T00:00:00+00:00", "pid": 1, "hostname": "elsewhere"}
    add_run(repo, "gone", epochs(val_acc=[0.1]), is_sealed=False, status="running", sessions=[gone])
    record = folder_of(repo, "gone") / "run.json"
    before = record.read_bytes()

    for options in (["--all-refs"], ["--repo", "."], ["--at", "HEAD"]):
        assert 0 == ask("ls", *options)[0]
        assert before == record.read_bytes()


def test_a_ledger_of_a_commit_in_which_no_record_can_be_read_is_told(ask: Ask, repo: Path) -> None:
    for name in ("one", "two"):
        (folder_of(repo, name) / "run.json").write_text("{")
    commit(repo)

    code, out, err = ask("ls", "--at", "HEAD")

    assert (1, "") == (code, out)
    assert 2 == err.count("HEAD:ledger/2026-02/")
    assert "no record could be read" in err


def test_a_commit_before_the_first_run_is_empty(ask: Ask, repo: Path) -> None:
    git(repo, "rm", "-rq", "ledger")
    commit(repo)
    commit_runs(repo, "later")

    code, _, err = ask("ls", "--at", "HEAD~1")

    assert (1, True) == (code, "the ledger holds no run yet" in err)
