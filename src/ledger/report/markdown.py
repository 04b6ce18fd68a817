"""The best candidates of a board as Markdown, with their curves in a line of blocks each."""

from __future__ import annotations

import math

from ledger.contract.json_text import as_object
from ledger.reader.text import BLOCKS, printable, sparkline
from ledger.report.document import goal_of, items, names_of, texts
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.contract.json_text import Json
    from ledger.report.boards.board import Board

WIDTH = 24
"""Blocks of a curve."""


@value
class Ranked:
    """A candidate with what it is ranked by."""

    candidate: Mapping[str, Json]
    value: float
    at: int | None
    """Epoch, or step, of the value."""


def ranked(document: Mapping[str, Json], metric: str, goal: str | None) -> list[Ranked]:
    """Return the candidates with a finite value of ``metric``, the best first.

    Args:
        document: a board's.
        metric: whose best value over the rows is looked at.
        goal: min or max; None keeps the order of the board and takes the last value.
    """
    found: list[Ranked] = []
    for each in items(document.get("candidates")):
        summary = items(as_object(as_object(each).get("summary")).get(metric))
        if not summary:
            continue
        place = {"min": 0, "max": 2}.get(goal or "", 4)
        number = summary[place]
        at = None if goal is None else summary[place + 1]
        if isinstance(number, int | float) and math.isfinite(number):
            whole = at if isinstance(at, int) else None
            found.append(Ranked(candidate=as_object(each), value=float(number), at=whole))
    if goal is not None:
        found.sort(key=lambda each: each.value, reverse=goal == "max")
    return found


def differing(candidates: Sequence[Mapping[str, Json]], params: Sequence[str]) -> list[str]:
    """Return the params that are not the same for all ``candidates``."""
    return [
        name
        for name in params
        if len({repr(as_object(each.get("params")).get(name)) for each in candidates}) > 1
    ]


def report_markdown(board: Board, *, metric: str, limit: int = 10) -> str:
    """Return the best ``limit`` candidates of ``board`` as a table, for a pull request.

    Args:
        board: looked at already.
        metric: ranked by its best value.
        limit: at most so many rows.
    """
    document = board.document()
    goal = goal_of(document, metric)
    best = ranked(document, metric, goal)
    shown = best[:limit]
    names = texts(document.get("params"))
    params = differing([each.candidate for each in best], names)
    curves = board.curves(metric, "epoch", [str(each.candidate["id"]) for each in shown])
    called = names_of(document)
    what = "run" if document.get("kind") == "runs" else "trial"
    head = ["", what, f"{metric} ({goal or 'last'})", "at", "curve", *params]
    lines = [_line(head), "|---:|---|---:|---:|---|" + "---|" * len(params)]
    for place, each in enumerate(shown, 1):
        own = as_object(each.candidate.get("params"))
        name = called[str(each.candidate["id"])]
        at = "" if each.at is None else str(each.at)
        cells = [str(place), name, f"{each.value:.6g}", at, _spark(curves, each)]
        lines.append(_line([*cells, *(_text(own.get(param)) for param in params)]))
    n = len(items(document.get("candidates")))
    lines += [
        "",
        _rest(n - len(shown), n - len(best), metric),
        *(f"- {_escaped(s)}" for s in texts(document.get("said"))),
    ]
    return f"## {_escaped(str(document.get('title')))}\n\n" + "\n".join(lines).rstrip() + "\n"


def _rest(n_left: int, n_without: int, metric: str) -> str:
    """Return what the table does not show, "" for nothing."""
    if not n_left:
        return ""
    without = f" ({n_without} without a finite {metric})" if n_without else ""
    return _escaped(f"{n_left} more{without}")


def _spark(curves: Mapping[str, Json], each: Ranked) -> str:
    trainings = items(curves.get(str(each.candidate["id"])))
    ys = items(as_object(trainings[-1]).get("y")) if trainings else []
    numbers = [y for y in ys if isinstance(y, int | float)]
    return sparkline(numbers, width=WIDTH, blocks=BLOCKS)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_escaped(cell) for cell in cells) + " |"


def _text(item: Json) -> str:
    return f"{item:.6g}" if isinstance(item, float) else "" if item is None else str(item)


def _escaped(text: str) -> str:
    """Return ``text`` so that Markdown shows it as it is: no table, no element, no mention."""
    for char in "\\`*_[]<>|~":
        text = text.replace(char, f"\\{char}")
    return printable(text).replace("@", "@\u200b").replace("#", "\\#")
