"""Tables that hold nothing but numbers: their bytes go to the engine, which reads them faster.

The careful reader of ``contract.metrics`` takes a millisecond for a hundred rows. Most tables are
plain: one header, the same number of cells in every line, digits. Those are handed over as they
are, each line led by the run's entry; what is not plain in any way goes the careful way.
"""

from __future__ import annotations

from ledger.contract.columns import RESERVED
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from duckdb import DuckDBPyConnection

    from ledger.reader.index.tables import Row

_PLAIN = b"0123456789.e-+,\nnaif"
"""What the lines may hold; anything wrong that can be written in these, the engine refuses."""
_INDEX = ("epoch", "step", "time")
_MAX_WIDTH = 200
_HEADS = (
    "INTEGER",
    "VARCHAR",
    "VARCHAR[]",
    "INTEGER[]",
    "INTEGER",
    "INTEGER",
    "INTEGER",
)


@value
class RawTable:
    """One plain table."""

    header: tuple[str, ...]
    body: bytes
    """Its lines without the header and without the last newline; never empty."""
    metrics: tuple[str, ...]
    """Columns that are metrics, in the header's order."""

    def lines(self, entry: int) -> bytes:
        """Return the lines, each led by ``entry``, each with its newline."""
        lead = b"%d," % entry
        return lead + self.body.replace(b"\n", b"\n" + lead) + b"\n"

    @property
    def n_values(self) -> int:
        """How many values its metrics have, at most."""
        return (self.body.count(b"\n") + 1) * len(self.metrics)

    @property
    def is_sound(self) -> bool:
        """Whether every cell is a number or empty and no two rows share an index."""
        lines = [line.split(b",") for line in self.body.split(b"\n")]
        try:
            for line in lines:
                [float(cell) for cell in line if cell]
        except ValueError:
            return False
        at = [self.header.index(name) for name in ("epoch", "step") if name in self.header]
        return not at or len({tuple(line[place] for place in at) for line in lines}) == len(lines)

    def head(self, entry: int, run_id: str) -> Row:
        """Return what says which cell of the lines is what; places count from 1, 0 is none."""
        places = {name: place for place, name in enumerate(self.header, 1)}
        return (
            entry,
            run_id,
            list(self.metrics),
            [places[name] for name in self.metrics],
            *(places.get(name, 0) for name in _INDEX),
        )


def raw_table(data: bytes, metrics: Collection[str]) -> RawTable | None:
    """Return the table whose bytes are ``data``, None where it must be read with care.

    Args:
        data: the bytes of a metrics table.
        metrics: the run's metrics that have rows.
    """
    cut, end = data.find(b"\n"), data.rfind(b"\n")
    if cut in {-1, end}:
        return None
    body = data[cut + 1 : end]
    if body.translate(None, _PLAIN) or body.count(b"+") != body.count(b"e+"):
        return None
    try:
        head = data[:cut].decode("ascii")
    except UnicodeDecodeError:
        return None
    header = tuple(head.split(","))
    width = len(header)
    is_odd = not all(header) or len(set(header)) < width or any(mark in head for mark in '"\\\r')
    n_commas = (body.count(b"\n") + 1) * (width - 1)
    if is_odd or not 1 < width <= _MAX_WIDTH or body.count(b",") != n_commas:
        return None
    if not RESERVED_TEXT.isdisjoint(header):
        return None
    return RawTable(
        header=header, body=body, metrics=tuple(name for name in header if name in metrics)
    )


RESERVED_TEXT = frozenset(RESERVED) - frozenset(_INDEX)
"""Index columns whose cells are text, or tell attempts apart: rows of sweeps."""


def load_raw(
    connection: DuckDBPyConnection,
    table: str,
    heads: Sequence[Row],
    bodies: Iterable[tuple[int, str]],
) -> list[int]:
    """Insert raw tables into ``table``, which has the columns of METRICS.

    Args:
        connection: where to.
        table: its name.
        heads: what ``RawTable.head`` says of each.
        bodies: (number of columns, what the engine reads lines of so many cells from).

    Returns:
        Entries that were left out: rows of theirs share an index, and have to be read with care.

    Raises:
        duckdb.Error: some line is not what it seemed.
    """
    names = ("entry", "run_id", "metrics", "places", "epoch_at", "step_at", "time_at")
    kinds = ", ".join(f"{name} {kind}" for name, kind in zip(names, _HEADS, strict=True))
    marks = ", ".join(f"unnest(?::{kind}[])" for kind in _HEADS)
    columns = [list(column) for column in zip(*heads, strict=True)]
    connection.execute(f"CREATE TEMP TABLE heads ({kinds})")
    connection.execute(f"INSERT INTO heads SELECT {marks}", columns)
    connection.execute("CREATE TEMP TABLE lines (entry INTEGER, cells DOUBLE[])")
    for width, source in bodies:
        cells = ", ".join(f"c{place}" for place in range(1, width + 1))
        connection.execute(f"INSERT INTO lines SELECT entry, [{cells}] FROM {source}")  # noqa: S608
    shared = connection.execute(_SHARED).fetchall()
    connection.execute(
        "DELETE FROM heads WHERE entry IN (SELECT unnest(?::INTEGER[]))",
        [[entry for (entry,) in shared]],
    )
    connection.execute(_SPREAD.format(table=table))
    connection.execute("DROP TABLE lines")
    connection.execute("DROP TABLE heads")
    return [entry for (entry,) in shared]


_SHARED = """
    SELECT DISTINCT entry FROM (
        SELECT entry FROM lines JOIN heads USING (entry)
        WHERE epoch_at > 0 OR step_at > 0
        GROUP BY entry, cells[epoch_at], cells[step_at] HAVING count(*) > 1)"""
_SPREAD = """
    INSERT INTO {table} SELECT * FROM (
        SELECT entry, run_id, NULL, NULL, NULL, NULL,
            cells[epoch_at]::BIGINT, cells[step_at]::BIGINT, cells[time_at],
            unnest(metrics), unnest(list_select(cells, places)) AS value, NULL
        FROM lines JOIN heads USING (entry))
    WHERE value IS NOT NULL"""
