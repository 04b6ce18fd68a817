"""Where the code of a run comes from: its snapshot, its patch, or what the user staged."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from ledger.contract.record import encode_record
from make_repo import git
from policy.builders import write_run
from unit.setup.commits.committing import commit, edit, enter, held, record, status
from unit.writer.recording import make_project, read_record


if TYPE_CHECKING:
    from pathlib import Path

    import ledger

HAND_TIME = "2026-02-01T16:30:00"
"""Without an offset, as people write it: UTC."""
SECRET = "api_key = 'sk-abcdefghijklmnopqrstuvwx'\n"


def forget_snapshot(project: Path, run: ledger.Run) -> None:
    """Drop the snapshot as another clone, or a cleaning, would."""
    git(project, "update-ref", "-d", f"refs/ledger/{run.id}")
    git(project, "reflog", "expire", "--all", "--expire=now")
    git(project, "gc", "--quiet", "--prune=now")
    with pytest.raises(Exception, match="returned non-zero"):
        git(project, "cat-file", "-e", read_record(run.dir)["git"]["snapshot"])


def rewrite(run: ledger.Run, **git_section: Any) -> None:
    """Make the record say otherwise, as if the run had been recorded so."""
    document = read_record(run.dir)
    document["git"] |= git_section
    (run.dir / "run.json").write_bytes(encode_record(document))


def test_without_its_snapshot_the_patch_gives_the_code(project: Path) -> None:
    edit(project, "print('ran')\n")
    (project / "src" / "model.py").unlink()
    run = record("a")
    edit(project, "print('later')\n")
    forget_snapshot(project, run)
    said = commit(project)
    assert (1, 0) == said.counts
    assert "print('ran')\n" == held(project, "HEAD", "train.py")
    assert None is held(project, "HEAD", "src/model.py")


def test_a_patch_against_the_upstream_branch_gives_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin = make_project(tmp_path, name="origin")
    git(tmp_path, "clone", "--quiet", str(origin), "clone")
    project = tmp_path / "clone"
    git(project, "config", "user.name", "T")
    git(project, "config", "user.email", "t@example.com")
    enter(project, monkeypatch)
    edit(project, "print('unpushed')\n")
    git(project, "commit", "--quiet", "-am", "unpushed")
    edit(project, "print('unpushed')\nprint('dirty')\n")
    run = record("a")
    assert read_record(run.dir)["git"]["base"] != read_record(run.dir)["git"]["commit"]
    edit(project, "print('later')\n")
    forget_snapshot(project, run)
    assert (1, 0) == commit(project).counts
    assert "print('unpushed')\nprint('dirty')\n" == held(project, "HEAD", "train.py")


def test_code_that_is_nowhere_is_said_and_the_others_go_on(project: Path) -> None:
    edit(project, "print('lost')\n")
    lost = record("lost")
    forget_snapshot(project, lost)
    (lost.dir / "changes.patch").unlink()
    edit(project, "print('kept')\n")
    kept = record("kept")
    said = commit(project)
    assert (1, 1) == said.counts
    assert [kept.id] == said.runs
    assert f"git no longer holds the code that {lost.id} used" in said.text
    assert "git add -- train.py" in said.text


def test_code_that_is_nowhere_else_is_taken_from_what_was_staged(project: Path) -> None:
    edit(project, f"{SECRET}print('ran')\n")
    run = record("a")
    assert ["train.py"] == read_record(run.dir)["git"]["omitted"]
    assert (0, 1) == commit(project).counts
    git(project, "add", "train.py")
    said = commit(project)
    assert [run.id] == said.runs
    assert f"{SECRET}print('ran')\n" == held(project, "HEAD", "train.py")


def test_a_secret_file_that_was_deleted_is_deleted(project: Path) -> None:
    edit(project, "a: 1\n", "credentials.yaml")
    git(project, "add", "credentials.yaml")
    git(project, "commit", "--quiet", "-m", "x")
    (project / "credentials.yaml").unlink()
    record("a")
    assert (1, 0) == commit(project).counts
    assert None is held(project, "HEAD", "credentials.yaml")


def test_a_run_that_cannot_tell_its_code_is_refused(project: Path) -> None:
    edit(project, "print('ran')\n")
    run = record("a")
    rewrite(run, dirty=None)
    said = commit(project)
    assert (0, 1) == said.counts
    assert "LED101" in said.text


def test_a_forged_manifest_is_refused(project: Path) -> None:
    edit(project, "print('ran')\n")
    run = record("a")
    code = read_record(run.dir)["git"]["code"].removeprefix("sha256:")
    edit(project, "sha1\n", f"ledger/code/{code}.manifest")
    said = commit(project)
    assert (0, 1) == said.counts
    assert "LED101" in said.text


def test_no_verify_commits_what_is_refused(project: Path) -> None:
    edit(project, "print('ran')\n")
    run = record("a", is_noted=False)
    assert (0, 1) == commit(project).counts
    assert [run.id] == commit(project, skips_hooks=True).runs
    assert [] == status(project)


def test_a_record_that_does_not_parse_is_said(project: Path) -> None:
    run = record("a")
    good = record("b")
    (run.dir / "run.json").write_text("{")
    said = commit(project)
    assert (1, 1) == said.counts
    assert [good.id] == said.runs
    assert f"{run.id}/run.json" in said.text


def test_a_commit_that_is_not_in_this_clone_is_no_obstacle(project: Path) -> None:
    edit(project, "print('ran')\n")
    run = record("a")
    rewrite(run, commit="1" * 40, base=None)
    assert [run.id] == commit(project).runs
    assert "print('ran')\n" == held(project, "HEAD", "train.py")


def test_a_record_written_by_hand_is_committed(project: Path) -> None:
    folder = write_run(project / "ledger", sessions=..., files=..., timestamp={"start": HAND_TIME})
    other = record("later")
    said = commit(project)
    assert [folder.name, other.id] == said.runs, said.text


def test_a_note_that_cannot_be_read_keeps_only_its_run_out(project: Path) -> None:
    bad, good = record("bad"), record("good")
    (bad.dir / "run.md").write_bytes(b"\xff\n")
    said = commit(project, texts={"Next": "x"}, accepts=True)
    assert [good.id] == said.runs
    assert (1, 1) == said.counts
    assert "not UTF-8" in said.text


def test_a_name_that_is_no_text_is_taken_back_too(project: Path) -> None:
    name = os.fsdecode(b"odd\xff.py")
    edit(project, "1\n", name)
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "-m", "odd")
    edit(project, "2\n", name)
    run = record("a")
    edit(project, "3\n", name)
    forget_snapshot(project, run)
    said = commit(project)
    assert (1, 0) == said.counts, said.text
    assert "2\n" == git(project, "cat-file", "blob", f"HEAD:{name}")
