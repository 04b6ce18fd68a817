"""Ledgers built by hand for the reader's tests: the contract's own encoders, no writer."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ledger.contract.columns import RESERVED, Column
from ledger.contract.config import config_hash, variant_hash
from ledger.contract.manifest import Entry, Manifest, manifest_hash
from ledger.contract.metrics import decode_table, encode_row, summarise
from ledger.contract.note import render_note
from ledger.contract.record import encode_record
from ledger.project import Project
from ledger.reader.ledger import Ledger, open_ledger
from ledger.settings import SEED_KEYS, Settings


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ledger.contract.json_text import Json
    from ledger.contract.metrics import Cell

NOW = datetime(2026, 2, 10, 12, 0, tzinfo=UTC)
FIRST = datetime(2026, 2, 1, 16, 30, tzinfo=UTC)
COMMIT = "4f2a9c1d7e3b5a6980c1d2e3f405162738495a6b"
OTHER_COMMIT = "9c1d7e3b5a6980c1d2e3f405162738495a6b4f2a"
DATA_HASH = "md5:0123456789abcdef0123456789abcdef.dir"
FILLED_NOTE = {
    "Hypothesis": ["A smaller step converges later and better."],
    "Change": ["lr 1e-2 to 1e-3."],
    "Result": ["val_acc 0.93 against 0.90."],
    "Next": ["A schedule."],
    "Risk/Anomaly": ["none"],
}


def make_project(
    root: Path, *, metrics: Mapping[str, str] | None = None, settings: str = ""
) -> Project:
    """Write a ledger.toml below ``root`` and return the project; the ledger folder is empty."""
    lines = [
        settings,
        "[metrics]",
        *(f'"{name}" = "{goal}"' for name, goal in (metrics or {}).items()),
    ]
    (root / "ledger.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (root / "ledger").mkdir(exist_ok=True)
    return Project(
        root=root,
        settings=Settings(metrics=dict(metrics or {})),
        settings_path=root / "ledger.toml",
    )


def open_at(root: Path, *, now: datetime = NOW, metrics: Mapping[str, str] | None = None) -> Ledger:
    """Return the ledger below ``root``."""
    settings = Settings(metrics=dict(metrics or {}))
    return open_ledger(
        Project(root=root, settings=settings, settings_path=root / "ledger.toml"), now
    )


def run_id_of(name: str, started: datetime = FIRST, token: str | None = None) -> str:
    """Return the id of a run; its token follows from the name."""
    letters = hashlib.sha256(name.encode()).hexdigest()[:8].translate(str.maketrans("0189", "ghij"))
    return f"{started:%Y-%m-%d_%H%M}_{name}-{token or letters}"


def make_record(  # a record has many sections
    name: str,
    *,
    started: datetime = FIRST,
    run_id: str | None = None,
    config: Mapping[str, Json] | None = None,
    metrics: Mapping[str, Json] | None = None,
    objective: tuple[str, str] | None = ("val_acc", "max"),
    status: str = "finished",
    **sections: Json,
) -> dict[str, Json]:
    """Return a full record; ``sections`` replace whole sections, None removes one."""
    resolved: dict[str, Json] = {"lr": 0.01, "model": "mlp", **(config or {})}
    document: dict[str, Json] = {
        "schema_version": 1,
        "run_id": run_id or run_id_of(name, started),
        "name": name,
        "tags": [],
        "parent": None,
        "project": "digits",
        "status": status,
        "sessions": [],
        "command": {"argv": ["python", "train.py"], "cwd": "."},
        "timestamp": {
            "start": started.isoformat(),
            "end": (started + timedelta(seconds=95)).isoformat(),
        },
        "git": {
            "commit": COMMIT,
            "base": COMMIT,
            "branch": "main",
            "remote": "https://example.com/digits.git",
            "dirty": False,
            "dirty_paths": [],
            "code": None,
            "snapshot": None,
        },
        "config": {
            "path": "config.yaml",
            "hash": config_hash(resolved),
            "variant": variant_hash(resolved, SEED_KEYS),
            "resolved": resolved,
        },
        "data": {"name": "digits", "path": "data/digits", "hash": DATA_HASH, "source": "dvc"},
        "extra_data": [],
        "environment": {"python": "3.11.7", "platform": "Linux", "cuda": None, "gpu": None},
        "random": {"seed": 42, "torch_seed": None, "numpy_seed": 42, "python_seed": 42},
        "metrics": dict(metrics or {}),
        "stated": [],
        "artifacts": {},
        "objective": {"metric": objective[0], "goal": objective[1]} if objective else None,
        "ledger_version": "0.1.0",
    }
    document |= sections
    return {key: item for key, item in document.items() if key == "data" or item is not ...}


def table_bytes(rows: Sequence[Mapping[str, Cell]]) -> bytes:
    """Return metrics.csv of ``rows``; the header is every key in order of first appearance."""
    header = list(dict.fromkeys(key for row in rows for key in row))
    lines = [encode_row(header), *(encode_row(row.get(key) for key in header) for row in rows)]
    return b"".join(lines) if header else b""


def add_run(  # a run has many parts
    root: Path,
    name: str,
    rows: Sequence[Mapping[str, Cell]] = (),
    *,
    is_sealed: bool = True,
    note: Mapping[str, Sequence[str]] | None = None,
    params: Sequence[str] = (),
    files: Mapping[str, bytes] | None = None,
    **record: object,
) -> str:
    """Write a run below ``root`` and return its id; ``record`` goes to make_record.

    A sealed run has the summary and the last values of its rows, as the writer leaves it.
    """
    document = make_record(name, **record)  # type: ignore[arg-type]  # checked by the strict reader
    data = table_bytes(rows)
    header = list(dict.fromkeys(key for row in rows for key in row))
    if header and "columns" not in record:
        columns = {key: Column(name=key, role=_role(key, params)) for key in header}
        document["columns"] = {key: column.to_json() for key, column in columns.items()}
        if is_sealed:
            summary = summarise([decode_table(data)], columns)
            document["summary"] = {key: item.to_json() for key, item in summary.items()}
            last = {key: item.to_json()["last"] for key, item in summary.items()}
            stated = document["metrics"]
            assert isinstance(stated, dict)
            document["metrics"] = {**last, **stated}
    if is_sealed:
        digest = hashlib.sha256(data).hexdigest()
        entry: dict[str, Json] = {"sha256": digest, "rows": len(rows), "bytes": len(data)}
        document["files"] = {"metrics.csv": entry} if rows else {}
    run_id = str(document["run_id"])
    timestamp = document["timestamp"]
    assert isinstance(timestamp, dict)
    folder = root / "ledger" / str(timestamp["start"])[:7] / run_id
    folder.mkdir(parents=True)
    (folder / "run.json").write_bytes(encode_record(document))
    (folder / "run.md").write_bytes(render_note(run_id, note or {}))
    if rows:
        (folder / "metrics.csv").write_bytes(data)
    for file_name, content in (files or {}).items():
        (folder / file_name).write_bytes(content)
    return run_id


def add_manifest(root: Path, contents: Mapping[str, str]) -> str:
    """Write a code manifest of {path: content id} and return its hash, for ``git.code``."""
    entries = {path: Entry(mode="100644", oid=oid) for path, oid in contents.items()}
    data = Manifest(object_format="sha1", entries=entries).encode()
    return _shared(root, "code", manifest_hash(data), ".manifest", data)


def add_packages(root: Path, *lines: str) -> dict[str, Json]:
    """Write a frozen package list and return what a record's environment says of it."""
    data = ("\n".join(lines) + "\n").encode()
    name = "sha256:" + hashlib.sha256(data).hexdigest()
    _shared(root, "environments", name, ".txt", data)
    path = f"ledger/environments/{name.removeprefix('sha256:')}.txt"
    return {"pip_freeze_hash": name, "pip_freeze_path": path}


