"""Fit a line by gradient descent; the settings are arguments of the command line."""

import argparse
import random


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=0.5)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def main() -> None:
    args = parse()
    rng = random.Random(args.seed)
    points = [(x / 50, 3 * x / 50 + rng.gauss(0, 0.1)) for x in range(50)]
    slope = 0.0
    for epoch in range(args.epochs):
        slope -= args.lr * sum((slope * x - y) * x for x, y in points) / len(points)
        loss = sum((slope * x - y) ** 2 for x, y in points) / len(points)
        print(f"epoch={epoch} loss={loss:.6f} slope={slope:.4f}", flush=True)


if __name__ == "__main__":
    main()
