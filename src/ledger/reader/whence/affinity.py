"""Whether words mean a name: ``acc`` means ``val_acc``, ``bs`` means ``batch_size``."""

from __future__ import annotations

import re
from itertools import pairwise


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+\d*|\d+|[^\W\d_]+")
_NO_SIGN = re.compile(r"[\W_]+")
_ALIKE = (
    {"acc", "accuracy"},
    {"val", "validation", "valid", "dev"},
    {"train", "training"},
    {"err", "error"},
    {"ppl", "perplexity"},
    {"auc", "auroc"},
    {"lr", "learningrate"},
    {"wd", "weightdecay"},
    {"bs", "batchsize"},
    {"opt", "optimizer"},
)
_SAME = {word: next(iter(sorted(group))) for group in _ALIKE for word in group}
_SHORTEST = 3
"""Letters that the beginning of a word needs to stand for it."""
BEGINNING, INITIALS, LAST_PART = 0.9, 0.95, 0.98
ENOUGH = 0.5
"""A name of which less is said is not meant."""
BESIDE = 0.6
"""For a name that words only hint at, where they say another one."""
_PER_PART = 0.02
"""For every part of a name that is said: of two names said in full the longer one is meant."""


def fold(text: str) -> str:
    """Return ``text`` for comparison: lower case, without blanks and signs."""
    return _NO_SIGN.sub("", text.casefold())


def parts_of(name: str) -> list[str]:
    """Return the words a name is made of, folded: ``val_acc``, ``valAcc`` → val, acc."""
    return [part.casefold() for part in _PARTS.findall(name)]


def affinity(words: Sequence[str], name: str) -> float:
    """Return how much ``words`` say of ``name``, 0..1 and a little more for longer names.

    Args:
        words: those around a number, in any order; there may be others among them.
        name: of a metric, or the dotted path of a param, whose last part may stand for it.
    """
    if not words:
        return 0.0
    words = together(words)
    said = [part for word in words for part in parts_of(word)]
    last = _last(name)
    found = _coverage(words, said, name)
    return max(found, LAST_PART * _coverage(words, said, last)) if last != name else found


def named(words: Sequence[str], names: Iterable[str]) -> dict[str, float]:
    """Return those of ``names`` that ``words`` mean, each with its share of the best, 0..1."""
    scored = {name: affinity(words, name) for name in names}
    whole = together(words)
    said = {name for name in scored if any(is_whole(word, name) for word in whole)}
    if said:
        scored = {name: s if name in said else s * BESIDE for name, s in scored.items()}
    best = max(scored.values(), default=0.0)
    return {name: score / best for name, score in scored.items() if score >= ENOUGH}


def is_whole(word: str, name: str) -> bool:
    """Whether ``word`` is ``name``, or the last part of its path, but for case and signs."""
    folded = _canonical(fold(word))
    return folded in {_canonical(fold(name)), _canonical(fold(_last(name)))}


def together(words: Sequence[str]) -> list[str]:
    """Return ``words`` and every two neighbours as one: ``learning rate`` is ``learning_rate``."""
    return [*words, *(f"{one}_{other}" for one, other in pairwise(words))]


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _coverage(words: Sequence[str], said: Sequence[str], name: str) -> float:
    parts = parts_of(name)
    if not parts:
        return 1.0 if name in words else 0.0
    whole = fold(name)
    more = _PER_PART * len(parts)
    if any(_canonical(fold(word)) == _canonical(whole) for word in words):
        return 1.0 + more
    initials = "".join(part[0] for part in parts)
    if len(parts) > 1 and initials in said:
        return INITIALS + more
    scores = [max((_alike(word, part) for word in said), default=0.0) for part in parts]
    return sum(scores) / len(parts) + _PER_PART * sum(map(bool, scores))


def _alike(word: str, part: str) -> float:
    if _canonical(word) == _canonical(part):
        return 1.0
    short, long = sorted((word, part), key=len)
    return BEGINNING if len(short) >= _SHORTEST and long.startswith(short) else 0.0


def _canonical(word: str) -> str:
    return _SAME.get(word, word)
