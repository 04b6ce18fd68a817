"""A framework that is not installed is told in one line, with what to install."""

from __future__ import annotations

import importlib
import importlib.util

import pytest

from ledger.errors import LedgerError
from ledger.integrations.boosting import Rounds
from ledger.integrations.optuna import LedgerCallback


CASES = [
    ("keras", "keras", "Callback", "keras"),
    ("xgboost", "xgboost", "LedgerCallback", "xgboost"),
    ("hydra", "hydra", "Callback", "hydra"),
    ("huggingface", "transformers", "LedgerCallback", "huggingface"),
    ("lightning", "lightning", "LedgerLogger", "lightning"),
]


@pytest.mark.parametrize(("module", "framework", "name", "extra"), CASES)
def test_a_missing_framework_is_told_with_its_extra(
    module: str, framework: str, name: str, extra: str
) -> None:
    if importlib.util.find_spec(framework) is not None:
        pytest.skip(f"{framework} is installed")
    integration = importlib.import_module(f"ledger.integrations.{module}")
    with pytest.raises(LedgerError, match="is not installed") as caught:
        getattr(integration, name)
    assert f'pip install "experiment-ledger[{extra}]"' == caught.value.hint
    assert isinstance(caught.value, ImportError)


@pytest.mark.parametrize("module", ["keras_tuner", "optuna", "sklearn"])
@pytest.mark.parametrize("given", ["x", None, 7, dict])
def test_attach_to_what_is_none_of_its_own_is_told_in_one_line(module: str, given: object) -> None:
    integration = importlib.import_module(f"ledger.integrations.{module}")
    with pytest.raises(LedgerError, match=r"^attach takes a \w+ of \S+, not .* \(a .*\)") as caught:
        integration.attach(given, "name")
    assert "\n" not in str(caught.value)
    assert "the object itself" in str(caught.value.hint)


@pytest.mark.parametrize("given", [None, 7, object, {"log": 1}])
def test_a_callback_for_no_run_is_told_when_it_is_made(given: object) -> None:
    with pytest.raises(LedgerError, match="no run and no name of one: "):
        Rounds(given, {})  # type: ignore[arg-type]  # what a user may do
    with pytest.raises(LedgerError, match="no run and no name of one: "):
        LedgerCallback(given)  # type: ignore[arg-type]  # what a user may do
