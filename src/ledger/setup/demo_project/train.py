"""Train a small network on handwritten digits, once for each of a dozen configurations."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier

import ledger


DATA = Path(__file__).parent / "data" / "digits.npz"
BASE = {"hidden": 32, "lr": 0.01, "batch": 64, "alpha": 1e-4, "n_train": 1200, "epochs": 20}
VARIANTS: list[tuple[str, dict[str, float], str]] = [
    ("baseline", {}, "a small network reaches 0.95 within 20 epochs"),
    ("lr_low", {"lr": 0.001}, "too slow for 20 epochs"),
    ("lr_high", {"lr": 0.05}, "faster, and still stable"),
    ("lr_very_high", {"lr": 0.3}, "noisy, near the edge"),
    ("diverges", {"lr": 3.0, "alpha": 64.0}, "every decay step overshoots"),
    ("wide", {"hidden": 128}, "more units help a little"),
    ("narrow", {"hidden": 8}, "too few units for ten classes"),
    ("batch_small", {"batch": 16}, "more updates per epoch, better after 20"),
    ("batch_large", {"batch": 256}, "fewer updates per epoch, worse after 20"),
    ("regularised", {"alpha": 0.1}, "smaller gap between training and validation"),
    (
        "overfits",
        {"n_train": 60, "hidden": 128, "lr": 0.1, "batch": 8, "alpha": 0.0, "epochs": 60},
        "learns sixty digits by heart",
    ),
    ("combined", {"hidden": 128, "lr": 0.05, "batch": 32}, "the single gains add up"),
]


def train(name: str, change: dict[str, float], hypothesis: str, parent: str | None) -> str:
    """Train one configuration and return the id of its run."""
    config = BASE | change
    seed = 42
    ledger.seed_everything(seed)
    with np.load(DATA) as digits:
        x, y = digits["x"] / 16.0, digits["y"]
    order = np.random.default_rng(seed).permutation(len(y))
    held_out, train_set = order[:400], order[400 : 400 + int(config["n_train"])]
    model = MLPClassifier(
        hidden_layer_sizes=(int(config["hidden"]),),
        solver="sgd",
        learning_rate_init=config["lr"],
        batch_size=min(int(config["batch"]), len(train_set)),
        alpha=config["alpha"],
        random_state=seed,
    )
    with ledger.start(
        name,
        config=config,
        data={"path": DATA, "split": {"train": len(train_set), "val": len(held_out)}},
        objective=("val_acc", "max"),
        hypothesis=hypothesis,
        parent=parent,
        tags=["demo"],
    ) as run:
        for epoch in range(int(config["epochs"])):
            try:
                model.partial_fit(x[train_set], y[train_set], classes=range(10))
            except ValueError:  # scikit-learn refuses weights that are no longer finite
                run.log(epoch=epoch, loss=math.nan, val_loss=math.nan, val_acc=math.nan)
                break
            chances = model.predict_proba(x[held_out])
            run.log(
                epoch=epoch,
                loss=model.loss_,
                train_acc=model.score(x[train_set], y[train_set]),
                val_loss=log_loss(y[held_out], chances, labels=range(10)),
                val_acc=np.mean(chances.argmax(axis=1) == y[held_out]),
            )
    return run.id


def main() -> None:
    """Train every variant; the first is the parent of the others."""
    parent = None
    for number, (name, change, hypothesis) in enumerate(VARIANTS, 1):
        told = f"  {number:2}/{len(VARIANTS)}  {name:14} {change or ''}"
        print(told, file=sys.stderr, flush=True)
        run_id = train(name, change, hypothesis, parent)
        parent = parent or run_id


if __name__ == "__main__":
    main()
