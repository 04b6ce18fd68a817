"""What a question asks, as values; ``to_text`` of each is a question that parses to it."""

from __future__ import annotations

import re

from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal, TypeAlias

    from ledger.contract.direction import Goal

    Verb: TypeAlias = Literal["best", "worst", "last", "final", "first"]
    Statistic: TypeAlias = Literal["mean", "median", "std", "sum", "lowest", "highest"]
    Subject: TypeAlias = Literal["runs", "trials"]
    Question: TypeAlias = "Ranking | Listing | Counting | Spread | Comparing"
    Test: TypeAlias = "Condition | Among | AllOf | AnyOf | Denied"

VERBS: tuple[Verb, ...] = ("best", "worst", "last", "final", "first")
STATISTICS: tuple[Statistic, ...] = ("mean", "median", "std", "sum", "lowest", "highest")
OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "contains")
KEYWORDS = frozenset(
    {*VERBS, *STATISTICS, "top", "runs", "trials", "count", "compare", "of", "by", "min", "max"}
    | {"where", "since", "until", "tag", "on", "data", "per", "over", "limit"}
    | {"and", "or", "not", "in", "contains", "last", "this"}
)
MAX_COMPARED = 20
_WORD = re.compile(r"[^\s\"'<>=!(),]+")


@value
class Condition:
    """One condition: what has a ``key`` that stands in the relation ``operator`` to ``literal``."""

    key: str
    operator: str
    """One of OPERATORS."""
    literal: str

    def to_text(self) -> str:
        """Return the condition as a question holds it."""
        return f"{quoted(self.key)} {self.operator} {quoted(self.literal)}"


@value
class Among:
    """What has a ``key`` that equals one of ``literals``."""

    key: str
    literals: tuple[str, ...]

    def to_text(self) -> str:
        """Return the condition as a question holds it."""
        return f"{quoted(self.key)} in ({', '.join(map(quoted, self.literals))})"


@value
class AllOf:
    """What passes every one of ``parts``, at least two."""

    parts: tuple[Test, ...]

    def to_text(self) -> str:
        """Return the condition as a question holds it."""
        return " and ".join(map(_part, self.parts))


@value
class AnyOf:
    """What passes one or more of ``parts``, at least two."""

    parts: tuple[Test, ...]

    def to_text(self) -> str:
        """Return the condition as a question holds it."""
        return " or ".join(map(_part, self.parts))


@value
class Denied:
    """What does not pass ``part``."""

    part: Test

    def to_text(self) -> str:
        """Return the condition as a question holds it."""
        return f"not {_part(self.part)}"


@value
class Scope:
    """Which runs are asked about; without a word all of them."""

    where: Test | None = None
    since: str | None = None
    """A time as ``moments.canonical`` writes it; runs that started then or later."""
    until: str | None = None
    """As ``since``; runs that started then, within that day or month, or earlier."""
    tags: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    """Names, paths, hashes or runs: runs on each of these data sets."""

    def to_text(self) -> str:
        """Return the clauses as a question holds them, "" for none."""
        parts = [f"where {self.where.to_text()}"] if self.where is not None else []
        parts += [f"since {_time(self.since)}"] if self.since is not None else []
        parts += [f"until {_time(self.until)}"] if self.until is not None else []
        parts += [f"tag {quoted(tag)}" for tag in self.tags]
        parts += [f"on data {quoted(name)}" for name in self.data]
        return " ".join(parts)


EVERYTHING = Scope()


@value
class Ranking:
    """Which runs come first by a metric."""

    verb: Verb
    metric: str
    goal: Goal | None = None
    """Which way is better, where the question says so."""
    count: int | None = None
    """How many rows, where the question says so; ``top N`` is ``best`` with a count."""
    scope: Scope = EVERYTHING
    per: str | None = None
    """One row, the first, for each value of this key; ``trial`` ranks trials."""
    limit: int | None = None

    def to_text(self) -> str:
        """Return a question that parses to this value."""
        head = self.verb if self.count is None else f"top {self.count} by"
        return _joined(
            head,
            quoted(self.metric),
            self.goal,
            self.scope.to_text(),
            _clause("per", () if self.per is None else (self.per,)),
            _limit(self.limit),
        )


@value
class Listing:
    """Which runs, or trials of sweeps, there are."""

    of: Subject
    scope: Scope = EVERYTHING
    limit: int | None = None

    def to_text(self) -> str:
        """Return a question that parses to this value."""
        return _joined(self.of, self.scope.to_text(), _limit(self.limit))


@value
class Counting:
    """How many runs or trials there are, for each value of the keys ``by``."""

    of: Subject = "runs"
    by: tuple[str, ...] = ()
    scope: Scope = EVERYTHING
    limit: int | None = None

    def to_text(self) -> str:
        """Return a question that parses to this value."""
        return _joined(
            f"count {self.of}", self.scope.to_text(), _clause("by", self.by), _limit(self.limit)
        )


@value
class Spread:
    """How a metric is spread over runs, for each value of the keys ``by``."""

    statistic: Statistic
    metric: str
    reading: Verb = "best"
    """Which value of each run."""
    goal: Goal | None = None
    by: tuple[str, ...] = ()
    over: str | None = None
    """The key whose values a group may differ in: repeats over seeds."""
    scope: Scope = EVERYTHING
    limit: int | None = None

    def to_text(self) -> str:
        """Return a question that parses to this value."""
        return _joined(
            self.statistic,
            self.reading,
            quoted(self.metric),
            self.goal,
            self.scope.to_text(),
            _clause("by", self.by),
            _clause("over", () if self.over is None else (self.over,)),
            _limit(self.limit),
        )


@value
class Comparing:
    """What differs between ``runs``, from two to MAX_COMPARED references."""

    runs: tuple[str, ...]

    def to_text(self) -> str:
        """Return a question that parses to this value."""
        return f"compare {' '.join(map(quoted, self.runs))}"


def quoted(text: str) -> str:
    """Return ``text`` as a question holds it: bare where it can be taken for nothing else."""
    if _WORD.fullmatch(text) and text.lower() not in KEYWORDS:
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def conditions(test: Test | None) -> Iterable[Condition | Among]:
    """Yield the single conditions that ``test`` is made of, from left to right."""
    if isinstance(test, Condition | Among):
        yield test
    elif isinstance(test, Denied):
        yield from conditions(test.part)
    elif test is not None:
        for part in test.parts:
            yield from conditions(part)


def _part(test: Test) -> str:
    text = test.to_text()
    return f"({text})" if isinstance(test, AllOf | AnyOf) else text


def _time(text: str) -> str:
    return f'"{text}"' if " " in text and text[:4].isdecimal() and "-" in text else text


def _clause(word: str, keys: tuple[str, ...]) -> str:
    return f"{word} {', '.join(map(quoted, keys))}" if keys else ""


def _limit(limit: int | None) -> str:
    return "" if limit is None else f"limit {limit}"


def _joined(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)
