"""Stage train: fit a line to the points; the run goes into the ledger."""

import csv
import json
from pathlib import Path

import yaml

import ledger


DATA = Path("data/points.csv")
MODEL = Path("outputs/model.json")

params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
lr, epochs = params["train"]["lr"], params["train"]["epochs"]
with DATA.open(encoding="utf-8", newline="") as file:
    points = [(float(row["x"]), float(row["y"])) for row in csv.DictReader(file)]

slope = offset = 0.0
with ledger.start("line", config="params.yaml", data=DATA, objective=("loss", "min")) as run:
    for epoch in range(epochs):
        errors = [(slope * x + offset - y, x) for x, y in points]
        slope -= lr * sum(error * x for error, x in errors) / len(points)
        offset -= lr * sum(error for error, _ in errors) / len(points)
        run.log(epoch=epoch, loss=sum(error**2 for error, _ in errors) / len(points))
    MODEL.parent.mkdir(exist_ok=True)
    MODEL.write_text(json.dumps({"slope": slope, "offset": offset}) + "\n", encoding="utf-8")
    run.artifact("model", MODEL)
