"""Numbers in what a program prints: ``epoch=3 loss=0.41 val_acc: 0.93`` as one row.

A line counts when it names an epoch or a step, or a metric that is known by a word of its name:
hyperparameters, timestamps and the like are printed once, and are no metrics. Who prints anything
else says so with patterns of their own.
"""

from __future__ import annotations

import re

from ledger.contract.direction import HIGHER_IS_BETTER, LOWER_IS_BETTER
from ledger.errors import LedgerError


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeAlias

    Row: TypeAlias = dict[str, float]
    Finder: TypeAlias = Callable[[str], Row]

MAX_LINE = 4096
"""Characters of a line that are looked at."""
MAX_DIGITS = 300

METRIC_WORDS = (
    HIGHER_IS_BETTER
    | LOWER_IS_BETTER
    | frozenset(
        {
            *("losses", "cost", "err", "nll", "elbo", "kl", "logloss", "likelihood", "ppl"),
            *("bpc", "bpb", "auroc", "auprc", "ap", "map", "miou", "rouge", "meteor", "psnr"),
            *("ssim", "fid", "lpips", "wer", "cer", "reward", "return", "score", "fitness"),
            *("regret", "objective", "residual", "energy"),
        }
    )
)
# Beside a metric word they make a setting of it: loss_weight, error_threshold.
_SETTING_WORDS = frozenset(
    {
        *("weight", "weights", "coef", "coeff", "lambda", "factor", "scale", "smoothing"),
        *("threshold", "tolerance", "tol", "patience", "interval", "every", "fn", "type"),
    }
)
_DENIED_WORDS = frozenset(
    {
        *("time", "timestamp", "date", "eta", "elapsed", "took", "duration", "remaining"),
        *("sec", "secs", "seconds", "ms", "hours", "pid", "port", "rank", "seed", "version"),
        *("line", "id", "gpu", "device", "node", "host", "worker"),
    }
)
_INDEX = {
    "epoch": "epoch",
    "step": "step",
    "global_step": "step",
    "iter": "step",
    "iteration": "step",
}
_PHASES = "train|training|val|valid|validation|test|testing|eval|dev|best|avg|average|mean|final"
_DUMP = re.compile(
    r"\b(?:config|configuration|args|arguments|h?params|hyper-?parameters|settings|options"
    r"|namespace)\b",
    re.IGNORECASE,
)
_NUMBER = r"[-+]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?|nan|inf(?:inity)?)"
_PAIR = re.compile(
    rf"""
    (?<![\w.@/-])
    (?:(?P<phase>{_PHASES})\.?[ ])?            # "Train Loss: 0.3", "Val. Loss: 0.4"
    ["']?(?P<name>[a-z_][\w@/.-]{{0,79}})["']?
    [ ]{{0,4}}[:=][ ]{{0,8}}
    (?P<number>{_NUMBER})
    (?=%?(?:$|[\s,;|)\]}}]|\.(?:\s|$)))        # no unit, no second half of a time of day
    """,
    re.IGNORECASE | re.VERBOSE,
)
_PLACE = re.compile(
    r"""
    (?<![\w.-])["']?(?P<name>epoch|global_step|step|iteration|iter)["']?
    [ ]?[:=\#]?[ ]{0,8}[\[(]?[ ]{0,8}
    (?P<number>[0-9]{1,15})(?![\w%]|\.[0-9])   # "Epoch 3/10", "Step [100/500]", "epoch=3"
    """,
    re.IGNORECASE | re.VERBOSE,
)
# "val: loss=0.3 acc=0.9" and "[val] loss=0.3": the word stands for all that follows it.
_PHASE = re.compile(rf"(?<![\w.-])(?:({_PHASES}):[ ]|\[({_PHASES})\])", re.IGNORECASE)
_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])|[0-9]+")
_INTEGER = re.compile(r"[-+]?[0-9]+")


def find_numbers(line: str) -> Row:
    """Return the row that ``line`` prints: metrics by name, ``epoch`` and ``step``; or nothing.

    A line that only names its epoch, the heading of what follows, is a row of that alone.
    """
    if ":" not in line and "=" not in line and "poch" not in line.lower():
        return {}
    line = line[:MAX_LINE]
    if _DUMP.search(line):
        return {}
    places = _places(line)
    phases = [(found.end(), found[1] or found[2]) for found in _PHASE.finditer(line)]
    metrics: Row = {}
    is_metric = False
    for found in _PAIR.finditer(line):
        name, number = found["name"], to_number(found["number"])
        words = {word.lower() for word in _WORD.findall(name)}
        is_place = name.lower() in _INDEX and _INTEGER.fullmatch(found["number"]) is not None
        if number is None or is_place or words & _DENIED_WORDS:
            continue
        phase = found["phase"] or next((p for at, p in reversed(phases) if at <= found.start()), "")
        if phase and not words & set(_PHASES.split("|")):
            name = f"{phase}_{name}"
        metrics.setdefault(name, number)
        is_metric |= bool(words & METRIC_WORDS) and not words & _SETTING_WORDS
    if not metrics:
        return places if "epoch" in places else {}
    return places | metrics if places or is_metric else {}


def make_finder(patterns: Sequence[str]) -> Finder:
    """Return what finds the numbers of a line: by ``patterns``, or as described above without any.

    Args:
        patterns: regular expressions. The numbers are in their named groups; or a name is in the
            group ``name`` and its number in ``value``; or these are its only two groups.

    Raises:
        LedgerError: a pattern does not compile, or has no such groups.
    """
    if not patterns:
        return find_numbers
    compiled = [_compile(text) for text in patterns]

    def find(line: str) -> Row:
        row: Row = {}
        for pattern in compiled:
            for found in pattern.finditer(line[:MAX_LINE]):
                row |= dict(_taken(found))
        return row

    return find


def to_number(text: str | None) -> float | None:
    """Return the number ``text`` stands for, whole where it is written so; None for no number."""
    text = (text or "").strip().removesuffix("%").rstrip()
    if len(text) > MAX_DIGITS:
        return None
    try:
        return int(text) if _INTEGER.fullmatch(text) else float(text)
    except ValueError:
        return None


def _places(line: str) -> Row:
    places: Row = {}
    for found in _PLACE.finditer(line):
        places.setdefault(_INDEX[found["name"].lower()], int(found["number"]))
    return places


def _compile(text: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(text)
    except re.error as error:
        message = f"the metric pattern {text!r} is no regular expression: {error}"
        raise LedgerError(message, hint="mend it; quote it for the shell") from error
    if not pattern.groupindex and pattern.groups != 2:  # noqa: PLR2004  # a name and a value
        message = f"the metric pattern {text!r} has no groups to take numbers from"
        hint = r"name them, (?P<loss>\S+), or use (?P<name>\w+)=(?P<value>\S+)"
        raise LedgerError(message, hint=hint)
    return pattern


def _taken(found: re.Match[str]) -> Iterator[tuple[str, float]]:
    groups = found.groupdict()
    if groups.keys() >= {"name", "value"}:
        pairs = [(groups.pop("name"), groups.pop("value")), *groups.items()]
    else:
        pairs = [*groups.items()] if groups else [(found[1], found[2])]
    for name, text in pairs:
        number = to_number(text)
        if name and number is not None:
            yield name, number
