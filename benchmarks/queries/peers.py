"""The best value over the epochs of 1,000 runs: ours beside plain loops and other tools."""

from __future__ import annotations

import subprocess
import textwrap
from pathlib import Path

from process import PYTHON, Cost, cost, in_turn, ledger, medians, print_costs


LOOP = """
    import csv, glob
    best = None
    for path in glob.glob("ledger/*/*/metrics.csv"):
        with open(path, newline="") as file:
            for row in csv.DictReader(file):
                value = float(row["val_acc"])
                if value == value and (best is None or value > best[0]):
                    best = value, row["epoch"], path
    print(best)
"""
RECORDS = """
    import glob, json
    best = None
    for path in glob.glob("ledger/*/*/run.json"):
        found = json.load(open(path))["summary"]["val_acc"]
        if best is None or found["max"] > best[0]:
            best = found["max"], found["max_at"], path
    print(best)
"""
GLOB = """
    import duckdb
    print(duckdb.sql('''SELECT max(val_acc), arg_max(epoch, val_acc), arg_max(filename, val_acc)
        FROM read_csv('ledger/*/*/metrics.csv', union_by_name=true, filename=true)
        WHERE isfinite(val_acc)''').fetchall())
"""
SQLITE = """
    import sqlite3
    print(sqlite3.connect("{file}").execute(
        "SELECT max(value), step, run FROM metrics WHERE name = 'val_acc'").fetchone())
"""
FILL = """
    import csv, glob, sqlite3
    base = sqlite3.connect("{file}")
    base.execute("CREATE TABLE metrics (run TEXT, name TEXT, step INTEGER, value REAL)")
    for path in glob.glob("ledger/*/*/metrics.csv"):
        for row in csv.DictReader(open(path, newline="")):
            base.executemany("INSERT INTO metrics VALUES (?, ?, ?, ?)", [
                (path, name, int(row["epoch"]), float(cell))
                for name, cell in row.items() if name not in ("epoch", "time")])
    base.commit()
"""
MLFLOW_FILL = """
    import csv, glob, mlflow
    from mlflow.entities import Metric
    mlflow.set_tracking_uri("sqlite:///{store}")
    client = mlflow.MlflowClient()
    experiment = client.create_experiment("bench")
    for path in sorted(glob.glob("ledger/*/*/metrics.csv")):
        run = client.create_run(experiment, run_name=path)
        rows = list(csv.DictReader(open(path, newline="")))
        metrics = [Metric(name, float(cell), 0, int(row["epoch"])) for row in rows
                   for name, cell in row.items() if name not in ("epoch", "time")]
        for at in range(0, len(metrics), 1000):
            client.log_batch(run.info.run_id, metrics=metrics[at:at + 1000])
        client.set_terminated(run.info.run_id)
"""
MLFLOW = """
    import mlflow
    mlflow.set_tracking_uri("sqlite:///{store}")
    client = mlflow.MlflowClient()
    experiment = client.get_experiment_by_name("bench").experiment_id
    best, token = None, None
    while True:
        page = client.search_runs([experiment], max_results=1000, page_token=token)
        for run in page:
            for metric in client.get_metric_history(run.info.run_id, "val_acc"):
                if best is None or metric.value > best[0]:
                    best = metric.value, metric.step, run.info.run_name
        token = page.token
        if not token:
            break
    print(best)
"""

TRACKIO_FILL = """
    import csv, glob, os
    os.environ["TRACKIO_DIR"] = "{store}"
    from trackio.sqlite_storage import SQLiteStorage
    for path in sorted(glob.glob("ledger/*/*/metrics.csv")):
        rows = [{{name: float(cell) for name, cell in row.items()}}
                for row in csv.DictReader(open(path, newline=""))]
        SQLiteStorage.bulk_log("bench", path, rows, steps=[int(row["epoch"]) for row in rows])
"""
TRACKIO = """
    import os
    os.environ["TRACKIO_DIR"] = "{store}"
    import trackio
    from trackio.sqlite_storage import SQLiteStorage
    best = None
    for run in trackio.Api().runs("bench"):
        for row in SQLiteStorage.get_logs("bench", run.name, run_id=run.id):
            if best is None or row["val_acc"] > best[0]:
                best = row["val_acc"], row["step"], run.name
    print(best)
"""
TOOLS = {
    "MLflow, search_runs and get_metric_history": ("mlflow", MLFLOW_FILL, MLFLOW),
    "trackio, Api().runs and the logs of each": ("trackio", TRACKIO_FILL, TRACKIO),
}


def print_peers(root: Path, scratch: Path, *, with_tools: bool) -> None:
    """Print the table of the ledger at ``root``, which has 1,000 runs."""
    file = scratch / "peer.sqlite"
    if not file.exists():
        cost(_python(FILL.format(file=file)), root)
    found = in_turn(
        {
            "ledger query best val_acc": ledger("query", "best val_acc", "--limit", "1"),
            "ledger query --sql over all epochs": ledger(
                "query",
                "--sql",
                "SELECT max(value), arg_max(epoch, value), arg_max(run_id, value) "
                "FROM metrics WHERE metric = 'val_acc' AND isfinite(value)",
            ),
            "records: json over run.json, finals and extremes": _python(RECORDS),
            "plain csv loop over every metrics.csv": _python(LOOP),
            "one sqlite file, SELECT max (the SQL way)": _python(SQLITE.format(file=file)),
        },
        root,
    )
    found["DuckDB glob over every metrics.csv"] = medians([cost(_python(GLOB), root)])
    for name, parts in TOOLS.items() if with_tools else ():
        if (measured := _tool(root, scratch, *parts)) is not None:
            found[name] = measured
    print_costs("Best over epochs of 1,000 runs, whole process", found, "ledger query best val_acc")
    if not with_tools:
        print("  MLflow and trackio are measured with --peers: to fill their stores takes minutes")


def _tool(root: Path, scratch: Path, package: str, fill: str, ask: str) -> Cost | None:
    """Return what ``ask`` costs once ``fill`` has put the ledger into the store of ``package``."""
    venv, store = scratch / package, scratch / f"{package}.store"
    python = str(venv / "bin" / "python")
    if not venv.exists():
        made = subprocess.run(["uv", "venv", "-q", str(venv)], check=False)
        wanted = ["uv", "pip", "install", "-q", "--compile-bytecode", "--python", python, package]
        if made.returncode or subprocess.run(wanted, check=False).returncode:
            print(f"  {package}: not measured, it could not be installed")
            return None
    if not store.exists():
        cost([python, "-c", textwrap.dedent(fill.format(store=store))], root)
    return cost([python, "-c", textwrap.dedent(ask.format(store=store))], root)


def _python(program: str) -> list[str]:
    return [PYTHON, "-c", textwrap.dedent(program)]
