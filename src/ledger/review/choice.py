"""Whether the one that leads is better than the others, or only luckier."""

from __future__ import annotations

import math
from statistics import NormalDist, fmean, stdev, variance

from ledger.review.finding import INSTALL, INSUFFICIENT, NOTE, OK, Finding
from ledger.review.libraries import load
from ledger.review.repeats import SEEDS
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.review.assess import Group

MIN_REPEATS = 4
"""Of each side: with 3 and 3 no exact test has p < .05 (the smallest is .10)."""
MIN_CHANCE = 0.75
"""P(A beats B) that counts as better (Bouthillier et al. 2021)."""
MAX_P = 0.05
MAX_P_AGAIN = 0.02
"""Of more repeats than are proposed first: who trains more after a tie looks a second time, and two
looks at 5 % are nearly 8."""
_RESAMPLES = 9999
_DRAWS = 2000


@value
class Lead:
    """What is known about the one that leads."""

    is_separated: bool
    """Whether no other can be the better one, as far as the repeats tell."""
    tied: tuple[Group, ...]
    """Those that cannot be told from it."""
    findings: tuple[Finding, ...]

    @property
    def needs_repeats(self) -> bool:
        """Whether more trainings would settle it; a library that is missing would do so first."""
        return not self.is_separated and all(each.missing != INSTALL for each in self.findings)


def seed_spread(groups: Sequence[Group]) -> tuple[float, int] | None:
    """Return the pooled standard deviation of repeats, and its degrees of freedom; None for none.

    The variance within each group of repeats, weighted by its degrees of freedom.
    """
    repeated = [group.scores for group in groups if len(group.scores) > 1]
    freedom = sum(len(scores) - 1 for scores in repeated)
    if not freedom:
        return None
    squares = math.fsum((len(scores) - 1) * variance(scores) for scores in repeated)
    return math.sqrt(squares / freedom), freedom


def judge_lead(groups: Sequence[Group]) -> Lead:
    """Return whether the first of ``groups``, ordered by their means, is better than the others."""
    if len(groups) < 2:  # noqa: PLR2004  # a choice is one of two
        sentence = "there is nothing to choose from"
        finding = _lead(INSUFFICIENT, sentence, n=len(groups), missing="a second configuration")
        return Lead(is_separated=False, tied=(), findings=(finding,))
    first, second = groups[:2]
    lead = second.mean - first.mean
    spread = seed_spread(groups)
    n = min(len(first.scores), len(second.scores))
    optimism = _optimism(groups, spread)
    if n < MIN_REPEATS or spread is None:
        finding = _too_few(groups, lead, spread)
        return Lead(is_separated=False, tied=_near(groups, spread), findings=(finding, *optimism))
    stats = load("scipy.stats")
    if stats is None:
        sentence = f"the lead of {lead:.4g} was not tested: needs {INSTALL}"
        finding = _lead(INSUFFICIENT, sentence, value=lead, n=n, missing=INSTALL)
        return Lead(is_separated=False, tied=_near(groups, spread), findings=(finding, *optimism))
    finding = _tested(first, second, stats)
    open_ones = _not_separated(groups, spread, stats)
    is_better = finding.verdict == OK
    if is_better and open_ones:
        finding = _others_open(finding, open_ones, groups)
    tied = (
        open_ones if is_better else (second, *(group for group in open_ones if group is not second))
    )
    return Lead(is_separated=is_better and not open_ones, tied=tied, findings=(finding, *optimism))


def chance_of_beating(first: Sequence[float], second: Sequence[float]) -> float:
    """Return P(A < B) + P(A = B) / 2 over all pairs: that a training of A beats one of B."""
    won = math.fsum((a < b) + (a == b) / 2 for a in first for b in second)
    return won / (len(first) * len(second))


def _tested(first: Group, second: Group, stats: object) -> Finding:
    """Return whether ``first`` beats ``second``: all three of chance, its interval, exact p."""
    import numpy as np  # noqa: PLC0415  # comes with scipy

    one, other = sorted(first.scores), sorted(second.scores)
    chance = chance_of_beating(one, other)
    lead = second.mean - first.mean

    def statistic(a: object, b: object, axis: int = -1) -> object:  # scipy's signature
        return np.mean(b, axis=axis) - np.mean(a, axis=axis)  # type: ignore[call-overload]  # arrays

    p = float(
        stats.permutation_test(  # type: ignore[attr-defined]  # scipy.stats
            (one, other),
            statistic,
            vectorized=True,
            n_resamples=_RESAMPLES,
            alternative="two-sided",
            rng=np.random.default_rng(0),
        ).pvalue
    )
    low, high = _interval(one, other)
    low_lead, high_lead = stats.bootstrap(  # type: ignore[attr-defined]  # as above
        (one, other),
        statistic,
        vectorized=True,
        method="percentile",
        n_resamples=_RESAMPLES,
        rng=np.random.default_rng(0),
    ).confidence_interval
    if len(one) != len(other):
        p = max(p, _welch_p(one, other, stats))
    n = min(len(one), len(other))
    limit = MAX_P if n <= SEEDS else MAX_P_AGAIN
    is_better = chance >= MIN_CHANCE and low > 0.5 and p < limit  # noqa: PLR2004  # a coin
    range_of = f", {100 * low:.0f} to {100 * high:.0f} %" if low < high else ""
    told = (
        f"by {lead:.3g} (95 % interval {low_lead:.3g} to {high_lead:.3g}; beats it in "
        f"{100 * chance:.0f} % of pairs{range_of}; p = {p:.2g}; "
        f"{len(one)} and {len(other)} repeats)"
    )
    name = second.members[0].candidate.label
    if is_better:
        return _lead(OK, f"better than {name} {told}", value=chance, n=n, threshold=MIN_CHANCE)
    sentence = f"tied with {name}: ahead {told}; choose by cost or simplicity"
    return _lead(NOTE, sentence, value=chance, n=n, threshold=MIN_CHANCE)


