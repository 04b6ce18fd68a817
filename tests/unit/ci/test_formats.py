"""Every form of a judgement, with text in it that would like to be more than text."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ledger.ci.formats.github import MOST, to_github
from ledger.ci.formats.gitlab import to_gitlab
from ledger.ci.formats.json import schema, to_json
from ledger.ci.formats.junit import to_junit
from ledger.ci.formats.plain import wellformed
from ledger.ci.formats.sarif import to_sarif
from ledger.ci.formats.text import summary_line, to_text
from ledger.ci.judge import cannot_judge
from ledger.ci.judged import Judged, Waiver
from ledger.ci.request import Request
from ledger.errors import LedgerError
from ledger.policy.finding import Finding, by_weight
from ledger.policy.judge import Verdict


GOLDEN = Path(__file__).parent / "golden"
FORMATS = {
    "text": to_text,
    "json": to_json,
    "github": to_github,
    "gitlab": to_gitlab,
    "sarif": to_sarif,
    "junit": to_junit,
}
REQUEST = Request(base="a" * 40, head="b" * 40, provider="github", event="pull_request")
PATH = "ledger/2026-02/2026-02-01_1630_demo-aaaaaaaa/run.md"
HOSTILE = [
    "x\n::error file=a::forged",
    "x\r::add-mask::ok",
    "%0A::error::forged",
    "##[error]forged",
    "a ##[add-mask]ok",
    "a ##vso[task.setvariable variable=x]y ##teamcity[z]",
    "\x1b[31mred\x1b[0m",
    "\u202egnp.exe",
    "\udcff",
    "a,line=1::x: y,title=z",
    "<script>&\"']]></failure>",
    "\ufffe\x00\x0b",
    "::stop-commands::t",
    "a\u2028b\x85c",
]


def finding(code: str = "LED102", severity: str = "error", **fields: Any) -> Finding:
    facts = {
        "path": PATH,
        "line": 3,
        "run_id": "2026-02-01_1630_demo-aaaaaaaa",
        "message": "the section Result is unfilled",
        "fix": "ledger note 2026-02-01_1630_demo-aaaaaaaa",
    }
    return Finding(code=code, severity=severity, **(facts | fields))


def judged(*findings: Finding, waived: tuple[Waiver, ...] = (), **request: Any) -> Judged:
    verdict = Verdict(findings=by_weight(findings), n_runs=2, n_changes=5)
    asked = Request(base="a" * 40, head="b" * 40, provider="github", event="pull_request")
    return Judged(request=Request(**(_fields(asked) | request)), verdict=verdict, waived=waived)


def _fields(request: Request) -> dict[str, Any]:
    return {name: getattr(request, name) for name in Request.__slots__}


UNCOVERED = finding("LED100", path="train.py", line=None, run_id=None)
EXAMPLE = judged(
    finding(),
    finding("LED107", "warn", path="ledger/notes, old/100%.md", line=None),
    finding("LED113", "notice", path="ledger.toml", line=None, run_id=None),
    waived=(
        Waiver(kind="label", text="no-experiment", findings=(UNCOVERED,)),
        Waiver(kind="trailer", text="only a comment", commit="c" * 40),
    ),
)
UNKNOWN = cannot_judge(
    Request(base=None, head="", provider="github"), LedgerError("no base", hint="fetch it")
)


@pytest.mark.parametrize("form", FORMATS)
def test_output_is_the_golden_file(form: str) -> None:
    """A new version of ledger shows in SARIF, nothing else of it."""
    text = FORMATS[form](EXAMPLE) + "\n"
    text = re.sub(r'("version": )"(?!2\.1\.0)[^"]+"', r'\1"0"', text)
    assert (GOLDEN / f"ci.{form}.txt").read_text(encoding="utf-8") == text


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("form", FORMATS)
def test_text_of_others_stays_text(form: str, text: str) -> None:
    bad = finding(path=f"a/{text}", message=text, fix=text, run_id=text)
    out = FORMATS[form](judged(bad, waived=(Waiver(kind="trailer", text=text, commit="c" * 40),)))
    out.encode("utf-8")  # no lone surrogates
    lines = out.split("\n")
    assert all(line.isprintable() for line in lines)
    assert "##[" not in out
    commands = [line for line in lines if line.lstrip().startswith("::")]
    assert (2 if form == "github" else 0) == len(commands)
    PARSERS[form](out)


def _is_text(out: str) -> None:
    assert "LED102" in out


def _is_commands(out: str) -> None:
    """As the runner reads it: properties up to the first ``::`` after the kind."""
    for line in out.split("\n"):
        kind, properties, _ = re.fullmatch(r"::(\w+) ([^:]*)::(.*)", line).groups()  # type: ignore[union-attr]
        names = [item.partition("=")[0] for item in properties.split(",")]
        assert kind in {"error", "notice"}
        assert names in (["file", "title", "line"], ["title"])


def _is_json(out: str) -> None:
    validate(json.loads(out), schema())


def _is_code_quality(out: str) -> None:
    for issue in json.loads(out):
        assert {"description", "check_name", "fingerprint", "severity", "location"} == set(issue)
        assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert re.fullmatch("[0-9a-f]{64}", issue["fingerprint"])
        assert issue["location"]["lines"]["begin"] >= 1


def _is_sarif(out: str) -> None:
    """The parts of the schema that consumers refuse a log without."""
    log = json.loads(out)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert "2.1.0" == log["version"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note", "none"}
        assert result["message"]["text"]
        for place in result.get("locations", []):
            uri = place["physicalLocation"]["artifactLocation"]["uri"]
            assert re.fullmatch(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+", uri)


def _is_junit(out: str) -> None:
    top = ET.fromstring(out)  # noqa: S314  # what we wrote ourselves
    (suite,) = top.findall("testsuite")
    counted = {
        "tests": suite.findall("testcase"),
        "failures": suite.findall("testcase/failure"),
        "errors": suite.findall("testcase/error"),
        "skipped": suite.findall("testcase/skipped"),
    }
    for name, found in counted.items():
        assert str(len(found)) == suite.get(name) == top.get(name)


PARSERS = {
    "text": _is_text,
    "json": _is_json,
    "github": _is_commands,
    "gitlab": _is_code_quality,
    "sarif": _is_sarif,
    "junit": _is_junit,
}


@pytest.mark.parametrize("form", ["json", "gitlab", "sarif", "junit"])
@pytest.mark.parametrize("one", [EXAMPLE, judged(), UNKNOWN], ids=["findings", "none", "unknown"])
def test_structure_holds(form: str, one: Judged) -> None:
    PARSERS[form](FORMATS[form](one))


def validate(document: Any, against: Any) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(against)
    assert [] == [e.message for e in jsonschema.Draft202012Validator(against).iter_errors(document)]


def test_ten_annotations_of_a_kind_the_worst_first() -> None:
    errors = [finding(line=number) for number in range(1, 13)]
    warnings = [finding("LED107", "warn", line=number) for number in range(1, 4)]
    lines = to_github(judged(*warnings, *errors)).split("\n")
    kinds = [line.split(" ")[0] for line in lines]
    assert ["::error"] * MOST + ["::warning"] * 3 + ["ledger:"] == kinds
    assert "ledger: 2 more, which GitHub would not show here" == lines[-1]


def test_what_cannot_be_judged_is_told_in_every_form() -> None:
    assert "LED000 .: no base\n    fix: fetch it" == to_text(UNKNOWN)
    assert "ledger: cannot judge" == summary_line(UNKNOWN)
    assert "::error title=LED000 cannot judge::no base%0Afix: fetch it" == to_github(UNKNOWN)
    assert "cannot judge" == json.loads(to_json(UNKNOWN))["verdict"]
    assert "LED000" == json.loads(to_gitlab(UNKNOWN))[0]["check_name"]
    run = json.loads(to_sarif(UNKNOWN))["runs"][0]
    assert [{"executionSuccessful": False}] == run["invocations"]
    assert 'errors="1"' in to_junit(UNKNOWN)


def test_what_passes_says_what_was_compared() -> None:
    assert "" == to_text(judged())
    told = "ledger: 2 runs judged: 0 to mend, in aaaaaaaaaa..bbbbbbbbbb"
    assert told == summary_line(judged())
    assert f"{told} (LED100 left out)" == summary_line(judged(is_integrity_only=True))
    assert "in bbbbbbbbbb (LED100 left out)" in summary_line(judged(base=None))


def test_a_fingerprint_tells_findings_apart() -> None:
    issues = json.loads(to_gitlab(judged(finding(line=1), finding(line=2), finding("LED104"))))
    assert 3 == len({issue["fingerprint"] for issue in issues})


def test_rules_that_were_left_out_are_skipped_tests() -> None:
    for one in (judged(is_integrity_only=True), EXAMPLE):
        suite = ET.fromstring(to_junit(one)).find("testsuite")  # noqa: S314  # as above
        assert suite is not None
        skipped = [case for case in suite.findall("testcase") if case.find("skipped") is not None]
        assert ["ledger.LED100"] == [case.get("classname") for case in skipped]


def test_surrogates_that_stand_for_no_byte_are_written_out() -> None:
    assert wellformed("a\ud800b\udcffc\udfff") == "a\\ud800b\\xffc\\udfff"
