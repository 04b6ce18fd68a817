"""Past searches for the importers' tests: the real ones, and folders written as KerasTuner does."""

from __future__ import annotations

import json
from pathlib import Path


REAL = Path(__file__).parents[2] / "reader" / "foreign" / "kerastuner"
LR = {
    "class_name": "Float",
    "config": {"name": "lr", "default": 0.1, "conditions": [], "min_value": 0.01, "max_value": 0.1},
}


def write_trial(folder: Path, name: str, **changes: object) -> Path:
    """Write the trial.json of a completed trial into the project ``folder``; return its path."""
    history = {"direction": "max", "observations": [{"value": [0.5], "step": 2}]}
    document: dict[str, object] = {
        "trial_id": name,
        "hyperparameters": {"space": [LR], "values": {"lr": 0.1}},
        "metrics": {"metrics": {"val_acc": history}},
        "score": 0.5,
        "best_step": 2,
        "status": "COMPLETED",
        "message": None,
    }
    path = folder / f"trial_{name}" / "trial.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document | changes), encoding="utf-8")
    return path


def write_oracle(folder: Path, **changes: object) -> Path:
    """Write the oracle.json of the project ``folder``; return its path."""
    document: dict[str, object] = {
        "ongoing_trials": {},
        "hyperparameters": {"space": [LR], "values": {"lr": 0.1}},
        "seed": 7,
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "oracle.json"
    path.write_text(json.dumps(document | changes), encoding="utf-8")
    return path
