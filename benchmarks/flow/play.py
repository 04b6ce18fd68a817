"""Plays one history in a world of its own, and says how it went."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import steps_cheat
import steps_evening
import steps_git
import steps_work
from attempt import STUCK, Attempt
from audit import Audit, audits
from place import copy_template
from step import History, spelled, take
from world import World


ROOMS = (steps_work, steps_git, steps_evening, steps_cheat)
"""The modules that define the vocabulary."""
BLOCKED, MISSED, UNMENDED, LOST, ALARM, PASSED_OVER, EVENING = (
    "honest commit blocked",
    "bad commit missed",
    "what the hook says does not mend",
    "rows lost",
    "honest branch refused by {}",
    "bad branch passed by {}",
    "wrong in the evening",
)


class Failure(NamedTuple):
    """One way in which the product was wrong, apart from where it happened."""

    what: str
    kind: str


class Play(NamedTuple):
    """How a history went."""

    history: History
    attempts: tuple[Attempt, ...]
    failures: frozenset[Failure]
    n_runs: int
    audits: tuple[Audit, ...]
    n_steps_taken: int
    seconds: float
    error: str
    """What went wrong in the harness itself; "" for nothing."""


def play(history: History, template: Path, keep: Path | None = None) -> Play:
    """Return how ``history`` goes in a copy of ``template``, which stays at ``keep`` if given."""
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="flow-") as name:
        root = keep or Path(name, "world")
        copy_template(template, root)
        world = World(root)
        n_taken, error = 0, ""
        audited: list[Audit] = []
        failures: set[Failure] = set()
        try:
            for world.number, one in enumerate(history):
                world.log(f"> {one}")
                n_taken += take(world, one)
            for truth in world.alive():
                truth.training.end()
                world.ended(truth)
            audited = audits(world)
        except Exception as problem:  # noqa: BLE001  # told with the history it happened in
            error = f"step {world.number} {history[world.number]}: {problem!r}\n{spelled(history)}"
        failures.update(Failure(EVENING, line) for line in world.evenings)
        failures.update(failures_of(world.attempts, audited))
        failures.update(Failure(LOST, line.partition(": ")[2] or line) for line in world.losses)
        for truth in world.alive():
            truth.training.kill()
    return Play(
        history=history,
        attempts=tuple(world.attempts),
        failures=frozenset(failures),
        n_runs=len(world.runs),
        audits=tuple(audited),
        n_steps_taken=n_taken,
        seconds=time.perf_counter() - begun,
        error=error,
    )


def failures_of(attempts: list[Attempt], audited: list[Audit]) -> Iterator[Failure]:
    """Yield what the hook, and the two judgements of the whole, did wrong."""
    for one in attempts:
        if one.judgement.is_honest and not one.has_passed:
            yield Failure(BLOCKED, " ".join(one.codes))
        if one.has_passed and one.is_hooked:
            for fault in one.judgement.faults:
                yield Failure(MISSED, fault.kind)
        if not one.has_passed and one.mend == STUCK:
            yield Failure(UNMENDED, " ".join(one.mend_codes))
    for audit in audited:
        if audit.is_clean and audit.codes:
            yield Failure(ALARM.format(audit.how), " ".join(audit.codes))
        if audit.faults and not audit.codes:
            yield from (Failure(PASSED_OVER.format(audit.how), one.kind) for one in audit.faults)
