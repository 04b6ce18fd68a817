"""What a question of ``ledger whence`` holds: numbers, words, hashes and dates, in their places."""

from __future__ import annotations

import re
from datetime import datetime

from ledger.reader.whence.affinity import fold
from ledger.reader.whence.number import NUMBER, ranges_of, spreads_of
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.reader.whence.number import Range, Spread

MAX_TEXT = 4000
"""Characters of a question that are read."""
MAX_CUES = 48
_BEFORE, _AFTER = 3, 2
"""Words on either side of a number that may name it."""
_PLUS_MINUS = r"(?:±|\+/-|\+-|\\pm)"
_TOKEN = re.compile(
    rf"""
    (?P<mean>{NUMBER})\s*%?\s*{_PLUS_MINUS}\s*(?P<spread>{NUMBER})(?!\w)(?P<of_mean>\s*%)?
    | (?P<date>\d{{4}}-\d\d(?:-\d\d)?)(?![\w.-])
    | (?P<hash>(?:md5|sha256|sha1):[0-9a-fA-F]{{4,64}}(?:\.dir)?)(?!\w)
    | (?P<number>[+-]?0,\d+|{NUMBER})(?!\w|[-+]\w|[.,]\d)(?P<percent>\s*%)?
    | (?P<word>\w(?:[\w.+@/-]*\w)?)
    | (?P<break>[,;:|&()\[\]{{}}\n\t]+)
    """,
    re.VERBOSE,
)
_PLACE = re.compile(
    r"\b(?:table|tab|figure|fig|section|sec|eq|equation|row|appendix|page)\.?[ ~]*[A-Z]?\d[\d.]*\b",
    re.IGNORECASE,
)
_TIMES_TEN = re.compile(r"\s*(?:×|\\times|\\cdot|·|\*)\s*10\s*\^?\s*\{?\s*([+-]?\d+)\s*\}?")
_LATEX = re.compile(r"\\(?!pm)[A-Za-z]+")
_HEX = re.compile(r"(?:(?:md5|sha256|sha1):)?([0-9a-f]{4,64})(?:\.dir)?")
_SURE_HEX = re.compile(r"(?=.*\d)(?=.*[a-f])[0-9a-f]{7,64}")
"""In the middle of a text a word of these letters is taken for a hash."""
_COMPOUND = re.compile(rf"([^\W\d_]+)[_-]?({NUMBER})")
_EMPTY_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "by",
        "for",
        "from",
        "had",
        "has",
        "have",
        "in",
        "is",
        "it",
        "its",
        "of",
        "on",
        "or",
        "our",
        "than",
        "that",
        "the",
        "this",
        "to",
        "was",
        "we",
        "were",
        "which",
        "with",
        "table",
        "tab",
        "figure",
        "fig",
        "row",
        "see",
    ]
)
_MONTHS = 12


@value
class NumberCue:
    """A number in a question."""

    text: str
    ranges: tuple[Range, ...]
    near: tuple[str, ...] = ()
    """Words that may name it."""
    is_named_only: bool = False
    """Whether it counts only under the name it is joined to, as in ``bs64``."""
    spreads: tuple[Spread, ...] = ()
    """Where ``±`` and a second number follow."""
    cue: int = -1
    """Place among all cues of the question."""


@value
class WordCue:
    """A word in a question."""

    text: str
    folded: str
    cue: int = -1


@value
class HashCue:
    """The beginning of a hash or a commit."""

    text: str
    prefix: str
    """Hexadecimal, lower case."""
    cue: int = -1


@value
class DateCue:
    """A day or a month."""

    text: str
    start: datetime
    """UTC, naive; so is ``end``, which does not belong to it."""
    end: datetime
    cue: int = -1


@value
class Asked:
    """A question, taken apart."""

    text: str
    numbers: tuple[NumberCue, ...]
    words: tuple[WordCue, ...]
    hashes: tuple[HashCue, ...]
    dates: tuple[DateCue, ...]

    @property
    def is_one(self) -> bool:
        """Whether it is a single word or number."""
        return len(self.text.split()) == 1

    @property
    def plain_numbers(self) -> tuple[NumberCue, ...]:
        """The numbers that stand for themselves."""
        return tuple(cue for cue in self.numbers if not cue.is_named_only)

    @property
    def n_cues(self) -> int:
        """How many things it holds to look for."""
        return sum(map(len, (self.numbers, self.words, self.hashes, self.dates)))


