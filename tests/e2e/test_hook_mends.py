"""What the hook prints to mend a run, run as it is printed: the commit then passes."""

from __future__ import annotations

import json
import os
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from e2e.shell import Shell
from unit.writer.recording import begin_training, end_of, make_project, only_run, read_record


if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

SCRIPT = """
import sys
import ledger

run = ledger.start("slow")
run.wait_for_capture()
run.log(loss=0.5)
print("logged")
sys.stdin.read()
"""


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A shell in a project with the hook installed."""
    shell = Shell(make_project(tmp_path), tmp_path / "private")
    shell.run("ledger init && git add --all && git commit -qm init")
    return shell


def begin(shell: Shell) -> subprocess.Popen[str]:
    process = begin_training(shell.folder, SCRIPT)
    assert process.stdout is not None
    assert process.stdout.readline() == "logged\n"
    return process


def write_note(run_dir: Path) -> None:
    """Answer every section of the note."""
    note = run_dir / "run.md"
    note.write_text(re.sub(r"^\[.*$", "none", note.read_text(), flags=re.MULTILINE))


def fix_of(shell: Shell) -> str:
    """Return the one fix that a commit of everything prints."""
    done = shell.run("git add --all && git commit -qm work", code=1)
    (fix,) = re.findall(r"^    fix: (.*)$", done.stderr, re.MULTILINE)
    return fix


def test_killed_run_is_sealed_and_staged_by_what_is_printed(shell: Shell) -> None:
    process = begin(shell)
    process.kill()
    end_of(process)
    write_note(only_run(shell.folder))

    shell.run(f"{fix_of(shell)} && git commit -qm work")

    assert read_record(only_run(shell.folder))["status"] == "crashed"
    assert shell.run("git status --porcelain").stdout == ""


def test_run_that_goes_on_is_left_out_by_what_is_printed(shell: Shell) -> None:
    process = begin(shell)
    (shell.folder / "other.py").write_text("X = 1\n")

    shell.run(f"{fix_of(shell)} && git commit -qm work")

    assert f"{only_run(shell.folder).name}/" not in shell.run("git ls-files").stdout
    end_of(process)
    assert read_record(only_run(shell.folder))["status"] == "finished"


def test_record_of_another_host_is_left_out_by_what_is_printed(shell: Shell) -> None:
    """Nobody here can tell whether its process lives."""
    process = begin(shell)
    process.kill()
    end_of(process)
    record = only_run(shell.folder) / "run.json"
    host = f'"hostname": "{os.uname().nodename}"'
    text = record.read_text()
    assert host in text
    record.write_text(text.replace(host, '"hostname": "elsewhere"'))

    assert fix_of(shell).startswith("git restore --staged -- ")


def test_run_whose_manifest_was_changed_is_left_out_by_what_is_printed(shell: Shell) -> None:
    """The bytes it was made with are nowhere; adding the changed file again is no mend."""
    process = begin(shell)
    process.terminate()
    end_of(process)
    run_dir = only_run(shell.folder)
    write_note(run_dir)
    code = read_record(run_dir)["git"]["code"].removeprefix("sha256:")
    manifest = shell.folder / f"ledger/code/{code}.manifest"
    manifest.write_text(manifest.read_text() + "100644 0\tforged.py\n")

    shell.run(fix_of(shell))
    said = shell.run("git commit -qm work", code=1).stderr
    found = re.search(r"^    fix: leave the run out: (.*), and record", said, re.MULTILINE)
    assert found is not None, said
    shell.run(found[1])

    assert shell.run("git diff --cached --name-only -- 'ledger/20*'").stdout == ""


@pytest.mark.parametrize("forged", [{"dirty": False, "dirty_paths": []}, {"dirty": False}])
def test_dirty_run_that_was_made_to_say_clean_is_refused(
    shell: Shell, forged: dict[str, object]
) -> None:
    """Even where the commit happens to hold the code: the record names a commit that does not."""
    run_dir = dirty_run(shell)
    record = json.loads((run_dir / "run.json").read_text())
    record["git"] |= forged
    (run_dir / "run.json").write_text(json.dumps(record, indent=2) + "\n")

    assert "LED101" in shell.run("git add --all && git commit -qm work", code=1).stderr


def test_dirty_run_whose_code_an_earlier_commit_holds_is_committed(shell: Shell) -> None:
    dirty_run(shell)
    shell.run("git add other.py && git commit -qm code && echo 'X = 3' > other.py")

    shell.run("git add --all && git commit -qm 'the run, and later code'")

    assert shell.run("git status --porcelain").stdout == ""


def test_dirty_run_of_a_branch_that_is_squashed_is_committed_with_a_notice(shell: Shell) -> None:
    """No commit of the branch that takes it in holds its code; its patch gives it again."""
    shell.run("git switch -qc branch")
    dirty_run(shell)
    shell.run("git add --all && git commit -qm run && echo 'X = 3' > other.py")
    shell.run("git commit -qam later && git switch -q - && git merge -q --squash branch")

    told = shell.run("git commit -qm squashed").stderr

    assert "LED101 (notice)" in told


def test_check_of_many_dirty_runs_asks_git_no_more_than_of_one(shell: Shell) -> None:
    notebook = '{"cells": [{"cell_type": "code", "source": ["x = 1"]}]}'
    shell.run(f"echo '{notebook}' > n.ipynb && git add n.ipynb && git commit -qm notebook")
    dirty_run(shell)
    shell.run("git add --all")
    once = n_git_processes(shell)
    for _ in range(2):
        shell.run("python train.py < /dev/null")
    for note in shell.folder.glob("ledger/*/*/run.md"):
        write_note(note.parent)
    shell.run("git add --all")

    assert once == n_git_processes(shell)


def n_git_processes(shell: Shell) -> int:
    """Return how many git processes the check of what is staged starts."""
    trace = shell.folder.parent / "trace"
    trace.unlink(missing_ok=True)
    shell.run(f"GIT_TRACE2_EVENT={trace} python -I -m ledger.policy --staged")
    return trace.read_text().count('"event":"start"')


def dirty_run(shell: Shell) -> Path:
    """Return the folder of a finished run, noted, that used a changed other.py."""
    shell.run("echo 'X = 1' > other.py && git add other.py && git commit -qm other")
    process = begin_training(shell.folder, SCRIPT.replace("import ledger", "import ledger, other"))
    end_of(process)
    shutil.rmtree(shell.folder / "ledger" / only_run(shell.folder).parent.name)
    shell.run("echo 'X = 2' > other.py && python train.py < /dev/null")
    write_note(only_run(shell.folder))
    return only_run(shell.folder)
