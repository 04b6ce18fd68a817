"""Fit the slope of noisy points by gradient descent, and leave a record of it."""

import random

import ledger


config = {"lr": 1.0, "epochs": 60, "seed": 42}
ledger.seed_everything(config["seed"])
points = [(x / 50, 3 * x / 50 + random.gauss(0, 0.1)) for x in range(50)]
slope = 0.0
with ledger.start("line", config=config, objective=("loss", "min"), hypothesis="slope 3") as run:
    for epoch in range(config["epochs"]):
        slope -= config["lr"] * sum((slope * x - y) * x for x, y in points) / len(points)
        run.log(epoch=epoch, loss=sum((slope * x - y) ** 2 for x, y in points) / len(points))
    run.final(slope=slope)
