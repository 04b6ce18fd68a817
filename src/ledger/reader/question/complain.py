"""Complaints about questions: they point at the word, and say what was probably meant."""

from __future__ import annotations

import re

from ledger.errors import LedgerError, UnknownNameError
from ledger.reader.question.values import KEYWORDS, STATISTICS, VERBS
from ledger.reader.text import display_width, printable


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from lark import Token
    from lark.exceptions import UnexpectedInput

_WORD = re.compile(r"[^\s\"'<>=!(),]+|\"[^\"]*\"?|'[^']*'?|\S+")
_CLAUSES = ("where", "since", "until", "tag", "on", "per", "by", "over", "limit")
_SAID = {
    "VERB": "best, worst, last, final or first",
    "TOP": "top N",
    "RUNS": "runs",
    "TRIALS": "trials",
    "COUNT": "count",
    "SPREAD": "mean, median, std, sum, lowest or highest",
    "COMPARE": "compare",
    "NUMBER": "a number",
    "NAME": "a name",
    "WORD": "a name or a value",
    "MOMENT": "a time",
    "MIN": "min",
    "MAX": "max",
    "WHERE": "where",
    "SINCE": "since",
    "UNTIL": "until",
    "TAG": "tag",
    "ON": "on data",
    "_DATA": "data",
    "PER": "per",
    "BY": "by",
    "OVER": "over",
    "LIMIT": "limit",
    "_AND": "and",
    "_OR": "or",
    "_IN": "in (…)",
    "_LPAR": "(",
    "_RPAR": ")",
    "_COMMA": "a comma",
    "OPERATOR": "one of = != < <= > >= contains",
    "$END": "the end",
}
_WORDS: dict[str, tuple[str, ...]] = {
    "VERB": VERBS,
    "SPREAD": STATISTICS,
    "OPERATOR": ("contains",),
    "CONTAINS": ("contains",),
    **{word.upper(): (word,) for word in ("top", "runs", "trials", "count", "compare")},
    **{word.upper(): (word,) for word in ("min", "max", *_CLAUSES)},
    **{f"_{word.upper()}": (word,) for word in ("data", "and", "or", "not", "in")},
}


def complaint(text: str, error: UnexpectedInput) -> LedgerError:
    """Return the error for the question ``text``, which the grammar gave up at ``error``."""
    expected = set(getattr(error, "accepts", None) or getattr(error, "expected", None) or ())
    expected |= set(getattr(error, "allowed", None) or ())
    at = error.pos_in_stream
    token = getattr(error, "token", None)
    is_end = token is not None and token.type == "$END"
    at = len(text.rstrip()) if is_end or at is None or at < 0 else at
    word = word_at(text, at)
    known = [each for name, words in _WORDS.items() if name in expected for each in words]
    where = f"at {printable(word)!r}" if word else "at its end"
    is_known = word.lower() in KEYWORDS
    hint = (None if is_known else _hint(word, known)) or f"expected {_listed(expected)}"
    return LedgerError(f"cannot read the question {where}{pointer(text, at)}", hint=hint)


def misplaced(
    text: str, word: Token, message: str, hint: str, known: Iterable[str] = ()
) -> LedgerError:
    """Return the error ``message``, which points at ``word`` of the question ``text``.

    Args:
        text: the question.
        word: what is wrong with it.
        message: why.
        hint: what to do, where none of ``known`` comes near.
        known: what may have been meant.
    """
    at = word.start_pos or 0
    nearest = _hint(str(word).strip("\"'"), known)
    return LedgerError(f"{printable(message)}{pointer(text, at)}", hint=nearest or hint)


def pointer(text: str, at: int) -> str:
    """Return two lines below a message: the question, and a mark under the word at ``at``."""
    before = printable(text[:at])
    mark = "^" * max(1, display_width(printable(word_at(text, at))))
    return f"\n  {printable(text)}\n  {' ' * display_width(before)}{mark}\n "


def word_at(text: str, at: int) -> str:
    """Return the word of ``text`` that begins at ``at``, "" at its end."""
    found = _WORD.match(text, at)
    return found[0] if found else ""


def _hint(word: str, known: Iterable[str]) -> str | None:
    from difflib import get_close_matches  # noqa: PLC0415  # only for complaints

    found = get_close_matches(word.lower(), list(known), n=1, cutoff=0.5)
    return f"did you mean {found[0]!r}?" if found else None


def _listed(expected: set[str]) -> str:
    return " or ".join(said for name, said in _SAID.items() if name in expected)


def pointed(text: str, error: UnknownNameError, name: str) -> UnknownNameError:
    """Return ``error`` with a mark under ``name``, where the question ``text`` holds it once."""
    written = re.escape(name)
    bounds = "[^\\s\"'<>=!(),]"
    found = [at.start() for at in re.finditer(rf"(?<!{bounds}){written}(?!{bounds})", text)]
    if len(found) != 1:
        return error
    return UnknownNameError(f"{error.message}{pointer(text, found[0])}", hint=error.hint)
