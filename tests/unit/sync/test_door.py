"""Which run ``run_info`` means: a record, a ``Run``, an id or a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import ledger
from ledger.errors import LedgerError, UnknownNameError
from ledger.sync.door import find_info
from ledger.sync.plan import plan_run
from make_repo import make_repo


if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    repo = make_repo(tmp_path, {"ledger.toml": "", ".gitignore": "outputs/\n"})
    (repo / "ledger").mkdir()
    monkeypatch.chdir(repo)
    monkeypatch.setenv("LEDGER_QUIET", "1")
    return repo


def test_a_record_a_run_an_id_and_a_folder_are_the_same_run(project: Path) -> None:
    run = ledger.start("small", config={"lr": 0.1})
    run.log(loss=0.5)
    run.finish()

    found = [find_info(each)[1] for each in (run.document, run, run.id, run.dir, str(run.dir))]

    assert {run.id} == {each.run_id for each in found}
    assert 1 == len({each.path for each in found})
    assert run.dir == project / found[0].path


def test_what_log_run_returns_is_sent_with_its_rows(project: Path) -> None:
    output = project / "outputs" / "first"
    output.mkdir(parents=True)
    (output / "model.pt").write_bytes(b"weights")

    info = ledger.log_run("first", {"lr": 0.1}, {"loss": [0.5, 0.4], "test_acc": 0.9}, output)

    opened, run = find_info(info)
    plan = plan_run(opened, run)
    assert ("first", {"lr": 0.1}, 2) == (plan.run_id, plan.run.params, plan.run.n_points)
    (model,) = [each for each in plan.models if each.name == "model"]
    assert model.why_not() is None


def test_a_record_of_no_ledger_is_found_in_its_outputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ``log_run`` leaves it where there is no project."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEDGER_QUIET", "1")
    output = tmp_path / "outputs"
    output.mkdir()
    (output / "model.pt").write_bytes(b"weights")
    info = ledger.log_run("alone", {"lr": 0.1}, {"loss": [0.5, 0.4]}, output)

    opened, run = find_info(output)
    plan = plan_run(opened, run)

    assert info["run_id"] == plan.run_id
    assert 2 == plan.run.n_points
    assert "run.json" in [each.path for each in plan.files]
    (model,) = [each for each in plan.models if each.name == "model"]
    assert model.why_not() is None


def test_an_open_run_is_refused(project: Path) -> None:  # noqa: ARG001  # the working folder
    run = ledger.start("open")
    try:
        with pytest.raises(LedgerError, match="is still being recorded"):
            find_info(run)
    finally:
        run.finish()


@pytest.mark.parametrize("info", [{}, {"run_id": 7}, {"run_id": "nobody"}, "nobody", "../up"])
def test_an_unknown_run_is_one_error(project: Path, info: object) -> None:  # noqa: ARG001  # as above
    with pytest.raises((UnknownNameError, LedgerError)):
        find_info(info)  # type: ignore[arg-type]  # what a script may hand over


def test_a_training_goes_on_where_the_run_is_unknown(
    project: Path,  # noqa: ARG001  # as above
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ledger.log_to_mlflow("nobody") is None
    assert ledger.log_to_wandb("nobody") is None

    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("ledger: nothing was sent to MLflow: ")
    assert second.startswith("ledger: nothing was sent to Weights & Biases: ")
