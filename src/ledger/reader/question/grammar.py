"""The grammar's trees as questions; imported only where a question needs more than a pattern."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, cast

from lark import Lark, Token
from lark.exceptions import UnexpectedInput

from ledger.reader.question.complain import complaint, misplaced
from ledger.reader.question.moments import WORDS, canonical, is_time
from ledger.reader.question.parse import parse_count
from ledger.reader.question.values import (
    EVERYTHING,
    MAX_COMPARED,
    AllOf,
    Among,
    AnyOf,
    Comparing,
    Condition,
    Counting,
    Denied,
    Listing,
    Ranking,
    Scope,
    Spread,
)


if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from lark import Tree

    from ledger.contract.direction import Goal
    from ledger.reader.question.values import Question, Statistic, Subject, Test, Verb

    Node: TypeAlias = "Tree[Token]"

_ONCE = frozenset({"where", "since", "until", "per", "by", "over", "limit"})


def parse_by_grammar(text: str) -> Question:
    """Return what ``parse_question`` returns, read by the grammar whatever the question."""
    try:
        tree = question_parser().parse(text)
    except UnexpectedInput as error:
        raise complaint(text, error) from error
    head = cast("Node", tree.children[0])
    return _Reader(text).question(head)


@cache
def question_parser() -> Lark:
    """Return the parser of questions, made once."""
    grammar = files("ledger.reader.question").joinpath("question.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", propagate_positions=False)


class _Reader:
    """Makes values of one question's tree.

    Args:
        text: the question, for complaints.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    def question(self, head: Node) -> Question:
        """Return the question whose form is ``head``."""
        tokens = {part.type: part for part in head.children if isinstance(part, Token)}
        clauses = [part for part in head.children if not isinstance(part, Token)]
        if head.data == "compare":
            return self._comparing(clauses)
        self._refuse_twice(clauses)
        scope, limit = self._scope(clauses), self._number(_only(clauses, "limit"))
        if head.data == "list":
            return Listing(of=_subject(tokens), scope=scope, limit=limit)
        by = self._keys(clauses, "by")
        if head.data == "count":
            return Counting(of=_subject(tokens), by=by, scope=scope, limit=limit)
        metric = _text(_only(clauses, "metric"))
        goal = _only(clauses, "goal")
        better = cast("Goal", str(goal.children[0]).lower()) if goal else None
        verb = cast("Verb", tokens["VERB"].lower()) if "VERB" in tokens else "best"
        if head.data == "rank":
            return Ranking(
                verb=verb,
                metric=metric,
                goal=better,
                count=self._count(tokens.get("NUMBER")),
                scope=scope,
                per=next(iter(self._keys(clauses, "per")), None),
                limit=limit,
            )
        return Spread(
            statistic=cast("Statistic", tokens["SPREAD"].lower()),
            metric=metric,
            reading=verb,
            goal=better,
            by=by,
            over=next(iter(self._keys(clauses, "over")), None),
            scope=scope,
            limit=limit,
        )

    def _comparing(self, runs: Sequence[Node]) -> Comparing:
        if len(runs) > MAX_COMPARED:
            word = cast("Token", runs[MAX_COMPARED].children[0])
            message = f"more than {MAX_COMPARED} runs are to be compared"
            raise misplaced(self._text, word, message, f"name {MAX_COMPARED} or fewer")
        return Comparing(runs=tuple(map(_text, runs)))

    def _refuse_twice(self, clauses: Sequence[Node]) -> None:
        seen: set[str] = set()
        for clause in clauses:
            name = str(clause.data)
            if name in _ONCE and name in seen:
                word = cast("Token", clause.children[0])
                hint = "join the conditions with and" if name == "where" else "say it once"
                raise misplaced(self._text, word, f"{name} is said twice", hint)
            seen.add(name)

    def _scope(self, clauses: Sequence[Node]) -> Scope:
        where, since, until = (_only(clauses, name) for name in ("where", "since", "until"))
        found = Scope(
            where=self._test(cast("Node", where.children[1])) if where else None,
            since=self._time(since),
            until=self._time(until),
            tags=self._keys(clauses, "tag"),
            data=self._keys(clauses, "data"),
        )
        return EVERYTHING if found == EVERYTHING else found

    def _keys(self, clauses: Sequence[Node], name: str) -> tuple[str, ...]:
        """Return the texts of all clauses called ``name``."""
        return tuple(
            _text(part)
            for clause in clauses
            if clause.data == name
            for part in clause.children
            if not isinstance(part, Token)
        )

    def _time(self, clause: Node | None) -> str | None:
        if clause is None:
            return None
        moment = cast("Node", clause.children[1])
        found = _text(moment)
        if not is_time(found):
            word = cast("Token", moment.children[0])
            hint = "write it as 2026-02-01, yesterday, monday or 3 days ago"
            raise misplaced(self._text, word, f"{found!r} is no time", hint, WORDS)
        return canonical(found)

    def _count(self, token: Token | None) -> int | None:
        return None if token is None else parse_count(token, self._text, token.start_pos or 0)

    def _number(self, clause: Node | None) -> int | None:
        return self._count(cast("Token", clause.children[1])) if clause else None

    def _test(self, node: Node) -> Test:
        parts = [part for part in node.children if not isinstance(part, Token)]
        if node.data in {"all_of", "any_of"}:
            kind = AllOf if node.data == "all_of" else AnyOf
            return kind(parts=tuple(map(self._test, parts)))
        if node.data == "denied":
            return Denied(part=self._test(parts[0]))
        key, *literals = map(_text, parts)
        if node.data in {"among", "not_among"}:
            found: Test = Among(key=key, literals=tuple(literals))
            return Denied(part=found) if node.data == "not_among" else found
        if node.data == "not_condition":
            return Denied(part=Condition(key=key, operator="contains", literal=literals[0]))
        sign = next(part.lower() for part in node.children if isinstance(part, Token))
        return Condition(key=key, operator="=" if sign == "==" else sign, literal=literals[0])


def _only(clauses: Sequence[Node], name: str) -> Node | None:
    return next((clause for clause in clauses if clause.data == name), None)


def _subject(tokens: dict[str, Token]) -> Subject:
    return "trials" if "TRIALS" in tokens else "runs"


def _text(node: Node | None) -> str:
    """Return what the one token below ``node`` stands for, its quotes taken off."""
    token = cast("Token", node.children[0]) if node else Token("WORD", "")
    if token.type != "QUOTED":
        return str(token)
    return re.sub(r"\\(.)", r"\1", token[1:-1], flags=re.DOTALL)
