"""Every candidate judged by its curve, and ordered by what claims may rest on."""

from __future__ import annotations

import math
import re
from collections import Counter
from statistics import median

from ledger.contract.json_text import dump_canonical
from ledger.review.curves import judge_curve
from ledger.review.robust import is_usable
from ledger.review.subject import Curve
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.contract.json_text import Json
    from ledger.review.curves import Judged
    from ledger.review.subject import Candidate, Subject

ENDED_BADLY = frozenset({"failed", "crashed", "interrupted"})
RUNNING = "running"
TUNER_PREFIX = "tuner/"
"""Params that the tuner gave itself: no choice of anybody."""
_SEEDS = frozenset({"seed", "random_seed", "random_state"})
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.])")
_SHORT = 5
"""A candidate of this many times fewer epochs than usual is not ranked beside the others."""
_USUAL = 10
"""Epochs that are usual where being short means anything."""


@value
class Assessed:
    """One candidate, judged."""

    candidate: Candidate
    curves: tuple[Judged, ...]
    """One for each execution, over the epochs of the whole lineage."""
    scores: tuple[float, ...]
    """Smoothed best of each execution, lower being better; () without a finite value."""
    curve: tuple[float, ...]
    """(n,) the objective of the first execution, over the whole lineage."""
    n_epochs: int
    is_short: bool
    is_bad: bool
    """Whether it failed or diverged: evidence against its params, and never a winner."""
    is_promoted: bool
    """Whether another candidate goes on from it."""

    @property
    def main(self) -> Judged | None:
        """The curve that speaks for all: one that diverged, else the first; None without any."""
        bad = (each for each in self.curves if each.shape == "diverged")
        return next(bad, self.curves[0] if self.curves else None)

    @property
    def score(self) -> float | None:
        """Mean of ``scores``."""
        return math.fsum(self.scores) / len(self.scores) if self.scores else None

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self.candidate.status == RUNNING

    @property
    def is_ranked(self) -> bool:
        """Whether claims are made of it."""
        is_out = self.is_bad or self.is_short or self.is_running or self.is_promoted
        return bool(self.scores) and not is_out


@value
class Group:
    """Repeats of one configuration."""

    members: tuple[Assessed, ...]
    """Ranked ones, the best first."""
    scores: tuple[float, ...]
    """One of each repeat, lower being better; repeats that are the same training count once."""

    @property
    def mean(self) -> float:
        """Of ``scores``."""
        return math.fsum(self.scores) / len(self.scores)

    @property
    def seconds(self) -> float | None:
        """Mean wall clock of a training; None where one is unknown."""
        known = [each.candidate.seconds for each in self.members]
        numbers = [number for number in known if number is not None]
        return math.fsum(numbers) / len(numbers) if numbers and len(numbers) == len(known) else None


def assess(subject: Subject) -> tuple[Assessed, ...]:
    """Return every candidate of ``subject`` judged, in an order that no input order changes."""
    ordered = sorted(subject.candidates, key=lambda each: (each.started or "", each.name))
    by_trial: dict[tuple[str, str | None], Candidate] = {}
    by_trial |= {(each.run_id, each.trial_id): each for each in ordered if each.trial_id}
    lineages = {each.name: _lineage(each, by_trial) for each in ordered}
    promoted = {parent.name for line in lineages.values() for parent in line[:-1]}
    lengths = {name: _n_epochs(line) for name, line in lineages.items()}
    short = _short(subject, lengths)
    return tuple(
        _assessed(
            subject,
            lineages[each.name],
            is_short=each.name in short,
            is_promoted=each.name in promoted,
        )
        for each in ordered
    )


def groups_of(assessed: Sequence[Assessed]) -> tuple[Group, ...]:
    """Return the ranked ones of ``assessed`` by configuration, the best mean first."""
    found: dict[str, list[Assessed]] = {}
    for each in assessed:
        if each.is_ranked:
            found.setdefault(config_key(each.candidate), []).append(each)
    groups = [_group(members) for members in found.values()]
    return tuple(sorted(groups, key=lambda group: (group.mean, group.members[0].candidate.name)))


def config_key(candidate: Candidate) -> str:
    """Return what repeats of one configuration share: the variant, or a trial's own params."""
    if candidate.trial_id is None:
        return candidate.variant or candidate.name
    params = dump_canonical(dict(sorted(own_params(candidate).items()))).decode("ascii")
    return f"{candidate.variant or candidate.run_id} {params}"


