"""What the index stores: three layers of tables, so that no question waits for what it needs not.

Rows of one run carry its ``entry``, a number that only the index knows.
"""

from __future__ import annotations

from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal, TypeAlias

    Layer: TypeAlias = Literal["records", "notes", "curves"]
    Row: TypeAlias = tuple[object, ...]
    Rows: TypeAlias = Mapping[str, list[Row]]
    """Rows to store by table, each less its ``entry``."""

LAYERS: tuple[Layer, ...] = ("records", "notes", "curves")
TEXTS = "VARCHAR[]"
TEXT_MAP = "MAP(VARCHAR, VARCHAR)"
NESTED = frozenset({TEXTS, TEXT_MAP})
"""Types whose cells are handed over as JSON text."""


@value
class Stored:
    """A table as it is stored; the view of its name shows all columns but the hidden ones."""

    columns: tuple[tuple[str, str], ...]
    """(name, DuckDB type), ``entry`` left out."""
    is_text_kept: bool = False
    """Whether an empty text is not the same as no text."""
    hidden: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(name for name, _ in self.columns)


def _columns(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (line.strip().split(" ", 1) for line in text.strip().splitlines())
    return tuple((name, kind.strip()) for name, kind in pairs)


RUNS = Stored(
    columns=_columns("""
        run_id VARCHAR
        name VARCHAR
        project VARCHAR
        status VARCHAR
        started TIMESTAMP
        ended TIMESTAMP
        duration_s DOUBLE
        commit VARCHAR
        branch VARCHAR
        dirty BOOLEAN
        parent VARCHAR
        tags VARCHAR[]
        seed BIGINT
        objective VARCHAR
        goal VARCHAR
        config_hash VARCHAR
        variant VARCHAR
        data_hash VARCHAR
        code VARCHAR
        command VARCHAR
        python VARCHAR
        platform VARCHAR
        gpu VARCHAR
        packages VARCHAR
        hostname VARCHAR
        error VARCHAR
        tool VARCHAR
        is_retracted BOOLEAN
        is_sealed BOOLEAN
        is_incomplete BOOLEAN
        is_guessed BOOLEAN
        path VARCHAR
        files VARCHAR[]
        started_text VARCHAR
        ended_text VARCHAR
    """),
    hidden=("is_guessed", "files", "started_text", "ended_text"),
)
SUMMARY = Stored(
    columns=_columns("""
        run_id VARCHAR
        metric VARCHAR
        last DOUBLE
        final DOUBLE
        low DOUBLE
        low_at BIGINT
        high DOUBLE
        high_at BIGINT
        n BIGINT
        n_nonfinite BIGINT
        is_by_epoch BOOLEAN
        is_stated BOOLEAN
        goal VARCHAR
    """)
)
PARAMS = Stored(
    columns=_columns("""
        run_id VARCHAR
        key VARCHAR
        text VARCHAR
        number DOUBLE
        whole HUGEINT
        flag BOOLEAN
    """),
    is_text_kept=True,
)
DATA = Stored(
    columns=_columns("""
        run_id VARCHAR
        name VARCHAR
        path VARCHAR
        hash VARCHAR
        bytes BIGINT
        n_files BIGINT
        source VARCHAR
        split VARCHAR
        is_extra BOOLEAN
    """)
)
ARTIFACTS = Stored(
    columns=_columns("""
        run_id VARCHAR
        name VARCHAR
        path VARCHAR
        hash VARCHAR
        bytes BIGINT
    """)
)
NOTES = Stored(
    columns=_columns("""
        run_id VARCHAR
        section VARCHAR
        text VARCHAR
        is_filled BOOLEAN
    """),
    is_text_kept=True,
)
METRICS = Stored(
    columns=_columns("""
        run_id VARCHAR
        trial_id VARCHAR
        attempt BIGINT
        execution BIGINT
        worker VARCHAR
        epoch BIGINT
        step BIGINT
        time DOUBLE
        metric VARCHAR
        value DOUBLE
        epoch_base BIGINT
    """)
)
TRIALS = Stored(
    columns=_columns("""
        run_id VARCHAR
        trial_id VARCHAR
        attempt BIGINT
        execution BIGINT
        status VARCHAR
        score DOUBLE
        best_epoch BIGINT
        started TIMESTAMP
        ended TIMESTAMP
        message VARCHAR
        parent VARCHAR
        params MAP(VARCHAR, VARCHAR)
    """)
)

TABLES: Mapping[Layer, Mapping[str, Stored]] = {
    "records": {
        "runs": RUNS,
        "summary": SUMMARY,
        "params": PARAMS,
        "data": DATA,
        "artifacts": ARTIFACTS,
    },
    "notes": {"notes": NOTES},
    "curves": {"metrics": METRICS, "trials": TRIALS},
}
