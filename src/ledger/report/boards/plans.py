"""What the columns of a table of ours are, as the run's record declares them."""

from __future__ import annotations

from ledger.contract.columns import RESERVED, columns_of
from ledger.contract.layout import table_worker
from ledger.report.boards.rows import Plan, number_in


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.contract.json_text import Json


def own_plan(document: Mapping[str, Json], name: str, header: tuple[str, ...]) -> Plan:
    """Return the plan of the metrics table ``name`` of the run whose record is ``document``."""
    columns = columns_of(document, header)
    places = {each: place for place, each in enumerate(header)}
    named = [(columns[each], place) for each, place in places.items() if each in columns]
    return Plan(
        index={each: place for each, place in places.items() if each in RESERVED},
        params=tuple((c.original or c.name, p) for c, p in named if c.role == "param"),
        metrics=tuple((c.name, p) for c, p in named if c.role == "metric"),
        number_of=number_in,
        worker=table_worker(name),
    )
