"""``ledger commit``: the code of each run, its record and note; everything else as it was."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

import ledger
from ledger.contract.note import SECTIONS, parse_note
from make_repo import git, write_files
from unit.setup.commits.committing import (
    commit,
    edit,
    enter,
    held,
    record,
    run_script,
    status,
    traces,
)
from unit.writer.recording import make_project


if TYPE_CHECKING:
    from pathlib import Path

EVERYTHING = dict.fromkeys(SECTIONS, "x")


def subjects(project: Path) -> list[str]:
    return git(project, "log", "--format=%s").splitlines()


def test_each_commit_holds_the_code_its_run_saw(project: Path) -> None:
    runs = []
    for number in range(3):
        edit(project, f"print({number})\n")
        runs.append(record(f"run{number}"))
    edit(project, "print('later')\n")

    said = commit(project)

    assert (3, 0) == said.counts
    assert [run.id for run in runs] == said.runs
    commits = [one.commit or "" for one in said.commits]
    code = [held(project, one, "train.py") for one in commits]
    assert ["print(0)\n", "print(1)\n", "print(2)\n"] == code
    for number, one in enumerate(commits):
        records = git(project, "ls-tree", "-r", "--name-only", one).count("/run.json")
        assert number + 1 == records
    assert [" M train.py"] == status(project)
    assert "print('later')\n" == (project / "train.py").read_text()
    assert [] == traces(project)


def test_committed_runs_are_not_committed_again(project: Path) -> None:
    edit(project, "print(1)\n")
    record("a")
    commit(project)
    head = git(project, "rev-parse", "HEAD")

    said = commit(project)

    assert (0, 0) == said.counts
    assert head == git(project, "rev-parse", "HEAD")


def test_a_clean_run_brings_record_and_note_only(project: Path) -> None:
    run = record("clean")
    said = commit(project)
    paths = [path for _, path in said.commits[0].changes]
    assert all(path.startswith("ledger/") for path in paths)
    assert f"ledger/{run.dir.parent.name}/{run.id}/run.md" in paths
    assert [] == status(project)


def test_a_named_run_is_committed_alone(project: Path) -> None:
    edit(project, "print(1)\n")
    first = record("a")
    edit(project, "print(2)\n")
    second = record("b")
    assert [second.id] == commit(project, second).runs
    assert any(first.id in line for line in status(project))


def test_staged_changes_stay_staged(project: Path) -> None:
    edit(project, "print(1)\n")
    record("a")
    edit(project, "WIDTH = 4\n", "src/model.py")
    edit(project, "new\n", "other.txt")
    git(project, "add", "src/model.py", "other.txt")
    said = commit(project)
    assert (1, 0) == said.counts
    assert ["A  other.txt", "M  src/model.py"] == sorted(status(project))
    assert "WIDTH = 3\n" == held(project, "HEAD", "src/model.py")


def test_a_version_staged_in_part_stays_what_was_staged(project: Path) -> None:
    """What ``git add -p`` leaves: HEAD, the index, the run and the disk all differ."""
    edit(project, "print('ran')\n")
    record("a")
    edit(project, "print('staged')\n")
    git(project, "add", "train.py")
    edit(project, "print('disk')\n")
    commit(project)
    assert "print('ran')\n" == held(project, "HEAD", "train.py")
    assert "print('staged')\n" == git(project, "cat-file", "blob", ":train.py")
    assert ["MM train.py"] == status(project)


def test_what_was_staged_as_it_ran_is_clean_afterwards(project: Path) -> None:
    edit(project, "print(1)\n")
    record("a")
    git(project, "add", "--all")
    commit(project)
    assert [] == status(project)


def test_a_note_staged_before_it_was_finished_follows_the_commit(project: Path) -> None:
    run = record("a", is_noted=False)
    git(project, "add", "ledger")
    commit(project, accepts=True, texts={"Hypothesis": "h", "Next": "n", "Risk/Anomaly": "r"})
    assert [] == status(project)
    note = parse_note((run.dir / "run.md").read_bytes())
    assert "h" == note.sections["Hypothesis"].text


def test_deleted_renamed_and_new_files_are_as_the_run_saw_them(project: Path) -> None:
    write_files(project, {"conf.yaml": "a: 1\n", "old.py": "old\n", "gone.py": "gone\n"})
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "-m", "more")
    (project / "gone.py").unlink()
    git(project, "mv", "old.py", "new.py")
    record("a", seed=1)
    (project / "new.py").unlink()
    edit(project, "back\n", "gone.py")

    commit(project)

    assert (None, None, "old\n") == tuple(
        held(project, "HEAD", path) for path in ("gone.py", "old.py", "new.py")
    )
    # the later edits: new.py was removed from the disk, gone.py written again
    assert [" D new.py", "?? gone.py"] == sorted(status(project))


def test_modes_and_links_are_as_the_run_saw_them(project: Path) -> None:
    (project / "train.py").chmod(0o755)
    (project / "src" / "model.py").unlink()
    (project / "src" / "model.py").symlink_to("../train.py")
    record("a")
    (project / "train.py").chmod(0o644)
    commit(project)
    listed = git(project, "ls-tree", "-r", "HEAD~1", "train.py", "src/model.py")
    assert ["120000", "100755"] == [line.split()[0] for line in listed.splitlines()]
    assert [] == status(project)  # the mode was put back by hand, so it is put back in HEAD
    assert not (project / "train.py").stat().st_mode & stat.S_IXUSR


def test_a_notebook_is_committed_with_the_bytes_it_had(project: Path) -> None:
    def notebook(source: str, output: str) -> str:
        cell = f'{{"cell_type": "code", "source": ["{source}"], "outputs": ["{output}"]}}'
        return f'{{"cells": [{cell}]}}\n'

    edit(project, notebook("x = 1", ""), "a.ipynb")
    git(project, "add", "a.ipynb")
    git(project, "commit", "--quiet", "-m", "notebook")
    edit(project, notebook("x = 2", "one"), "a.ipynb")
    record("a")
    edit(project, notebook("x = 2", "two"), "a.ipynb")
    said = commit(project)
    assert (1, 0) == said.counts
    assert notebook("x = 2", "one") == held(project, "HEAD", "a.ipynb")


def test_line_ends_are_stored_as_git_add_stores_them(project: Path) -> None:
    edit(project, "*.py text eol=crlf\n", ".gitattributes")
    git(project, "add", ".gitattributes")
    git(project, "commit", "--quiet", "-m", "attributes")
    (project / "train.py").write_bytes(b"print(1)\r\nprint(2)\r\n")
    record("a")
    commit(project)
    assert "print(1)\nprint(2)\n" == held(project, "HEAD", "train.py")
    assert [] == status(project)


def test_a_clean_filter_is_not_undone(project: Path) -> None:
    edit(project, "*.yaml filter=upper\n", ".gitattributes")
    git(project, "config", "filter.upper.clean", "tr a-z A-Z")
    git(project, "config", "filter.upper.smudge", "tr A-Z a-z")
    edit(project, "lr: one\n", "conf.yaml")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "-m", "filter")
    edit(project, "lr: two\n", "conf.yaml")
    record("a")
    commit(project)
    assert "LR: TWO\n" == held(project, "HEAD", "conf.yaml")
    assert [] == status(project)


SCRIPT = """
import sys
import ledger
with ledger.start(sys.argv[1], config=sys.argv[1]) as run:
    run.log(epoch=0, loss=0.5)