def own_params(candidate: Candidate) -> dict[str, Json]:
    """Return the params of ``candidate`` that somebody chose: neither seeds nor the tuner's own."""
    return {
        name: item
        for name, item in candidate.params.items()
        if not name.startswith(TUNER_PREFIX) and not is_seed(name)
    }


def is_seed(name: str) -> bool:
    """Whether a param is a seed by its name."""
    leaf = name.rpartition(".")[2]
    return leaf in _SEEDS or leaf.endswith("_seed")


def reasons(assessed: Sequence[Assessed]) -> dict[str, int]:
    """Return why candidates are bad, and how often, the most frequent first."""
    counted = Counter(_reason(each) for each in assessed if each.is_bad)
    return dict(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])))


def _reason(each: Assessed) -> str:
    candidate, main = each.candidate, each.main
    if candidate.status in ENDED_BADLY:
        lines = (candidate.message or "").strip().splitlines()
        # the same failure at another step, or of another size, is the same reason
        return _NUMBER.sub("N", lines[-1].strip())[:80] if lines else candidate.status
    if (main is not None and main.bad_epoch is not None) or candidate.n_nonfinite:
        return "not finite"
    return "diverged" if main is not None else "no value"


def _lineage(
    candidate: Candidate, by_trial: Mapping[tuple[str, str | None], Candidate]
) -> tuple[Candidate, ...]:
    """Return the trials that ``candidate`` goes on from, the first first, and itself."""
    line = [candidate]
    while line[0].parent is not None:
        parent = by_trial.get((candidate.run_id, line[0].parent))
        if parent is None or parent in line:
            break
        line.insert(0, parent)
    return tuple(line)


def _n_epochs(line: Sequence[Candidate]) -> int:
    return sum(len(each.curves[0].objective) for each in line if each.curves)


def _short(subject: Subject, lengths: Mapping[str, int]) -> set[str]:
    """Return the names of candidates that were allowed, or got, far fewer epochs than others."""
    done = [each for each in subject.candidates if each.status not in {*ENDED_BADLY, RUNNING}]
    most = max((each.budget for each in done if each.budget), default=0)
    factor = 1 if subject.kind == "sweep" else _SHORT
    short = {each.name for each in subject.candidates if (each.budget or most) * factor < most}
    usual = median(sorted(lengths[each.name] for each in done)) if done else 0
    if usual >= _USUAL:
        short |= {name for name, n in lengths.items() if 0 < n * _SHORT < usual}
    return short


def _assessed(
    subject: Subject, line: Sequence[Candidate], *, is_short: bool, is_promoted: bool
) -> Assessed:
    candidate = line[-1]
    before = [each.curves[0] for each in line[:-1] if each.curves]
    curves = [_joined([*before, curve]) for curve in candidate.curves]
    judged = tuple(judge_curve(curve, subject.goal) for curve in curves)
    sign = -1.0 if subject.goal == "max" else 1.0
    found = [each.smoothed for each in judged]
    scores = [sign * number for number in found if number is not None]
    if not curves and candidate.stated is not None and is_usable(candidate.stated):
        scores = [sign * candidate.stated]
    has_diverged = any(each.shape == "diverged" for each in judged)
    has_ended = candidate.status != RUNNING
    return Assessed(
        candidate=candidate,
        curves=judged,
        scores=tuple(scores),
        curve=curves[0].objective if curves else (),
        n_epochs=len(curves[0].objective) if curves else 0,
        is_short=is_short,
        is_bad=candidate.status in ENDED_BADLY or has_diverged or (has_ended and not scores),
        is_promoted=is_promoted,
    )


def _joined(curves: Sequence[Curve]) -> Curve:
    if len(curves) == 1:
        return curves[0]
    has_train = all(curve.train for curve in curves)
    return Curve(
        epochs=tuple(epoch for curve in curves for epoch in curve.epochs),
        objective=tuple(number for curve in curves for number in curve.objective),
        train=tuple(number for curve in curves for number in curve.train) if has_train else (),
    )


def _group(members: Sequence[Assessed]) -> Group:
    """Return ``members`` as a group; two trainings of one seed, or of one result, are one."""
    ordered = sorted(members, key=lambda each: (each.score, each.candidate.name))
    scores: dict[tuple[str, object], float] = {}
    for each in ordered:
        seed = each.candidate.seed
        for score in each.scores:
            is_told = seed is not None and len(each.scores) == 1
            scores.setdefault(("seed", repr(seed)) if is_told else ("score", score), score)
    return Group(members=tuple(ordered), scores=tuple(scores.values()))
