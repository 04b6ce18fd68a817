"""A master CSV as a search of Keras models leaves it, and what is appended while somebody looks."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEADER = "trial_id,epoch,lr,units,dropout,optimizer,loss,accuracy,val_loss,val_accuracy"
EPOCHS = {10: 50, 200: 100, 1000: 200}
"""By number of trials; of other sizes 100."""


class Table:
    """The CSV at ``path``: ``n_trials`` whole trials, of which the last goes on.

    Args:
        path: of the file, which is written anew.
        n_trials: that are there at first.
    """

    def __init__(self, path: Path, n_trials: int) -> None:
        self.path = path
        self.n_trials = n_trials
        self.n_epochs = EPOCHS.get(n_trials, 100)
        self._going_on = self.n_epochs
        lines = [line for trial in range(n_trials) for line in _lines(trial, self.n_epochs)]
        path.write_text("\n".join([HEADER, *lines, ""]))

    def grow(self) -> int:
        """Append one more epoch of a trial and the first of a new one; return how many there are.

        The new trial is what a page can be seen to know: its number of trials.
        """
        going_on, self.n_trials = self.n_trials - 1, self.n_trials + 1
        rows = [[*_lines(going_on, self._going_on + 1)][-1], next(_lines(self.n_trials - 1, 1))]
        self._going_on = 1
        with self.path.open("a") as file:
            file.write("\n".join([*rows, ""]))
        return self.n_trials


def _lines(trial: int, n_epochs: int) -> Iterator[str]:
    draw = random.Random(trial)
    lr, units = 10 ** draw.uniform(-4, -1), draw.choice((16, 32, 64, 128))
    dropout, optimizer = round(draw.uniform(0, 0.5), 3), draw.choice(("adam", "sgd"))
    floor, pace = 0.2 + abs(math.log10(lr) + 2.5) / 5 + dropout / 10, 4 + units / 16
    for epoch in range(n_epochs):
        loss = floor + 2 * math.exp(-(epoch + 1) / pace) + draw.gauss(0, 0.01)
        val_loss = loss * 1.1 + draw.gauss(0, 0.02)
        numbers = (loss, math.exp(-loss), val_loss, math.exp(-val_loss))
        values = ",".join(f"{number:.16g}" for number in numbers)
        yield f"{trial:04d},{epoch},{lr},{units},{dropout},{optimizer},{values}"
