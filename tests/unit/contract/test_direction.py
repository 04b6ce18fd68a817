"""Which way is better: the closed list."""

from __future__ import annotations

import pytest

from ledger.contract.direction import infer_goal, is_goal


@pytest.mark.parametrize(
    "token", ["acc", "accuracy", "auc", "f1", "precision", "recall", "iou", "dice", "r2", "bleu"]
)
@pytest.mark.parametrize("name", ["{}", "val_{}", "{}_macro", "val_{}_top5"])
def test_higher_is_better(token: str, name: str) -> None:
    assert "max" == infer_goal(name.format(token))


@pytest.mark.parametrize("token", ["loss", "error", "mae", "mse", "rmse", "mape", "perplexity"])
@pytest.mark.parametrize("name", ["{}", "val_{}", "{}_total"])
def test_lower_is_better(token: str, name: str) -> None:
    assert "min" == infer_goal(name.format(token))


@pytest.mark.parametrize(
    "name",
    ["", "reward", "score", "grad_accum", "lossless", "accurate", "val-acc", "val.loss", "valloss",
     "acc1", "f10", "errors", "time", "lr"],
)  # fmt: skip
def test_other_names_state_nothing(name: str) -> None:
    assert infer_goal(name) is None


def test_name_that_states_both_states_nothing() -> None:
    assert infer_goal("accuracy_loss") is None


@pytest.mark.parametrize("goal", ["min", "max"])
def test_goals(goal: str) -> None:
    assert is_goal(goal)


@pytest.mark.parametrize("text", ["MAX", "maximize", "", None, 1, ["max"], {"max": 1}])
def test_other_values_are_no_goals(text: object) -> None:
    assert not is_goal(text)
