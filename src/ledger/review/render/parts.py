"""What every rendering of a review shows, as plain words."""

from __future__ import annotations

import json
from statistics import fmean

from ledger.reader.text import Grid
from ledger.review.finding import INSUFFICIENT, NOTE, OK, QUESTIONS, WARN


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.contract.json_text import Json
    from ledger.reader.text import Cell
    from ledger.review.result import Review, Standing

MARKS: Mapping[str, str] = {OK: "✔", NOTE: "•", WARN: "⚠", INSUFFICIENT: "?"}
WORDS: Mapping[str, str] = {OK: "ok", NOTE: "note", WARN: "warn", INSUFFICIENT: "?"}
_ROWS = 5
_PARAMS = 4
_REASONS = 3
_HASH = 16
_COMMIT = 8


def about_lines(review: Review) -> list[str]:
    """Return what was reviewed, in two lines."""
    counts = review.counts
    noun = "trial" if review.kind == "sweep" else "run"
    noun += "" if counts.candidates == 1 else "s"
    parts = [f"{counts.finished} finished"]
    parts += [f"{counts.failed} failed"] if counts.failed else []
    parts += [f"{counts.running} running"] if counts.running else []
    parts += [f"{counts.nonfinite} not finite at some epoch"] if counts.nonfinite else []
    parts += [f"{counts.short} of fewer epochs"] if counts.short else []
    better = "higher" if review.goal == "max" else "lower"
    head = f"{review.metric} ({better} is better); {counts.candidates} {noun}: {', '.join(parts)}"
    reasons = [f"{said} ({n})" for said, n in list(counts.reasons.items())[:_REASONS]]
    tail = [f"why they failed: {', '.join(reasons)}"] if reasons else []
    return [head, "; ".join([*_shared(review.shared), *_by(review), *tail])]


def _by(review: Review) -> list[str]:
    parts = [str(review.tuner)] if review.tuner else []
    return [*parts, f"training curve: {review.train_metric or 'none'}"]


def _shared(shared: Mapping[str, Json]) -> list[str]:
    parts = []
    if "commit" in shared:
        state = (" dirty" if shared["dirty"] else " clean") if "dirty" in shared else ""
        parts.append(f"commit {str(shared['commit'])[:_COMMIT]}{state}")
    if "data_hash" in shared:
        parts.append(f"data {str(shared['data_hash'])[:_HASH]}")
    parts += [f"seed {shared['seed']}"] if "seed" in shared else []
    parts += [f"{shared['budget']} epochs allowed"] if "budget" in shared else []
    return parts


def decision_line(review: Review) -> str:
    """Return the decision."""
    return f"{review.decision.support.upper()}. {review.decision.sentence}"


def answer_rows(review: Review) -> list[tuple[str, str, str, str]]:
    """Return (question, verdict, answer, evidence) of the six."""
    return [
        (QUESTIONS[each.question], each.verdict, each.answer, each.evidence)
        for each in review.answers
    ]


def best_grid(review: Review) -> Grid:
    """Return the first configurations with best and smoothed best side by side.

    A configuration that was repeated is one row: its best training, and the mean of all.
    """
    groups: dict[int, list[Standing]] = {}
    for each in review.standings:
        if each.rank is not None:
            groups.setdefault(each.group, []).append(each)
    shown = [groups[number] for number in sorted(groups)][:_ROWS]
    firsts = [group[0] for group in shown]
    names = list(dict.fromkeys(name for each in firsts for name in each.params))
    names = [name for name in names if _differs(firsts, name)][:_PARAMS]
    head = ("", "trial" if review.kind == "sweep" else "run")
    measured = (f"best {review.metric}", "at", "smoothed", "at", "curve", "epochs")
    has_repeats = any(len(group) > 1 for group in shown)
    body = tuple(
        (
            place,
            group[0].label,
            group[0].best,
            group[0].best_epoch,
            group[0].smoothed,
            group[0].smoothed_epoch,
            group[0].shape,
            group[0].n_epochs,
            *((len(group), _mean(group)) if has_repeats else ()),
            *(_text(group[0].params.get(name)) for name in names),
        )
        for place, group in enumerate(shown, 1)
    )
    repeated = ("repeats", "mean smoothed") if has_repeats else ()
    return Grid(header=(*head, *measured, *repeated, *names), rows=body)


def _mean(group: Sequence[Standing]) -> float:
    return fmean(each.smoothed for each in group if each.smoothed is not None)


def next_lines(review: Review) -> list[str]:
    """Return what to do next: the command, and what it stands for until it is there."""
    if not review.repeats:
        return []
    lines = list(review.commands)
    for each in review.repeats:
        seeds = ", ".join(map(str, each.seeds))
        how = f": {each.command}" if each.command else ""
        lines.append(f"train {each.label} with seed {seeds}{how}")
    return lines


def detail_grid(review: Review) -> Grid:
    """Return every finding with its numbers."""
    body = tuple(
        (
            each.rule,
            WORDS[each.verdict],
            each.value,
            each.threshold,
            each.n,
            each.sentence if each.missing is None else f"{each.sentence} [needs {each.missing}]",
        )
        for each in review.findings
    )
    return Grid(header=("rule", "verdict", "value", "limit", "n", "finding"), rows=body)


def libraries_line(review: Review) -> str:
    """Return what computed the statistics."""
    told = [f"{name} {version or 'not installed'}" for name, version in review.libraries.items()]
    return f"computed with {', '.join(told)}"


def _differs(shown: list[Standing], name: str) -> bool:
    return len({repr(each.params.get(name)) for each in shown}) > 1


def _text(item: Json) -> Cell:
    is_plain = item is None or isinstance(item, str | int | float)
    return item if is_plain else json.dumps(item)  # type: ignore[return-value]  # a cell then
