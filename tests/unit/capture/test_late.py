"""What is imported after the start: looked at again, told exactly or as not to be told."""

from __future__ import annotations

import os
import time
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from ledger.capture.code import observe
from ledger.capture.late import LateLoads
from ledger.capture.settle import settle
from ledger.project import find_project
from make_repo import commit_files, git, make_repo, write_files
from unit.capture.code_runs import captured, dirty_paths, manifest_of
from unit.writer.recording import make_project, only_run


if TYPE_CHECKING:
    from pathlib import Path

LONG_AGO = 1_700_000_000


class Process:
    """A run in a process whose imports we make ourselves."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.modules: dict[str, object] = {}
        state = observe(find_project([project]), os.environ, [str(project / "train.py")])
        self.late = LateLoads(state, self.modules, [])

    def load(self, path: str) -> bool:
        """Import ``path`` and look; return whether that is news."""
        module = ModuleType(path)
        module.__file__ = str(self.project / path)
        self.modules[path] = module
        return self.late.look()

    def edit(self, path: str, text: str, *, was_seen: bool = True) -> None:
        """Edit a file after the start, and look at it, or not, before it can be loaded."""
        write_files(self.project, {path: text})
        if was_seen:
            stamp = os.stat(self.project / path).st_mtime_ns
            while time.time_ns() <= stamp:
                continue
            self.modules[f"look {len(self.modules)}"] = None
            self.late.look()

    def section(self) -> dict[str, object]:
        return dict(settle(self.late.state, "run-1").to_json())


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = make_project(tmp_path, {"late.py": "L = 1\n", ".gitignore": "ignored.py\n"})
    write_files(folder, {"new.py": "N = 1\n", "ignored.py": "I = 1\n"})
    for path in folder.glob("*.py"):
        os.utime(path, (LONG_AGO, LONG_AGO))
    return folder


def test_what_was_there_before_the_start_is_no_news(project: Path) -> None:
    process = Process(project)
    assert not process.late.look()
    assert not process.load("late.py")
    assert not process.load("gone.py")
    assert process.section()["dirty"] is False


def test_an_untracked_module_that_is_loaded_late_is_dirty(project: Path) -> None:
    process = Process(project)
    assert process.load("new.py")
    section = process.section()
    assert (True, {"new.py": ("?", True)}) == (section["dirty"], dirty_paths(section))
    assert "N = 1\n" == git(project, "show", f"{section['snapshot']}:new.py")


def test_a_tracked_module_edited_before_it_is_loaded_is_dirty(project: Path) -> None:
    process = Process(project)
    process.edit("late.py", "L = 2\n")
    assert process.load("late.py")
    section = process.section()
    assert (True, {"late.py": ("M", True)}) == (section["dirty"], dirty_paths(section))
    assert "L = 2\n" == git(project, "show", f"{section['snapshot']}:late.py")


@pytest.mark.parametrize("path", ["late.py", "new.py"])
def test_a_module_edited_since_the_last_look_cannot_be_told(project: Path, path: str) -> None:
    process = Process(project)
    process.edit(path, "X = 2\n", was_seen=False)
    assert process.load(path)
    section = process.section()
    assert (None, True) == (section["dirty"], section["code_raced"])
    assert f"nobody can tell what {path} held when it was loaded" == section["dirty_reason"]


def test_an_edit_after_the_loading_never_counts(project: Path) -> None:
    process = Process(project)
    process.load("new.py")
    process.edit("new.py", "N = 2\n")
    process.load("late.py")
    section = process.section()
    assert section["dirty"] is True
    assert "N = 1\n" == git(project, "show", f"{section['snapshot']}:new.py")


def test_a_module_that_is_only_touched_is_no_news(project: Path) -> None:
    process = Process(project)
    write_files(project, {"late.py": "L = 1\n"})
    assert not process.load("late.py")


def test_a_dirty_module_that_is_loaded_late_is_told_as_loaded(project: Path) -> None:
    write_files(project, {"late.py": "L = 2\n"})
    os.utime(project / "late.py", (LONG_AGO, LONG_AGO))
    process = Process(project)
    assert {"late.py": ("M", False)} == dirty_paths(process.section())
    assert process.load("late.py")
    assert {"late.py": ("M", True)} == dirty_paths(process.section())


def test_a_dirty_module_edited_once_more_is_what_was_loaded(project: Path) -> None:
    write_files(project, {"late.py": "L = 2\n"})
    process = Process(project)
    process.edit("late.py", "L = 3\n")
    process.load("late.py")
    section = process.section()
    assert "L = 3\n" == git(project, "show", f"{section['snapshot']}:late.py")


def test_a_module_committed_during_the_run_is_not_in_the_commit_it_began_with(
    project: Path,
) -> None:
    process = Process(project)
    git(project, "add", "new.py")
    git(project, "commit", "--quiet", "-m", "new")
    assert process.load("new.py")
    assert {"new.py": ("?", True)} == dirty_paths(process.section())


def test_a_module_of_another_branch_is_what_was_loaded(project: Path) -> None:
    git(project, "checkout", "--quiet", "-b", "side")
    commit_files(project, {"late.py": "L = 9\n"})
    git(project, "checkout", "--quiet", "main")
    process = Process(project)
    commit = process.section()["commit"]
    git(project, "checkout", "--quiet", "side")
    process.edit("late.py", "L = 9\n")
    process.load("late.py")
    section = process.section()
    assert (commit, {"late.py": ("M", True)}) == (section["commit"], dirty_paths(section))


def test_an_ignored_module_is_named(project: Path) -> None:
    process = Process(project)
    assert process.load("ignored.py")
    section = process.section()
    assert (False, ["ignored.py"]) == (section["dirty"], section["omitted"])


def test_a_module_of_a_submodule_makes_it_dirty(project: Path, tmp_path: Path) -> None:
    inner = make_repo(tmp_path, {"net.py": "1\n"}, name="inner")
    allow = ("-c", "protocol.file.allow=always")
    git(project, *allow, "submodule", "--quiet", "add", str(inner), "vendor")
    git(project, "commit", "--quiet", "-m", "vendor")
    write_files(project, {"vendor/scratch.py": "1\n"})
    process = Process(project)
    assert process.section()["dirty"] is False
    assert process.load("vendor/scratch.py")
    assert {"vendor": ("S", False)} == dirty_paths(process.section())


def test_before_the_first_commit_it_is_all_the_same(tmp_path: Path) -> None:
    folder = make_repo(tmp_path).resolve()
    write_files(folder, {"ledger.toml": "", "train.py": "1\n", "new.py": "2\n"})
    for path in folder.glob("*.py"):
        os.utime(path, (LONG_AGO, LONG_AGO))
    process = Process(folder)
    assert process.load("new.py")
    assert {"train.py": ("?", True), "new.py": ("?", True)} == dirty_paths(process.section())


def test_a_run_sees_its_late_imports_at_the_seal(project: Path) -> None:
    script = """
import ledger
with ledger.start("run") as run:
    run.log(epoch=0, loss=1.0)
    run.wait_for_capture()
    import new
"""
    commit_files(project, {"train.py": script})
    section = captured(project)
    assert {"new.py": ("?", True)} == dirty_paths(section)
    assert "+N = 1" in (only_run(project) / "changes.patch").read_text()
    assert "new.py" in manifest_of(project, section).entries


def test_a_patch_that_grew_too_large_is_taken_back(project: Path) -> None:
    script = """
import ledger
with ledger.start("run") as run:
    run.wait_for_capture()
    import big
"""
    commit_files(project, {"train.py": script})
    write_files(project, {"src/model.py": "WIDTH = 4\n", "big.py": "# x\n" * 300_000})
    os.utime(project / "big.py", (LONG_AGO, LONG_AGO))
    section = captured(project)
    assert {"big.py", "src/model.py"} == set(dirty_paths(section)) == set(section["omitted"])
    assert not (only_run(project) / "changes.patch").exists()
