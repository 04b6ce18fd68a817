"""Plays one history in a world of its own, and says how it went."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import steps_cheat
import steps_evening
import steps_git
import steps_work
from attempt import STUCK, Attempt, errors_in
from oracle import Fault, Oracle
from place import Place, copy_template
from step import History, spelled, take
from world import World


ROOMS = (steps_work, steps_git, steps_evening, steps_cheat)
"""The modules that define the vocabulary."""
BLOCKED, MISSED, UNMENDED, LOST, ALARM, PASSED_OVER, EVENING = (
    "honest commit blocked",
    "bad commit missed",
    "what the hook says does not mend",
    "rows lost",
    "honest run refused by check --all",
    "bad run passed by check --all",
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
    n_bypassed_caught: int
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
        n_taken, error, caught = 0, "", 0
        failures: set[Failure] = set()
        try:
            for world.number, one in enumerate(history):
                world.log(f"> {one}")
                n_taken += take(world, one)
            for truth in world.alive():
                truth.training.end()
                world.ended(truth)
            found, caught = _audit(world)
            failures |= found
        except Exception as problem:  # noqa: BLE001  # told with the history it happened in
            error = f"step {world.number} {history[world.number]}: {problem!r}\n{spelled(history)}"
        failures.update(Failure(EVENING, line) for line in world.evenings)
        failures.update(failures_of(world.attempts))
        failures.update(Failure(LOST, line.partition(": ")[2] or line) for line in world.losses)
        for truth in world.alive():
            truth.training.kill()
    return Play(
        history=history,
        attempts=tuple(world.attempts),
        failures=frozenset(failures),
        n_runs=len(world.runs),
        n_bypassed_caught=caught,
        n_steps_taken=n_taken,
        seconds=time.perf_counter() - begun,
        error=error,
    )


def failures_of(attempts: list[Attempt]) -> Iterator[Failure]:
    """Yield what the hook did wrong."""
    for one in attempts:
        if one.judgement.is_honest and not one.has_passed:
            yield Failure(BLOCKED, " ".join(one.codes))
        if one.has_passed and one.is_hooked:
            for fault in one.judgement.faults:
                yield Failure(MISSED, fault.kind)
        if not one.has_passed and one.mend == STUCK:
            yield Failure(UNMENDED, " ".join(one.mend_codes))


def _audit(world: World) -> tuple[set[Failure], int]:
    """Judge what the branch holds in the end, however it came there, by a check of everything."""
    top = world.root / "audit"
    place = Place(top, world.mine.env)
    source = str(world.here.top)
    world.mine.git("clone", "-q", "--no-hardlinks", source, str(top))
    done = subprocess.run(
        [sys.executable, "-I", "-m", "ledger.policy", "--all"],
        cwd=top,
        env=place.env,
        capture_output=True,
        check=False,
    )
    said = done.stderr.decode(errors="replace")
    world.log(f"check --all: {done.returncode}\n{said}")
    empty = world.here.git("mktree", stdin=b"").stdout.decode().strip()
    judgement = Oracle(world.here, world.truths).judge("HEAD", empty)
    faults = [one for one in judgement.faults if _is_judged_in_a_tree(one)]
    if faults and done.returncode:
        return set(), 1
    if faults:
        return {Failure(PASSED_OVER, one.kind) for one in faults}, 0
    if done.returncode and not judgement.faults:
        return {Failure(ALARM, " ".join(errors_in(said)))}, 0
    return set(), 0


def _is_judged_in_a_tree(fault: Fault) -> bool:
    """Whether a look at all that is there can tell; the code of a run moves on."""
    return not fault.codes <= {"LED101", "LED103", "LED112", "LED107"}