"""


def test_untracked_configs_come_with_their_runs_and_stay(project: Path) -> None:
    edit(project, SCRIPT)
    for name in ("one", "two"):
        edit(project, f"name: {name}\n", f"{name}.yaml")
        run_script(project, "train.py", f"{name}.yaml")
    edit(project, "name: never used\n", "three.yaml")
    said = commit(project, texts=EVERYTHING, accepts=True)
    first, second = [one.commit or "" for one in said.commits]
    assert ("name: one\n", None) == (
        held(project, first, "one.yaml"),
        held(project, first, "two.yaml"),
    )
    assert "name: two\n" == held(project, second, "two.yaml")
    assert ["?? three.yaml"] == status(project)


def test_an_untracked_file_that_is_gone_is_not_kept(project: Path) -> None:
    edit(project, SCRIPT)
    for name in ("one", "two"):
        edit(project, f"name: {name}\n", f"{name}.yaml")
        run_script(project, "train.py", f"{name}.yaml")
    (project / "one.yaml").unlink()
    said = commit(project, texts=EVERYTHING, accepts=True)
    assert "name: one\n" == held(project, said.commits[0].commit or "", "one.yaml")
    assert None is held(project, "HEAD", "one.yaml")
    assert [] == status(project)


def test_intent_to_add_survives(project: Path) -> None:
    edit(project, "later\n", "later.txt")
    git(project, "add", "--intent-to-add", "later.txt")
    edit(project, "print(1)\n")
    record("a")
    before = status(project)
    assert " A later.txt" in before
    commit(project)
    assert [" A later.txt"] == status(project)
    assert None is held(project, "HEAD", "later.txt")


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_flags_of_the_index_survive(project: Path, flag: str) -> None:
    git(project, "update-index", flag, "train.py")
    edit(project, "print('hidden')\n")
    record("a")
    before = git(project, "ls-files", "-v", "train.py")
    commit(project)
    # the commit of the run proves it; HEAD then holds again what git is told to see
    assert "print('hidden')\n" == held(project, "HEAD~1", "train.py")
    assert "print('train')\n" == held(project, "HEAD", "train.py")
    assert before == git(project, "ls-files", "-v", "train.py")
    assert [] == status(project)


def test_a_sparse_checkout_stays_sparse(project: Path) -> None:
    edit(project, "far\n", "far/away.py")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "-m", "far")
    git(project, "sparse-checkout", "set", "src", "ledger")
    edit(project, "print(1)\n")
    record("a")
    commit(project)
    assert "far\n" == held(project, "HEAD", "far/away.py")
    assert "S far/away.py\n" == git(project, "ls-files", "-t", "far/away.py")
    assert [] == status(project)


def test_the_index_knows_unchanged_files_afterwards(project: Path) -> None:
    """Scripts that ask ``git diff-files`` see no change that is none."""
    edit(project, "print(1)\n")
    record("a")
    commit(project)
    assert "" == git(project, "diff-files", "--name-only")


def test_the_ground_of_the_ledger_comes_with_the_first_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(tmp_path, {"ledger.toml": ""})
    git(project, "rm", "--quiet", "--cached", "ledger.toml")
    git(project, "commit", "--quiet", "-m", "no settings")
    ours = "\n# Runs are tracked, whatever the rules above say.\n!/ledger/\n!/ledger/**\n"
    edit(project, "__pycache__/\n" + ours, ".gitignore")
    edit(project, "** -text\n", "ledger/.gitattributes")
    enter(project, monkeypatch)
    record("a")
    commit(project)
    assert [] == status(project)
    assert "" == held(project, "HEAD", "ledger.toml")


def test_an_ignore_file_with_other_edits_is_left_alone(project: Path) -> None:
    edit(project, "__pycache__/\n!/ledger/\nmine\n", ".gitignore")
    record("a")
    commit(project)
    assert [" M .gitignore"] == status(project)


def test_a_changed_note_is_committed_alone(project: Path) -> None:
    edit(project, "print(1)\n")
    run = record("a")
    commit(project)
    edit(project, "print(2)\n")
    note = run.dir / "run.md"
    note.write_text(note.read_text().replace("more of it", "less of it"))
    said = commit(project)
    assert [(("M", f"ledger/{run.dir.parent.name}/{run.id}/run.md"),)] == [
        one.changes for one in said.commits
    ]
    assert "note of a" == subjects(project)[0]
    assert [" M train.py"] == status(project)


def test_a_changed_frozen_record_is_refused(project: Path) -> None:
    run = record("a")
    commit(project)
    table = run.dir / "metrics.csv"
    table.write_text(table.read_text().replace("0.5", "0.1"))
    said = commit(project)
    assert (0, 1) == said.counts
    assert "LED103" in said.text
    assert "git restore" in said.text


def test_an_unfilled_note_is_refused_and_the_others_go_on(project: Path) -> None:
    edit(project, "print(1)\n")
    bad = record("bad", is_noted=False)
    edit(project, "print(2)\n")
    good = record("good")
    said = commit(project)
    assert (1, 1) == said.counts
    assert [good.id] == said.runs
    assert "LED102" in said.text
    assert bad.id in said.text
    assert "print(2)\n" == held(project, "HEAD", "train.py")
    assert [] == traces(project)


def test_texts_fill_only_what_nobody_has_filled(project: Path) -> None:
    edit(project, "print(1)\n")
    mine = record("mine")
    open_one = record("open", is_noted=False)
    said = commit(
        project, texts={"Hypothesis": "theirs", "Next": "n", "Risk/Anomaly": "r"}, accepts=True
    )
    assert (2, 0) == said.counts
    notes = [parse_note((run.dir / "run.md").read_bytes()) for run in (mine, open_one)]
    assert ["it helps", "theirs"] == [note.sections["Hypothesis"].text for note in notes]


def test_a_dry_run_shows_the_commits_and_makes_none(project: Path) -> None:
    edit(project, "print(1)\n")
    first = record("a")
    edit(project, "print(2)\n")
    second = record("b")
    before = status(project), git(project, "rev-parse", "HEAD"), git(project, "ls-files", "-s")
    said = commit(project, is_dry=True)
    assert [first.id, second.id] == said.runs
    assert [None, None] == [one.commit for one in said.commits]
    assert all(("M", "train.py") in one.changes for one in said.commits)
    after = status(project), git(project, "rev-parse", "HEAD"), git(project, "ls-files", "-s")
    assert before == after
    assert [] == traces(project)


def test_a_dry_run_shows_what_would_be_refused(project: Path) -> None:
    record("a", is_noted=False)
    said = commit(project, is_dry=True)
    assert (0, 1) == said.counts
    assert "LED102" in said.text


def test_the_message_says_what_came_out_and_names_the_run(project: Path) -> None:
    run = record("wide")
    commit(project)
    body = git(project, "log", "-1", "--format=%B")
    assert ["wide: best loss 0.5 at 0", "", run.id, "it helps", "", f"Ledger-Run: {run.id}"] == (
        body.strip().splitlines()
    )
    assert (
        run.id == git(project, "log", "-1", "--format=%(trailers:key=Ledger-Run,valueonly)").strip()
    )


def test_a_message_of_ones_own_keeps_the_trailer(project: Path) -> None:
    run = record("wide")
    commit(project, message="my words\n\nand more\n")
    body = git(project, "log", "-1", "--format=%B").strip()
    assert f"my words\n\nand more\n\nLedger-Run: {run.id}" == body


def test_no_credential_comes_into_a_message(project: Path) -> None:
    record("a", hypothesis="https://me:hunter2@host/x works")
    commit(project, message=None)
    commit(project)
    assert "hunter2" not in git(project, "log", "-1", "--format=%B")
    run = record("b")
    commit(project, message="with token=abcdef123456")
    assert "abcdef123456" not in git(project, "log", "-1", "--format=%B")
    assert run.id in git(project, "log", "-1", "--format=%B")


def test_an_empty_commit_is_never_made(project: Path) -> None:
    record("a")
    commit(project)
    git(project, "commit", "--quiet", "--allow-empty", "-m", "x")
    head = git(project, "rev-parse", "HEAD")
    commit(project)
    assert head == git(project, "rev-parse", "HEAD")


def test_a_failed_run_says_so(project: Path) -> None:
    run = ledger.start("burst", config={})
    run.finish("failed", ValueError("too much"))
    assert [run.id] == commit(project, texts=EVERYTHING, accepts=True).runs
    assert "burst: failed" == subjects(project)[0]


def test_the_users_author_and_dates_are_used(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Grace")
    record("a")
    commit(project)
    assert "Grace" == git(project, "log", "-1", "--format=%an").strip()


def test_a_variable_that_names_another_index_is_not_followed(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    record("a")
    commit(project)
    monkeypatch.delenv("GIT_INDEX_FILE")
    monkeypatch.delenv("GIT_DIR")
    assert [] == status(project)
    assert not (tmp_path / "elsewhere").exists()
