"""Sweeps on disk, for what reads them: the contract's own encoders, no writer."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ledger.contract.columns import Column
from ledger.contract.metrics import encode_row
from unit.reader.builders import FIRST, add_run
from unit.review.subjects import plateau


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ledger.contract.json_text import Json
    from ledger.contract.metrics import Cell

SPACE: dict[str, Json] = {
    "lr": {"type": "Float", "min_value": 1e-4, "max_value": 1.0, "sampling": "log"},
    "optimizer": {"type": "Choice", "values": ["sgd", "adam"], "ordered": False},
}


def trial_rows(
    trial_id: str, level: float, params: Mapping[str, Cell], *, n: int = 24, execution: int = 0
) -> list[dict[str, Cell]]:
    """Return the rows of a trial that ends at about ``level``."""
    curve = plateau(level, n=n, seed=execution)
    return [
        {"trial_id": trial_id, "attempt": 0, "execution": execution, "epoch": epoch, "time": 1.0}
        | dict(params)
        | {"loss": loss, "val_loss": value}
        for epoch, value, loss in zip(curve.epochs, curve.objective, curve.train, strict=True)
        if epoch is not None
    ]


def add_sweep(
    root: Path,
    name: str,
    rows: Sequence[Mapping[str, Cell]],
    ends: Sequence[Mapping[str, Cell]],
    **record: object,
) -> str:
    """Write a sweep and return its id; ``ends`` are the lines of its trials.csv."""
    header = list(dict.fromkeys(key for row in rows for key in row))
    roles = {"trial_id": "index", "attempt": "index", "execution": "index", "epoch": "index",
             "time": "index", "loss": "metric", "val_loss": "metric"}  # fmt: skip
    columns = {key: Column(name=key, role=roles.get(key, "param")).to_json() for key in header}  # type: ignore[arg-type]  # roles
    log = list(dict.fromkeys(key for end in ends for key in end))
    lines = [encode_row(log), *(encode_row(end.get(key) for key in log) for end in ends)]
    facts = {
        "objective": ("val_loss", "min"),
        "columns": columns,
        "sweep": {"tuner": "RandomSearch", "space": SPACE},
        "config": {"epochs": 24},
    }
    return add_run(
        root, name, rows, is_sealed=False, files={"trials.csv": b"".join(lines)}, **facts | record
    )


def small_sweep(root: Path, name: str = "search", **record: object) -> str:
    """Write a sweep of six trials, one failed, one of two executions; return its id."""
    rows: list[dict[str, Cell]] = []
    ends: list[dict[str, Cell]] = []
    for place, level in enumerate((0.5, 0.3, 0.31, 0.6, 0.45)):
        trial_id = f"{place:02d}"
        params: dict[str, Cell] = {"lr": 10.0**-place, "optimizer": "sgd" if place % 2 else "adam"}
        rows += trial_rows(trial_id, level, params)
        if place == 1:
            rows += trial_rows(trial_id, level + 0.01, params, execution=1)
        started = FIRST + timedelta(minutes=place)
        ends.append(
            {"trial_id": trial_id, "attempt": 0, "status": "finished", "score": level,
             "started": started.isoformat(), "message": None,
             "ended": (started + timedelta(seconds=30 + place)).isoformat(), **params}
        )  # fmt: skip
    ends.append(
        {"trial_id": "05", "attempt": 0, "status": "failed", "message": "MemoryError: no room",
         "lr": 0.5, "optimizer": "sgd"}
    )  # fmt: skip
    return add_sweep(root, name, rows, ends, **record)
