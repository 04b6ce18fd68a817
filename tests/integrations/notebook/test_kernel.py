"""Runs that start in cells of real kernels, and what the ledger holds of them afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from make_repo import commit_files, git
from unit.writer.recording import ledger_command, only_run, read_record, read_rows, run_dirs


if TYPE_CHECKING:
    from pathlib import Path

REASON = "the group is not installed: uv run --group test --group loops pytest tests/integrations"
pytest.importorskip("nbclient", reason=REASON)
pytest.importorskip("ipykernel", reason=REASON)
# asyncio and zmq under a test runner that turns warnings into errors
pytestmark = [pytest.mark.timeout(240), pytest.mark.filterwarnings("default")]

START = "import ledger\nrun = ledger.start('one', config={'lr': 0.1})"
LOG = "run.log(epoch=0, loss=1.0)"
FINISH = "run.finish()"


@pytest.fixture
def project(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LEDGER_QUIET", "0")
    return project


def by_name(project: Path) -> dict[str, dict]:
    records = (read_record(run_dir) for run_dir in run_dirs(project))
    return {record["name"]: record for record in records}


def cells_of(run_dir: Path) -> str:
    return (run_dir / "cells.py").read_text(encoding="utf-8")


def test_a_notebook_that_is_run_from_its_top_is_what_ran(project: Path) -> None:
    from integrations.notebook.kernels import run_all, save

    save(project / "fit.ipynb", START, LOG, FINISH, "print('after')")
    save(project / "other.ipynb", "print('other')")
    git(project, "add", "fit.ipynb", "other.ipynb")
    git(project, "commit", "--quiet", "-m", "notebooks")

    said = run_all(project / "fit.ipynb", project)

    run_dir = only_run(project)
    record = read_record(run_dir)
    assert record["notebook"] == {
        "path": "fit.ipynb",
        "n_executed": 3,
        "as_saved": True,
        "differences": [],
    }
    assert (record["status"], record["git"]["dirty"]) == ("finished", False)
    assert record.get("warnings") is None
    assert read_rows(run_dir) == [{"epoch": "0", "loss": "1.0"}]
    assert cells_of(run_dir).endswith(f"# %% In [2]\n{LOG}\n\n# %% In [3]\n{FINISH}\n")
    assert "cells.py" in record["files"]
    assert "cannot be told" not in said

    again = run_all(project / "fit.ipynb", project)  # outputs and counters have been saved
    assert "not" not in again.replace("the note waits: ledger note", "")
    assert [read_record(each)["git"]["dirty"] for each in run_dirs(project)] == [False, False]


def test_a_state_that_no_saved_notebook_has_is_told(project: Path) -> None:
    from integrations.notebook.kernels import kernel, save

    path = project / "fit.ipynb"
    save(path, START, "lr = 0.1", LOG, FINISH)
    with kernel(project, JPY_SESSION_NAME=str(path)) as started:
        for source in (START, "lr = 0.2", LOG, LOG):
            started.run(source)
        said = started.run(FINISH)

    record = read_record(only_run(project))
    told = [
        "In [2] is not in it",
        "In [3] ran, and a code cell before it had not",
        "In [4] ran again, or after a later cell",
    ]
    section = {"path": "fit.ipynb", "n_executed": 5, "as_saved": False, "differences": told}
    assert record["notebook"] == section
    line = "what ran is not fit.ipynb as it was saved: In [2] is not in it and 2 more"
    assert record["warnings"] == [line]
    assert line in said
    assert "lr = 0.2" in cells_of(only_run(project))
    note = (only_run(project) / "run.md").read_text(encoding="utf-8")
    assert "[auto] what ran is not the notebook as it was saved: see cells.py" in note


def test_a_second_start_seals_the_run_before_it(project: Path) -> None:
    from integrations.notebook.kernels import kernel

    with kernel(project) as started:
        started.run(START)
        started.run("1 / 0")
        started.run("run.log(loss=1.0)")
        said = started.run("second = ledger.start('two')")
        assert "sealed, because another run starts in this session" in said
        assert by_name(project)["one"]["status"] == "finished"
        assert by_name(project)["two"]["status"] == "running"

        started.run("1 / 0")
        started.run("third = ledger.start('three')")
        failed = by_name(project)["two"]
        assert (failed["status"], failed["error"]["type"]) == ("failed", "ZeroDivisionError")

        started.run(
            "with ledger.start('outer') as outer:\n"
            "    with ledger.start('inner') as inner:\n"
            "        inner.log(a=1)\n"
            "    outer.log(b=1)\n"
        )
        started.run("run = ledger.start('last')\nraise SystemExit(3)")
        started.run("run.log(a=1)")
    names = by_name(project)
    assert {name: each["status"] for name, each in names.items()} == {
        "one": "finished",
        "two": "failed",
        "three": "finished",
        "outer": "finished",
        "inner": "finished",
        "last": "finished",
    }
    assert names["outer"]["metrics"]["b"] == 1


def test_how_a_kernel_ends_is_how_its_run_ends(project: Path) -> None:
    from integrations.notebook.kernels import kernel

    with kernel(project) as started:
        started.run(START)
        started.restart()
        assert by_name(project)["one"]["status"] == "finished"

        started.run("import ledger\nrun = ledger.start('fails')")
        started.run("raise ValueError('no data')")
        started.restart()
        failed = by_name(project)["fails"]
        assert (failed["status"], failed["error"]["message"]) == ("failed", "no data")

        started.run("import ledger, threading\nrun = ledger.start('stopped')")
        wait = "print('begun', flush=True)\nwhile True:\n    threading.Event().wait(0.01)"
        started.run(wait, stop_at="begun")
        assert "KeyboardInterrupt" in started.interrupt()
        assert "the kernel is alive" in started.run("print('the kernel is alive')")
        started.run(wait, stop_at="begun")
        started.restart()
        assert by_name(project)["stopped"]["status"] == "interrupted"

        started.run("import ledger, os, signal\nrun = ledger.start('killed')\nrun.log(a=1)")
        started.run_to_death("os.kill(os.getpid(), signal.SIGKILL)")
        started.stop(is_killed=True)

    assert by_name(project)["killed"]["status"] == "running"
    ledger_command(project, "ls")
    killed = by_name(project)["killed"]
    assert (killed["status"], killed["metrics"]["a"]) == ("crashed", 1)
    assert "cells.py" in killed["files"]
    (run_dir,) = [each for each in run_dirs(project) if "killed" in each.name]
    assert "signal.SIGKILL)" in cells_of(run_dir)


def test_a_script_that_a_cell_runs_is_the_program(project: Path) -> None:
    from integrations.notebook.kernels import kernel

    script = "import ledger\nrun = ledger.start('script')\nrun.log(loss=1.0)\n"
    commit_files(project, {"src/fit.py": script})
    with kernel(project) as started:
        started.run("%run src/fit.py")
        started.run("%run src/fit.py")

    records = [read_record(each) for each in run_dirs(project)]
    assert [each["status"] for each in records] == ["finished", "finished"]
    assert [each["git"]["dirty"] for each in records] == [False, False]
    assert "%run src/fit.py" in cells_of(run_dirs(project)[0])


def test_a_notebook_elsewhere_leads_to_its_project(project: Path, tmp_path: Path) -> None:
    from integrations.notebook.kernels import kernel, save

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (project / "nb").mkdir()
    save(project / "nb" / "fit.ipynb", START, FINISH)
    with kernel(elsewhere) as started:
        started.run(f"__vsc_ipynb_file__ = {str(project / 'nb' / 'fit.ipynb')!r}")
        started.run(START)
        started.run(FINISH)

    notebook = read_record(only_run(project))["notebook"]
    assert (notebook["path"], notebook["as_saved"]) == ("nb/fit.ipynb", False)
    assert notebook["differences"] == ["In [1] is not in it"]


def test_a_notebook_that_nobody_names_is_said(project: Path) -> None:
    from integrations.notebook.kernels import kernel

    with kernel(project, JPY_SESSION_NAME="34361149-e3d8-4dbc-9302-0e86431b3e8c") as started:
        started.run(START)
        said = started.run(FINISH)

    assert "which notebook this is cannot be told; cells.py holds what ran" in said
    notebook = read_record(only_run(project))["notebook"]
    assert notebook == {"path": None, "n_executed": 2, "as_saved": None, "differences": []}


def test_a_credential_in_a_cell_stays_out_and_the_run_can_be_committed(project: Path) -> None:
    from integrations.notebook.kernels import kernel

    with kernel(project) as started:
        started.run("api_key = 'a1B2c3D4e5F6g7H8'")
        started.run(START)
        started.run(FINISH)

    assert "a1B2" not in json.dumps(read_record(only_run(project))) + cells_of(only_run(project))
    checked = ledger_command(project, "check", "--all", "--format", "json")
    assert [each["code"] for each in json.loads(checked.stdout)["findings"]] == ["LED102"]


def test_a_run_shows_what_it_is_and_nothing_in_it_is_markup(project: Path) -> None:
    from integrations.notebook.kernels import kernel

    with kernel(project) as started:
        started.run("import ledger\nrun = ledger.start('x', objective=('<b>loss</b>', 'min'))")
        assert "<td>running</td>" in started.run("run")
        started.run("run.final({'<script>': 0.5})\nrun.finish()")
        shown = started.run("run")
        assert "<td>finished</td>" in shown
        assert "<th>&lt;script&gt;</th><td>0.5</td>" in shown
        assert "&lt;b&gt;loss&lt;/b&gt; min" in shown
        assert "<script>" not in shown
        started.run("with ledger.start('<i>') as run: run.log(loss=1.0)")
        shown = started.run("ledger.query('last loss min')")
        assert "<table>" in shown
        assert "<i>" not in shown


def test_a_terminal_session_keeps_its_cells_too(project: Path) -> None:
    typed = ["import ledger", "run = ledger.start('typed')", "run.log(a=1)", "1 / 0", "exit"]
    asked = [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner", "--quick"]
    done = subprocess.run(
        asked,
        cwd=project,
        input="\n".join(typed) + "\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    record = read_record(only_run(project))
    assert (record["status"], record["error"]["type"]) == ("failed", "ZeroDivisionError")
    assert (record["notebook"]["path"], record["notebook"]["n_executed"]) == (None, 4)
    assert cells_of(only_run(project)).endswith("# %% In [3]\nrun.log(a=1)\n\n# %% In [4]\n1 / 0\n")
    assert "cannot be told" not in done.stderr
