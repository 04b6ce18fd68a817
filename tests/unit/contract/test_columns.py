"""Columns: reserved names, roles, and what a record says of each."""

from __future__ import annotations

import pytest

from ledger.contract.columns import RESERVED, Column, columns_of, declare


@pytest.mark.parametrize("name", ["trial_id", "attempt", "execution", "epoch", "step", "time"])
@pytest.mark.parametrize("role", ["param", "metric"])
def test_reserved_name_is_written_with_its_role(name: str, role: str) -> None:
    column = declare(name, role, {})
    assert Column(name=f"{role}.{name}", role=role, original=name) == column


@pytest.mark.parametrize("name", RESERVED)
def test_index_keeps_its_name(name: str) -> None:
    assert Column(name=name, role="index") == declare(name, "index", {})


def test_name_taken_by_the_other_role_is_written_with_its_role() -> None:
    taken = {"lr": Column(name="lr", role="param")}
    assert Column(name="metric.lr", role="metric", original="lr") == declare("lr", "metric", taken)


def test_name_taken_by_the_same_role_is_the_same_column() -> None:
    taken = {"lr": Column(name="lr", role="metric")}
    assert "lr" == declare("lr", "metric", taken).name


def test_renamed_column_keeps_its_place_when_declared_again() -> None:
    taken = {"metric.time": Column(name="metric.time", role="metric", original="time")}
    assert taken["metric.time"] == declare("time", "metric", taken)


def test_two_names_never_share_a_column() -> None:
    """A metric that is called ``param.epoch`` is another column than the param ``epoch``."""
    taken = {"param.epoch": Column(name="param.epoch", role="metric")}
    column = declare("epoch", "param", taken)
    assert column.name not in taken
    assert "epoch" == column.original


def test_entry_of_a_column_holds_only_what_is_said() -> None:
    assert {"role": "metric"} == Column(name="loss", role="metric").to_json()
    assert {"role": "metric", "original": "time", "unit": "s", "goal": "min"} == Column(
        name="metric.time", role="metric", original="time", unit="s", goal="min"
    ).to_json()


def test_columns_survive_the_record() -> None:
    columns = {
        "epoch": Column(name="epoch", role="index"),
        "lr": Column(name="lr", role="param", unit="1"),
        "metric.lr": Column(name="metric.lr", role="metric", original="lr", goal="max"),
        "note": Column(name="note", role="meta"),
    }
    document = {"columns": {name: column.to_json() for name, column in columns.items()}}
    assert columns == columns_of(document, ())


def test_declared_columns_are_never_guessed_at() -> None:
    assert ["loss"] == list(columns_of({"columns": {"loss": {"role": "metric"}}}, ["epoch", "acc"]))


def test_role_of_a_newer_writer_is_neither_metric_nor_param() -> None:
    columns = columns_of({"columns": {"w": {"role": "weight"}}}, ["w"])
    assert "meta" == columns["w"].role


def test_without_columns_reserved_names_are_index_and_config_keys_are_params() -> None:
    document = {"config": {"resolved": {"lr": 0.1, "epoch": 3}}}
    columns = columns_of(document, ["trial_id", "epoch", "time", "lr", "loss"])
    assert {
        "trial_id": "index",
        "epoch": "index",
        "time": "index",
        "lr": "param",
        "loss": "metric",
    } == {name: column.role for name, column in columns.items()}


def test_without_columns_and_config_every_other_column_is_a_metric() -> None:
    assert "metric" == columns_of({"config": {}}, ["acc"])["acc"].role
