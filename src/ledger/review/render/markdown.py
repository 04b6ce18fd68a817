"""A review as Markdown, for a pull request or a note."""

from __future__ import annotations

import re

from ledger.reader.text import cell_text, printable
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
    from ledger.reader.text import Grid
    from ledger.review.result import Review

_SPECIAL = re.compile(r"[\\`*\[\]<>|~@#&]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
"""Stand as entities: text from a file neither formats, nor links, nor calls for anybody."""


def markdown_of(review: Review) -> str:
    """Return ``review`` as Markdown, the details folded, without a final newline."""
    lines = [f"# Review: {escaped(review.title)}", ""]
    lines += [f"{escaped(line)}  " for line in about_lines(review)]
    support, _, sentence = decision_line(review).partition(" ")
    lines += ["", f"**Decision supported? {support}** {escaped(sentence)}", ""]
    lines += ["| Question | Answer | Evidence |", "| --- | --- | --- |"]
    lines += [
        f"| {question} | {MARKS[verdict]} {escaped(answer)} | {escaped(evidence)} |"
        for question, verdict, answer, evidence in answer_rows(review)
    ]
    grid = best_grid(review)
    lines += ["", *_table(grid)] if grid.rows else []
    told = next_lines(review)
    if told:
        lines += ["", f"Next: {code(told[0])}", "", *(f"- {escaped(line)}" for line in told[1:])]
    said = [f"**{name}** {escaped(' '.join(text.split()))}" for name, text in review.note.items()]
    lines += ["", "  \n".join(said)] if said else []
    lines += ["", "<details><summary>Details</summary>", "", *_table(detail_grid(review)), ""]
    return "\n".join([*lines, escaped(libraries_line(review)), "", "</details>"])


def escaped(text: str) -> str:
    """Return ``text`` so that Markdown shows it as it is, on one line."""
    line = printable(" ".join(text.split()))
    return _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", line)


def code(text: str) -> str:
    """Return ``text``, a command of ours, as code."""
    return f"`{printable(text)}`"


def _table(grid: Grid) -> list[str]:
    rows = [[escaped(cell_text(cell)) for cell in row] for row in (grid.header, *grid.rows)]
    body = ["| " + " | ".join(cells) + " |" for cells in rows]
    return [body[0], "|" + " --- |" * len(grid.header), *body[1:]]
