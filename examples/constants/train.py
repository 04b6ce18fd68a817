"""Tell two classes of points apart; every setting is a constant up here, edited by hand."""

import math
import random


LEARNING_RATE = 0.8
EPOCHS = 30
SEED = 3
N_POINTS = 120

random.seed(SEED)
points = [
    (random.gauss(side, 1.0), random.gauss(side, 1.0), side) for side in (-1, 1) * (N_POINTS // 2)
]
a = b = c = 0.0
for epoch in range(EPOCHS):
    loss = correct = da = db = dc = 0.0
    for x, y, side in points:
        margin = side * (a * x + b * y + c)
        pull = -side / (1 + math.exp(margin))
        da, db, dc = da + pull * x, db + pull * y, dc + pull
        loss += math.log1p(math.exp(-margin))
        correct += margin > 0
    a -= LEARNING_RATE * da / len(points)
    b -= LEARNING_RATE * db / len(points)
    c -= LEARNING_RATE * dc / len(points)
    print(
        f"epoch={epoch} loss={loss / len(points):.5f} acc={correct / len(points):.4f}", flush=True
    )
