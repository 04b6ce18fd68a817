"""The few runs that a ranking shows: what is told of each, and the params that differ."""

from __future__ import annotations

from ledger.contract.json_text import as_object, as_text, dump_canonical
from ledger.errors import MalformedError, UnknownNameError
from ledger.reader.answers import RankedRow
from ledger.reader.facts import data_hash, params, tool_of
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

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


def still_there(ledger: Ledger, run_ids: Iterable[str]) -> tuple[dict[str, StoredRun], list[str]]:
    """Return the runs by id, and a line for each that went, or broke, after it was found."""
    there: dict[str, StoredRun] = {}
    gone: list[str] = []
    for run_id in dict.fromkeys(run_ids):
        try:
            there[run_id] = ledger.load(run_id)
        except (UnknownNameError, MalformedError) as error:
            gone.append(f"left out, it changed while it was read: {error}")
    return there, gone


def ranked_rows(
    asked: Asked,
    question: Ranking,
    ranked: Sequence[RankedRun],
    there: Mapping[str, StoredRun],
    groups: Sequence[Mapping[str, Json]] | None = None,
) -> Iterator[RankedRow]:
    """Yield the rows of a ranking, one for each of its runs that is still there.

    Args:
        asked: the ledger and its views.
        question: what was asked.
        ranked: the runs, the first first.
        there: those of them that can be read, by id.
        groups: what each of ``ranked`` is the first of, where the question says per.
    """
    ledger = asked.ledger
    kept = [(place, each) for place, each in enumerate(ranked) if each.run_id in there]
    configs = differing([params(there[each.run_id].record) for _, each in kept])
    for rank, ((place, each), config) in enumerate(zip(kept, configs, strict=True), 1):
        run = there[each.run_id]
        is_extreme = question.verb in {"best", "worst"}
        yield RankedRow(
            rank=rank,
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
            imported=tool_of(run.record),
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
