"""Counts over many plays, and how they are shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from attempt import MENDED, NOT_TRIED, STUCK, Attempt
from audit import ALL, BRANCH, PULL
from play import BLOCKED, Failure, Play
from step import History, spelled


MAX_BLOCKED = 0.01


class Totals:
    """What all plays add up to."""

    def __init__(self, plays: Iterable[Play]) -> None:
        self.plays = list(plays)
        self.attempts = [one for play in self.plays for one in play.attempts]
        hooked = [one for one in self.attempts if one.is_hooked]
        self.honest = [one for one in hooked if one.judgement.is_honest]
        self.with_runs = [one for one in self.honest if one.judgement.n_runs]
        self.bad = [one for one in hooked if one.judgement.faults]
        self.unclear = [
            one for one in hooked if one.judgement.open_questions and not one.judgement.faults
        ]
        self.bypassed = [one for one in self.attempts if not one.is_hooked]
        self.blocked = [one for one in self.honest if not one.has_passed]
        self.missed = [one for one in self.bad if one.has_passed]

    @property
    def blocked_rate(self) -> float:
        """Honest commits that were refused, of those that bring or change a run."""
        return len(self.blocked) / len(self.with_runs) if self.with_runs else 0.0

    @property
    def failures(self) -> dict[Failure, list[History]]:
        """The histories that fail in each way, the shortest first."""
        found: dict[Failure, list[History]] = {}
        for play in self.plays:
            for failure in play.failures:
                found.setdefault(failure, []).append(play.history)
        return {one: sorted(where, key=len) for one, where in sorted(found.items())}

    @property
    def is_good(self) -> bool:
        """Whether the product is within its limits, and nothing else went wrong."""
        is_else_good = all(failure.what == BLOCKED for failure in self.failures)
        is_within = self.blocked_rate <= MAX_BLOCKED and not self.missed
        return is_within and is_else_good and not any(play.error for play in self.plays)


def told(totals: Totals, seconds: float) -> str:
    """Return the tables."""
    plays = totals.plays
    n_runs = sum(play.n_runs for play in plays)
    steps = sum(len(play.history) for play in plays)
    taken = sum(play.n_steps_taken for play in plays)
    blocked = f"{totals.blocked_rate:.2%} of those with runs (limit {MAX_BLOCKED:.0%})"
    refused = [one for one in totals.bad if not one.has_passed]
    lines = [
        f"{len(plays)} histories of {steps} steps ({taken} did something)",
        f"{n_runs} runs, {len(totals.attempts)} commits tried, {seconds:.0f} s",
        "",
        f"honest commits      {len(totals.honest):5}   of these with runs {len(totals.with_runs)}",
        f"  blocked           {len(totals.blocked):5}   {blocked}; {_mends(totals.blocked)}",
        f"bad commits         {len(totals.bad):5}",
        f"  missed            {len(totals.missed):5}   (limit 0)",
        f"  refused           {len(refused):5}   {_mends(refused)}",
        f"open by the format  {len(totals.unclear):5}   {_kinds(totals.unclear)}",
        f"past the hooks (-n) {len(totals.bypassed):5}",
        *_audits(plays),
        "",
        *_by_kind(totals.bad),
    ]
    lines += [f"harness failed: {play.error}" for play in plays if play.error]
    return "\n".join(lines)


def _audits(plays: Sequence[Play]) -> Iterator[str]:
    """Yield a line for each judgement of whole branches, honest ones and bad ones."""
    for how in (ALL, BRANCH, PULL):
        found = [audit for play in plays for audit in play.audits if audit.how == how]
        clean = [one for one in found if one.is_clean]
        bad = [one for one in found if one.faults]
        refused, passed = sum(bool(one.codes) for one in clean), sum(not one.codes for one in bad)
        yield (
            f"{how + ':':20} {len(clean)} clean branches, {refused} refused; "
            f"{len(bad)} with something bad in them, {passed} passed"
        )


def _mends(attempts: list[Attempt]) -> str:
    count = Counter(one.mend for one in attempts)
    return f"mended by doing what is said {count[MENDED]}, not mended {count[STUCK]}" + (
        f", not tried {count[NOT_TRIED]}" if count[NOT_TRIED] else ""
    )


def _kinds(attempts: list[Attempt]) -> str:
    count = Counter(
        f"{question} ({'passed' if one.has_passed else ' '.join(one.codes)})"
        for one in attempts
        for question in one.judgement.open_questions
    )
    return "; ".join(f"{n}x {kind}" for kind, n in sorted(count.items()))


def _by_kind(bad: list[Attempt]) -> list[str]:
    """Return a table of what was wrong: how often, missed, and refused for another reason only."""
    count, missed, masked = Counter[str](), Counter[str](), Counter[str]()
    for one in bad:
        for fault in one.judgement.faults:
            count[fault.kind] += 1
            missed[fault.kind] += one.has_passed
            masked[fault.kind] += not one.has_passed and not fault.codes.intersection(one.codes)
    lines = [f"{'bad commits by kind':50} {'n':>5} {'missed':>7} {'masked':>7}"]
    lines += [
        f"  {kind:48} {n:5} {missed[kind]:7} {masked[kind]:7}" for kind, n in sorted(count.items())
    ]
    return lines


def shortest(
    failures: Mapping[Failure, Sequence[History]], found: Mapping[Failure, History]
) -> str:
    """Return a history for each way to fail, as it can be played again.

    Args:
        failures: all histories that fail in each way.
        found: the shortest known for each.
    """
    parts = [""]
    for failure, history in found.items():
        n_histories = len(failures[failure])
        many = "history" if n_histories == 1 else "histories"
        head = f"{failure.what}: {failure.kind}  ({n_histories} {many}); the shortest:"
        parts.append("\n    ".join([head, *spelled(history).split("\n")]))
    return "\n\n".join(parts)
