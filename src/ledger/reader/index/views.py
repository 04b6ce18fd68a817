"""The views that every question is asked of: what is stored, less what is not in view."""

from __future__ import annotations

from ledger.reader.index.tables import TABLES


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.reader.index.tables import Layer

PUBLIC = (
    *("runs", "summary", "params", "data", "artifacts", "notes"),
    *("metrics", "epochs", "trials"),
)
"""The names of all views, which are documented and stay."""
FRESH = "fresh"
"""Schema of the rows that were read for this question."""
RECORDS = f"{FRESH}.records"
"""The view of runs with the columns that are only ours."""
INDEX_COLUMNS = (
    *("run_id", "trial_id", "attempt", "execution"),
    *("worker", "epoch", "step", "time", "epoch_base"),
)
MAX_WIDE = 1000
"""Metrics that ``epochs`` has columns for; the others are only in ``metrics``."""
HIDDEN = "hidden"
"""Table of a layer's stored entries that are not in view, below its base's name."""


_TEXT_MARK = "'"


def base_name(layer: Layer) -> str:
    """Return the name under which the stored generation of ``layer`` is attached."""
    return f"base_{layer}"


def view_statements(layer: Layer, *, is_based: bool, is_hiding: bool) -> list[str]:
    """Return the statements that create the views of ``layer``.

    Args:
        layer: whose tables.
        is_based: whether a stored generation is attached.
        is_hiding: whether some of its entries are not in view.
    """
    statements = []
    for name, stored in TABLES[layer].items():
        shown = [column for column in stored.names if column not in stored.hidden]
        statements.append(_view(name, name, shown, layer, is_based=is_based, is_hiding=is_hiding))
        if name == "runs":
            statements.append(
                _view(RECORDS, name, stored.names, layer, is_based=is_based, is_hiding=is_hiding)
            )
    return statements


def _view(  # noqa: PLR0913  # one call
    view: str,
    table: str,
    columns: Sequence[str],
    layer: Layer,
    *,
    is_based: bool,
    is_hiding: bool,
) -> str:
    chosen = ", ".join(map(quoted, columns))
    sources = [f"SELECT {chosen} FROM {FRESH}.{table}"]  # noqa: S608  # our names
    if is_based:
        base = f"SELECT {chosen} FROM {base_name(layer)}.{table}"  # noqa: S608  # our names
        hidden = f"SELECT entry FROM {FRESH}.{HIDDEN}_{layer}"  # noqa: S608  # our names
        sources.insert(0, f"{base} WHERE entry NOT IN ({hidden})" if is_hiding else base)
    return f"CREATE VIEW {view} AS {' UNION ALL '.join(sources)}"


def wide_statement(metrics: Sequence[str]) -> str:
    """Return the statement that creates ``epochs``: a row of a table per row, a column per metric.

    Names are told apart without regard to case, as the engine does; a second one gets a number.
    """
    taken = {name.casefold() for name in INDEX_COLUMNS}
    columns = []
    for metric in metrics:
        shown, number = metric, 1
        while shown.casefold() in taken:
            number += 1
            shown = f"{metric}_{number}"
        taken.add(shown.casefold())
        test = f"metric = {quoted(metric, mark=_TEXT_MARK)}"
        columns.append(f"any_value(value) FILTER ({test}) AS {quoted(shown)}")
    index = ", ".join(INDEX_COLUMNS)
    chosen = ", ".join([index, *columns])
    return f"CREATE VIEW epochs AS SELECT {chosen} FROM metrics GROUP BY {index}"  # noqa: S608  # quoted


def quoted(name: str, mark: str = '"') -> str:
    """Return ``name`` as an identifier of the engine, or as a text with ``mark`` ``'``."""
    return f"{mark}{name.replace(mark, mark + mark)}{mark}"
