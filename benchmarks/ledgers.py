"""``python benchmarks/ledgers.py FOLDER --runs N``: a repository with N sealed, valid runs.

The bytes are the writer's: records by ``encode_record``, tables by ``encode_row``. 100 rows each, 4
to 8 of 12 metrics in differing order, nested params, some runs failed, some with NaN, the same for
the same seed.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ledger.contract.columns import Column
from ledger.contract.config import config_hash, variant_hash
from ledger.contract.metrics import decode_table, encode_row, summarise
from ledger.contract.note import SECTIONS, render_note
from ledger.contract.record import encode_record
from ledger.settings import SEED_KEYS


METRICS = (
    *("loss", "acc", "val_loss", "f1", "val_f1", "auc", "val_auc"),
    *("lr_now", "grad_norm", "recall", "val_recall"),
)
MODELS = ("mlp", "cnn", "transformer", "resnet50")
START = datetime(2025, 1, 1, tzinfo=UTC)


def main() -> None:
    """Make the repository that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    make_ledger(given.folder, given.runs, n_rows=given.rows, seed=given.seed)


def make_ledger(root: Path, n_runs: int, *, n_rows: int = 100, seed: int = 1) -> None:
    """Write ``n_runs`` runs of ``n_rows`` rows into a new repository at ``root``."""
    root.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    (root / "ledger.toml").write_text('dir = "ledger"\n', encoding="utf-8")
    chance = random.Random(seed)
    packages = "".join(f"package-{place}=={place}.1\n" for place in range(60)).encode()
    freeze = hashlib.sha256(packages).hexdigest()
    shared = root / "ledger" / "environments"
    shared.mkdir(parents=True)
    (shared / f"{freeze}.txt").write_bytes(packages)
    for number in range(n_runs):
        add_run(root, number, chance, n_rows=n_rows, freeze=f"sha256:{freeze}")


def add_run(
    root: Path, number: int, chance: random.Random, *, n_rows: int, freeze: str | None = None
) -> Path:
    """Write one run and return its folder."""
    started = START + timedelta(minutes=43 * number)
    name = f"{chance.choice(MODELS)}_{number}"
    token = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz234567", k=8))
    run_id = f"{started:%Y-%m-%d_%H%M}_{name}-{token}"
    run_dir = root / "ledger" / f"{started:%Y-%m}" / run_id
    run_dir.mkdir(parents=True)
    metrics = [*chance.sample(METRICS, chance.randint(3, 7)), "val_acc"]
    chance.shuffle(metrics)
    data = _table(metrics, n_rows, chance)
    document = _document(run_id, name, started, metrics, data, chance, number)
    document["environment"]["pip_freeze_hash"] = freeze
    is_noted = chance.random() < 0.7
    note = {section: [f"{section} of {name}."] for section in SECTIONS} if is_noted else {}
    (run_dir / "metrics.csv").write_bytes(data)
    (run_dir / "run.md").write_bytes(render_note(run_id, note))
    (run_dir / "run.json").write_bytes(encode_record(document))
    return run_dir


def _table(metrics: list[str], n_rows: int, chance: random.Random) -> bytes:
    ends = [0.2 + 0.8 * chance.random() for _ in metrics]
    lines = [encode_row(("epoch", "time", *metrics))]
    for epoch in range(n_rows):
        share = (epoch + 1) / n_rows
        values = [end * share + chance.random() / 50 for end in ends]
        if chance.random() < 0.0001:
            values[0] = float("nan")
        lines.append(encode_row((epoch, round(epoch * 1.37, 3), *values)))
    return b"".join(lines)


def _document(  # one call, and a record has many sections
    run_id: str,
    name: str,
    started: datetime,
    metrics: list[str],
    data: bytes,
    chance: random.Random,
    number: int,
) -> dict:
    columns = {each: Column(name=each, role="metric") for each in metrics}
    columns |= {each: Column(name=each, role="index") for each in ("epoch", "time")}
    table = decode_table(data)
    summary = {key: found.to_json() for key, found in summarise([table], columns).items()}
    config = {
        "lr": chance.choice([1e-4, 3e-4, 1e-3, 3e-3, 1e-2]),
        "model": name.rpartition("_")[0],
        "optimizer": {
            "name": chance.choice(["adam", "sgd"]),
            "momentum": 0.9,
            "weight_decay": chance.random() / 100,
            "betas": [0.9, 0.999],
        },
        "seed": number % 5,
        "batch_size": chance.choice([32, 64, 128]),
        "epochs": len(table.rows),
        "dropout": round(chance.random(), 3),
        "data": {"augment": chance.random() < 0.5, "size": 224},
    }
    commit = hashlib.sha1(str(number // 7).encode()).hexdigest()
    return {
        "schema_version": 1,
        "run_id": run_id,
        "name": name,
        "tags": ["baseline"] if chance.random() < 0.05 else [],
        "parent": None,
        "project": "bench",
        "status": "failed" if chance.random() < 0.03 else "finished",
        "sessions": [],
        "command": {"argv": ["python", "train.py", "--lr", str(config["lr"])], "cwd": "."},
        "timestamp": {
            "start": started.isoformat(),
            "end": (started + timedelta(seconds=137)).isoformat(),
        },
        "git": {
            "commit": commit,
            "base": commit,
            "branch": "main",
            "remote": None,
            "dirty": False,
            "dirty_paths": [],
            "code": "sha256:" + hashlib.sha256(commit.encode()).hexdigest(),
            "snapshot": None,
        },
        "config": {
            "path": "config.yaml",
            "hash": config_hash(config),
            "variant": variant_hash(config, SEED_KEYS),
            "resolved": config,
        },
        "data": {
            "name": "digits",
            "path": "data/digits",
            "hash": f"md5:{hashlib.md5(str(number % 3).encode()).hexdigest()}.dir",
            "source": "dvc",
        },
        "extra_data": [],
        "environment": {"python": "3.11.7", "platform": "Linux", "cuda": None, "gpu": None},
        "random": {"seed": number % 5},
        "metrics": {key: entry["last"] for key, entry in summary.items()},
        "stated": [],
        "summary": summary,
        "artifacts": {
            "model": {
                "path": f"outputs/{number}.pt",
                "hash": "sha256:" + hashlib.sha256(run_id.encode()).hexdigest(),
                "bytes": 20480 + number,
            }
        },
        "columns": {key: column.to_json() for key, column in columns.items()},
        "objective": {"metric": "val_acc", "goal": "max"},
        "files": {
            "metrics.csv": {
                "sha256": hashlib.sha256(data).hexdigest(),
                "rows": len(table.rows),
                "bytes": len(data),
            }
        },
        "ledger_version": "0.1.0",
    }


if __name__ == "__main__":
    main()
