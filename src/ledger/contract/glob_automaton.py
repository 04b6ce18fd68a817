"""Path patterns as an automaton, for those that a regular expression might search for ever.

Every state that a pattern may be in is followed at once, character by character (K. Thompson,
Regular expression search algorithm, CACM 11, 1968): the time is the length of the path times the
length of the patterns, whatever they are.
"""

from __future__ import annotations


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    States = frozenset[int]

_ANY, _IN_FOLDER = "any", "not /"
_MOST_KNOWN = 10_000
"""Steps that are remembered; then all are forgotten, for memory has an end too."""


class Automaton:
    """The states of some patterns; the first is where all of them begin."""

    def __init__(self) -> None:
        self._steps: list[list[tuple[str, int]]] = [[]]
        self._free: list[list[int]] = [[]]
        self._ends: set[int] = set()
        self._known: dict[tuple[States, str], States] = {}

    def add(self, parts: Iterable[str]) -> None:
        """Add a pattern, as the parts ``**/``, ``**``, ``*``, ``?``, braces and characters."""
        at = self._after(0)
        opened: list[tuple[int, list[int]]] = []
        for part in parts:
            if part == "{":
                opened.append((at, []))
                at = self._after(at)
            elif opened and part == ",":
                start, ends = opened[-1]
                ends.append(at)
                at = self._after(start)
            elif opened and part == "}":
                at = self._after(at, *opened.pop()[1])
            else:
                at = self._along(at, part)
        while opened:
            at = self._after(at, *opened.pop()[1])
        self._ends.add(at)

    def matches(self, path: str) -> bool:
        """Whether one of the patterns takes the whole of ``path``."""
        states = self._closed((0,))
        for char in path:
            key = (states, char)
            if key not in self._known:
                if len(self._known) >= _MOST_KNOWN:
                    self._known.clear()
                self._known[key] = self._closed(self._stepped(states, char))
            states = self._known[key]
            if not states:
                return False
        return not self._ends.isdisjoint(states)

    def _after(self, *states: int) -> int:
        """Return a new state that each of ``states`` is in, too."""
        self._steps.append([])
        self._free.append([])
        new = len(self._steps) - 1
        for state in states:
            self._free[state].append(new)
        return new

    def _along(self, at: int, part: str) -> int:
        new = self._after(at) if part in {"*", "**", "**/"} else self._after()
        if part in {"*", "**"}:
            self._steps[new].append((_IN_FOLDER if part == "*" else _ANY, new))
        elif part == "**/":
            inside = self._after()
            self._steps[new].append((_IN_FOLDER, inside))
            self._steps[inside] += [(_IN_FOLDER, inside), ("/", new)]
        else:
            self._steps[at].append((_IN_FOLDER if part == "?" else part, new))
        return new

    def _stepped(self, states: States, char: str) -> list[int]:
        fitting = {char, _ANY} if char == "/" else {char, _ANY, _IN_FOLDER}
        return [to for state in states for what, to in self._steps[state] if what in fitting]

    def _closed(self, states: Sequence[int]) -> States:
        found, pending = set(states), list(states)
        while pending:
            more = [state for state in self._free[pending.pop()] if state not in found]
            found.update(more)
            pending += more
        return frozenset(found)


def matcher(patterns: Iterable[Iterable[str]]) -> Callable[[str], bool]:
    """Return a test of paths against ``patterns``, each as its parts."""
    automaton = Automaton()
    for parts in patterns:
        automaton.add(parts)
    return automaton.matches
