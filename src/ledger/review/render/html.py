"""A review as a fragment of HTML: no script, no style, nothing from elsewhere."""

from __future__ import annotations

from html import escape

from ledger.reader.text import cell_text, is_number, printable
from ledger.review.render.parts import (
    MARKS,
    about_lines,
    answer_rows,
    best_grid,
    decision_line,
    detail_grid,
    libraries_line,
    next_lines,
)


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.reader.text import Cell, Grid
    from ledger.review.result import Review


def html_of(review: Review) -> str:
    """Return ``review`` as one ``<section class="review">`` for a page that brings its own style.

    Classes: ``review-about``, ``review-decision`` with ``review-yes`` and its like,
    ``review-answers`` whose rows are ``review-ok`` and its like, ``review-best``, ``review-next``,
    ``review-note``, ``review-details``.
    """
    support = review.decision.support
    decision = f"<strong>Decision supported?</strong> {_shown(decision_line(review))}"
    parts = [
        '<section class="review">',
        f"<h2>Review: {_shown(review.title)}</h2>",
        *(f'<p class="review-about">{_shown(line)}</p>' for line in about_lines(review)),
        f'<p class="review-decision review-{support}">{decision}</p>',
        _answers(review),
    ]
    grid = best_grid(review)
    parts += [_table(grid, "review-best")] if grid.rows else []
    told = next_lines(review)
    if told:
        items = "".join(f"<li>{_shown(line)}</li>" for line in told[1:])
        parts.append(
            f'<div class="review-next"><p>Next: <code>{_shown(told[0])}</code></p>'
            f"<ul>{items}</ul></div>"
        )
    if review.note:
        said = "".join(
            f"<dt>{_shown(name)}</dt><dd>{_shown(text)}</dd>" for name, text in review.note.items()
        )
        parts.append(f'<dl class="review-note">{said}</dl>')
    parts.append(
        '<details class="review-details"><summary>Details</summary>'
        f"{_table(detail_grid(review), 'review-findings')}"
        f"<p>{_shown(libraries_line(review))}</p></details>"
    )
    return "\n".join([*parts, "</section>"])


def _answers(review: Review) -> str:
    rows = "".join(
        f'<tr class="review-{verdict}"><th scope="row">{_shown(question)}</th>'
        f'<td><span aria-label="{verdict}">{MARKS[verdict]}</span> {_shown(answer)}</td>'
        f"<td>{_shown(evidence)}</td></tr>"
        for question, verdict, answer, evidence in answer_rows(review)
    )
    head = '<th scope="col">Question</th><th scope="col">Answer</th><th scope="col">Evidence</th>'
    return (
        f'<table class="review-answers"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
    )


def _table(grid: Grid, name: str) -> str:
    head = "".join(f'<th scope="col">{_shown(cell)}</th>' for cell in grid.header)
    rows = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in grid.rows)
    return f'<table class="{name}"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _cell(cell: Cell) -> str:
    kind = ' class="number"' if is_number(cell) else ""
    return f"<td{kind}>{escape(cell_text(cell))}</td>"


def _shown(text: str) -> str:
    return escape(printable(text))
