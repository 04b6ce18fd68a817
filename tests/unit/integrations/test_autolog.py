"""Switching on and off; what is recorded then is tested with the frameworks themselves."""

from __future__ import annotations

import sys

import pytest

import ledger
from ledger.integrations.import_hook import ImportHook


@pytest.fixture(autouse=True)
def _nothing_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("keras", "optuna", "sklearn.model_selection", "xgboost", "lightgbm"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def n_hooks() -> int:
    return sum(isinstance(finder, ImportHook) for finder in sys.meta_path)


def test_twice_is_once_and_off_is_off() -> None:
    first = ledger.autolog()
    second = ledger.autolog(tags=["new"])
    assert n_hooks() == 1
    first()
    assert n_hooks() == 1, "the first was replaced: it has nothing to take back"
    second()
    second()
    assert n_hooks() == 0


def test_lasts_as_long_as_its_block() -> None:
    with ledger.autolog():
        assert n_hooks() == 1
    assert n_hooks() == 0


@pytest.mark.parametrize(("value", "n"), [("0", 0), ("off", 0), (" False ", 0), ("1", 1), ("", 1)])
def test_the_environment_switches_it_off(
    value: str, n: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGER_AUTOLOG", value)
    with ledger.autolog():
        assert n_hooks() == n


def test_what_no_run_takes_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="confg"):
        ledger.autolog(confg={})  # type: ignore[call-arg]
    assert n_hooks() == 0
