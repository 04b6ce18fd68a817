"""``python benchmarks/flow``: honest commits blocked and bad ones missed, over many histories.

A history is a seeded list of steps, played in a real repository with the hooks installed; see
``step.py`` for how one is spelled, and ``--play`` to play one that was printed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from pathlib import Path

from generate import generate
from place import make_template
from play import Failure, play
from report import Totals, shortest, told
from shrink import shrink
from step import History, history, spelled

import ledger.writer.current  # noqa: F401  # trainings fork from here, and need not import it again


def main() -> int:
    """Play, print, and return 1 when a limit is passed."""
    options = _options()
    if options.git_cost:
        from git_cost import main as measure_git

        measure_git(options.git_cost)
        return 0
    if options.print:
        histories = (generate(options.seed, index) for index in range(options.histories))
        print("\n\n".join(map(spelled, histories)))
        return 0
    with tempfile.TemporaryDirectory(prefix="flow-template-") as name:
        template = Path(name, "world")
        make_template(template, has_hooks=options.hooks)
        if options.play:
            return _play_one(history(options.play.read()), template, options.keep)
        if options.index is not None:
            return _play_one(generate(options.seed, options.index), template, options.keep)
        begun = time.perf_counter()
        histories = [generate(options.seed, index) for index in range(options.histories)]
        with multiprocessing.get_context("fork").Pool(options.jobs) as pool:
            plays = pool.starmap(play, [(one, template) for one in histories], chunksize=1)
            totals = Totals(plays)
            print(told(totals, time.perf_counter() - begun), flush=True)
            failing = {one: found[0] for one, found in totals.failures.items()}
            if options.shrink:
                asked = [(one, steps, template) for one, steps in failing.items()]
                short = pool.starmap(_shortest, asked, chunksize=1)
                failing = dict(zip(failing, short, strict=True))
        print(shortest(totals.failures, failing))
    return 0 if totals.is_good else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks/flow", description=__doc__)
    parser.add_argument("--histories", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="at a time")
    parser.add_argument(
        "--no-shrink", dest="shrink", action="store_false", help="do not look for short histories"
    )
    parser.add_argument(
        "--no-hooks", dest="hooks", action="store_false", help="see what is missed without them"
    )
    parser.add_argument("--print", action="store_true", help="print the histories, play none")
    parser.add_argument("--play", type=argparse.FileType(), help="play the history in this file")
    parser.add_argument("--index", type=int, help="play the one history with this number")
    parser.add_argument(
        "--keep", type=Path, help="with --play or --index: leave the world in this new folder"
    )
    parser.add_argument(
        "--git-cost", type=int, metavar="RUNS", help="measure git itself with so many runs instead"
    )
    return parser.parse_args()


def _play_one(steps: History, template: Path, keep: Path | None) -> int:
    """Play one history and tell of every commit in it."""
    result = play(steps, template, keep)
    print(spelled(steps))
    for one in result.attempts:
        truth = [fault.kind for fault in one.judgement.faults] or one.judgement.open_questions
        word = "passed" if one.has_passed else f"refused by {' '.join(one.codes)}, {one.mend}"
        print(f"[{one.number}] {steps[one.number]}: {', '.join(truth) or 'honest'}; {word}")
        if one.said:
            print("    " + one.said.rstrip().replace("\n", "\n    "))
    for failure in sorted(result.failures):
        print(f"{failure.what}: {failure.kind}")
    if result.error:
        print(f"harness failed: {result.error}")
    return int(bool(result.failures or result.error))


def _shortest(failure: Failure, one: History, template: Path) -> History:
    """Return a short history that fails as ``one`` does."""
    return shrink(one, lambda steps: failure in play(steps, template).failures)


if __name__ == "__main__":
    sys.exit(main())
