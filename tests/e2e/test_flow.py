"""A small version of ``python benchmarks/flow``, which CI plays two dozen histories of."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


pytestmark = pytest.mark.slow
FLOW = Path(__file__).parents[2] / "benchmarks" / "flow"
CHEAT = """
edit train.py top 5
run r1 train.py 2
note r1 written
forge value r1
stage all
commit
"""


def flow(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(FLOW), *arguments],
        env={**os.environ, "PYTHONWARNINGS": "error"},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.timeout(600)
def test_no_honest_commit_is_blocked_and_no_bad_one_missed() -> None:
    done = flow("--histories", "6", "--seed", "4", "--jobs", "2", "--no-shrink")

    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_bad_commit_counts_as_missed_where_no_hook_is_asked() -> None:
    """The measure can fail: it does not take the product's word."""
    done = flow("--no-hooks", "--play", "-", stdin=CHEAT)

    assert done.returncode == 1, done.stderr
    assert "bad commit missed: metrics.csv edited" in done.stdout


def test_the_same_bad_commit_is_refused_by_the_hook_and_mended_as_it_says() -> None:
    done = flow("--play", "-", stdin=CHEAT)

    assert done.returncode == 0, done.stdout
    assert "[5] commit: metrics.csv edited; refused by LED104, mended" in done.stdout


def test_the_same_seed_gives_the_same_histories() -> None:
    said = [flow("--print", "--histories", "5", "--seed", "9").stdout for _ in range(2)]

    assert said[0] == said[1]
    assert said[0].count("\n\n") == 4
