"""The configuration of a search as a value and as JSON; no framework is needed for it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import LedgerError, MalformedError
from ledger.integrations.tuning import TunerConfig
from ledger.value import as_dict


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3)
    ),
    max_leaves=5,
)
CONFIGS = st.builds(
    TunerConfig,
    project_name=st.text("abc/-_é", min_size=1),
    strategy=st.sampled_from(["bayesian", "grid", "a:B"]),
    max_trials=st.none() | st.integers(1, 10**9),
    strategy_kwargs=st.dictionaries(st.text("ab", min_size=1), JSON, max_size=3),
    objective_metric=st.sampled_from(["val_loss", "score"]),
    objective_direction=st.sampled_from(["min", "max"]),
    early_stop_patience=st.none() | st.integers(0, 99),
    reduce_lr_factor=st.floats(0, 1),
    extra_fields=st.dictionaries(st.text("ab", min_size=1), JSON, max_size=2),
    seed=st.none() | st.integers(0, 2**32),
)


@settings(max_examples=60, deadline=None)
@given(CONFIGS)
def test_what_is_written_is_read_again_exactly(
    tmp_path_factory: pytest.TempPathFactory, config: TunerConfig
) -> None:
    path = tmp_path_factory.getbasetemp() / "config.json"
    config.to_json(path)
    read = TunerConfig.from_json(path)
    assert read == config
    assert repr(read) == repr(config)  # 1 and 1.0 are equal, and not the same
    assert read.diff(config) == {}


def test_a_file_has_a_field_a_line_in_one_order(tmp_path: Path) -> None:
    TunerConfig(project_name="moons").to_json(tmp_path / "a.json")
    TunerConfig(seed=1, project_name="moons").to_json(tmp_path / "b.json")
    one, other = ((tmp_path / name).read_text().splitlines() for name in ("a.json", "b.json"))
    assert [pair for pair in zip(one, other, strict=True) if pair[0] != pair[1]] == [
        ('  "seed": null', '  "seed": 1')
    ]


def test_a_difference_is_told_by_its_path() -> None:
    one = TunerConfig(project_name="a", strategy_kwargs={"factor": 3, "alpha": 1})
    other = TunerConfig(project_name="a", strategy_kwargs={"factor": 4}, max_trials=None)
    assert one.diff(other) == {
        "max_trials": (30, None),
        "strategy_kwargs.factor": (3, 4),
        "strategy_kwargs.alpha": (1, None),
    }
    same = TunerConfig(project_name="a", extra_fields={"n": 1})
    assert same.diff(TunerConfig(project_name="a", extra_fields={"n": 1.0})) == {
        "extra_fields.n": (1, 1.0)
    }


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"max_trails": 3}, "max_trails: is no field of a TunerConfig (did you mean max_trials?)"),
        ({"max_trials": "3"}, "max_trials: must be a whole number, not '3'"),
        ({"max_trials": True}, "max_trials: must be a whole number"),
        ({"max_trials": 0}, "max_trials: must be at least 1"),
        ({"objective_direction": "up"}, "objective_direction: must be min or max"),
        ({"reduce_lr_factor": "nan"}, "reduce_lr_factor: must be a number"),
        ({"restore_best_weights": 1}, "restore_best_weights: must be true or false"),
        ({"project_name": ""}, "project_name: must be text"),
        ({"strategy_kwargs": []}, "strategy_kwargs: must be an object"),
        ({"strategy_kwargs": {"a": [{"b": (1,)}]}}, "strategy_kwargs.a[0].b: is '(1,)' of type"),
        ({"strategy_kwargs": {"a": math.nan}}, "strategy_kwargs.a: is 'nan'"),
        ({"extra_fields": {1: 2}}, "extra_fields: has the key 1"),
        ({"extra_fields": {"a": "\ud800"}}, "extra_fields.a: is"),
        ({"early_stop_monitor": "lift"}, "early_stop_monitor: nothing says whether 'lift'"),
    ],
)
def test_a_wrong_field_is_told_by_its_path(facts: dict[str, Any], told: str) -> None:
    with pytest.raises(MalformedError) as caught:
        TunerConfig.from_dict({"project_name": "moons", **facts})
    assert str(caught.value).startswith(told)


def test_a_file_that_is_none_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "empty.json").write_text("{}")
    (tmp_path / "torn.json").write_text('{"project_name": ')
    for name, told in [
        ("list.json", "must be an object"),
        ("empty.json", "project_name: is missing"),
        ("torn.json", "is not JSON"),
        ("none.json", "cannot be read"),
    ]:
        with pytest.raises(LedgerError, match=told) as caught:
            TunerConfig.from_json(tmp_path / name)
        assert name in str(caught.value)


def test_a_configuration_that_is_wrong_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(MalformedError, match="strategy_kwargs"):
        TunerConfig(project_name="a", strategy_kwargs={"a": object()}).to_json(tmp_path / "c.json")
    assert list(tmp_path.iterdir()) == []


def test_the_monitors_direction_is_the_objectives_or_its_names() -> None:
    config = TunerConfig(project_name="a", objective_metric="lift", objective_direction="max")
    assert (config.monitor, config.monitor_direction) == ("lift", "max")
    config = TunerConfig(**{**as_dict(config), "early_stop_monitor": "val_loss"})
    assert (config.monitor, config.monitor_direction) == ("val_loss", "min")


def test_the_other_tools_file_opens(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The fields as kt-masterlog 0.2.0 writes them."""
    theirs = {
        "project_name": "moons_hyperband",
        "output_dir": "runs",
        "strategy": "hyperband",
        "max_trials": 10,
        "strategy_kwargs": {"seed": 7, "max_epochs": 9, "factor": 3},
        "objective_metric": "val_accuracy",
        "objective_direction": "max",
        "search_epochs": 8,
        "early_stop_patience": 4,
        "early_stop_monitor": "val_accuracy",
        "restore_best_weights": True,
        "reduce_lr": False,
        "reduce_lr_patience": 8,
        "reduce_lr_factor": 0.5,
        "reduce_lr_min": 1e-06,
        "master_csv_prefix": None,
        "overwrite_master_csv": True,
        "extra_fields": {"dataset": "moons600"},
        "register_run": True,
    }
    (tmp_path / "theirs.json").write_text(json.dumps(theirs, indent=2))
    config = TunerConfig.from_json(tmp_path / "theirs.json")
    assert theirs.items() >= {k: v for k, v in config.to_dict().items() if k != "seed"}.items()
    assert "overwrite_master_csv is not used: nothing is ever overwritten" in capfd.readouterr().err
