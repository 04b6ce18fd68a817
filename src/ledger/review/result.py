"""A review as a value: the decision, six answers, every finding, every candidate's standing."""

from __future__ import annotations

from ledger.reader.answers import json_number
from ledger.review.finding import QUESTIONS
from ledger.value import as_dict, value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal, TypeAlias

    from ledger.contract.json_text import Json
    from ledger.review.finding import Finding, QuestionId, Verdict

    Support: TypeAlias = Literal["yes", "partly", "no"]
    Shape: TypeAlias = Literal[
        "diverged", "overfit", "unstable", "improving", "plateau", "flat", "short", "none"
    ]

REVIEW_VERSION = 1
_NUMBERS = frozenset({"best", "smoothed", "last", "seconds"})


@value
class Standing:
    """Where one candidate stands."""

    name: str
    label: str
    run_id: str
    trial_id: str | None
    status: str
    rank: int | None
    """From 1 by ``smoothed``; None for one that no claim is made of."""
    group: int
    """Repeats of one configuration have the same; in the order of their ranks."""
    best: float | None
    best_epoch: int | None
    smoothed: float | None
    """Best of the running median, mean over executions: what claims rest on."""
    smoothed_epoch: int | None
    last: float | None
    shape: Shape
    """``none``: no row; ``short``: too few epochs to tell."""
    shape_epoch: int | None
    """Where the shape begins: the epoch after which it overfits, or of the first NaN."""
    n_epochs: int
    """With those of the trials it goes on from."""
    n_curves: int
    budget: int | None
    is_short: bool
    """Whether it was allowed fewer epochs than others, or got far fewer: it is not ranked."""
    seconds: float | None
    seed: Json
    parent: str | None
    params: Mapping[str, Json]
    """Those that differ among the candidates."""

    def to_json(self) -> dict[str, Json]:
        """Return the row as ``--format json`` holds it."""
        fields: dict[str, Json] = as_dict(self)  # type: ignore[assignment]  # plain fields
        numbers = {name: json_number(getattr(self, name)) for name in _NUMBERS}
        return fields | numbers | {"params": dict(self.params)}


@value
class Answer:
    """What a review answers to one of the six questions."""

    question: QuestionId
    verdict: Verdict
    answer: str
    """One line; of the chosen candidate where the question is about one."""
    evidence: str
    """One line of numbers, "" for none."""

    def to_json(self) -> dict[str, Json]:
        """Return the answer as ``--format json`` holds it."""
        return {
            "id": self.question,
            "question": QUESTIONS[self.question],
            "verdict": self.verdict,
            "answer": self.answer,
            "evidence": self.evidence,
        }


@value
class Decision:
    """Whether the data support a choice."""

    support: Support
    sentence: str
    chosen: str | None
    """Name of the candidate that leads; None where none can."""
    tied: tuple[str, ...]
    """Names of those that cannot be told from it, the leader left out."""
    proposed: str | None
    """Name of the cheapest of the leader and those tied with it, where costs are known."""

    def to_json(self) -> dict[str, Json]:
        """Return the decision as ``--format json`` holds it."""
        return as_dict(self) | {"tied": list(self.tied)}  # type: ignore[return-value]  # plain fields


@value
class Counts:
    """How many candidates there are, and what became of them."""

    candidates: int
    finished: int
    failed: int
    """failed, crashed or interrupted."""
    running: int
    nonfinite: int
    """Whose objective was NaN or infinite at some epoch."""
    short: int
    reasons: Mapping[str, int]
    """Why candidates failed, and how often, the most frequent first."""

    def to_json(self) -> dict[str, Json]:
        """Return the counts as ``--format json`` holds them."""
        return as_dict(self) | {"reasons": dict(self.reasons)}  # type: ignore[return-value]  # plain fields


@value
class Repeat:
    """A configuration that should be trained again, with other seeds."""

    name: str
    label: str
    seeds: tuple[int, ...]
    """None of which it was trained with, as far as is known."""
    command: str | None
    """How it was started, as recorded; None for a trial, whose params the tuner chose."""

    def to_json(self) -> dict[str, Json]:
        """Return the repeat as ``--format json`` holds it."""
        return as_dict(self) | {"seeds": list(self.seeds)}  # type: ignore[return-value]  # plain fields


@value
class Review:
    """Everything that a review says."""

    title: str
    kind: str
    metric: str
    goal: str
    direction_source: str
    train_metric: str | None
    tuner: str | None
    shared: Mapping[str, Json]
    """What all candidates agree in: commit, dirty, data_hash, seed, budget; a key that they do
    not agree in, or that is not known, is absent."""
    counts: Counts
    decision: Decision
    answers: tuple[Answer, ...]
    """One for each question, in the order of QUESTIONS."""
    findings: tuple[Finding, ...]
    standings: tuple[Standing, ...]
    """The ranked ones by rank, then the others."""
    best_so_far: tuple[float, ...]
    """(n,) smoothed best after each finished candidate, by start."""
    expected_best: tuple[float, ...]
    """(n,) what the best of 1…n would be on average, were the order random; () where it is not."""
    curve: tuple[float, ...]
    """(n,) the objective of the chosen candidate; () without one."""
    commands: tuple[str, ...]
    """What to type next."""
    repeats: tuple[Repeat, ...]
    """What would settle an open lead; () where nothing is open."""
    note: Mapping[str, str]
    warnings: tuple[str, ...]
    libraries: Mapping[str, str | None]
    """Versions of what computed the statistics; None where it is not installed."""

    def to_json(self) -> dict[str, Json]:
        """Return the review as ``--format json`` prints it."""
        kept = ("title", "kind", "metric", "goal", "direction_source", "train_metric", "tuner")
        series = ("best_so_far", "expected_best", "curve")
        return {
            "review_version": REVIEW_VERSION,
            **{name: getattr(self, name) for name in kept},
            "shared": dict(self.shared),
            "counts": self.counts.to_json(),
            "decision": self.decision.to_json(),
            "answers": [each.to_json() for each in self.answers],
            "findings": [each.to_json() for each in self.findings],
            "standings": [each.to_json() for each in self.standings],
            **{name: [json_number(x) for x in getattr(self, name)] for name in series},
            "commands": list(self.commands),
            "repeats": [each.to_json() for each in self.repeats],
            "note": dict(self.note),
            "warnings": list(self.warnings),
            "libraries": dict(self.libraries),
        }
