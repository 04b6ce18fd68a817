"""Columns of a metrics table: reserved names, roles, and what a record says of each."""

from __future__ import annotations

from ledger.contract.json_text import as_object, as_text
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Literal, TypeAlias

    from ledger.contract.json_text import Json

    Role: TypeAlias = Literal["index", "param", "metric", "meta"]

RESERVED = ("trial_id", "attempt", "execution", "epoch", "step", "time")
ROW_INDEX = ("trial_id", "attempt", "execution", "epoch", "step")
ROLES: tuple[Role, ...] = ("index", "param", "metric", "meta")


@value
class Column:
    """One column: its name in the table, its role, and the name it was logged under."""

    name: str
    role: Role
    original: str | None = None
    unit: str | None = None
    goal: str | None = None
    is_guessed: bool = False
    """Whether the role follows from the fixed rule for records that do not declare columns."""

    def to_json(self, goals: Mapping[str, str] | None = None) -> dict[str, Json]:
        """Return the column's entry in ``columns`` of run.json.

        Args:
            goals: of metrics, by the name they were logged under; they go before its own.
        """
        stated = (goals or {}).get(self.original or self.name) if self.role == "metric" else None
        said = {"original": self.original, "unit": self.unit, "goal": stated or self.goal}
        return {"role": self.role} | {key: text for key, text in said.items() if text is not None}


def declare(name: str, role: Role, taken: Mapping[str, Column]) -> Column:
    """Return the column for a ``name`` logged as ``role``.

    A name that is reserved, or taken by another role, is written ``param.<name>`` or
    ``metric.<name>`` and keeps its own name in ``original``.
    """
    written = name
    while role != "index" and (written in RESERVED or _is_another(taken.get(written), name, role)):
        written = f"{role}.{written}"
    return Column(name=written, role=role, original=None if written == name else name)


def columns_of(document: Mapping[str, Json], headers: Iterable[str]) -> dict[str, Column]:
    """Return the columns of a run's tables, as its record declares them.

    A record without ``columns`` (written by hand) is read by the fixed rule: reserved names are
    index, keys of the config are params, every other numeric column is a metric.
    """
    declared = as_object(document.get("columns"))
    if "columns" in document:
        return {name: _column(name, as_object(entry)) for name, entry in declared.items()}
    params = as_object(as_object(document.get("config")).get("resolved")).keys()
    guessed: dict[str, Column] = {}
    for name in headers:
        role: Role = "index" if name in RESERVED else "param" if name in params else "metric"
        guessed[name] = Column(name=name, role=role, is_guessed=True)
    return guessed


def _is_another(column: Column | None, name: str, role: Role) -> bool:
    return column is not None and (column.role != role or (column.original or column.name) != name)


def _column(name: str, entry: dict[str, Json]) -> Column:
    said = entry.get("role")
    return Column(
        name=name,
        role=next((role for role in ROLES if role == said), "meta"),
        original=as_text(entry.get("original")),
        unit=as_text(entry.get("unit")),
        goal=as_text(entry.get("goal")),
    )