def parse_asked(text: str) -> Asked:
    """Return ``text`` taken apart; whatever it is, it is no error."""
    plain = _plain(text[:MAX_TEXT])
    tokens = [*_TOKEN.finditer(plain)]
    is_one = len(plain.split()) == 1
    numbers: list[NumberCue] = []
    words: list[WordCue] = []
    hashes: list[HashCue] = []
    dates: list[DateCue] = []
    for place, token in enumerate(tokens):
        if _count(numbers, words, hashes, dates) >= MAX_CUES:
            break
        dates += _dates(token, _count(numbers, words, hashes, dates))
        numbers += _numbers(tokens, place, _count(numbers, words, hashes, dates))
        words += _words(token, _count(numbers, words, hashes, dates))
        hashes += _hashes(token, _count(numbers, words, hashes, dates), is_one=is_one)
    return Asked(
        text=text.strip(),
        numbers=tuple(numbers),
        words=tuple(words),
        hashes=tuple(hashes),
        dates=tuple(dates),
    )


def _count(*cues: Sequence[object]) -> int:
    return sum(map(len, cues))


def _plain(text: str) -> str:
    """Return ``text`` without the signs of typesetting and the numbers of tables and figures."""
    text = text.replace("−", "-").replace("\\%", "%").replace("$", " ").replace("~", " ")
    text = _TIMES_TEN.sub(r"e\1", text)
    return _PLACE.sub(" ; ", _LATEX.sub(" ", text)).strip()


def _dates(token: re.Match[str], cue: int) -> Iterator[DateCue]:
    if token["date"]:
        year, month, *days = map(int, token["date"].split("-"))
        try:
            start = datetime(year, month, days[0] if days else 1)  # noqa: DTZ001  # the views' times
            if days:
                end = datetime.fromordinal(start.toordinal() + 1)
            else:
                end = datetime(year + month // _MONTHS, month % _MONTHS + 1, 1)  # noqa: DTZ001
        except ValueError:
            return  # 2026-13 is no month
        yield DateCue(text=token["date"], start=start, end=end, cue=cue)


def _numbers(tokens: Sequence[re.Match[str]], place: int, cue: int) -> Iterator[NumberCue]:
    token = tokens[place]
    if token["mean"]:
        is_percent = "%" in token[0]
        yield NumberCue(
            text=token[0].strip(),
            ranges=ranges_of(token["mean"], is_percent=is_percent),
            near=_near(tokens, place),
            spreads=spreads_of(token["mean"], token["spread"], is_percent=is_percent),
            cue=cue,
        )
    elif token["number"]:
        ranges = ranges_of(token["number"], is_percent=bool(token["percent"]))
        if ranges:
            near = _near(tokens, place)
            yield NumberCue(text=token[0].strip(), ranges=ranges, near=near, cue=cue)
    elif token["word"] and (joined := _COMPOUND.fullmatch(token["word"])):
        ranges = ranges_of(joined[2])
        if ranges:
            text, near = token["word"], (joined[1],)
            yield NumberCue(text=text, ranges=ranges, near=near, is_named_only=True, cue=cue)


def _near(tokens: Sequence[re.Match[str]], place: int) -> tuple[str, ...]:
    """Return the words about the number at ``place``: of its clause, else of that before ``:``."""
    before = _run_of_words(tokens[:place][::-1], _BEFORE)
    after = _run_of_words(tokens[place + 1 :], _AFTER)
    if not before and not after and place > 1 and tokens[place - 1][0].strip() == ":":
        before = _run_of_words(tokens[: place - 1][::-1], _BEFORE)
    return (*before[::-1], *after)


def _run_of_words(tokens: Sequence[re.Match[str]], limit: int) -> list[str]:
    found: list[str] = []
    for token in tokens:
        if not token["word"] or len(found) == limit:
            break
        if token["word"].casefold() not in _EMPTY_WORDS:
            found.append(token["word"])
    return found


def _words(token: re.Match[str], cue: int) -> Iterator[WordCue]:
    text = token["word"]
    if text and _SURE_HEX.fullmatch(text.lower()):
        return
    if text and len(text) > 1 and text.casefold() not in _EMPTY_WORDS and fold(text):
        yield WordCue(text=text, folded=fold(text), cue=cue)


def _hashes(token: re.Match[str], cue: int, *, is_one: bool) -> Iterator[HashCue]:
    text = token[0].strip().lower()
    found = _HEX.fullmatch(text)
    if found and (is_one or token["hash"] or _SURE_HEX.fullmatch(text)):
        yield HashCue(text=token[0].strip(), prefix=found[1], cue=cue)
