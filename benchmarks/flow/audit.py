"""Judges what a branch holds in the end, however it came there: the hook is not asked by a rebase.

Three times: everything that is there (``ledger check --all``), in a fresh clone; what the branch
brings to the one it tracks; and that as a pull request, where the code it changes must be run too.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

from attempt import errors_in
from oracle import Oracle
from place import Place
from pull import UNCOVERED, asked_of_ci, uncovered


if TYPE_CHECKING:
    from oracle import Fault, Judgement
    from world import World

ALL, BRANCH, PULL = "check --all", "the range judgement", "ledger ci"
_OF_THE_MOMENT = {"LED101", "LED103", "LED107", "LED112"}
"""What a look at everything only warns of, or does not judge: code moves on."""
_JUDGE_RANGE = """
import os, sys
from ledger.policy.finding import to_lines
from ledger.policy.judge_range import judge_range
from ledger.storage.git import clean_environment, find_repository
verdict = judge_range(find_repository(os.getcwd(), clean_environment(os.environ)), sys.argv[1])
# that every change of code has a run is a rule for pull requests, not for these stories
findings = [one for one in verdict.findings if one.code != "LED100"]
sys.stderr.write("\\n".join(to_lines(findings)) + "\\n")
sys.exit(any(one.severity == "error" for one in findings))
"""


class Audit(NamedTuple):
    """What one of the judgements made of a branch."""

    how: str
    faults: tuple[Fault, ...]
    """What it should find."""
    codes: tuple[str, ...]
    """Errors that it told of."""
    is_clean: bool
    """Whether nothing at all is wrong with the branch."""


def audits(world: World) -> list[Audit]:
    """Return what the judgements make of the branch that is checked out."""
    world.mine.git("clone", "-q", "--no-hardlinks", str(world.here.top), str(world.root / "audit"))
    clone = Place(world.root / "audit", world.mine.env)
    empty = world.here.git("mktree").stdout.decode().strip()
    everything = _run(world, ALL, clone, "-m", "ledger.policy", "--all")
    truth = Oracle(world.here, world.truths).judge("HEAD", empty, history="HEAD")
    kept = tuple(one for one in truth.faults if not one.codes <= _OF_THE_MOMENT)
    done = [Audit(ALL, kept, everything, _is_clean(truth))]
    base = world.here.said("merge-base", "HEAD", "origin/main")
    if base and base != world.here.said("rev-parse", "HEAD"):
        codes = _run(world, BRANCH, world.here, "-c", _JUDGE_RANGE, "origin/main")
        truth = Oracle(world.here, world.truths).judge("HEAD", base, history="HEAD")
        kept = tuple(one for one in truth.faults if one.is_forged or one.codes != {"LED101"})
        done.append(Audit(BRANCH, kept, codes, _is_clean(truth)))
        done.append(_pull_request(world, base, truth, kept))
    return done


def _pull_request(world: World, base: str, truth: Judgement, kept: tuple[Fault, ...]) -> Audit:
    """Return what ``ledger ci`` makes of the branch; a verdict that is not clear is a failure."""
    code, codes = asked_of_ci(world, world.here.said("rev-parse", "origin/main"))
    faults = (*kept, UNCOVERED) if uncovered(world, base) else kept
    if code not in {0, 1}:
        codes = (*codes, "CANNOT")
    return Audit(PULL, faults, codes, _is_clean(truth) and UNCOVERED not in faults)


def _is_clean(truth: Judgement) -> bool:
    return not truth.faults and not truth.open_questions


def _run(world: World, how: str, place: Place, *arguments: str) -> tuple[str, ...]:
    done = subprocess.run(
        [sys.executable, "-I", *arguments],
        cwd=place.top,
        env=place.env,
        capture_output=True,
        check=False,
    )
    said = done.stderr.decode(errors="replace")
    world.log(f"{how}: {done.returncode}\n{said}")
    return errors_in(said) if done.returncode else ()
