"""Tables of the master shape that grow while somebody looks."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from pathlib import Path

LIMIT_SECONDS = 30
HEADER = "trial_id,epoch,lr,units,loss,val_loss,val_acc"


class Grown:
    """A CSV of ``n_trials`` trials with ``n_epochs`` rows each, and more on request."""

    def __init__(self, path: Path, n_trials: int = 6, n_epochs: int = 12) -> None:
        self.path = path
        lines = [self.line(trial, epoch) for trial in range(n_trials) for epoch in range(n_epochs)]
        path.write_text("\n".join([HEADER, *lines, ""]))
        self.n_trials = n_trials

    @staticmethod
    def line(trial: int, epoch: int) -> str:
        loss = 0.2 + 0.1 * trial + math.exp(-(epoch + 1) / 4)
        lr, units = 10 ** -(1 + trial % 4), 2 ** (2 + trial % 3)
        return f"{trial:02d},{epoch},{lr},{units},{loss * 0.9},{loss},{1 - loss / 3}"

    def add(self, text: str) -> None:
        with self.path.open("a") as file:
            file.write(text)

    def add_trial(self, n_epochs: int = 3) -> str:
        """Add a trial that is worse than all before; return its id."""
        trial, self.n_trials = self.n_trials, self.n_trials + 1
        for epoch in range(n_epochs):
            self.add(self.line(trial, epoch) + "\n")
        return f"{trial:02d}"


def ids(page: object) -> list[str]:
    """Return the ids of the rows of the table, in their order."""
    rows = page.locator("table.candidates tbody tr")  # type: ignore[attr-defined]
    return [each or "" for each in rows.evaluate_all("rows => rows.map(r => r.dataset.id)")]


def wait_for(page: object, text: str) -> None:
    """Wait until the line of counts holds ``text``."""
    page.locator(".counts", has_text=text).first.wait_for()  # type: ignore[attr-defined]


def until(page: object, claim: str) -> None:
    """Wait until the JavaScript ``claim`` holds; the page itself may not evaluate any."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while not page.evaluate(claim):  # type: ignore[attr-defined]
        assert time.monotonic() < deadline, claim
        page.wait_for_timeout(50)  # type: ignore[attr-defined]  # the driver's own events go on
