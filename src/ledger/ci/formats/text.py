"""A judgement for a person at a terminal, or in the log of any CI."""

from __future__ import annotations

from ledger.policy.finding import printable, to_lines


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.ci.judged import Judged, Waiver

_SHORT_ID = 10


def to_text(judged: Judged) -> str:
    """Return the findings, then what was waived and by whom; nothing where there is neither."""
    lines = [*to_lines(judged.verdict.findings)]
    for waiver in judged.waived:
        lines += _waived(waiver)
    return "\n".join(lines)


def summary_line(judged: Judged) -> str:
    """Return one line: what was compared, and what came of it."""
    request = judged.request
    if judged.cannot_judge is not None:
        return "ledger: cannot judge"
    base = request.base
    what = f"{base[:_SHORT_ID]}..{request.head[:_SHORT_ID]}" if base else request.head[:_SHORT_ID]
    left_out = " (LED100 left out)" if request.is_integrity_only or base is None else ""
    return f"{judged.verdict.to_text()}, in {what}{left_out}"


def waiver_line(waiver: Waiver) -> str:
    """Return one line on an opt-out: who gave it, and how much it let pass."""
    n_waived = len(waiver.findings)
    what = f"lets {n_waived} LED100 pass" if n_waived else "lets nothing pass"
    if waiver.commit is None:
        return f"the label {printable(waiver.text)} {what}"
    return f"Ledger-Skip of commit {waiver.commit[:_SHORT_ID]} {what}: {printable(waiver.text)}"


def _waived(waiver: Waiver) -> Iterator[str]:
    yield f"waived: {waiver_line(waiver)}"
    for finding in waiver.findings:
        yield f"    {finding.code} {printable(finding.path)}"
