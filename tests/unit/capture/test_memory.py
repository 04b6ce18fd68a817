"""Several runs in one process: later ones know what was loaded, whatever became of the files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from make_repo import commit_files, git, write_files
from unit.capture.code_runs import dirty_paths, manifest_of, train_uncommitted
from unit.writer.recording import make_project, read_record, run_dirs


if TYPE_CHECKING:
    from pathlib import Path

TWO_RUNS = """
import subprocess, time
import extra, ledger
while time.process_time() < 0.05:  # no interpreter comes so far within the margin of a start
    continue
ledger.start("a").finish()
{between}
ledger.start("b").finish()
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path, {"extra.py": "E = 1\n"})


def sections(project: Path, between: str, *, is_committed: bool = True) -> list[dict[str, Any]]:
    """Return the git sections of two runs of one process, ``between`` which something happens."""
    script = {"train.py": TWO_RUNS.format(between=between)}
    if is_committed:
        commit_files(project, script)
    else:
        write_files(project, script)
    done = train_uncommitted(project, env={"PYTHONDONTWRITEBYTECODE": ""})
    assert 0 == done.returncode, done.stderr
    runs = sorted(map(read_record, run_dirs(project)), key=lambda record: record["name"])
    return [dict(record["git"]) for record in runs]


EDIT = "open('extra.py', 'a').write('x = 2\\n'); open('train.py', 'a').write('x = 2\\n')"


def test_edits_between_the_runs_never_count_for_what_is_loaded(project: Path) -> None:
    first, second = sections(project, EDIT)
    assert (False, False) == (first["dirty"], second["dirty"])
    assert first["code"] == second["code"]


def test_dirty_code_is_the_same_for_both(project: Path) -> None:
    write_files(project, {"extra.py": "E = 5\n"})
    first, second = sections(project, EDIT, is_committed=False)
    expected = {"extra.py": ("M", True), "train.py": ("M", True)}
    assert expected == dirty_paths(first) == dirty_paths(second)
    assert first["code"] == second["code"]
    assert "E = 5\n" == git(project, "show", f"{second['snapshot']}:extra.py")


def test_a_branch_switched_underneath_is_another_commit_and_the_same_code(project: Path) -> None:
    commit_files(project, {"train.py": ""})
    git(project, "checkout", "--quiet", "-b", "side")
    commit_files(project, {"extra.py": "E = 9\n", "train.py": "other\n"})
    git(project, "checkout", "--quiet", "main")
    first, second = sections(project, "subprocess.run(['git', 'checkout', '-q', 'side'])")
    assert (False, True) == (first["dirty"], second["dirty"])
    assert git(project, "rev-parse", "side").strip() == second["commit"]
    assert {"extra.py": ("M", True), "train.py": ("M", True)} == dirty_paths(second)
    before, after = (manifest_of(project, section).entries for section in (first, second))
    assert before == after
    assert "E = 1\n" == git(project, "show", f"{second['snapshot']}:extra.py")


def test_a_module_that_is_loaded_again_is_what_it_is_now(project: Path) -> None:
    between = "import importlib\nopen('extra.py', 'a').write('x = 2\\n'); importlib.reload(extra)"
    first, second = sections(project, between)
    assert (False, {"extra.py": ("M", True)}) == (first["dirty"], dirty_paths(second))
    assert second["dirty"] is True


def test_what_is_not_loaded_is_as_the_disk_has_it(project: Path) -> None:
    first, second = sections(project, "open('src/model.py', 'a').write('x = 2\\n')")
    assert (False, {"src/model.py": ("M", False)}) == (first["dirty"], dirty_paths(second))


def test_a_file_that_is_gone_meanwhile_was_loaded_all_the_same(project: Path) -> None:
    first, second = sections(project, "import os; os.unlink('extra.py')")
    assert (False, False, first["code"]) == (first["dirty"], second["dirty"], second["code"])
