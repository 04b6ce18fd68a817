"""A script that was there before the ledger; its last two lines of main() are new."""

import json
import random
from datetime import UTC, datetime
from pathlib import Path

from ledger import create_run_md_template, log_run


CONFIG = {"lr": 1.0, "epochs": 60, "seed": 42}


def train(config: dict) -> tuple[dict, dict]:
    """Fit a line; return the model and, per epoch, the loss."""
    rng = random.Random(config["seed"])
    points = [(x / 50, 3 * x / 50 + 1 + rng.gauss(0, 0.1)) for x in range(50)]
    slope = offset = 0.0
    losses = []
    for _ in range(config["epochs"]):
        errors = [(slope * x + offset - y, x) for x, y in points]
        slope -= config["lr"] * sum(error * x for error, x in errors) / len(points)
        offset -= config["lr"] * sum(error for error, _ in errors) / len(points)
        losses.append(sum(error**2 for error, _ in errors) / len(points))
    return {"slope": slope, "offset": offset}, {"loss": losses}


def main() -> None:
    """Train, save the model, and record both."""
    run_id = f"{datetime.now(tz=UTC):%Y-%m-%d_%H%M%S}_line"
    output_dir = Path("outputs") / run_id
    model, history = train(CONFIG)
    output_dir.mkdir(parents=True)
    (output_dir / "model.json").write_text(json.dumps(model) + "\n", encoding="utf-8")

    log_run(run_id, CONFIG, {**history, "n_params": len(model)}, output_dir)
    create_run_md_template(output_dir, run_id)


if __name__ == "__main__":
    main()
