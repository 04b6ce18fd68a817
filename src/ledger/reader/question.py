r"""Questions as text: ``best val_acc where lr < 1e-3 and model = "transformer"``.

The grammar is ``question.lark``. Names and values may be quoted with ``"`` or ``'``; there ``\``
keeps the next character. Keywords may have any case.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from ledger.errors import LedgerError
from ledger.reader.text import display_width, printable
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal, TypeAlias, cast

    from lark import Lark
    from lark.exceptions import UnexpectedInput

    from ledger.contract.direction import Goal

    Verb: TypeAlias = Literal["best", "worst", "last", "final", "first"]
else:

    def cast(_, item):  # noqa: ANN001, ANN201  # typing costs as much as a small question
        """Return ``item``."""
        return item


VERBS = ("best", "worst", "last", "final", "first")
OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "contains")
MAX_COUNT = 10**9
_NAME = r"[^\s\"'<>=!]+"
# The everyday questions, so that they do not wait for the parser generator to load.
_PLAIN = re.compile(
    rf"\s*(?:(?P<verb>{'|'.join(VERBS)})|top\s+(?P<count>[0-9]+)(?:\s+by(?=\s))?)"
    rf"\s+(?P<metric>(?!by\s*\Z){_NAME})(?:\s+(?P<goal>min|max))?\s*",
    re.IGNORECASE,
)
_EXPECTED = {
    "VERB": "best, worst, last, final or first",
    "TOP": "top N",
    "COUNT": "a number",
    "NAME": "a name",
    "MIN": "min",
    "MAX": "max",
    "_WHERE": "where",
    "_AND": "and",
    "OPERATOR": "one of = != < <= > >= contains",
    "$END": "the end",
}
_WORDS = {
    "VERB": VERBS,
    "TOP": ("top",),
    "MIN": ("min",),
    "MAX": ("max",),
    "_WHERE": ("where",),
    "_AND": ("and",),
    "OPERATOR": ("contains",),
}


@value
class Condition:
    """One condition: runs whose ``key`` stands in the relation ``operator`` to ``literal``."""

    key: str
    operator: str
    """One of OPERATORS."""
    literal: str

    def to_text(self) -> str:
        """Return the condition as a question holds it."""
        return f"{_quoted(self.key)} {self.operator} {_quoted(self.literal)}"


@value
class Question:
    """Which runs, in which order: those meeting all ``conditions``, ranked by ``metric``."""

    verb: Verb
    metric: str
    goal: Goal | None = None
    """Which way is better, where the question says so."""
    count: int | None = None
    """How many runs, where the question says so; ``top N`` is ``best`` with a count."""
    conditions: tuple[Condition, ...] = ()

    def to_text(self) -> str:
        """Return a question that parses to this value."""
        head = self.verb if self.count is None else f"top {self.count} by"
        parts = [head, _quoted(self.metric), *([self.goal] if self.goal else [])]
        if self.conditions:
            parts += ["where", " and ".join(each.to_text() for each in self.conditions)]
        return " ".join(parts)


def parse_question(text: str) -> Question:
    """Return the question that ``text`` asks.

    Raises:
        LedgerError: it is none; the message points at the word where it stops making sense.
    """
    plain = _PLAIN.fullmatch(text)
    if plain is None:
        return parse_by_grammar(text)
    count = plain["count"]
    return Question(
        verb=cast("Verb", plain["verb"].lower()) if plain["verb"] else "best",
        metric=plain["metric"],
        goal=cast("Goal", plain["goal"].lower()) if plain["goal"] else None,
        count=None if count is None else _count(count, text, plain.start("count")),
    )


def parse_by_grammar(text: str) -> Question:
    """Return what ``parse_question`` returns, read by the grammar whatever the question."""
    from lark.exceptions import UnexpectedInput  # noqa: PLC0415  # only where a question needs it

    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        raise _complaint(text, error) from error
    verb, count, metric, goal = "best", None, "", None
    conditions: tuple[Condition, ...] = ()
    for part in tree.children:
        if isinstance(part, str):
            kind = part.type
            verb = part.lower() if kind == "VERB" else verb
            count = _count(part, text, part.start_pos or 0) if kind == "COUNT" else count
        elif part.data == "metric":
            metric = _unquoted(part)
        elif part.data == "goal":
            goal = str(part.children[0]).lower()
        else:
            conditions = tuple(_condition(each) for each in part.children)
    return Question(
        verb=cast("Verb", verb),
        metric=metric,
        goal=cast("Goal | None", goal),
        count=count,
        conditions=conditions,
    )


@cache
def _parser() -> Lark:
    from lark import Lark  # noqa: PLC0415  # only where a question needs it

    grammar = files("ledger.reader").joinpath("question.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", propagate_positions=False)


def _condition(tree: Any) -> Condition:  # noqa: ANN401  # lark's trees are of no one type
    key, operator, literal = tree.children
    sign = str(operator).lower()
    return Condition(
        key=_unquoted(key), operator="=" if sign == "==" else sign, literal=_unquoted(literal)
    )


def _unquoted(tree: Any) -> str:  # noqa: ANN401  # lark's trees are of no one type
    token = tree.children[0]
    text = str(token)
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL) if token.type == "QUOTED" else text


def _quoted(text: str) -> str:
    if re.fullmatch(_NAME, text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _count(digits: str, text: str, at: int) -> int:
    if len(digits) > len(str(MAX_COUNT)) or not 1 <= int(digits) <= MAX_COUNT:
        message = f"there is no top {digits[:20]}{_pointer(text, at)}"
        raise LedgerError(message, hint="ask for at least one run")
    return int(digits)


def _complaint(text: str, error: UnexpectedInput) -> LedgerError:
    expected = set(getattr(error, "accepts", None) or getattr(error, "expected", None) or ())
    expected |= set(getattr(error, "allowed", None) or ())
    at = error.pos_in_stream
    token = getattr(error, "token", None)
    is_end = token is not None and token.type == "$END"
    at = len(text.rstrip()) if is_end or at is None or at < 0 else at
    word = (text[at:].split() or [""])[0]
    nearest = _nearest(word, expected)
    wanted = [said for name, said in _EXPECTED.items() if name in expected]
    hint = f"did you mean {nearest!r}?" if nearest else f"expected {' or '.join(wanted)}"
    where = f"at {printable(word)!r}" if word else "at its end"
    return LedgerError(f"cannot read the question {where}{_pointer(text, at)}", hint=hint)


def _nearest(word: str, expected: set[str]) -> str | None:
    from difflib import get_close_matches  # noqa: PLC0415  # only for complaints

    known = [each for name, words in _WORDS.items() if name in expected for each in words]
    return next(iter(get_close_matches(word.lower(), known, n=1, cutoff=0.5)), None)


def _pointer(text: str, at: int) -> str:
    """Return two lines below a message: the question, and a mark under the word at ``at``."""
    before = printable(text[:at])
    word = printable((text[at:].split() or [""])[0])
    mark = "^" * max(1, display_width(word))
    return f"\n  {printable(text)}\n  {' ' * display_width(before)}{mark}\n "
