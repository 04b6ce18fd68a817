"""A judgement as a JUnit report: a test case for each finding, and for each rule without one."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from ledger.ci.formats.text import waiver_line
from ledger.policy.catalogue import RANGE, RULES
from ledger.policy.finding import ERROR, OFF, printable


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.ci.judged import Judged
    from ledger.policy.finding import Finding

CANNOT, COVERED = "LED000", "LED100"
_SKIPPED = "><skipped/></testcase>"


def to_junit(judged: Judged) -> str:
    """Return the report; only what must be mended fails."""
    findings = judged.verdict.findings
    cases = [*_cases(judged)]
    n_errors = sum(one.code == CANNOT for one in findings)
    n_failed = sum(one.severity == ERROR for one in findings) - n_errors
    n_skipped = sum(case.endswith(_SKIPPED) for case in cases)
    counts = f'tests="{len(cases)}" failures="{n_failed}" errors="{n_errors}" skipped="{n_skipped}"'
    waived = escape("\n".join(map(waiver_line, judged.waived)))
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<testsuites name="ledger ci" {counts}>',
            f'<testsuite name="ledger ci" {counts}>',
            *cases,
            *((f"<system-out>{waived}</system-out>",) if waived else ()),
            "</testsuite>",
            "</testsuites>",
        ]
    )


def _cases(judged: Judged) -> Iterator[str]:
    findings = judged.verdict.findings
    for finding in findings:
        yield _case(finding)
    told = {finding.code for finding in findings} | {CANNOT}
    is_uncovered_told = not judged.request.is_integrity_only and not judged.waived
    for code, rule in RULES.items():
        if code not in told and rule.severity(RANGE) not in {None, OFF}:
            is_judged = judged.cannot_judge is None and (code != COVERED or is_uncovered_told)
            body = "/>" if is_judged else _SKIPPED
            yield f'<testcase classname="ledger.{code}" name={_attribute(rule.title)}{body}'


def _case(finding: Finding) -> str:
    where = finding.path if finding.line is None else f"{finding.path}:{finding.line}"
    start = f'<testcase classname="ledger.{finding.code}" name={_attribute(where)}>'
    text = f"{finding.message} (fix: {finding.fix})"
    if finding.severity != ERROR:
        return f"{start}{_text('system-out', f'{finding.severity}: {text}')}</testcase>"
    kind = "error" if finding.code == CANNOT else "failure"
    inner = f"<{kind} type={_attribute(finding.code)} message={_attribute(finding.message)}>"
    return f"{start}{inner}{escape(printable(text))}</{kind}></testcase>"


def _text(name: str, text: str) -> str:
    return f"<{name}>{escape(printable(text))}</{name}>"


def _attribute(text: str) -> str:
    # what is not printable is what XML 1.0 has no way to write, and more
    return quoteattr(printable(text))
