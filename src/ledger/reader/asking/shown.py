"""The few runs that a ranking shows: what is told of each, and the params that differ."""

from __future__ import annotations

from ledger.contract.json_text import as_object, as_text, dump_canonical
from ledger.reader.answers import RankedRow
from ledger.reader.facts import data_hash, params
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ledger.contract.json_text import Json
    from ledger.reader.asking.asked import Asked
    from ledger.reader.ledger import Ledger, StoredRun
    from ledger.reader.question.values import Ranking

FIELDS = ("run_id", "value", "position", "is_by_epoch", "last", "n_nonfinite")


@value
class RankedRun:
    """One run of a ranking as the views tell it: the FIELDS."""

    run_id: str
    value: float
    """Finite."""
    position: int | None
    """Epoch or step of a best or worst value."""
    is_by_epoch: bool
    last: float | None
    n_nonfinite: int


def ranked_rows(
    asked: Asked,
    question: Ranking,
    ranked: Sequence[RankedRun],
    groups: Sequence[Mapping[str, Json]] | None = None,
) -> Iterator[RankedRow]:
    """Yield the rows of a ranking; the records of these runs are read, and no other.

    Args:
        asked: the ledger and its views.
        question: what was asked.
        ranked: the runs, the first first.
        groups: what each row is the first of, where the question says per.
    """
    ledger = asked.ledger
    runs = [ledger.load(each.run_id) for each in ranked]
    configs = differing([params(run.record) for run in runs])
    for place, (each, run, config) in enumerate(zip(ranked, runs, configs, strict=True)):
        is_extreme = question.verb in {"best", "worst"}
        yield RankedRow(
            rank=place + 1,
            run_id=each.run_id,
            trial_id=_trial(ledger, run, question.metric, each.value) if is_extreme else None,
            value=each.value,
            epoch=each.position if each.is_by_epoch else None,
            step=None if each.is_by_epoch else each.position,
            last=each.last,
            status=ledger.status(run),
            commit=as_text(run.record.git.get("commit")),
            dirty=run.record.is_dirty,
            data_hash=data_hash(run),
            config=config,
            n_nonfinite=each.n_nonfinite,
            group=None if groups is None else groups[place],
            is_incomplete=run.is_incomplete,
        )


def differing(configs: Sequence[Mapping[str, Json]]) -> list[dict[str, Json]]:
    """Return each of ``configs`` reduced to the keys whose values are not all equal, sorted."""
    keys = sorted({key for config in configs for key in config})
    differ = [
        key
        for key in keys
        if len({dump_canonical(c[key]) if key in c else None for c in configs}) > 1
    ]
    return [{key: config[key] for key in differ if key in config} for config in configs]


def _trial(ledger: Ledger, run: StoredRun, metric: str, number: float) -> str | None:
    """Return the trial of a sweep that reached the value."""
    if "trial_id" not in as_object(run.record.document.get("columns")):
        return None
    from ledger.reader.asking.sweeps import trial_with  # noqa: PLC0415  # only of sweeps

    return trial_with(ledger, run, metric, number)
