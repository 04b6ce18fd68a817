"""A step of a history as a value: a verb and its words, one line of text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple


if TYPE_CHECKING:
    from world import World


class Step(NamedTuple):
    """What somebody does; every step can be taken in every state, where it may do nothing."""

    verb: str
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join((self.verb, *self.words))


History = tuple[Step, ...]
VOCABULARY: dict[str, Callable[..., None]] = {}
"""What each verb does to a world, given the words of the step."""


class NotPossibleError(Exception):
    """The step makes no sense in the present state, and does nothing."""


def verb(action: Callable[..., None]) -> Callable[..., None]:
    """Make ``action`` a verb of the vocabulary under its own name."""
    VOCABULARY[action.__name__.rstrip("_")] = action
    return action


def step(line: str) -> Step:
    """Return the step that ``line`` spells."""
    first, *words = line.split()
    if first not in VOCABULARY:
        message = f"no step {first!r}; known are {', '.join(sorted(VOCABULARY))}"
        raise SystemExit(message)
    return Step(first, tuple(words))


def history(text: str) -> History:
    """Return the history that ``text`` spells, a step a line or between semicolons."""
    lines = (line.strip() for line in text.replace(";", "\n").splitlines())
    return tuple(step(line) for line in lines if line and not line.startswith("#"))


def spelled(steps: Iterable[Step]) -> str:
    """Return ``steps`` as ``history`` reads them."""
    return "\n".join(map(str, steps))


def take(world: World, one: Step) -> bool:
    """Take the step; return whether it did something."""
    try:
        VOCABULARY[one.verb](world, *one.words)
    except NotPossibleError:
        return False
    return True
