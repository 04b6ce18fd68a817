"""Who says which way a metric is better, in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.errors import LedgerError
from ledger.reader.direction import Direction, resolve_direction
from unit.reader.builders import add_run, epochs, make_project, open_at


if TYPE_CHECKING:
    from pathlib import Path


def direction(
    root: Path, metric: str, settings: dict[str, str] | None = None, asked: str | None = None
) -> Direction:
    return resolve_direction(metric, open_at(root).runs, settings or {}, asked)  # type: ignore[arg-type]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_project(tmp_path)
    return tmp_path


def test_the_question_goes_before_everything(root: Path) -> None:
    add_run(root, "a", epochs(loss=[1.0]), objective=("loss", "min"))

    assert direction(root, "loss", asked="max") == Direction(goal="max", source="question")


def test_an_objective_goes_before_column_and_settings(root: Path) -> None:
    columns = {"epoch": {"role": "index"}, "m": {"role": "metric", "goal": "min"}}
    add_run(root, "a", epochs(m=[1.0]), objective=("m", "max"), columns=columns)

    assert direction(root, "m", {"m": "min"}) == Direction(goal="max", source="objective")


def test_a_column_goes_before_settings(root: Path) -> None:
    columns = {"epoch": {"role": "index"}, "m": {"role": "metric", "goal": "min"}}
    add_run(root, "a", epochs(m=[1.0]), columns=columns)

    assert direction(root, "m", {"m": "max"}) == Direction(goal="min", source="column")


def test_settings_go_before_the_name(root: Path) -> None:
    add_run(root, "a", epochs(loss=[1.0]))

    assert direction(root, "loss", {"loss": "max"}) == Direction(goal="max", source="settings")
    assert direction(root, "loss") == Direction(goal="min", source="inferred")


@pytest.mark.parametrize("metric", ["score", "grad_accum", "acc_loss"])
def test_without_any_word_it_asks(root: Path, metric: str) -> None:
    with pytest.raises(LedgerError, match=f"best {metric} max") as caught:
        direction(root, metric)

    assert caught.value.exit_code == 2
