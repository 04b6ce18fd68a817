"""Rows of the tables as curves: of each candidate its objective, and the training beside it."""

from __future__ import annotations

import math

from ledger.review.subject import Curve
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ledger.contract.direction import Goal
    from ledger.reader.index import Index
    from ledger.review.selection import Selection

    Key = tuple[str, str | None]
    """(run_id, trial_id); a run has no trial."""

_PREFIXES = ("val", "valid", "validation", "eval", "dev")
_SIGNS = "_/.-"
_TRAIN = ("train", "training")
_ROWS = """
    SELECT run_id, trial_id, attempt, execution, worker, epoch, step, metric, value FROM metrics
    WHERE run_id IN (SELECT unnest($runs)) AND metric IN (SELECT unnest($metrics))
    ORDER BY run_id, trial_id, attempt, execution, worker NULLS FIRST, epoch, step, time"""


@value
class Rows:
    """What the tables say of the last attempt at one candidate: it begins anew with each."""

    curves: tuple[Curve, ...]
    """One for each execution."""
    best: float | None
    best_epoch: int | None
    last: float | None
    n_nonfinite: int


@value
class _Row:
    part: tuple[int, int, str]
    """Attempt, execution, worker."""
    epoch: int | None
    step: int | None
    is_train: bool
    number: float

    @property
    def position(self) -> int | None:
        """Epoch, or step of a table without epochs."""
        return self.step if self.epoch is None else self.epoch


def train_metric(metric: str, known: Iterable[str]) -> str | None:
    """Return which of ``known`` is ``metric`` on the training data, by name; None for none.

    Of ``val_loss``: ``loss``, ``train_loss``, ``training_loss``; so with ``/``, ``.`` and ``-``.
    """
    names = set(known)
    for prefix in _PREFIXES:
        sign = metric[len(prefix) : len(prefix) + 1]
        if metric.lower().startswith(prefix) and sign and sign in _SIGNS:
            bare = metric[len(prefix) + 1 :]
            spelt = [bare, *(f"{word}{sign}{bare}" for word in _TRAIN)]
            return next((name for name in spelt if name in names), None)
    return None


def read_rows(
    index: Index, selection: Selection, metric: str, train: str | None, goal: Goal
) -> dict[Key, Rows]:
    """Return what the tables say of each candidate that has a row of ``metric``."""
    wanted = {
        "runs": list(selection.run_ids),
        "metrics": [metric] if train is None else [metric, train],
    }
    found: dict[Key, list[_Row]] = {}
    for run_id, trial_id, attempt, execution, worker, epoch, step, name, number in index.rows(
        _ROWS, wanted
    ):
        trial = None if selection.trials is None or trial_id is None else str(trial_id)
        if selection.trials is not None and (str(run_id), trial) not in selection.trials:
            continue
        row = _Row(
            part=(attempt or 0, execution or 0, str(worker or "")),  # type: ignore[arg-type]  # the view's own types
            epoch=epoch,  # type: ignore[arg-type]  # as above
            step=step,  # type: ignore[arg-type]  # as above
            is_train=name == train,
            number=float(number),  # type: ignore[arg-type]  # as above
        )
        found.setdefault((str(run_id), trial), []).append(row)
    return {key: rows for key, own in found.items() if (rows := _read(own, goal)) is not None}


def _read(rows: Sequence[_Row], goal: Goal) -> Rows | None:
    own = [row for row in rows if not row.is_train]
    if not own:
        return None
    last_attempt = max(row.part[0] for row in own)
    own = [row for row in own if row.part[0] == last_attempt]
    finite = [row for row in own if math.isfinite(row.number)]
    choose = min if goal == "min" else max
    best = choose((row.number for row in finite), default=None)
    at = next((row.position for row in finite if row.number == best), None)
    parts = dict.fromkeys(row.part for row in own)
    return Rows(
        curves=tuple(_curve(rows, part) for part in _one_worker_each(parts)),
        best=best,
        best_epoch=at,
        last=own[-1].number,
        n_nonfinite=len(own) - len(finite),
    )


def _one_worker_each(parts: Iterable[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Return ``parts`` with one process for each training, where several wrote of it: the first."""
    kept: dict[tuple[int, int], tuple[int, int, str]] = {}
    for part in sorted(parts):
        kept.setdefault(part[:2], part)
    return list(kept.values())


def _curve(rows: Sequence[_Row], part: tuple[int, int, str]) -> Curve:
    own = [row for row in rows if row.part == part and not row.is_train]
    training = [row for row in rows if row.part == part and row.is_train]
    return Curve(
        epochs=tuple(row.position for row in own),
        objective=tuple(row.number for row in own),
        train=tuple(_beside(own, training)) if training else (),
    )


def _beside(own: Sequence[_Row], training: Sequence[_Row]) -> Iterable[float | None]:
    """Yield for each row of the objective the last training value up to it."""
    ordered = sorted(training, key=_order)
    at, number = 0, None
    for row in own:
        while at < len(ordered) and _order(ordered[at]) <= _order(row):
            number = ordered[at].number
            at += 1
        yield number


def _order(row: _Row) -> tuple[float, float]:
    # a row of an epoch without a step stands at the end of that epoch
    epoch = -1.0 if row.epoch is None else float(row.epoch)
    return epoch, math.inf if row.step is None else float(row.step)
