"""The Markdown that `ledger ci` reports with."""

from __future__ import annotations

import json
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from ledger.ci.arrival_json import schema, to_json
from ledger.ci.judged import Judged, Waiver
from ledger.ci.markdown import COMMENT_BYTES, MARKER, to_markdown
from ledger.ci.request import Request
from ledger.ci.safe_text import visible
from ledger.policy.finding import Finding, by_weight
from ledger.policy.judge import Verdict
from make_repo import make_repo
from unit.ci.changes import arrived
from unit.ci.rendered import BREAK, render
from unit.ci.test_safe_text import ATTACKS
from unit.reader.builders import (
    COMMIT,
    FILLED_NOTE,
    FIRST,
    add_manifest,
    add_run,
    epochs,
    small_ledger,
)
from unit.reader.places import branch, commit


if TYPE_CHECKING:
    from ledger.ci.arrival import Arrivals

GOLDEN = Path(__file__).parent / "golden" / "report.md"
REQUEST = Request(base="1" * 40, head="2" * 40)
LATER = FIRST + timedelta(days=1)


def _finding(text: str = "x", severity: str = "error", code: str = "LED102") -> Finding:
    return Finding(
        code=code, severity=severity, run_id=text, path=text, line=3, message=text, fix=text
    )


def _judged(*findings: Finding, waived: tuple[Waiver, ...] = (), n_runs: int = 3) -> Judged:
    verdict = Verdict(findings=by_weight(findings), n_runs=n_runs)
    return Judged(request=REQUEST, verdict=verdict, waived=waived)


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository whose branch exp brings four runs to the ledger of the golden files."""
    repo = make_repo(tmp_path_factory.mktemp("report"))
    ids = small_ledger(repo)
    commit(repo)
    branch(repo, "exp")
    code = add_manifest(repo, {"train.py": "f" * 40, "model.py": "b" * 40, "aug.py": "e" * 40})
    add_run(
        repo,
        "deeper",
        epochs(loss=[2.0, 0.8, 0.3], val_acc=[0.5, 0.9, 0.958]),
        started=LATER,
        config={"lr": 0.001, "optimizer": {"name": "adam"}, "epochs": 4, "layers": 6},
        git={"commit": COMMIT, "branch": "exp", "dirty": True, "dirty_paths": [], "code": code},
        parent=ids["small_lr"],
        note={**FILLED_NOTE, "Hypothesis": ["Depth helps,", "because.", "", "More of it."]},
    )
    rows = [
        {"trial_id": trial, "epoch": epoch, "val_acc": number}
        for trial, numbers in {"00": (0.1, 0.3), "01": (0.2, 0.9)}.items()
        for epoch, number in enumerate(numbers)
    ]
    log = b"trial_id,attempt,status,lr\n00,1,completed,0.1\n01,1,completed,0.3\n"
    add_run(repo, "tuned", rows, started=LATER, files={"trials.csv": log}, status="failed")
    add_run(repo, "aimless", epochs(val_acc=[0.9]), started=LATER, objective=None)
    broken = add_run(repo, "broken", epochs(val_acc=[0.9]), started=LATER)
    (repo / "ledger/2026-02" / broken / "run.json").write_text("{")
    commit(repo)
    return repo


@pytest.fixture(scope="module")
def found(repo: Path) -> Arrivals:
    return arrived(repo)


def test_the_report_is_the_golden_one(found: Arrivals) -> None:
    findings = (
        Finding(
            code="LED102",
            severity="error",
            run_id="2026-02-02_1630_tuned-abcdefgh",
            path="ledger/2026-02/2026-02-02_1630_tuned-abcdefgh/run.md",
            line=3,
            message="Hypothesis waits for a person",
            fix="ledger note 2026-02-02_1630_tuned-abcdefgh",
        ),
        Finding(
            code="LED110",
            severity="warn",
            path="data.dvc",
            message="is not the tracked one",
            fix="fetch the data",
        ),
    )
    waived = (
        Waiver(kind="label", text="no-experiment", findings=(_finding(code="LED100"),)),
        Waiver(kind="trailer", text="only a comment", commit="3" * 40),
    )

    text = to_markdown(_judged(*findings, waived=waived), found)

    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("judged", "expected"),
    [
        (_judged(), "**ledger: pass**: 3 runs judged, 0 to mend"),
        (_judged(_finding(severity="warn"), n_runs=1),
         "**ledger: pass**: 1 run judged, 0 to mend, 1 to know"),
        (_judged(_finding()), "**ledger: blocked**: 3 runs judged, 1 to mend"),
        (
            Judged(request=REQUEST, verdict=Verdict(findings=(), n_runs=0),
                   cannot_judge="the clone is shallow"),
            "**ledger: cannot judge** (LED000): the clone is shallow",
        ),
    ],
)  # fmt: skip
def test_the_verdict_is_the_first_line_that_is_seen(judged: Judged, expected: str) -> None:
    lines = to_markdown(judged, None).split("\n")

    assert [MARKER, expected] == lines[:2]


def test_without_a_base_no_run_is_called_new(repo: Path) -> None:
    request = Request(base=None, head="2" * 40, is_integrity_only=True)
    judged = Judged(request=request, verdict=Verdict(findings=(), n_runs=7))

    text = to_markdown(judged, arrived(repo, None, shown=1))

    assert "**ledger: pass**: 7 runs judged, 0 to mend\n" in text
    said = "against nothing; whether runs cover the code was not asked"
    assert f"<code>222222222222</code> {said}" in text
    assert "\n**Runs: 7**\n" in text
    assert "\nand 6 more runs\n" in text
    assert "new run" not in text.lower()


def _with_text(found: Arrivals, text: str) -> tuple[Judged, Arrivals]:
    """Return a verdict and new runs in which everything that a person can choose is ``text``."""
    waived = (Waiver(kind="trailer", text=text, commit=text, findings=(_finding(text),)),)
    judged = _judged(_finding(text), _finding(text, "warn"), waived=waived)
    return judged, _replaced(found, text)


def _replaced(found: Arrivals, text: str) -> Arrivals:
    """Return ``found`` with every text in it, keys and all, made ``text``."""
    return _swap(found, text)  # type: ignore[return-value]  # as it came


_KEPT = frozenset({"word", "goal", "against_is", "started"})


def _swap(item: object, text: str) -> object:
    if isinstance(item, str):
        return text
    if isinstance(item, tuple):
        return tuple(_swap(each, text) for each in item)
    slots = getattr(type(item), "__slots__", ())
    if not slots:
        return item
    fields = {name: getattr(item, name) for name in slots}
    return type(item)(**{k: v if k in _KEPT else _swap(v, text) for k, v in fields.items()})


@pytest.mark.parametrize("text", ATTACKS)
def test_nobody_can_write_anything_but_text_into_a_report(found: Arrivals, text: str) -> None:
    plain = render(to_markdown(*_with_text(found, "x")))

    markdown = to_markdown(*_with_text(found, text))

    page = render(markdown)
    assert plain.tags == page.tags
    assert page.comments == ["ledger"]
    assert markdown.count(MARKER) == 1
    assert [] == [line for line in markdown.split("\n") if line.startswith(("/", "::"))]
    assert markdown.startswith(f"{MARKER}\n**ledger: blocked**")
    shown = " ".join(visible(text).split())
    assert shown in " ".join(page.text.replace(BREAK, "").split())


@pytest.mark.parametrize("max_bytes", [4096, 6000, 9000, 20_000, 40_000, COMMENT_BYTES])
def test_a_long_report_keeps_the_verdict_and_whole_rows(found: Arrivals, max_bytes: int) -> None:
    findings = [_finding(f"é|{n:03}" * 20) for n in range(150)]
    hostile = _replaced(found, "\x1b漢@" * 60)

    text = to_markdown(_judged(*findings), hostile, max_bytes=max_bytes)

    assert len(text.encode("utf-8")) <= max_bytes
    page = render(text)
    assert page.tags.count("tr") == page.tags.count("/tr")
    assert page.tags.count("details") == page.tags.count("/details")
    assert text.startswith(f"{MARKER}\n**ledger: blocked**: 3 runs judged, 150 to mend")
    n_rows = text.count("| LED102 |")
    assert n_rows == 150 or f"and {150 - n_rows} more findings" in text
    if "<details>" in text:
        assert n_rows == 150


def test_the_json_of_new_runs_holds_all_of_them(repo: Path) -> None:
    rows = to_json(arrived(repo, shown=1))

    names = [row["name"] for row in rows if isinstance(row, dict)]
    assert names == ["deeper", "tuned", "aimless"]
    deeper, tuned, _ = rows
    assert isinstance(deeper, dict)
    assert isinstance(tuned, dict)
    assert isinstance(deeper["detail"], dict)
    assert deeper["detail"]["hypothesis"] == "Depth helps, because."
    standing = deeper["standing"]
    assert isinstance(standing, dict)
    assert (standing["verdict"], standing["best_value"]) == ("better", 0.931)
    assert (tuned["detail"], tuned["status"]) == (None, "failed")
    jsonschema.Draft202012Validator(schema()).validate(rows)


def test_the_json_of_new_runs_is_what_strict_parsers_take(found: Arrivals) -> None:
    odd = _replaced(found, "a\udcff\ud800" + "b" * 20_000)

    rows = to_json(odd)

    assert json.dumps(rows, ensure_ascii=False).encode("utf-8")
    assert max(map(len, re.findall(r"[ab]+", json.dumps(rows)))) < 10_000
    jsonschema.Draft202012Validator(schema()).validate(rows)
