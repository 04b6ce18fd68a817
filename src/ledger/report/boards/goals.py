"""Which metric a board is sorted by, and which way each of its metrics is better."""

from __future__ import annotations

from ledger.errors import LedgerError
from ledger.reader.direction import resolve_direction


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ledger.contract.json_text import Json
    from ledger.reader.ledger import StoredRun
    from ledger.report.boards.tracks import Track


def metric_names(tracks: Iterable[Track]) -> tuple[str, ...]:
    """Return the metrics that have a value somewhere, in the order of their columns."""
    names: dict[str, None] = {}
    for track in tracks:
        for series in track.series.values():
            names |= dict.fromkeys(series.columns)
    return (*names,)


def goals_of(
    metrics: Sequence[str], runs: Sequence[StoredRun], settings_goals: Mapping[str, str]
) -> tuple[dict[str, Json] | None, dict[str, str]]:
    """Return the objective with who says it, and the goal of every metric that has one.

    The objective is that of the newest run that states one; else a metric whose direction is known,
    a validation metric first, and the page says that it was chosen.
    """
    directions = {}
    stated = next((run.record.objective for run in reversed(runs) if run.record.objective), None)
    for name in dict.fromkeys([*metrics, *([stated[0]] if stated else [])]):
        try:
            directions[name] = resolve_direction(name, runs, settings_goals)
        except LedgerError:
            continue  # nothing says, or the runs disagree: the page does not rank by it
    known = [name for name in metrics if name in directions]
    chosen = next((name for name in known if name.startswith("val_")), next(iter(known), None))
    name = stated[0] if stated else chosen or ""
    goals = {each: direction.goal for each, direction in directions.items()}
    if name not in directions:
        return None, dict(goals)
    source = directions[name].source if stated else "chosen"
    return {"metric": name, "goal": goals[name], "source": source}, dict(goals)
