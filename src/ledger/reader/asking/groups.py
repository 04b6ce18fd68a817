"""Groups: what runs or trials have in common under some keys, by value rather than by text."""

from __future__ import annotations

from itertools import product

from ledger.reader.asking.bound import Bound
from ledger.reader.asking.keys import rows_of, trial_rows_of
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import TypeAlias

    from ledger.contract.json_text import Json
    from ledger.reader.asking.keys import Key
    from ledger.reader.index import Index

    Subject: TypeAlias = tuple[str, str | None]
    """(run_id, trial_id); no trial for a whole run."""
    Place: TypeAlias = tuple[tuple[int, float, str], ...]


@value
class Group:
    """The values that its members share, one for each key; None where they have none."""

    values: tuple[Json, ...]

    @property
    def identity(self) -> tuple[object, ...]:
        """What tells groups apart: 1 and 1.0 are one group, 1 and true are two."""
        return tuple((isinstance(each, bool), each) for each in self.values)

    @property
    def place(self) -> Place:
        """Where it stands among others: numbers, then flags and texts, those without last."""
        return tuple(map(_place, self.values))


class Grouping:
    """Which groups each subject is in: several where it has several tags or data sets.

    Args:
        index: the views.
        keys: what the groups have in common, in the order they were asked for.
        is_of_trials: whether trials are grouped; what a trial lacks it has from its run.
    """

    def __init__(self, index: Index, keys: Sequence[Key], *, is_of_trials: bool = False) -> None:
        self._of_run = [_values(index, key) if key.is_of_run else {} for key in keys]
        self._of_trial = [
            _values(index, key, is_of_trials=True) if is_of_trials and key.is_of_trial else {}
            for key in keys
        ]

    def groups(self, subject: Subject) -> Iterable[Group]:
        """Yield the groups of ``subject``."""
        run = (subject[0], None)
        found = [
            of_trial.get(subject) or of_run.get(run) or [None]
            for of_trial, of_run in zip(self._of_trial, self._of_run, strict=True)
        ]
        for values in product(*found):
            yield Group(values=values)


def _values(
    index: Index, key: Key, *, is_of_trials: bool = False
) -> Mapping[Subject, Sequence[Json]]:
    bound = Bound()
    rows = trial_rows_of(key, bound) if is_of_trials else _run_rows(key, bound)
    trial = "trial_id" if is_of_trials else "NULL"
    statement = f"SELECT run_id, {trial}, text, number, whole::VARCHAR, flag FROM ({rows})"  # noqa: S608  # marks
    found: dict[Subject, list[Json]] = {}
    for run_id, trial_id, text, number, whole, flag in index.rows(statement, bound.of(statement)):
        item = _json(text, number, whole, flag)
        subject = (str(run_id), None if trial_id is None else str(trial_id))
        if item not in (known := found.setdefault(subject, [])):
            known.append(item)
    return found


def _run_rows(key: Key, bound: Bound) -> str:
    no_kind = "NULL::DOUBLE AS number, NULL::HUGEINT AS whole, NULL::BOOLEAN AS flag"
    if key.kind == "time":
        text = f"strftime({key.column}, '%Y-%m-%d')"
        return f"SELECT run_id, {text} AS text, {no_kind} FROM runs"  # noqa: S608  # our names
    if key.kind == "field" and key.column == "data":
        return f"SELECT run_id, coalesce(name, path, hash) AS text, {no_kind} FROM data"  # noqa: S608  # as above
    return rows_of(key, bound)


def _json(text: object, number: object, whole: object, flag: object) -> Json:
    """Return a value of the views as JSON: of the kind it is of."""
    if flag is not None:
        return bool(flag)
    if whole is not None:
        return int(str(whole))
    if number is not None:
        return float(str(number))
    # a param that is null is as good as none
    return None if text is None or text == "null" else str(text)


def _place(item: Json) -> tuple[int, float, str]:
    if isinstance(item, int | float) and not isinstance(item, bool):
        return (0, item, "")
    return (2, 0, "") if item is None else (1, 0, str(item))
