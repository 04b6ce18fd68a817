"""What one logged row costs, against a csv.writer loop that flushes every row."""

from __future__ import annotations

import csv
import os
import subprocess
import tempfile
import time
from pathlib import Path

from measure import interleave, table


N_ROWS = 20_000


def main() -> None:
    """Print the table."""
    os.environ["LEDGER_QUIET"] = "1"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _make_project(folder)
        os.chdir(folder)
        medians = interleave(
            {
                "csv.writer, 5 floats, flush every row": _csv_rows,
                "run.log, 5 floats": lambda: _ledger_rows(has_epoch=False),
                "run.log, epoch and 5 floats": lambda: _ledger_rows(has_epoch=True),
                "run.log, 5 floats, while capture still runs": _ledger_rows_at_once,
            }
        )
        os.chdir("/")
    table("One row", "µs", medians, "csv.writer, 5 floats, flush every row")


def _make_project(folder: Path) -> None:
    for command in (
        ["git", "init", "-q"],
        ["git", "config", "user.email", "bench@localhost"],
        ["git", "config", "user.name", "bench"],
    ):
        subprocess.run(command, cwd=folder, check=True)
    (folder / "ledger.toml").touch()
    subprocess.run(["git", "add", "-A"], cwd=folder, check=True)
    subprocess.run(["git", "commit", "-qm", "start"], cwd=folder, check=True)


def _csv_rows() -> float:
    with Path("baseline.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow("abcde")
        begun = time.perf_counter()
        for i in range(N_ROWS):
            writer.writerow([i * 0.1, i * 0.2, i * 0.3, i * 0.4, i * 0.7])
            file.flush()
        return (time.perf_counter() - begun) / N_ROWS * 1e6


def _ledger_rows(*, has_epoch: bool) -> float:
    import ledger

    run = ledger.start("bench")
    run.wait_for_capture()
    spent = _log_with_epoch(run.log) if has_epoch else _log(run.log, N_ROWS)
    run.finish()
    return spent


def _ledger_rows_at_once() -> float:
    """Log only as long as the capture thread runs, a few hundred rows at a time."""
    import ledger

    run = ledger.start("bench")
    spent, n_rows = 0.0, 0
    while not run.is_captured:
        spent += _log(run.log, 200) * 200
        n_rows += 200
    run.finish()
    return spent / n_rows


def _log(log, n_rows: int) -> float:  # noqa: ANN001  # Run.log
    begun = time.perf_counter()
    for i in range(n_rows):
        log(a=i * 0.1, b=i * 0.2, c=i * 0.3, d=i * 0.4, e=i * 0.7)
    return (time.perf_counter() - begun) / n_rows * 1e6


def _log_with_epoch(log) -> float:  # noqa: ANN001  # Run.log
    begun = time.perf_counter()
    for i in range(N_ROWS):
        log(epoch=i, a=i * 0.1, b=i * 0.2, c=i * 0.3, d=i * 0.4, e=i * 0.7)
    return (time.perf_counter() - begun) / N_ROWS * 1e6


if __name__ == "__main__":
    main()
