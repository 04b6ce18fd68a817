"""What makes the compared runs unequal beside what was meant to differ: only the ledger knows."""

from __future__ import annotations

from collections import Counter

from ledger.review.finding import INSUFFICIENT, NOTE, OK, WARN, Finding
from ledger.review.subject import is_of_test


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.contract.json_text import Json
    from ledger.review.assess import Assessed
    from ledger.review.subject import Candidate, Subject

_HASH = 16


def unequal_findings(assessed: Sequence[Assessed]) -> list[Finding]:
    """Return a finding for commit, dirt, data, packages and budget of the ranked ones."""
    ranked = [each for each in assessed if each.is_ranked]
    if not ranked:
        return []
    candidates = [each.candidate for each in ranked]
    return [
        _code(candidates),
        *_dirt(candidates),
        _data(candidates),
        *_packages(candidates),
        _budget(ranked),
    ]


def shared(subject: Subject) -> dict[str, Json]:
    """Return what all candidates agree in; what they do not, or nobody knows, is absent."""
    found: dict[str, Json] = {}
    for name in ("commit", "dirty", "data_hash", "seed", "budget"):
        values: list[Json] = [getattr(each, name) for each in subject.candidates]
        if values and values[0] is not None and all(each == values[0] for each in values):
            found[name] = values[0]
    return found


def hygiene_findings(subject: Subject) -> list[Finding]:
    """Return whether the choice may have been made on the test set."""
    n = len(subject.candidates)
    if is_of_test(subject.metric):
        sentence = (
            f"chosen by {subject.metric}: what the test set then says is no estimate any more"
        )
        return [_equal("choice.test", WARN, sentence, n=n, about=subject.metric)]
    if not subject.n_tested:
        return [
            _equal("choice.test", OK, "no test metric was recorded: nothing was chosen by it", n=n)
        ]
    names = ", ".join(subject.test_metrics[:3])
    if subject.n_tested == 1:
        return [_equal("choice.test", OK, f"{names} was computed once", n=1)]
    sentence = (
        f"{names} was computed for {subject.n_tested} of {n}: tell it for the chosen one only"
    )
    return [_equal("choice.test", NOTE, sentence, value=float(subject.n_tested), n=n)]


def _code(candidates: Sequence[Candidate]) -> Finding:
    commits = _counted(each.commit for each in candidates)
    codes = _counted(each.code for each in candidates)
    n, known = len(candidates), sum(commits.values())
    if len(codes) == 1 and sum(codes.values()) == n and len(commits) > 1:
        sentence = f"{len(commits)} commits, but the code paths are the same in all {n}"
        return _equal("equal.commit", OK, sentence, n=n)
    if len(commits) > 1:
        sentence = f"{len(commits)} commits: {_shares(commits, n)}; the code may be what differs"
        return _equal("equal.commit", WARN, sentence, value=float(len(commits)), n=n)
    if known < n:
        sentence = f"{n - known} of {n} have no commit: whether the code was the same is unknown"
        if not known:
            sentence = "no commit was recorded: whether the code was the same is unknown"
        return _equal("equal.commit", INSUFFICIENT, sentence, n=n, missing="commits")
    return _equal("equal.commit", OK, f"the same commit {next(iter(commits))[:8]} in {n}/{n}", n=n)


def _dirt(candidates: Sequence[Candidate]) -> list[Finding]:
    n = len(candidates)
    if all(each.commit is None and each.dirty is None for each in candidates):
        return []  # that no commit was recorded is said already
    dirty = sum(each.dirty is True for each in candidates)
    unknown = sum(each.dirty is None for each in candidates)
    if dirty:
        sentence = f"{dirty} of {n} ran code that was in no commit (dirty)"
        number = float(dirty)
        return [_equal("equal.dirty", WARN, sentence, value=number, threshold=0.0, n=n)]
    if unknown:
        sentence = f"whether {unknown} of {n} ran uncommitted code is unknown"
        missing = "the state of the tree"
        return [_equal("equal.dirty", INSUFFICIENT, sentence, n=n, missing=missing)]
    return [_equal("equal.dirty", OK, f"no uncommitted code in {n}/{n}", n=n)]


def _data(candidates: Sequence[Candidate]) -> Finding:
    n = len(candidates)
    hashes = _counted(each.data_hash for each in candidates)
    known = sum(hashes.values())
    if len(hashes) > 1:
        sentence = f"{len(hashes)} data sets: {_shares(hashes, n)}; the scores are not comparable"
        return _equal("equal.data", WARN, sentence, value=float(len(hashes)), n=n)
    if known < n:
        lack = f"{n - known} of {n} have no data hash" if known else "no data hash was recorded"
        sentence = f"{lack}: whether all saw the same data is unknown"
        return _equal("equal.data", INSUFFICIENT, sentence, n=n, missing="data=… at the start")
    return _equal("equal.data", OK, f"the same data {next(iter(hashes))[:_HASH]} in {n}/{n}", n=n)


def _packages(candidates: Sequence[Candidate]) -> list[Finding]:
    packages = _counted(each.packages for each in candidates)
    if len(packages) < 2:  # noqa: PLR2004  # one is the same everywhere
        return []
    sentence = f"{len(packages)} sets of packages: {_shares(packages, len(candidates))}"
    number, n = float(len(packages)), len(candidates)
    return [_equal("equal.packages", NOTE, sentence, value=number, n=n)]


def _budget(ranked: Sequence[Assessed]) -> Finding:
    n = len(ranked)
    budgets = Counter(each.candidate.budget for each in ranked)
    if len(budgets) > 1:
        told = ", ".join(
            f"{budget if budget is not None else 'unknown'} ({count})"
            for budget, count in sorted(budgets.items(), key=lambda pair: (pair[0] or 0, pair[1]))
        )
        return _equal("equal.budget", WARN, f"not the same number of epochs allowed: {told}", n=n)
    if None not in budgets:
        return _equal("equal.budget", OK, f"{next(iter(budgets))} epochs allowed in {n}/{n}", n=n)
    lengths = [each.n_epochs for each in ranked]
    low, high = min(lengths), max(lengths)
    if low == high:
        return _equal("equal.budget", OK, f"{low} epochs in {n}/{n}", n=n)
    sentence = f"{low} to {high} epochs; how many were allowed was not recorded"
    missing = "a param `epochs`"
    return _equal("equal.budget", NOTE, sentence, value=float(high - low), n=n, missing=missing)


def _counted(texts: object) -> Counter[str]:
    return Counter(text for text in texts if text)  # type: ignore[attr-defined]  # an iterable


def _shares(counts: Mapping[str, int], n: int) -> str:
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    told = [f"{text[:_HASH]} in {count}/{n}" for text, count in ordered[:3]]
    more = [f"{len(ordered) - 3} more"] if len(ordered) > 3 else []  # noqa: PLR2004  # as above
    return ", ".join([*told, *more])


def _equal(rule: str, verdict: str, sentence: str, **more: object) -> Finding:
    return Finding(question="why", rule=rule, verdict=verdict, sentence=sentence, **more)  # type: ignore[arg-type]  # its own fields
