"""A framework that is not installed is told in one line, with what to install."""

from __future__ import annotations

import importlib
import importlib.util

import pytest

from ledger.errors import LedgerError


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
