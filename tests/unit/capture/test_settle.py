"""The git section of a record, and what it says of files nobody may copy."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ledger.capture.code import observe
from ledger.capture.settle import settle
from ledger.project import find_project
from make_repo import commit_files, git, write_files
from unit.writer.recording import make_project


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.capture.code import CodeState


def state_of(folder: Path, *loaded: str) -> CodeState:
    return observe(find_project([folder]), os.environ, [str(folder / path) for path in loaded])


def test_without_a_run_nothing_is_stored(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    write_files(project, {"train.py": "changed\n"})
    facts = settle(state_of(project), None)
    assert (True, None, None) == (facts.is_dirty, facts.snapshot, facts.patch)
    assert "" == git(project, "for-each-ref", "refs/ledger")


def test_an_out_that_changed_is_no_dirt(tmp_path: Path) -> None:
    stages = "stages:\n  t:\n    cmd: x\n    outs: [out]\n"
    project = make_project(tmp_path, {"out/params.json": "{}", "dvc.yaml": stages})
    write_files(project, {"out/params.json": '{"a": 1}'})
    facts = settle(state_of(project), "r")
    assert (False, None) == (facts.is_dirty, facts.snapshot)
    assert b"out/params.json" not in facts.manifest


def test_the_section_follows_the_format(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    write_files(project, {"train.py": "changed\n", "extra.py": "x\n"})
    section = settle(state_of(project, "extra.py"), "r").to_json()
    assert [
        "commit",
        "base",
        "branch",
        "remote",
        "dirty",
        "dirty_paths",
        "code",
        "snapshot",
    ] == list(section)
    assert [
        {"path": "train.py", "status": "M", "loaded": False},
        {"path": "extra.py", "status": "?", "loaded": True},
    ] == section["dirty_paths"]


def test_the_manifest_is_the_same_dirty_staged_and_committed(tmp_path: Path) -> None:
    """Working tree = index = commit, for whatever kind of change."""
    project = make_project(tmp_path, {"tool.sh": "x\n", "gone.py": "x\n", "l.py": "x\n"})
    write_files(project, {"train.py": b"a\r\n", "new.py": "n\n"})
    (project / "tool.sh").chmod(0o755)
    (project / "gone.py").unlink()
    (project / "l.py").unlink()
    (project / "l.py").symlink_to("train.py")
    dirty = settle(state_of(project, "new.py"), None).manifest
    git(project, "add", "--all")
    staged = settle(state_of(project), None).manifest
    git(project, "commit", "--quiet", "-m", "all")
    committed = settle(state_of(project), None)
    assert dirty == staged == committed.manifest
    assert committed.is_dirty is False


def test_an_executable_bit_nobody_trusts_is_the_index_one(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"tool.sh": "x\n"})
    git(project, "config", "core.fileMode", "false")
    (project / "tool.sh").chmod(0o755)
    write_files(project, {"tool.sh": "y\n"})
    facts = settle(state_of(project), None)
    git(project, "add", "tool.sh")
    git(project, "commit", "--quiet", "-m", "tool")
    assert settle(state_of(project), None).manifest == facts.manifest


def test_the_remote_of_the_upstream_goes_before_origin(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    for name in ("backup", "origin"):
        git(project, "remote", "add", name, f"https://me:pw@host/{name}.git")
    assert "https://host/origin.git" == settle(state_of(project), None).remote
    git(project, "update-ref", "refs/remotes/backup/main", "HEAD")
    git(project, "branch", "--quiet", "--set-upstream-to=backup/main")
    facts = settle(state_of(project), None)
    assert ("https://host/backup.git", facts.commit) == (facts.remote, facts.base)


def test_a_change_that_was_undone_is_clean(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    commit_files(project, {"train.py": "a\n"})
    write_files(project, {"train.py": "b\n"})
    git(project, "add", "train.py")
    write_files(project, {"train.py": "a\n"})
    facts = settle(state_of(project), None)
    assert (False, ()) == (facts.is_dirty, facts.changes)
    assert git(project, "rev-parse", "HEAD:train.py").strip().encode() in facts.manifest
