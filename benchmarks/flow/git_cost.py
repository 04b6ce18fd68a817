"""What git itself pays for a repository with runs in it, against the same one without them.

Two repositories of the same code and history, one of them with a ledger of sealed runs in month
folders, committed a batch at a time as people do; each figure is the median of five interleaved
rounds.
"""

from __future__ import annotations

import hashlib
import itertools
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from place import Place, environment, must

from ledger.contract.columns import Column
from ledger.contract.layout import make_run_id, month_of
from ledger.contract.metrics import decode_table, encode_row, summarise
from ledger.contract.note import SECTIONS, note_hash, render_note
from ledger.contract.record import encode_record


sys.path.append(str(Path(__file__).parents[1]))
from measure import interleave, table  # beside this package, which runs as a folder


N_CODE_FILES, N_ROWS, N_COMMITS = 200, 50, 50
_METRICS = ("loss", "val_loss", "acc", "val_acc", "lr")
_FIRST_DAY = datetime(2025, 3, 1, 9, tzinfo=UTC)
_PER_DAY = 20
_BATCH = _PER_DAY
"""Runs in the one commit that is measured."""
_TOKENS = str.maketrans("0189", "abcd")


def main(n_runs: int) -> None:
    """Print the tables for ``n_runs`` runs."""
    with tempfile.TemporaryDirectory(prefix="flow-git-") as name:
        root = Path(name)
        env = environment(root)
        plain, kept = Place(root / "plain", env), Place(root / "kept", env)
        _make(plain, 0)
        _make(kept, n_runs)
        _print_sizes(plain, kept, n_runs)
        _print_times(plain, kept, n_runs)


def _make(place: Place, n_runs: int) -> None:
    """Make a repository of ``N_COMMITS`` commits that bring ``n_runs`` runs between them."""
    place.top.mkdir()
    must(place.git("init", "-q", "-b", "main"))
    must(place.git("config", "gc.auto", "0"))
    for number in range(N_CODE_FILES):
        path = place.top / f"src/part_{number % 10}/module_{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"X_{k} = {k * number}\n" for k in range(100)), encoding="utf-8")
    if n_runs:
        must(place.ledger("init"))
    written = 0
    for number in range(N_COMMITS):
        (place.top / "src/part_0/module_0.py").write_text(f"X = {number}\n", encoding="utf-8")
        until = n_runs * (number + 1) // N_COMMITS
        for run in range(written, until):
            write_run(place, run)
        written = until
        must(place.git("add", "--all"))
        must(place.git("commit", "-qnm", f"day {number}"))
    must(place.git("repack", "-adq"))
    must(place.git("prune-packed"))


