"""What may come next in a question that is being written: told by the grammar itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lark.exceptions import UnexpectedInput

from ledger.reader.question.grammar import question_parser
from ledger.reader.question.moments import DAYS
from ledger.reader.question.values import STATISTICS, VERBS
from ledger.value import value


if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal, TypeAlias

    from lark import Token

    Kind: TypeAlias = Literal["metric", "key", "value", "tag", "data", "run"]

_WORDS: dict[str, tuple[str, ...]] = {
    "VERB": VERBS,
    "SPREAD": STATISTICS,
    "OPERATOR": ("contains",),
    **{
        name: (name.strip("_").lower(),)
        for name in (
            *("TOP", "RUNS", "TRIALS", "COUNT", "COMPARE", "_OF", "MIN", "MAX", "WHERE", "SINCE"),
            *("UNTIL", "TAG", "ON", "_DATA", "PER", "BY", "_BY", "OVER", "LIMIT", "_AND", "_OR"),
            *("_NOT", "_IN"),
        )
    },
}
_TIMES = ("today", "yesterday", *DAYS, "this", "last")
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("VERB", "SPREAD", "_OF", "_BY", "NUMBER"), "metric"),
    **dict.fromkeys(("WHERE", "_AND", "_OR", "_NOT", "PER", "BY", "OVER"), "key"),
    **dict.fromkeys(("OPERATOR", "CONTAINS"), "value"),
    "TAG": "tag",
    "_DATA": "data",
    "COMPARE": "run",
}
_CLAUSES = frozenset({"BY", "WHERE", "_IN", "COMPARE"})


@value
class Expected:
    """What may come next."""

    words: tuple[str, ...]
    """Keywords, and words for times."""
    kind: Kind | None = None
    """Which names may; None for none."""
    key: str | None = None
    """The key whose values may, where ``kind`` is "value"."""


def expected_after(text: str) -> Expected:
    """Return what may come after ``text``, the beginning of a question; nothing after nonsense."""
    state = question_parser().parse_interactive(text)
    try:
        tokens: Sequence[Token] = state.exhaust_lexer()
    except UnexpectedInput:
        return Expected(words=())
    accepted: set[str] = state.accepts()  # type: ignore[no-untyped-call]  # lark
    words = [word for name, found in _WORDS.items() if name in accepted for word in found]
    if "MOMENT" in accepted:
        words += _TIMES
    kinds = [token.type for token in tokens]
    if not {"NAME", "WORD"} & accepted or "MOMENT" in accepted or not tokens:
        return Expected(words=tuple(words))
    kind, key = _kind(tokens, kinds)
    return Expected(words=tuple(words), kind=kind, key=key)


def _kind(tokens: Sequence[Token], kinds: list[str]) -> tuple[Kind | None, str | None]:
    last = kinds[-1]
    clause = next((name for name in reversed(kinds) if name in _CLAUSES), None)
    if clause == "COMPARE":
        return "run", None
    if last in {"_LPAR", "_COMMA"}:
        if clause != "_IN":
            return "key", None
        place = len(kinds) - 1 - kinds[::-1].index("_IN")
        before = place - 2 if kinds[place - 1] == "_NOT" else place - 1
        return "value", str(tokens[before]).strip("\"'")
    if _KINDS.get(last) == "value":
        before = -3 if kinds[-2] == "_NOT" else -2
        return "value", str(tokens[before]).strip("\"'")
    return _KINDS.get(last), None
