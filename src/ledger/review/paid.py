"""Whether the search paid: the best so far, and the best that fewer trials would have found."""

from __future__ import annotations

from ledger.review.finding import INSUFFICIENT, NOTE, Finding


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.review.assess import Assessed

MIN_TRIALS = 10
_RULE = "space.paid"


def best_so_far(assessed: Sequence[Assessed]) -> list[float]:
    """Return the best score after each ranked candidate, by start; lower is better."""
    found: list[float] = []
    for each in sorted(assessed, key=lambda one: (one.candidate.started or "", one.candidate.name)):
        if each.is_ranked and each.score is not None:
            found.append(min(each.score, found[-1]) if found else each.score)
    return found


def expected_best(scores: Sequence[float]) -> list[float]:
    """Return what the best of 1…n draws without replacement from ``scores``, (n,), is on average.

    The unbiased estimator of Tang et al. (2020): of the i-th best of n, C(n - i, k - 1) / C(n, k)
    of all draws of k have it as their best.
    """
    ordered, n = sorted(scores), len(scores)
    found = []
    for k in range(1, n + 1):
        chance, total = k / n, 0.0
        for i, score in enumerate(ordered[: n - k + 1], 1):
            total += chance * score
            chance *= (n - i - k + 1) / (n - i) if n > i else 0.0
        found.append(total)
    return found


def paid_findings(
    assessed: Sequence[Assessed], sign: float, *, is_adaptive: bool
) -> tuple[list[Finding], list[float]]:
    """Return what the search gained of late, and the expected best, in the metric's own sign.

    Args:
        assessed: the candidates.
        sign: -1 where the metric is maximised, else 1.
        is_adaptive: whether later trials were chosen by earlier ones; then there is no expectation.
    """
    scores = [each.score for each in assessed if each.is_ranked and each.score is not None]
    n = len(scores)
    if n < MIN_TRIALS:
        sentence = f"{n} ranked trials are too few to say whether the search paid ({MIN_TRIALS})"
        missing = f"{MIN_TRIALS} ranked trials"
        finding = Finding(
            question="space",
            rule=_RULE,
            verdict=INSUFFICIENT,
            sentence=sentence,
            n=n,
            missing=missing,
        )
        return [finding], []
    if is_adaptive:
        so_far = best_so_far(assessed)
        last = next(at for at, score in enumerate(so_far, 1) if score == so_far[-1])
        sentence = f"of {n} trials the best was number {last} in the order of their starts"
        return [_note(sentence, float(last), n)], []
    expected = expected_best(scores)
    half = n // 2
    sentence = (
        f"half the trials would have reached {sign * expected[half - 1]:.4g} on average, "
        f"all {n} reached {sign * expected[-1]:.4g}"
    )
    return [_note(sentence, sign * expected[half - 1], n)], [sign * each for each in expected]


def _note(sentence: str, number: float, n: int) -> Finding:
    return Finding(question="space", rule=_RULE, verdict=NOTE, sentence=sentence, value=number, n=n)
