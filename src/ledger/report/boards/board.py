"""What the page shows: candidates side by side, and what may be asked of them."""

from __future__ import annotations

from ledger.value import as_dict, value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Protocol

    from ledger.contract.json_text import Json
    from ledger.report.boards.tracks import Row

    class Board(Protocol):
        """Something that is followed: a sweep, a table of another tool, or a ledger's runs."""

        @property
        def key(self) -> str:
            """What it is called in the page's address: a run id, or a path."""
            ...

        def look(self) -> Change:
            """Read what is new in the files, and return what changed."""
            ...

        def document(self) -> dict[str, Json]:
            """Return everything but the curves, as the page is told (``About`` and candidates)."""
            ...

        def candidate(self, candidate: str) -> dict[str, Json]:
            """Return one of the candidates, as ``document`` has it."""
            ...

        def curves(
            self, metric: str, axis: str, only: Collection[str] | None = None
        ) -> dict[str, Json]:
            """Return {candidate: its curves}; without ``only`` of a large board the best."""
            ...


BOARD_VERSION = 1


@value
class About:
    """What holds for all candidates of a board."""

    kind: str
    """sweep, table or runs."""
    key: str
    title: str
    where: str
    """The file or folder, as a person would name it."""
    status: str | None
    """Of a sweep or table; None for runs."""
    objective: Mapping[str, Json] | None
    """metric, goal, source (objective, column, settings, inferred)."""
    metrics: tuple[str, ...]
    goals: Mapping[str, str]
    """min or max, by metric; those that nothing tells are not in it."""
    params: tuple[str, ...]
    axes: tuple[str, ...]
    """Of epoch, step and time those that rows have."""
    said: tuple[str, ...] = ()
    """What was guessed, and what could not be read: a line each."""
    max_trials: int | None = None
    space: Mapping[str, Json] | None = None
    written: float | None = None
    """When rows were written last, seconds since 1970."""
    epoch_base: int = 0
    """The number of the first epoch: other tools count from 1."""
    is_waiting: bool = False
    """Whether the table is not there yet."""

    def to_json(self) -> dict[str, Json]:
        """Return it as the page is told."""
        return {"board_version": BOARD_VERSION, **as_dict(self)}  # type: ignore[dict-item]  # all JSON


@value
class Candidate:
    """A trial or a run: a row of the table and a curve of the chart."""

    id: str
    status: str | None
    params: Mapping[str, Json]
    summary: Mapping[str, Json]
    """As ``Track.summary``."""
    n_rows: int
    position: int | None
    """The epoch, or step, reached."""
    planned: int | None = None
    """How many epochs are planned, where a param of a known name tells."""
    score: Json = None
    """What a tuner said."""
    started: str | None = None
    ended: str | None = None
    message: str | None = None
    parent: str | None = None
    label: str | None = None
    """What it is called, where that is not its id."""
    variant: str | None = None
    """Equal for repeats of one config over seeds."""
    seed: Json = None
    commit: str | None = None
    dirty: bool | None = None
    data: str | None = None
    note: Mapping[str, str] | None = None
    """Hypothesis and Result, where a person wrote them."""
    tags: tuple[str, ...] = ()

    def having(self, facts: Mapping[str, object]) -> Candidate:
        """Return the candidate with other ``facts``."""
        return Candidate(**{**as_dict(self), **facts})  # type: ignore[arg-type]  # its own fields

    def to_json(self) -> dict[str, Json]:
        """Return it as the page is told, without what is not known."""
        return {key: item for key, item in as_dict(self).items() if item not in (None, ())}  # type: ignore[misc]  # all JSON


@value
class Change:
    """What a look at the files found."""

    rows: tuple[Row, ...] = ()
    candidates: tuple[str, ...] = ()
    """Ids of those that are new or of which more than rows changed."""
    is_anew: bool = False
    """Whether the page must ask for everything again."""
    is_state: bool = False
    """Whether something of ``About`` changed."""

    def __bool__(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.rows or self.candidates or self.is_anew or self.is_state)


_PLANNED = ("epochs", "max_epochs", "n_epochs", "num_epochs", "num_train_epochs")


def planned_epochs(params: Mapping[str, Json]) -> int | None:
    """Return how many epochs were planned: the param that is called so, by a closed list."""
    found = (params.get(name) for name in _PLANNED)
    return next((n for n in found if isinstance(n, int) and n > 0 and n is not True), None)
