r"""Questions as text: ``best val_acc where lr < 1e-3 and model = "transformer"``.

The grammar is ``question.lark``. Names and values may be quoted with ``"`` or ``'``; there ``\``
keeps the next character. Keywords may have any case.
"""

from __future__ import annotations

import re

from ledger.errors import LedgerError
from ledger.reader.question.values import VERBS, Ranking


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.reader.question.values import Question

MAX_COUNT = 10**9
_NAME = r"[^\s\"'<>=!]+"
# The everyday questions, so that they do not wait for the parser generator to load.
_PLAIN = re.compile(
    rf"\s*(?:(?P<verb>{'|'.join(VERBS)})|top\s+(?P<count>[0-9]+)(?:\s+by(?=\s))?)"
    rf"\s+(?P<metric>(?!by\s*\Z){_NAME})(?:\s+(?P<goal>min|max))?\s*",
    re.IGNORECASE,
)


def parse_question(text: str) -> Question:
    """Return the question that ``text`` asks.

    Raises:
        LedgerError: it is none; the message points at the word where it stops making sense.
    """
    plain = _PLAIN.fullmatch(text)
    if plain is None:
        from ledger.reader.question.grammar import parse_by_grammar  # noqa: PLC0415  # heavy

        return parse_by_grammar(text)
    count = plain["count"]
    return Ranking(
        verb=plain["verb"].lower() if plain["verb"] else "best",  # type: ignore[arg-type]  # a verb
        metric=plain["metric"],
        goal=plain["goal"].lower() if plain["goal"] else None,  # type: ignore[arg-type]  # a goal
        count=None if count is None else parse_count(count, text, plain.start("count")),
    )


def is_everyday(text: str) -> bool:
    """Whether ``text`` is a ranking by a metric and nothing else."""
    return _PLAIN.fullmatch(text) is not None


def parse_count(digits: str, text: str, at: int) -> int:
    """Return the number of rows that ``digits``, at the place ``at`` of ``text``, ask for.

    Raises:
        LedgerError: nobody can want so many, or so few.
    """
    if len(digits) > len(str(MAX_COUNT)) or not 1 <= int(digits) <= MAX_COUNT:
        from ledger.reader.question.complain import pointer  # noqa: PLC0415  # rare

        message = f"there is no top {digits[:20]}{pointer(text, at)}"
        raise LedgerError(message, hint="ask for at least one run")
    return int(digits)
