"""Minimise a bowl with momentum; the learning rate is the one argument."""

import sys


lr = float(sys.argv[1])
x, y, vx, vy = 4.0, -3.0, 0.0, 0.0
for step in range(50):
    vx, vy = 0.5 * vx - lr * 2 * x, 0.5 * vy - lr * 8 * y
    x, y = x + vx, y + vy
    print(f"step={step} loss={x * x + 4 * y * y:.8f}", flush=True)
