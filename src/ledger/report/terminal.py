"""A board for the terminal: a table of the best candidates with their curves in blocks."""

from __future__ import annotations

from ledger.reader.text import BLOCKS, printable, sparkline
from ledger.report.document import goal_of, items, names_of, texts
from ledger.report.markdown import differing, ranked


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.table import Table

    from ledger.contract.json_text import Json
    from ledger.report.boards.board import Board

_CURVE = 24
_MOST_PARAMS = 6
_WIDTHS = {"status": 8, "at": 2}
"""Characters of the columns whose cells would tell nothing in pieces."""
_STYLES = {"running": "green", "failed": "red", "crashed": "red", "interrupted": "yellow"}


def board_table(board: Board, *, metric: str, limit: int, blocks: str = BLOCKS) -> Table:
    """Return ``board`` as a table of rich: the best ``limit`` candidates, then those that run.

    Args:
        board: looked at already.
        metric: ranked by its best value.
        limit: at most so many rows.
        blocks: the characters of the curves, low to high.
    """
    from rich.table import Table  # noqa: PLC0415  # only for this view
    from rich.text import Text  # noqa: PLC0415

    document = board.document()
    goal = goal_of(document, metric)
    best = ranked(document, metric, goal)
    rows = _shown([dict(each.candidate) for each in best], document, limit)
    values = {str(each.candidate["id"]): each for each in best}
    called = names_of(document)
    names = texts(document.get("params"))
    params = differing(rows, names)[:_MOST_PARAMS]
    curves = board.curves(metric, "epoch", [str(each["id"]) for each in rows])
    ranked_by = f"{metric} ({goal or 'last'})"
    table = Table(title=_title(document), caption=_caption(document), title_justify="left")
    for name in ("", "status", ranked_by, "at", "curve", *params):
        table.add_column(
            printable(name),
            no_wrap=name == "curve",
            overflow="fold",
            min_width=_WIDTHS.get(name, 8 if name == ranked_by else 1),
        )
    for each in rows:
        found = values.get(str(each["id"]))
        own = each.get("params")
        status = str(each.get("status") or "")
        cells = [
            Text(printable(called[str(each["id"])])),
            Text(status, style=_STYLES.get(status, "")),
            Text(f"{found.value:.6g}" if found else "–"),
            Text("" if found is None or found.at is None else str(found.at)),
            Text(_spark(curves.get(str(each["id"])), blocks)),
            *(Text(_text(own.get(name) if isinstance(own, dict) else None)) for name in params),
        ]
        table.add_row(*cells)
    return table


def _shown(
    best: Sequence[dict[str, Json]], document: Mapping[str, Json], limit: int
) -> list[dict[str, Json]]:
    """Return the best candidates, and below them those that run and are not among them."""
    top = list(best[:limit])
    seen = {each["id"] for each in top}
    others = [dict(each) for each in items(document.get("candidates")) if isinstance(each, dict)]
    return top + [o for o in others if o.get("status") == "running" and o["id"] not in seen]


def _title(document: Mapping[str, Json]) -> str:
    counts: dict[str, int] = {}
    for each in items(document.get("candidates")):
        status = str(each.get("status") or "") if isinstance(each, dict) else ""
        counts[status] = counts.get(status, 0) + 1
    n = sum(counts.values())
    most = document.get("max_trials")
    of = f" of {most}" if isinstance(most, int) and most > n else ""
    kinds = [f"{number} {status}" for status, number in sorted(counts.items()) if status]
    return printable(f"{document.get('title')}: {' · '.join([f'{n}{of}', *kinds])}")


def _caption(document: Mapping[str, Json]) -> str:
    return printable("; ".join(texts(document.get("said")))[:300])


def _spark(trainings: Json, blocks: str) -> str:
    found = items(trainings)
    last = found[-1] if found else None
    ys = items(last.get("y")) if isinstance(last, dict) else []
    return sparkline([y for y in ys if isinstance(y, int | float)], width=_CURVE, blocks=blocks)


def _text(item: Json) -> str:
    if isinstance(item, float):
        return f"{item:.4g}"
    return "" if item is None else printable(str(item))
