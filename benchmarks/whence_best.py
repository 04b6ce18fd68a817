"""How often the best of all guessers would be right, who knows how the questions were chosen.

Where many runs print the same digits nobody can do better than name the likeliest of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from whence_world import Run, World


CAMPAIGN_BEST, STATED = 0.75, 0.3
"""How often a question is about the best of a campaign, and how often it quotes a stated metric."""


class Guesser:
    """Knows every number that may be quoted, and how likely it stands for which run."""

    def __init__(self, world: World, quote: Callable[[str, float], object]) -> None:
        """Prepare the guesses; ``quote`` makes of (metric, number) what the question holds."""
        n_runs = len(world.runs)
        shares = dict.fromkeys((run.run_id for run in world.runs), (1 - CAMPAIGN_BEST) / n_runs)
        for others in world.campaigns.values():
            shares[best_of(others).run_id] += CAMPAIGN_BEST * len(others) / n_runs
        chances: dict[object, dict[str, float]] = {}
        for run in world.runs:
            for metric, number, share in _quotes(run):
                chance = chances.setdefault(quote(metric, number), {})
                chance[run.run_id] = chance.get(run.run_id, 0) + share * shares[run.run_id]
        self._quote = quote
        self._chances: Mapping[object, Mapping[str, float]] = chances

    def chance(self, run: Run, metric: str, number: float) -> float:
        """Return how likely ``run`` is what is named first when this number of it is quoted."""
        chances = self._chances[self._quote(metric, number)]
        likeliest = [
            run_id for run_id, chance in chances.items() if chance == max(chances.values())
        ]
        return 1 / len(likeliest) if run.run_id in likeliest else 0.0


def best_of(runs: list[Run]) -> Run:
    """Return the run with the best value of its metric."""
    sign = 1 if runs[0].metric != "val_loss" else -1
    return max(runs, key=lambda each: sign * each.best)


def _quotes(run: Run) -> Iterator[tuple[str, float, float]]:
    """Yield (metric, number, share) of what may be quoted of ``run``."""
    if not run.is_quotable:
        return
    yield run.metric, run.best, 1.0 if run.stated is None else 1 - STATED
    if run.stated is not None:
        yield run.stated_metric, run.stated, STATED