def epochs(**columns: Sequence[Cell]) -> list[dict[str, Cell]]:
    """Return rows with epoch 0, 1, … and ``columns``, (n_rows,) each; time is 2 s a row."""
    n_rows = max(map(len, columns.values()))
    return [
        {"epoch": row, "time": 2.0 * (row + 1)}
        | {name: cells[row] for name, cells in columns.items() if row < len(cells)}
        for row in range(n_rows)
    ]


def small_ledger(root: Path) -> dict[str, str]:
    """Build the ledger that the golden files show; return its run ids by name."""
    make_project(root)
    old = add_manifest(root, {"train.py": "a" * 40, "model.py": "b" * 40, "old.py": "c" * 40})
    new = add_manifest(root, {"train.py": "d" * 40, "model.py": "b" * 40, "aug.py": "e" * 40})
    packages = add_packages(root, "numpy==2.3.1", "scikit-learn==1.7.0", "joblib==1.5.1")
    newer = add_packages(root, "numpy==2.4.6", "scikit-learn==1.7.0", "threadpoolctl==3.6.0")
    environment: dict[str, Json] = {"python": "3.11.7", "platform": "Linux", "cuda": None}
    git: dict[str, Json] = {"commit": COMMIT, "branch": "main", "dirty": False, "dirty_paths": []}
    ids = {
        "baseline": add_run(
            root,
            "baseline",
            epochs(loss=[1.9, 0.9, 0.6, 0.5], val_acc=[0.61, 0.82, 0.9, 0.89]),
            config={"lr": 0.01, "optimizer": {"name": "sgd", "momentum": 0.9}, "epochs": 4},
            tags=["baseline"],
            metrics={"test_acc": 0.885},
            stated=["test_acc"],
            git=git | {"code": old},
            environment=environment | packages,
            note=FILLED_NOTE,
            artifacts={
                "model": {"path": "outputs/model.pt", "hash": f"sha256:{'1' * 64}", "bytes": 20480}
            },
        )
    }
    ids["small_lr"] = add_run(
        root,
        "small_lr",
        epochs(loss=[2.2, 1.4, 0.8, 0.4], val_acc=[0.4, 0.7, 0.88, 0.931]),
        started=FIRST + timedelta(hours=1),
        config={"lr": 0.001, "optimizer": {"name": "adam"}, "epochs": 4},
        parent=ids["baseline"],
        metrics={"test_acc": 0.921},
        stated=["test_acc"],
        git=git
        | {
            "commit": OTHER_COMMIT,
            "dirty": True,
            "dirty_paths": [{"path": "train.py", "status": "M", "loaded": True}],
            "code": new,
        },
        environment=environment | newer,
        note=FILLED_NOTE | {"Result": ["val_acc 0.931, the best so far."]},
    )
    ids["diverged"] = add_run(
        root,
        "diverged",
        epochs(
            loss=[2.5, 9.1, float("nan"), float("nan")],
            val_acc=[0.3, 0.1, float("nan"), float("nan")],
        ),
        started=FIRST + timedelta(hours=2),
        config={"lr": 1.0, "optimizer": {"name": "sgd", "momentum": 0.9}, "epochs": 4},
        status="failed",
        error={"type": "ValueError", "message": "loss is nan", "traceback_tail": ["train.py:12"]},
    )
    ids["stopped"] = add_run(
        root,
        "stopped",
        [],
        started=FIRST + timedelta(hours=3),
        config={"lr": 0.1, "epochs": 4},
        status="interrupted",
        data=None,
    )
    return ids


def _role(key: str, params: Sequence[str]) -> str:
    return "index" if key in RESERVED else "param" if key in params else "metric"


def _shared(root: Path, folder: str, name: str, ending: str, data: bytes) -> str:
    path = root / "ledger" / folder / (name.removeprefix("sha256:") + ending)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return name
