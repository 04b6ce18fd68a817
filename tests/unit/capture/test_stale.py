"""Files edited between their loading and the start of the run: what ran is on no disk any more."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from make_repo import commit_files, write_files
from unit.capture.code_runs import SCRIPT, captured, dirty_paths
from unit.writer.recording import make_project


if TYPE_CHECKING:
    from pathlib import Path

WITH_BYTECODE = {"PYTHONDONTWRITEBYTECODE": ""}
EDIT = """
import time
while time.process_time() < 0.05:  # no interpreter comes so far within the margin
    continue
open({name!r}, 'a').write({text!r})
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path)


def test_a_script_edited_while_it_imports_cannot_be_told(project: Path) -> None:
    commit_files(project, {"train.py": EDIT.format(name="train.py", text="x = 2\n") + SCRIPT})
    section = captured(project)
    assert (None, True) == (section["dirty"], section["code_raced"])
    assert "nobody can tell what train.py held when it was loaded" == section["dirty_reason"]


def test_a_script_whose_comments_were_edited_is_what_it_was(project: Path) -> None:
    commit_files(project, {"train.py": EDIT.format(name="train.py", text="# x\n") + SCRIPT})
    section = captured(project)
    assert {"train.py": ("M", True)} == dirty_paths(section)
    assert section["dirty"] is True


def test_a_script_that_is_put_back_meanwhile_cannot_be_told(project: Path) -> None:
    """It is clean on the disk, and is not what runs."""
    commit_files(project, {"train.py": SCRIPT})
    line = "import os, subprocess; subprocess.run(['git', 'checkout', '-q', 'train.py'])\n"
    line = EDIT.format(name="/dev/null", text="") + line
    write_files(project, {"train.py": line + SCRIPT})
    section = captured(project)
    assert (None, []) == (section["dirty"], section["dirty_paths"])


def test_a_module_edited_after_its_import_cannot_be_told(project: Path) -> None:
    edit = EDIT.format(name="extra.py", text="x = 2\n")
    commit_files(project, {"extra.py": "E = 1\n", "train.py": f"import extra\n{edit}{SCRIPT}"})
    section = captured(project)
    assert (None, "nobody can tell what extra.py held when it was loaded") == (
        section["dirty"],
        section["dirty_reason"],
    )


def test_a_module_written_before_its_import_is_what_it_is(project: Path) -> None:
    edit = EDIT.format(name="extra.py", text="x = 2\n")
    commit_files(project, {"extra.py": "E = 1\n", "train.py": f"{edit}import extra\n{SCRIPT}"})
    section = captured(project, env=WITH_BYTECODE)
    assert (True, {"extra.py": ("M", True)}) == (section["dirty"], dirty_paths(section))


def test_a_config_written_by_the_program_is_what_it_is(project: Path) -> None:
    write = "open('made.yaml', 'w').write('lr: 1')\n"
    script = write + SCRIPT.replace('"run"', '"run", config="made.yaml"')
    commit_files(project, {"train.py": script})
    section = captured(project)
    assert (True, {"made.yaml": ("?", True)}) == (section["dirty"], dirty_paths(section))


def test_without_bytecode_a_module_that_may_have_changed_cannot_be_told(project: Path) -> None:
    edit = EDIT.format(name="extra.py", text="x = 2\n")
    commit_files(project, {"extra.py": "E = 1\n", "train.py": f"{edit}import extra\n{SCRIPT}"})
    section = captured(project, env={"PYTHONDONTWRITEBYTECODE": "1"})
    assert section["dirty"] is None


def test_a_file_from_the_future_is_told_by_its_code(project: Path) -> None:
    """The clock of a file server may be ahead of ours."""
    commit_files(project, {"extra.py": "E = 1\n", "train.py": "import extra\n" + SCRIPT})
    for name in ("extra.py", "train.py"):
        stamp = os.stat(project / name).st_mtime + 3600
        os.utime(project / name, (stamp, stamp))
    assert captured(project, env=WITH_BYTECODE)["dirty"] is False
