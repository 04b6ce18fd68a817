"""Trainings of real Keras, on JAX, with the callback."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import ledger
from unit.writer.recording import only_run, read_record, read_rows, run_dirs


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REASON = "the group is not installed: uv run --group test --group keras pytest tests/integrations"
keras = pytest.importorskip("keras", reason=REASON)
# names that Keras and JAX use of each other and of numpy
pytestmark = [pytest.mark.timeout(240), pytest.mark.filterwarnings("default")]

X = np.ones((4, 2), dtype="float32")


def fit(*callbacks: Any, epochs: int = 2) -> Any:
    model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"], run_eagerly=True)
    options = {"validation_data": (X, X[:, :1]), "verbose": 0}
    return model.fit(X, X[:, :1], epochs=epochs, callbacks=[*callbacks], **options)


def callback(*arguments: Any, **options: Any) -> Any:
    from ledger.integrations.keras import Callback

    return Callback(*arguments, **options)


def test_each_epoch_is_a_row_of_a_run_that_ends_with_the_training(project: Path) -> None:
    history = fit(callback("small", config={"lr": 0.01}, objective=("val_loss", "min"))).history

    rows = read_rows(only_run(project))
    assert [row["epoch"] for row in rows] == ["0", "1"]
    for name, values in history.items():
        assert [float(row[name]) for row in rows] == [float(value) for value in values]
    record = read_record(only_run(project))
    assert (record["status"], record["name"]) == ("finished", "small")
    assert record["config"]["resolved"] == {"lr": 0.01}
    assert record["objective"] == {"metric": "val_loss", "goal": "min"}


def test_an_open_run_stays_open_and_a_second_fit_counts_on(project: Path) -> None:
    with ledger.start("two") as run:
        told = callback(run)
        fit(told)
        fit(told, epochs=1)
        assert run.is_open
        run.final(test_mae=0.5)

    assert [row["epoch"] for row in read_rows(only_run(project))] == ["0", "1", "2"]
    assert read_record(only_run(project))["metrics"]["test_mae"] == 0.5


def test_each_fit_of_a_named_callback_is_a_run(project: Path) -> None:
    told = callback("each")
    fit(told, epochs=1)
    fit(told, epochs=1)

    assert [[row["epoch"] for row in read_rows(each)] for each in run_dirs(project)] == [["0"]] * 2


def test_a_training_that_fails_leaves_the_truth(project: Path) -> None:
    class Failing(keras.callbacks.Callback):
        def on_epoch_end(self, *_: Any) -> None:
            message = "out of memory"
            raise ValueError(message)

    run = ledger.start("fails")
    with pytest.raises(ValueError, match="out of memory"), run:
        fit(callback(run), Failing())

    record = read_record(only_run(project))
    assert (record["status"], record["error"]["message"]) == ("failed", "out of memory")
    assert len(read_rows(only_run(project))) == 1


def test_a_copy_is_the_callback_itself(project: Path) -> None:
    with ledger.start("copied") as run:
        told = callback(run)
        assert copy.deepcopy(told) is told
    assert run_dirs(project) == [run.dir]


def test_the_module_has_nothing_else() -> None:
    import ledger.integrations.keras as module

    assert dir(module) == ["Callback", "autolog"]
    with pytest.raises(AttributeError, match="no attribute 'callback'"):
        module.callback  # noqa: B018


@pytest.fixture
def automatic(project: Path) -> Iterator[Path]:
    from ledger.integrations.keras import autolog

    take_back = autolog(tags=["auto"])
    yield project
    take_back()


def test_each_fit_is_a_run_by_itself(automatic: Path) -> None:
    history = fit().history
    fit(epochs=1)

    first, second = run_dirs(automatic)
    assert [len(read_rows(each)) for each in (first, second)] == [2, 1]
    assert [float(row["loss"]) for row in read_rows(first)] == [
        float(value) for value in history["loss"]
    ]
    record = read_record(first)
    assert (record["status"], record["tags"]) == ("finished", ["auto"])
    assert record["name"].startswith("sequential")
    resolved = record["config"]["resolved"]
    assert (resolved["epochs"], resolved["loss_function"]) == (2, "mse")
    assert resolved["optimizer"]["learning_rate"] == pytest.approx(0.01)


def test_fits_write_into_the_run_that_is_open_and_count_on(automatic: Path) -> None:
    with ledger.start("two") as run:
        fit()
        fit(epochs=1)
        assert run.is_open
    assert [row["epoch"] for row in read_rows(only_run(automatic))] == ["0", "1", "2"]


def test_a_fit_that_records_itself_is_left_alone(automatic: Path) -> None:
    fit(callback("own"), epochs=1)
    assert read_record(only_run(automatic))["name"] == "own"


@pytest.mark.parametrize("kind", ["list", "tuple", "single", "keras"])
def test_callbacks_may_come_in_any_form(automatic: Path, kind: str) -> None:
    seen: list[int] = []
    told = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, _: seen.append(epoch))
    model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    forms = {
        "list": [told],
        "tuple": (told,),
        "single": told,
        "keras": keras.callbacks.CallbackList([told], add_history=True, model=model),
    }
    model.fit(X, X[:, :1], verbose=0, callbacks=forms[kind])
    assert seen == [0]
    assert len(read_rows(only_run(automatic))) == 1
    assert not isinstance(forms[kind], list) or len(forms[kind]) == 1


def test_a_fit_that_fails_is_a_failed_run(automatic: Path) -> None:
    def fail(*_: Any) -> None:
        message = "out of memory"
        raise RuntimeError(message)

    with pytest.raises(RuntimeError, match="out of memory"):
        fit(keras.callbacks.LambdaCallback(on_epoch_end=fail))
    record = read_record(only_run(automatic))
    assert (record["status"], record["error"]["type"]) == ("failed", "RuntimeError")


def test_recording_by_itself_can_be_taken_back_and_is_never_fatal(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from ledger.integrations.keras import autolog

    before = keras.Model.fit
    take_back = autolog()
    (project / "ledger.toml").unlink()
    fit(epochs=1)
    assert "not recorded" in capfd.readouterr().err
    take_back()
    take_back()
    assert keras.Model.fit is before
