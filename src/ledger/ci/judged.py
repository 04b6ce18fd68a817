"""What came of one judgement: the verdict, and what somebody chose not to be held to."""

from __future__ import annotations

from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.ci.request import Request
    from ledger.policy.finding import Finding
    from ledger.policy.judge import Verdict

LABEL, TRAILER = "label", "trailer"


@value
class Waiver:
    """An opt-out that somebody left where everybody can see it; it waives LED100 only."""

    kind: str
    """label or trailer."""
    text: str
    """The label, or the reason that the trailer gives; written by anybody, so never trusted."""
    commit: str | None = None
    """Full id of the commit with the trailer; None for a label."""
    findings: tuple[Finding, ...] = ()
    """What it waived; not among the findings of the verdict."""


@value
class Judged:
    """The verdict on a request."""

    request: Request
    verdict: Verdict
    waived: tuple[Waiver, ...] = ()
    cannot_judge: str | None = None
    """Why there is no verdict (LED000), which is among the findings too; None where there is."""