def _welch_p(one: Sequence[float], other: Sequence[float], stats: object) -> float:
    """Return the two-sided p of Welch's t (1947); 0 where neither side spreads.

    A permutation takes the two sides to spread alike: where the fewer repeats spread more, it finds
    a winner of equal ones in one of nine cases.
    """
    spreads = stdev(one), stdev(other)
    if not any(spreads):
        return 0.0
    return float(
        stats.ttest_ind_from_stats(  # type: ignore[attr-defined]  # scipy.stats
            *(fmean(one), spreads[0], len(one)),
            *(fmean(other), spreads[1], len(other)),
            equal_var=False,
        ).pvalue
    )


def _interval(one: Sequence[float], other: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval of ``chance_of_beating``."""
    import numpy as np  # noqa: PLC0415  # comes with scipy

    draws = np.random.default_rng(0)
    a = draws.choice(np.array(one), (_DRAWS, len(one)))
    b = draws.choice(np.array(other), (_DRAWS, len(other)))
    difference = a[:, :, None] - b[:, None, :]
    chances = ((difference < 0) + (difference == 0) / 2).mean(axis=(1, 2))
    low, high = np.percentile(chances, [2.5, 97.5])
    return float(low), float(high)


def _not_separated(
    groups: Sequence[Group], spread: tuple[float, int], stats: object
) -> tuple[Group, ...]:
    """Return the groups whose distance to the first is no more than seeds may make of it.

    Student's t with the pooled spread, two-sided, Bonferroni over the rivals.
    """
    sigma, freedom = spread
    first, rivals = groups[0], groups[1:]
    limit = float(stats.t.ppf(1 - MAX_P / (2 * len(rivals)), freedom))  # type: ignore[attr-defined]  # scipy.stats

    def is_open(group: Group) -> bool:
        error = sigma * math.sqrt(1 / len(first.scores) + 1 / len(group.scores))
        return group.mean - first.mean <= limit * error

    return tuple(filter(is_open, rivals))


def _others_open(finding: Finding, open_ones: Sequence[Group], groups: Sequence[Group]) -> Finding:
    names = ", ".join(group.members[0].candidate.label for group in open_ones[:3])
    more = f" and {len(open_ones) - 3} more" if len(open_ones) > 3 else ""  # noqa: PLR2004  # as above
    sentence = f"{finding.sentence}; but {names}{more}, with fewer repeats, may be as good"
    n = len(groups)
    return _lead(NOTE, sentence, value=finding.value, threshold=finding.threshold, n=n)


def _too_few(groups: Sequence[Group], lead: float, spread: tuple[float, int] | None) -> Finding:
    first, second = groups[:2]
    n_first, n_second = len(first.scores), len(second.scores)
    n = min(n_first, n_second)
    name = second.members[0].candidate.label
    missing = f"at least {MIN_REPEATS} seeds each"
    many = "one seed each" if n_first == n_second == 1 else f"{n_first} and {n_second} repeats"
    if not lead:
        sentence = f"{name} has the same score ({many})"
        return _lead(INSUFFICIENT, sentence, value=lead, n=n, missing=missing)
    if n_first == n_second == 1:
        sentence = f"{many}: the {lead:.3g} lead over {name} cannot be separated from seed noise"
    else:
        sentence = (
            f"{many}: the {lead:.3g} lead over {name} cannot be tested "
            f"({MIN_REPEATS} each at least)"
        )
    if spread is None:
        sentence += _beside_epoch_noise(first, lead)
    elif spread[0] > 0:
        sentence += f"; it is {lead / spread[0]:.1f} standard deviations of a seed"
    return _lead(INSUFFICIENT, sentence, value=lead, n=n, missing=missing)


def _beside_epoch_noise(first: Group, lead: float) -> str:
    main = first.members[0].main
    if main is None or not main.noise or lead >= main.noise:
        return ""
    return f"; it is less than the noise between epochs ({main.noise:.2g})"


def _near(groups: Sequence[Group], spread: tuple[float, int] | None) -> tuple[Group, ...]:
    """Return the rivals that are most likely tied: within one spread, or else the next two."""
    if spread is None:
        return tuple(groups[1:3])
    limit = groups[0].mean + 2 * spread[0]
    return tuple(group for group in groups[1:] if group.mean <= limit) or tuple(groups[1:2])


def _optimism(groups: Sequence[Group], spread: tuple[float, int] | None) -> list[Finding]:
    """Return how much of the best score is luck: sigma * Phi^-1((N - .375) / (N + .25)) (Blom)."""
    n = len(groups)
    factor = NormalDist().inv_cdf((n - 0.375) / (n + 0.25))
    if spread is None:
        return [
            Finding(
                question="why",
                rule="choice.optimism",
                verdict=NOTE,
                sentence=f"the best of {n} is too good by up to {factor:.1f} standard deviations "
                "of a seed",
                value=factor,
                n=n,
            )
        ]
    return [
        Finding(
            question="why",
            rule="choice.optimism",
            verdict=NOTE,
            sentence=f"the best of {n} is too good by up to {factor * spread[0]:.2g} "
            f"(seeds spread by {spread[0]:.2g})",
            value=factor * spread[0],
            n=n,
        )
    ]


def _lead(verdict: str, sentence: str, **more: object) -> Finding:
    return Finding(question="why", rule="choice.lead", verdict=verdict, sentence=sentence, **more)  # type: ignore[arg-type]  # its own fields
