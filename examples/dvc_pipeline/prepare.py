"""Stage prepare: write noisy points on a line; the same params give the same bytes."""

import random
from pathlib import Path

import yaml


params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))["prepare"]
rng = random.Random(params["seed"])
lines = ["x,y"]
for number in range(params["n_points"]):
    x = number / params["n_points"]
    lines.append(f"{x:.6f},{3 * x + 1 + params['noise'] * (2 * rng.random() - 1):.6f}")
Path("data").mkdir(exist_ok=True)
Path("data/points.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
