"""Curves as a picture that stands alone: an SVG with neither script nor style sheet."""

from __future__ import annotations

import math

from ledger.report.document import goal_of, names_of
from ledger.report.markdown import ranked
from ledger.report.pack import clipped


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.report.boards.board import Board

_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6d31", "#7f7f7f")
_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _FOOT = 800, 360, 64, 34, 236, 34
_TICKS = 7
"""At most so many or one more, at round numbers."""
_NAME = 26
"""Characters of a name that fit beside the curves."""
_Point = tuple[float, float]


def report_svg(board: Board, *, metric: str, limit: int = 8) -> str:
    """Return the curves of the best ``limit`` candidates as an SVG document.

    Args:
        board: looked at already.
        metric: what is drawn, and ranked by its best value.
        limit: at most so many curves; colours repeat after eight.
    """
    document = board.document()
    goal = goal_of(document, metric)
    best = ranked(document, metric, goal)[:limit]
    called = names_of(document)
    names = {str(e.candidate["id"]): called[str(e.candidate["id"])] for e in best}
    found = board.curves(metric, "epoch", [*names])
    lines = [
        (place, name, points)
        for place, (key, name) in enumerate(names.items())
        for points in _curves(found.get(key))
    ]
    scale = _Scale([point for _, _, points in lines for point in points])
    title = f"{document.get('title')}: {metric}"
    body = [
        *scale.grid(),
        *(_path(scale.place(points), place) for place, _, points in lines),
        *(
            _legend(place, name, e.value)
            for place, (name, e) in enumerate(zip(names.values(), best, strict=True))
        ),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'width="{_WIDTH}" height="{_HEIGHT}" font-family="sans-serif" font-size="11" role="img">'
        f"<title>{_escaped(title)}</title>"
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>'
        f'<text x="{_LEFT}" y="20" font-size="13" fill="#1b1f24">{_escaped(title)}</text>'
        + "".join(body)
        + "</svg>\n"
    )


class _Scale:
    """Where values stand on the picture."""

    def __init__(self, points: Sequence[_Point]) -> None:
        xs, ys = [x for x, _ in points] or [0.0], [y for _, y in points] or [0.0]
        self._x = min(xs), (max(xs) - min(xs)) or 1.0
        self._y = min(ys), (max(ys) - min(ys)) or 1.0

    def place(self, points: Sequence[_Point]) -> list[_Point]:
        """Return ``points`` on the picture."""
        return [(self._across(x), self._down(y)) for x, y in points]

    def grid(self) -> list[str]:
        """Return the lines and numbers of both axes."""
        found: list[str] = []
        for y in _round_numbers(*self._y):
            down = self._down(y)
            found.append(_line(_LEFT, down, _WIDTH - _RIGHT, down))
            found.append(_text(_LEFT - 6, down + 4, f"{y:.6g}", "end"))
        found += [
            _text(self._across(x), _HEIGHT - _FOOT + 14, f"{x:.6g}", "middle")
            for x in _round_numbers(*self._x, least=1)  # there is no half of an epoch
        ]
        middle = (_LEFT + _WIDTH - _RIGHT) / 2
        return [*found, _text(middle, _HEIGHT - 5, "epoch", "middle")]

    def _across(self, x: float) -> float:
        return _LEFT + (x - self._x[0]) / self._x[1] * (_WIDTH - _LEFT - _RIGHT)

    def _down(self, y: float) -> float:
        return _HEIGHT - _FOOT - (y - self._y[0]) / self._y[1] * (_HEIGHT - _TOP - _FOOT)


def _round_numbers(start: float, span: float, least: float = 0.0) -> list[float]:
    """Return about _TICKS multiples of 1, 2 or 5 · 10^n within ``start`` and ``start + span``.

    Args:
        start: the least value that is drawn.
        span: greater than 0.
        least: between two of them.
    """
    size = 10.0 ** math.floor(math.log10(span / _TICKS))
    step = max(least, next(size * n for n in (1, 2, 5, 10) if size * n * _TICKS >= span))
    first, last = math.ceil(start / step - 1e-9), math.floor((start + span) / step + 1e-9)
    return [n * step for n in range(first, last + 1)]


def _curves(trainings: object) -> list[list[_Point]]:
    """Return the finite points of each training."""
    found = []
    for each in trainings if isinstance(trainings, list) else []:
        pairs = zip(each["x"], map(clipped, each["y"]), strict=True)
        points = [(float(x), float(y)) for x, y in pairs if isinstance(y, int | float)]
        found.append([point for point in points if math.isfinite(point[1])])
    return [points for points in found if points]


def _path(points: Sequence[_Point], place: int) -> str:
    color = _COLORS[place % len(_COLORS)]
    if len(points) == 1:
        return f'<circle cx="{points[0][0]:.1f}" cy="{points[0][1]:.1f}" r="3" fill="{color}"/>'
    steps = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{steps}" fill="none" stroke="{color}" stroke-width="1.6"/>'


def _legend(place: int, name: str, number: float) -> str:
    x, y = _WIDTH - _RIGHT + 14, _TOP + 14 + 18 * place
    # names of a sweep differ at their ends
    shown = name if len(name) <= _NAME else f"{name[: _NAME - 8]}…{name[-7:]}"
    color = _COLORS[place % len(_COLORS)]
    return f'<rect x="{x}" y="{y - 8}" width="10" height="4" fill="{color}"/>' + _text(
        x + 15, y - 3, f"{shown}  {number:.5g}", "start"
    )


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1}" y1="{y1:.1f}" x2="{x2}" y2="{y2:.1f}" stroke="#dde2e7"/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#57606a">'
        f"{_escaped(text)}</text>"
    )


def _escaped(text: str) -> str:
    for char, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(char, entity)
    return "".join(char for char in text if char.isprintable())
