"""A judgement as GitLab's code quality report."""

from __future__ import annotations

import hashlib

from ledger.ci.formats.plain import json_text, wellformed
from ledger.policy.catalogue import RULES
from ledger.policy.finding import ERROR, NOTICE, WARN


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.ci.judged import Judged
    from ledger.contract.json_text import Json
    from ledger.policy.finding import Finding

_SEVERITIES = {ERROR: "critical", WARN: "minor", NOTICE: "info"}


def to_gitlab(judged: Judged) -> str:
    """Return a list of issues; empty where there is nothing to tell."""
    return json_text([_issue(one) for one in judged.verdict.findings])


def _issue(finding: Finding) -> Json:
    path, line = wellformed(finding.path), finding.line
    message, fix = wellformed(finding.message), wellformed(finding.fix)
    facts = "\0".join((finding.code, path, str(line), message))
    return {
        "description": f"{finding.code} {RULES[finding.code].title}: {message} (fix: {fix})",
        "check_name": finding.code,
        "fingerprint": hashlib.sha256(facts.encode()).hexdigest(),
        "severity": _SEVERITIES[finding.severity],
        "location": {"path": path, "lines": {"begin": line or 1}},
    }
