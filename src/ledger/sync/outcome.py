"""What became of one run that was sent."""

from __future__ import annotations

from ledger.reader.text import Grid
from ledger.value import as_dict, value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal, Protocol, TypeAlias

    from ledger.contract.json_text import Json
    from ledger.sync.plan import Plan

    State: TypeAlias = Literal["sent", "updated", "unchanged", "would send", "would update"]

    class Target(Protocol):
        """A place of a tracker that runs are sent to."""

        def send(self, plan: Plan, *, with_models: bool, is_dry: bool) -> Sent:
            """Send ``plan``, or what of it is not there yet."""
            ...


@value
class Sent:
    """One run, there."""

    run_id: str
    state: State
    """unchanged: all of it was there already, nothing was written."""
    there: str | None
    """Its id there; None where it would only be made."""
    n_points: int
    """Single numbers that were new there, those of trials included."""
    n_trials: int
    where: str = ""
    """The address of the run, or the folder of files, "" where there is none to tell."""
    notes: tuple[str, ...] = ()
    """One line for each thing that is not there as it is in the record."""

    def to_json(self) -> dict[str, Json]:
        """Return the row as ``--format json`` holds it."""
        return as_dict(self) | {"notes": list(self.notes)}  # type: ignore[return-value]  # plain fields


def sent_sheet(sent: Sequence[Sent]) -> Grid:
    """Return the runs as a table, one row each."""
    header = ("run", "what", "points", "trials", "there", "where")
    rows = tuple(
        (each.run_id, each.state, each.n_points, each.n_trials, each.there or "", each.where)
        for each in sent
    )
    return Grid(header=header, rows=rows)
