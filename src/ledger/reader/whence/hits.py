"""What a search is put together from: a statement that finds hits, and what it is given."""

from __future__ import annotations

from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COLUMNS = "run_id, trial_id, cue, quality, kind, name, reading, place, number, text"
"""Of every statement of hits:

- cue: place of what was asked for in the question; quality: 0..1, how well the run fits it
- kind: metric, param, group, row, note, word, date, hash, path or id
- name: of the metric, the param, the file, or the field
- reading: which value of a metric it is: best, final, last, lowest, highest, row; else what is told
- place: epoch or step of a metric's best value, negative where it is the step (-1 - step)
- number, text: the value itself
"""


@value
class Hits:
    """A statement whose rows are COLUMNS; its parameters are written ``$name``."""

    statement: str
    bound: Mapping[str, object]


@value
class Hit:
    """Why a run is in the answer."""

    cue: int
    quality: float
    kind: str
    name: str | None
    reading: str | None
    at: int | None
    number: float | None
    text: str | None
    trial_id: str | None


def columns_of(rows: Sequence[Sequence[object]], *names: str) -> dict[str, object]:
    """Return ``rows`` as one list for each of ``names``, to be unnested side by side."""
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}
