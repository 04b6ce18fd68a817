"""Answers as values: what a question returns, whoever asked it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from ledger.contract.json_text import encode_number
from ledger.value import as_dict, value


if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol

    from ledger.contract.json_text import Json

    class Row(Protocol):
        """A row of an answer."""

        def to_json(self) -> dict[str, Json]:
            """Return the row as ``--format json`` holds it."""
            ...


R_co = TypeVar("R_co", bound="Row", covariant=True)
ANSWER_VERSION = 1
_TOLD_ELSEWHERE = frozenset({"n_nonfinite", "is_incomplete"})


@value
class RankedRow:
    """A run, or later a trial of a sweep, in a ranking."""

    rank: int
    """From 1."""
    run_id: str
    trial_id: str | None
    """None for a whole run."""
    value: float
    """What the row is ranked by; always finite."""
    epoch: int | None
    """Where ``value`` was reached; None without rows, and for last, final and first."""
    step: int | None
    """As ``epoch``, for tables without epochs."""
    last: float | None
    """The metric's last value, finite or not."""
    status: str
    commit: str | None
    dirty: bool | None
    """None when it could not be told."""
    data_hash: str | None
    config: Mapping[str, Json]
    """Params by dotted path that differ among the rows shown; absent where the run has none."""
    n_nonfinite: int
    """Rows of the run whose value was NaN or infinite; not part of the JSON, told in warnings."""
    group: Mapping[str, Json] | None = None
    """The key of ``per`` and its value; part of the JSON only where the question says per."""
    is_incomplete: bool = False
    """Whether something of the run could not be written; not part of the JSON, ``show`` tells."""
    imported: str | None = None
    """The tool that the run came from; part of the JSON only where it came from one."""

    def to_json(self) -> dict[str, Json]:
        """Return the row as ``--format json`` holds it."""
        fields = {k: v for k, v in as_dict(self).items() if k not in _TOLD_ELSEWHERE}
        if self.group is None:
            del fields["group"]
        if self.imported is None:
            del fields["imported"]
        return {key: _json(item) for key, item in fields.items()}


@value
class Answer(Generic[R_co]):
    """Rows that answer a question, and what the asker must know about them."""

    verb: str
    """best, worst, …, runs, trials, count, mean, …, compare; or ls and show, which are no words."""
    question: str
    """As it was asked."""
    rows: tuple[R_co, ...]
    metric: str | None = None
    reading: str | None = None
    """Which value of each run a statistic is of; part of the JSON only for statistics."""
    direction: str | None = None
    """min or max: which way ``metric`` is better."""
    direction_source: str | None = None
    """question, objective, column, settings or inferred."""
    warnings: tuple[str, ...] = ()
    left_out: int = 0
    """Runs that were asked about and are no row: without a finite value, or retracted."""

    def to_json(self) -> dict[str, Json]:
        """Return the answer as ``--format json`` prints it (docs/format.md, "Answers")."""
        return {
            "answer_version": ANSWER_VERSION,
            "verb": self.verb,
            "question": self.question,
            "metric": self.metric,
            **({} if self.reading is None else {"reading": self.reading}),
            "direction": self.direction,
            "direction_source": self.direction_source,
            "rows": [row.to_json() for row in self.rows],
            "warnings": list(self.warnings),
            "left_out": self.left_out,
        }


def json_number(number: float | None) -> Json:
    """Return ``number`` as JSON: non-finite ones are "nan", "inf", "-inf"."""
    return number if number is None or isinstance(number, int) else encode_number(number)


def _json(item: object) -> Json:
    if isinstance(item, float):
        return json_number(item)
    return item  # type: ignore[return-value]  # fields are JSON already
