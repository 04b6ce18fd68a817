"""A judgement as SARIF 2.1.0 (OASIS, 27 March 2020)."""

from __future__ import annotations

from urllib.parse import quote_from_bytes

from ledger.ci.formats.json import verdict_word
from ledger.ci.formats.plain import json_text, wellformed
from ledger.policy.catalogue import RULES
from ledger.policy.finding import ERROR, NOTICE, OFF, WARN
from ledger.version import VERSION


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.ci.judged import Judged, Waiver
    from ledger.contract.json_text import Json
    from ledger.policy.catalogue import Rule
    from ledger.policy.finding import Finding

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {ERROR: "error", WARN: "warning", NOTICE: "note", OFF: "none", None: "none"}


def to_sarif(judged: Judged) -> str:
    """Return one log with one run; what was waived is there, suppressed."""
    results = [_result(one) for one in judged.verdict.findings]
    for waiver in judged.waived:
        suppressed: Json = [_suppression(waiver)]
        results += [_result(one) | {"suppressions": suppressed} for one in waiver.findings]
    rules: Json = [_rule(rule) for rule in RULES.values()]
    run: Json = {
        "tool": {"driver": {"name": "ledger", "version": VERSION, "rules": rules}},
        "invocations": [{"executionSuccessful": judged.cannot_judge is None}],
        "properties": {"verdict": verdict_word(judged)},
        "columnKind": "unicodeCodePoints",
        "results": [*results],
    }
    return json_text({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(rule: Rule) -> Json:
    return {
        "id": rule.code,
        "shortDescription": {"text": f"{rule.title}."},
        "fullDescription": {"text": f"{rule.why}."},
        "help": {"text": rule.mend},
        "defaultConfiguration": {"level": _LEVELS[rule.range]},
    }


def _result(finding: Finding) -> dict[str, Json]:
    message = f"{wellformed(finding.message)} (fix: {wellformed(finding.fix)})"
    result: dict[str, Json] = {
        "ruleId": finding.code,
        "ruleIndex": [*RULES].index(finding.code),
        "level": _LEVELS[finding.severity],
        "message": {"text": message},
    }
    if finding.path != ".":
        place: dict[str, Json] = {"artifactLocation": {"uri": _uri(finding.path)}}
        if finding.line is not None:
            place["region"] = {"startLine": finding.line}
        result["locations"] = [{"physicalLocation": place}]
    return result


def _suppression(waiver: Waiver) -> Json:
    by = "a label" if waiver.commit is None else f"commit {waiver.commit}"
    return {"kind": "external", "justification": f"{by}: {wellformed(waiver.text)}"}


def _uri(path: str) -> str:
    """Return ``path`` as a relative reference (RFC 3986), its bytes percent-encoded."""
    return quote_from_bytes(path.encode("utf-8", "surrogateescape"))
