"""A review for a terminal: one screen, then the details."""

from __future__ import annotations

import textwrap

from ledger.reader.text import plain_lines, printable
from ledger.review.render.parts import (
    WORDS,
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
    from ledger.review.result import Review

_WIDTH = 100
_QUESTION = 27
_VERDICT = 6


def text_of(review: Review, *, with_details: bool = True) -> str:
    """Return ``review`` as text of at most 100 columns, tables apart, without a final newline."""
    lines = [f"Review: {printable(review.title)}"]
    lines += [line for about in about_lines(review) for line in _wrapped(about, "", "  ")]
    lines += ["", *_wrapped(f"Decision supported?  {decision_line(review)}", "", "  "), ""]
    for question, verdict, answer, evidence in answer_rows(review):
        head = f"{question:<{_QUESTION}}{WORDS[verdict]:<{_VERDICT}}"
        indent = " " * len(head)
        lines += _wrapped(answer or "nothing to say", head, indent)
        lines += _wrapped(evidence, indent, indent) if evidence else []
    grid = best_grid(review)
    lines += ["", *plain_lines(grid)] if grid.rows else []
    lines += _next(review)
    lines += _note(review)
    if with_details:
        lines += ["", "Details", *plain_lines(detail_grid(review)), libraries_line(review)]
    return "\n".join(lines)


def _next(review: Review) -> list[str]:
    told = next_lines(review)
    if not told:
        return []
    return ["", f"Next: {printable(told[0])}", *(f"      {printable(line)}" for line in told[1:])]


def _note(review: Review) -> list[str]:
    if not review.note:
        return []
    said = [f"{name}: {' '.join(text.split())}" for name, text in review.note.items()]
    return ["", *(line for each in said for line in _wrapped(each, "", "  ")[:2])]


def _wrapped(text: str, first: str, others: str) -> list[str]:
    return textwrap.wrap(
        printable(text),
        width=_WIDTH,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )
