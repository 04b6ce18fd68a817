"""What an import costs, counted in modules and in a clean interpreter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import ledger


SOURCE = Path(ledger.__file__).parents[1]

HEAVY_AT_START = ("duckdb", "click", "lark", "git", "yaml", "pathspec", "numpy", "pandas", "torch")
NEVER_IN_A_HOOK = ("dataclasses", "typing", "json", "subprocess", "inspect", "re", "importlib")


def modules_after(code: str) -> set[str]:
    """Return the modules that ``code`` adds to those a bare isolated interpreter has."""
    script = f"""
import sys
sys.path.insert(0, {str(SOURCE)!r})
before = set(sys.modules)
{code}
print(*sorted(set(sys.modules) - before))
"""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_importing_the_package_loads_nothing_else() -> None:
    assert {"__future__", "ledger"} == modules_after("import ledger")


def test_the_errors_come_without_the_rest() -> None:
    assert {"ledger", "ledger.errors"} == {
        name for name in modules_after("import ledger; ledger.LedgerError") if "ledger" in name
    }


def test_the_door_of_recording_loads_no_library() -> None:
    loaded = modules_after("import ledger; ledger.start")
    roots = {name.partition(".")[0] for name in loaded}
    assert set() == roots & set(HEAVY_AT_START)
    assert "dataclasses" not in loaded
    assert "subprocess" not in loaded
    assert "inspect" not in loaded


def test_the_heavy_names_are_really_heavy() -> None:
    """Without this the test above could pass on a package that is spelled wrongly."""
    loaded = modules_after("import json")
    assert "json" in loaded
    assert set() == set(NEVER_IN_A_HOOK) & modules_after("import ledger")


def test_every_public_name_is_there() -> None:
    for name in ledger.__all__:
        assert getattr(ledger, name) is not None
    assert sorted(ledger.__all__) == dir(ledger)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        ledger.no_such_name  # noqa: B018  # the access is the test


def test_an_integration_loads_no_framework() -> None:
    names = (
        *("autolog", "huggingface", "hydra", "keras", "keras_tuner", "lightgbm", "lightning"),
        *("optuna", "pytorch", "sklearn", "tuning", "xgboost"),
    )
    imports = "; ".join(f"import ledger.integrations.{name}" for name in names)
    loaded = modules_after(f"{imports}; ledger.autolog()")
    roots = {name.partition(".")[0] for name in loaded}
    assert set() == roots & {
        *HEAVY_AT_START,
        "keras",
        "keras_tuner",
        "tensorflow",
        "jax",
        "sklearn",
        "torch",
        "lightning",
        "transformers",
    }
    assert not any(name.startswith(("ledger.reader", "ledger.policy")) for name in loaded)


def test_the_door_to_other_trackers_loads_none_of_them() -> None:
    loaded = modules_after("import ledger; ledger.log_to_mlflow; ledger.log_to_wandb")
    roots = {name.partition(".")[0] for name in loaded}
    assert set() == roots & {*HEAVY_AT_START, "mlflow", "wandb", "sqlalchemy", "requests"}


def test_the_page_is_there_before_the_library_that_answers_it() -> None:
    imports = "import ledger.cli.dash, ledger.dashboard.serve, ledger.dashboard.server"
    script = f"{imports}; import sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert set() == loaded & {"starlette", "uvicorn", "duckdb", "webbrowser"}
    assert "ledger.dashboard.server" in loaded
