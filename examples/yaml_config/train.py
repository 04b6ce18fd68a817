"""Fit a polynomial with numpy; settings are config.yaml with overrides, as in ``train.lr=0.1``."""

import sys

import numpy as np
import yaml


def load_config(path: str, overrides: list[str]) -> dict:
    """Return the config in ``path`` with each ``a.b=value`` of ``overrides`` put into it."""
    with open(path, encoding="utf-8") as file:
        config = yaml.safe_load(file)
    for override in overrides:
        name, _, text = override.partition("=")
        *sections, key = name.split(".")
        place = config
        for section in sections:
            place = place[section]
        place[key] = yaml.safe_load(text)
    return config


def main() -> None:
    config = load_config("config.yaml", sys.argv[1:])
    import ledger; ledger.start("polynomial", config=config)
    rng = np.random.default_rng(config["train"]["seed"])
    x = rng.uniform(-1, 1, config["data"]["points"])
    y = np.sin(2 * x) + rng.normal(0, config["data"]["noise"], len(x))
    features = np.vander(x, config["model"]["degree"] + 1)  # (points, degree + 1)
    is_train = np.arange(len(x)) % 5 > 0
    weights = np.zeros(features.shape[1])
    for epoch in range(config["train"]["epochs"]):
        errors = features @ weights - y
        weights -= config["train"]["lr"] * features[is_train].T @ errors[is_train] / is_train.sum()
        loss, val_loss = np.mean(errors[is_train] ** 2), np.mean(errors[~is_train] ** 2)
        print(f"epoch={epoch} loss={loss:.5f} val_loss={val_loss:.5f}", flush=True)


if __name__ == "__main__":
    main()
