"""``ledger sync`` without a tracker: which runs, and what is refused in one line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from unit.reader.builders import FIRST, add_run, epochs, make_project


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Invoke = Callable[..., tuple[int, str, str]]


@pytest.fixture
def invoke(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Invoke:
    make_project(tmp_path)
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        from ledger.cli import main as module

        monkeypatch.setattr("sys.argv", ["ledger", "sync", *words])
        with pytest.raises(SystemExit) as caught:
            module.run()
        captured = capsys.readouterr()
        return int(str(caught.value.code)), captured.out, captured.err

    return run


@pytest.fixture
def without_trackers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this interpreter one that has neither library, whatever is installed."""
    for name in ("mlflow", "wandb"):
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("mlflow",), "name runs, or say --all, perhaps with --since"),
        (("mlflow", "a", "--all"), "name runs, or say --all, perhaps with --since"),
        (("mlflow", "a", "--since", "yesterday"), "name runs, or say --all, perhaps with --since"),
        (("wandb", "a", "--tracking-uri", "x"), "--tracking-uri is no option of wandb"),
        (("wandb", "a", "--experiment", "x"), "--experiment is no option of wandb"),
        (("mlflow", "a", "--project", "x"), "--project is no option of mlflow"),
        (("neptune", "a"), "'neptune' is not one of 'mlflow', 'wandb'"),
    ],
)
def test_a_line_that_means_nothing_is_exit_code_two(
    invoke: Invoke, words: tuple[str, ...], told: str
) -> None:
    code, out, error = invoke(*words)

    assert (2, "") == (code, out)
    assert told in error
    assert 1 == len(error.splitlines())


@pytest.mark.usefixtures("without_trackers")
@pytest.mark.parametrize("tracker", ["mlflow", "wandb"])
def test_a_library_that_is_missing_is_one_line_with_the_command(
    invoke: Invoke, tmp_path: Path, tracker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    run_id = add_run(tmp_path, "small", epochs(loss=[0.5]))

    code, out, error = invoke(tracker, run_id)

    command = f"pip install 'experiment-ledger[{tracker}]'"
    assert (2, "", f"ledger: {tracker} is not installed ({command})\n") == (code, out, error)


def test_an_unknown_run_is_exit_code_one(invoke: Invoke, tmp_path: Path) -> None:
    add_run(tmp_path, "small")

    code, _, error = invoke("mlflow", "smell")

    assert 1 == code
    assert "no run is called 'smell'" in error


def test_a_time_that_is_none_is_exit_code_two(invoke: Invoke, tmp_path: Path) -> None:
    add_run(tmp_path, "small")

    code, _, error = invoke("mlflow", "--all", "--since", "soon")

    assert 2 == code
    assert "'soon' is no time" in error


def test_no_run_since_then_is_exit_code_one(invoke: Invoke, tmp_path: Path) -> None:
    add_run(tmp_path, "small")

    code, _, error = invoke("mlflow", "--all", "--since", "2026-05-01")

    assert (1, "ledger: no run has ended since 2026-05-01 (see `ledger ls`)\n") == (code, error)


def test_a_running_run_is_refused(invoke: Invoke, tmp_path: Path) -> None:
    code, _, error = invoke("mlflow", add_running(tmp_path))

    assert 2 == code
    assert "is still running (sync it when it has ended)" in error


def test_running_and_retracted_runs_are_left_out_of_all_and_told(
    invoke: Invoke, tmp_path: Path
) -> None:
    add_running(tmp_path)
    add_run(tmp_path, "wrong", files={"retraction.md": b"# Retracted\n\nwrong data\n"})
    origin = {"tool": "MLflow", "uri": "http://x", "id": "1", "digest": "d"}
    add_run(tmp_path, "theirs", imported_from=origin)

    code, _, error = invoke("mlflow", "--all")

    assert 1 == code
    told = "left out: 1 running, 1 imported from mlflow, 1 retracted"
    assert f"ledger: no run has ended ({told})\n" == error


def add_running(root: Path) -> str:
    """Add a run whose process is this one."""
    from ledger.capture.process import this_process
    from ledger.value import as_dict

    session = {"start": FIRST.isoformat(), "end": None, **as_dict(this_process())}
    return add_run(
        root, "live", epochs(loss=[0.5]), status="running", is_sealed=False, sessions=[session]
    )
