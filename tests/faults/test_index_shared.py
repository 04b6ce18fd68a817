"""Any number of readers and builders at once, and builders that are killed at any moment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from unit.reader.builders import open_at
from unit.reader.index.many import N_RUNS, add_one, index_dir, make_many, plain_views, views


if TYPE_CHECKING:
    from pathlib import Path

READ = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
from ledger.project import find_project
from ledger.reader.index import open_index
from ledger.reader.ledger import open_ledger
for _ in range(int(sys.argv[1])):
    index = open_index(open_ledger(find_project([Path.cwd()]), datetime.now(tz=UTC)), "curves")
    print(json.dumps([
        index.rows("SELECT count(*) FROM runs")[0][0],
        index.rows("SELECT count(*) FROM metrics")[0][0],
        index.warnings,
    ]), flush=True)
"""


def reader(root: Path, n_times: int) -> subprocess.Popen[str]:
    """Start a process that asks ``n_times``."""
    return subprocess.Popen(
        [sys.executable, "-c", READ, str(n_times)],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_readers_and_builders_at_once_all_answer_rightly(tmp_path: Path) -> None:
    make_many(tmp_path)
    readers = [reader(tmp_path, 12) for _ in range(3)]
    n_runs = N_RUNS
    for _ in range(6):
        for _ in range(50):
            add_one(tmp_path, n_runs)
            n_runs += 1
        views(open_at(tmp_path), "curves", "notes")

    for each in readers:
        out, err = each.communicate(timeout=110)
        answers = [json.loads(line) for line in out.splitlines()]
        assert (each.returncode, err, len(answers)) == (0, "", 12)
        counts = [runs for runs, _, _ in answers]
        assert counts == sorted(counts)
        assert all(N_RUNS <= count <= n_runs for count in counts)
        # a folder is made before its record: such a one is told, and is none
        assert all("damaged" not in line for _, _, lines in answers for line in lines)
    assert views(open_at(tmp_path)) == plain_views(tmp_path)


@pytest.mark.parametrize("n_kills", [8])
def test_a_build_that_is_killed_leaves_a_whole_index(tmp_path: Path, n_kills: int) -> None:
    make_many(tmp_path)
    views(open_at(tmp_path))
    n_runs = N_RUNS
    for _ in range(n_kills):
        for _ in range(50):
            add_one(tmp_path, n_runs)
            n_runs += 1
        each = reader(tmp_path, 1)
        limit = time.monotonic() + 60
        while each.poll() is None and time.monotonic() < limit:
            if any(name.startswith(".") for name in os.listdir(index_dir(tmp_path))):
                each.send_signal(signal.SIGKILL)
                break
        each.communicate()

    assert views(open_at(tmp_path)) == plain_views(tmp_path)
    assert len(views(open_at(tmp_path))["runs"]) == n_runs