def write_run(place: Place, number: int) -> None:
    """Write the sealed, committable run ``number``, as the writer would leave it."""
    started = _FIRST_DAY + timedelta(days=number // _PER_DAY, minutes=20 * (number % _PER_DAY))
    run_id = make_run_id("bench", started, f"{number:08d}".translate(_TOKENS))
    run_dir = place.top / "ledger" / month_of(started) / run_id
    run_dir.mkdir(parents=True)
    rows = [
        encode_row((epoch, epoch * 0.5, *((epoch + 1) / (3 + k + number) for k in range(5))))
        for epoch in range(N_ROWS)
    ]
    data = encode_row(("epoch", "time", *_METRICS)) + b"".join(rows)
    note = render_note(run_id, {name: [f"{name} of run {number}."] for name in SECTIONS})
    (run_dir / "metrics.csv").write_bytes(data)
    (run_dir / "run.md").write_bytes(note)
    (run_dir / "run.json").write_bytes(
        encode_record(_document(run_id, started, data, note, number))
    )


def _document(run_id: str, started: datetime, data: bytes, note: bytes, number: int) -> dict:
    columns = {name: Column(name=name, role="metric") for name in _METRICS}
    columns |= {name: Column(name=name, role="index") for name in ("epoch", "time")}
    summary = summarise([decode_table(data)], columns)
    host = {"python": "3.11.7", "platform": "Linux-x86_64", "cpu_count": 16, "gpu": ["A100"] * 4}
    session = {
        "start": started.isoformat(),
        "pid": 1000 + number,
        "hostname": "node",
        "boot_id": "b",
    }
    return {
        "schema_version": 1,
        "run_id": run_id,
        "name": "bench",
        "status": "finished",
        "sessions": [session],
        "command": {"argv": ["train.py", "--lr", f"{number / 1000}"], "cwd": "."},
        "timestamp": {"start": started.isoformat(), "end": started.isoformat()},
        "git": {
            "commit": hashlib.sha1(b"%d" % (number // 20), usedforsecurity=False).hexdigest(),
            "branch": "main",
            "remote": "https://example.com/team/project.git",
            "dirty": False,
            "dirty_paths": [],
        },
        "config": {"resolved": {"lr": number / 1000, "layers": [64, 64], "seed": number % 5}},
        "data": None,
        "environment": host,
        "random": {"seed": number % 5},
        "metrics": {name: entry.to_json()["last"] for name, entry in summary.items()},
        "summary": {name: entry.to_json() for name, entry in summary.items()},
        "artifacts": {},
        "columns": {name: column.to_json() for name, column in columns.items()},
        "note": {"template": note_hash(note)},
        "files": {
            "metrics.csv": {
                "sha256": hashlib.sha256(data).hexdigest(),
                "rows": N_ROWS,
                "bytes": len(data),
            }
        },
    }


def _print_sizes(plain: Place, kept: Place, n_runs: int) -> None:
    disk = sum(path.stat().st_size for path in kept.top.glob("ledger/*/*/*"))
    packed = _packed(kept) - _packed(plain)
    print(f"\n{n_runs:,} runs of {N_ROWS} rows, in {N_COMMITS} commits")
    print(f"  bytes a run on the disk                  {disk / n_runs:10,.0f}")
    print(f"  bytes a run in git, packed               {packed / n_runs:10,.0f}")
    print(
        f"  files in the index                       {_files(kept):10,} (without {_files(plain)})"
    )


def _packed(place: Place) -> int:
    return sum(path.stat().st_size for path in place.top.glob(".git/objects/pack/*"))


def _files(place: Place) -> int:
    return len(place.said("ls-files").splitlines())


def _print_times(plain: Place, kept: Place, n_runs: int) -> None:
    measures: dict[str, Callable[[Place], float]] = {
        "git status": _status,
        "git checkout of the commit before": _checkout,
        "git clone (no hard links)": _clone,
        "git clone --bare: the history alone": lambda place: _clone(place, "--bare"),
        "git log -- one file": _log,
        "git commit of one file, the gate of the hook with it": _commit,
        "git add --all, nothing new": _add,
    }
    print(f"\nWhat git pays with {n_runs:,} runs")
    for name, measure in measures.items():
        candidates: dict[str, Callable[[], float]] = {
            "without": lambda measure=measure: measure(plain),
            "with the ledger": lambda measure=measure: measure(kept),
        }
        table(name, "ms wall", interleave(candidates), "without")
    _print_batch(kept)


def _print_batch(kept: Place) -> None:
    """A day's runs at once: with the hook as it is installed, and without."""
    numbers = itertools.count(10**6, _BATCH)
    sizes: list[int] = []

    def batch(*more: str) -> float:
        first = next(numbers)
        for number in range(first, first + _BATCH):
            write_run(kept, number)
        must(kept.git("add", "--all"))
        spent = _timed(kept, "commit", "-qm", "a day", *more)
        sizes.append(_loose(kept))
        must(kept.git("reset", "-q", "--hard", "HEAD^"))
        must(kept.git("reflog", "expire", "--expire=all", "--all"))
        must(kept.git("prune"))
        return spent

    medians = interleave({"past the hook (-n)": lambda: batch("-n"), "with the hook": batch})
    table(f"git commit of {_BATCH} new runs", "ms wall", medians, "past the hook (-n)")
    print(f"  bytes of loose objects it wrote, a run {max(sizes) / _BATCH:10,.0f}")


def _loose(place: Place) -> int:
    """Return the bytes of objects that are in no pack."""
    return sum(path.stat().st_size for path in place.top.glob(".git/objects/??/*"))


def _timed(place: Place, *arguments: str) -> float:
    """Return how long a git command takes, milliseconds."""
    begun = time.perf_counter()
    done = place.git(*arguments)
    spent = (time.perf_counter() - begun) * 1000
    must(done)
    return spent


def _status(place: Place) -> float:
    place.git("status")  # the index is as fresh as in daily use
    return _timed(place, "status")


def _checkout(place: Place) -> float:
    spent = _timed(place, "checkout", "-q", "HEAD^")
    must(place.git("checkout", "-q", "main"))
    return spent


def _clone(place: Place, *more: str) -> float:
    target = place.top.parent / "clone"
    spent = _timed(place, "clone", "-q", *more, f"file://{place.top}", str(target))
    shutil.rmtree(target)
    return spent


def _log(place: Place) -> float:
    return _timed(place, "log", "--oneline", "--", "src/part_1/module_1.py")


def _commit(place: Place) -> float:
    path = place.top / "src/part_1/module_1.py"
    path.write_text(f"X = {time.monotonic_ns()}\n", encoding="utf-8")
    spent = _timed(place, "commit", "-qam", "an edit")
    must(place.git("reset", "-q", "--hard", "HEAD^"))
    return spent


def _add(place: Place) -> float:
    return _timed(place, "add", "--all")
