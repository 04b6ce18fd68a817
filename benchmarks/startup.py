"""CPU of what starts often: the import, the start of a run, a commit, a query."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from measure import PYTHON, cpu_ms, interleave, table

from ledger.contract.columns import Column
from ledger.contract.layout import make_run_id, month_of
from ledger.contract.metrics import decode_table, encode_row, summarise
from ledger.contract.note import SECTIONS, note_hash, render_note
from ledger.contract.record import encode_record
from ledger.storage.git import clean_environment, find_repository, run_git


N_STAGED, N_ROWS = 50, 100
METRICS = ("loss", "val_loss", "acc", "val_acc", "lr", "grad_norm")


def main() -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_project(folder)
        _print_python()
        _print_commits(folder)
        _print_start(folder)


def _print_python() -> None:
    bare = [PYTHON, "-I", "-c", "pass"]
    medians = interleave(
        {
            "python -I -c pass": lambda: cpu_ms(bare),
            "import ledger": lambda: cpu_ms([PYTHON, "-I", "-c", "import ledger"]),
            "ledger --help": lambda: cpu_ms([PYTHON, "-I", "-m", "ledger", "--help"]),
        }
    )
    table("Start-up", "ms CPU", medians, "python -I -c pass")


def _print_commits(folder: Path) -> None:
    gate = folder / ".git" / "hooks" / "pre-commit"
    env = clean_environment(os.environ)
    (folder / "notes.txt").write_text("x\n", encoding="utf-8")
    run_git(["add", "notes.txt"], cwd=str(folder), env=env)
    empty = interleave(
        {
            "one git process": lambda: cpu_ms(["git", "diff", "--cached", "--quiet"], str(folder)),
            "the hook, no run staged": lambda: cpu_ms([str(gate)], str(folder)),
        }
    )
    table("A commit with no run staged", "ms CPU", empty, "one git process")
    stage_runs(folder, N_STAGED)
    run_git(["add", "--all"], cwd=str(folder), env=env)
    command = [PYTHON, "-I", "-m", "ledger.policy", "--staged"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"the staged runs should pass: {done.stderr[:2000]}")
    staged = interleave(
        {
            "python -I -c pass": lambda: cpu_ms([PYTHON, "-I", "-c", "pass"]),
            f"the check, {N_STAGED} runs of {N_ROWS} rows staged": lambda: cpu_ms(
                command, str(folder)
            ),
        }
    )
    table(f"A commit with {N_STAGED} runs staged", "ms CPU", staged, "python -I -c pass")


def _print_start(folder: Path) -> None:
    for number in range(1000):
        path = folder / "pkg" / f"module_{number}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"X = {number}\n", encoding="utf-8")
    env = clean_environment(os.environ)
    run_git(["add", "--all"], cwd=str(folder), env=env)
    run_git(["commit", "-qm", "a thousand files", "--no-verify"], cwd=str(folder), env=env)
    os.chdir(folder)
    os.environ["LEDGER_QUIET"] = "1"
    import ledger

    def start_ms() -> float:
        begun = time.perf_counter()
        run = ledger.start("bench")
        spent = (time.perf_counter() - begun) * 1000
        run.finish()
        return spent

    def status_ms() -> float:
        begun = time.perf_counter()
        run_git(["status", "--porcelain=v2"], cwd=str(folder), env=env)
        return (time.perf_counter() - begun) * 1000

    medians = interleave({"git status": status_ms, "ledger.start": start_ms})
    table("ledger.start in a clean repository of 1,000 files", "ms wall", medians, "git status")
    os.chdir("/")


def make_project(folder: Path) -> None:
    env = clean_environment(os.environ)
    for arguments in (
        ["init", "-q"],
        ["config", "user.email", "bench@localhost"],
        ["config", "user.name", "bench"],
    ):
        run_git(arguments, cwd=str(folder), env=env)
    subprocess.run(
        [PYTHON, "-P", "-m", "ledger", "init"], cwd=folder, check=True, capture_output=True
    )
    run_git(["add", "--all"], cwd=str(folder), env=env)
    run_git(["commit", "-qm", "start"], cwd=str(folder), env=env)


def stage_runs(folder: Path, n_runs: int) -> None:
    """Write ``n_runs`` sealed, committable runs, as the writer would."""
    commit = find_repository(str(folder), clean_environment(os.environ)).git("rev-parse", "HEAD")
    started = datetime.now(tz=UTC)
    for number in range(n_runs):
        run_id = make_run_id(
            "bench", started, f"{number:08d}".translate(str.maketrans("0189", "abcd"))
        )
        run_dir = folder / "ledger" / month_of(started) / run_id
        run_dir.mkdir(parents=True)
        rows = [
            encode_row(
                (epoch, epoch * 0.5, *(epoch / (3 + k + number) for k in range(len(METRICS))))
            )
            for epoch in range(N_ROWS)
        ]
        data = encode_row(("epoch", "time", *METRICS)) + b"".join(rows)
        _write_run(run_dir, run_id, started, data, commit.decode().strip())


def _write_run(run_dir: Path, run_id: str, started: datetime, data: bytes, commit: str) -> None:
    import hashlib

    columns = {name: Column(name=name, role="metric") for name in METRICS}
    columns |= {name: Column(name=name, role="index") for name in ("epoch", "time")}
    summary = summarise([decode_table(data)], columns)
    note = render_note(run_id, {name: ["written by a person"] for name in SECTIONS})
    stamp = started.isoformat()
    document = {
        "schema_version": 1,
        "run_id": run_id,
        "status": "finished",
        "timestamp": {"start": stamp, "end": stamp},
        "git": {
            "commit": commit,
            "branch": "main",
            "remote": None,
            "dirty": False,
            "dirty_paths": [],
        },
        "config": {"resolved": {"lr": 0.1}},
        "data": None,
        "environment": {},
        "random": {},
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
    (run_dir / "metrics.csv").write_bytes(data)
    (run_dir / "run.md").write_bytes(note)
    (run_dir / "run.json").write_bytes(encode_record(document))


if __name__ == "__main__":
    main()
