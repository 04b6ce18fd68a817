"""``ledger note``: the real command in a real project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import ledger
from ledger.contract.note import parse_note
from unit.writer.recording import ledger_command, make_project, only_run, read_record, write_json


if TYPE_CHECKING:
    from pathlib import Path

FULL = ("--hypothesis", "h", "--change", "c", "--result", "r", "--next", "n", "--risk", "none")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = make_project(tmp_path, {"d.csv": "1\n", "e.csv": "2\n"})
    monkeypatch.chdir(folder)
    monkeypatch.setenv("LEDGER_QUIET", "1")
    return folder


def record(name: str = "run", acc: float = 0.5, **arguments: Any) -> ledger.Run:
    """Record a finished run of one row."""
    arguments.setdefault("objective", ("acc", "max"))
    with ledger.start(name, **arguments) as run:
        run.log(epoch=0, acc=acc)
    return run


def sections(run: ledger.Run) -> dict[str, str]:
    note = parse_note((run.dir / "run.md").read_bytes())
    return {name: section.text for name, section in note.sections.items()}


def test_given_texts_fill_their_sections(project: Path) -> None:
    run = record()
    done = ledger_command(project, "note", run.id, *FULL)
    assert 0 == done.returncode, done.stderr
    assert {
        "Hypothesis": "h",
        "Change": "c",
        "Result": "r",
        "Next": "n",
        "Risk/Anomaly": "none",
    } == (sections(run))
    assert "complete" in done.stderr


def test_the_beginning_of_an_id_is_enough(project: Path) -> None:
    run = record()
    assert 0 == ledger_command(project, "note", run.id[:-3], "--next", "n").returncode
    assert 0 == ledger_command(project, "note", "@latest", "--risk", "none").returncode
    assert ("n", "none") == (sections(run)["Next"], sections(run)["Risk/Anomaly"])


def test_what_a_person_wrote_is_kept_and_said(project: Path) -> None:
    run = record(hypothesis="mine")
    done = ledger_command(project, "note", run.id, "--hypothesis", "other", "--next", "n")
    assert 2 == done.returncode
    assert "Hypothesis is filled already" in done.stderr
    assert ("mine", "n") == (sections(run)["Hypothesis"], sections(run)["Next"])


def test_force_replaces(project: Path) -> None:
    run = record(hypothesis="mine")
    done = ledger_command(project, "note", run.id, "--hypothesis", "other\nline", "--force")
    assert (0, "other\nline") == (done.returncode, sections(run)["Hypothesis"])


def test_accept_makes_automatic_lines_ones_own(project: Path) -> None:
    run = record(config={"lr": 1})
    assert sections(run)["Change"].startswith("[auto] ")
    done = ledger_command(project, "note", run.id, "--accept")
    assert 0 == done.returncode
    assert "config lr=1" == sections(run)["Change"]
    assert "still to be written: Hypothesis, Next, Risk/Anomaly" in done.stderr


def test_missing_lists_what_waits_and_for_what(project: Path) -> None:
    first, second = record("first"), record("second", hypothesis="h")
    ledger_command(project, "note", first.id, *FULL)
    done = ledger_command(project, "note", "--missing")
    assert 0 == done.returncode
    assert f"{second.id}  finished  Change, Result, Next, Risk/Anomaly\n" == done.stdout


def test_a_note_that_was_deleted_waits_and_is_made_again(project: Path) -> None:
    run = record()
    (run.dir / "run.md").unlink()
    assert f"{run.id}  finished  no note\n" == ledger_command(project, "note", "--missing").stdout
    assert 0 == ledger_command(project, "note", run.id, *FULL).returncode
    assert "r" == sections(run)["Result"]


def test_one_note_may_serve_several_runs(project: Path) -> None:
    first, second = record("first"), record("second")
    ledger_command(project, "note", first.id, *FULL)
    own = (second.dir / "run.md").read_text()
    (second.dir / "run.md").write_text(f"{own}\nSee: {first.id}\n")
    assert "" == ledger_command(project, "note", "--missing").stdout
    (second.dir / "run.md").write_text(f"{own}\nSee: nobody\n")
    assert second.id in ledger_command(project, "note", "--missing").stdout


def test_the_result_is_compared_with_the_best_earlier_run_on_the_same_data(project: Path) -> None:
    best = record("best", 0.75, data="d.csv")
    record("worse", 0.25, data="d.csv")
    record("elsewhere", 0.99, data="e.csv")
    run = record("run", 0.9, data="d.csv")
    done = ledger_command(project, "note", run.id, "--next", "n")
    assert 0 == done.returncode, done.stderr
    text = sections(run)["Result"]
    against = "against the best earlier run on the same data"
    expected = f"[auto] acc 0.9 {against}, {best.id}: 0.75 (+0.15, +20.00 %)"
    assert expected in text.splitlines()
    ledger_command(project, "note", run.id, "--risk", "none")
    assert text == sections(run)["Result"]


def test_a_run_is_not_compared_with_later_ones(project: Path) -> None:
    run = record("run", 0.5, data="d.csv")
    record("later", 0.75, data="d.csv")
    ledger_command(project, "note", run.id, "--next", "n")
    assert "against" not in sections(run)["Result"]


def test_data_that_nobody_could_hash_is_the_same_as_no_other(project: Path) -> None:
    record("before", 0.75, data="nowhere")
    run = record("run", 0.9, data="nowhere")
    ledger_command(project, "note", run.id, "--next", "n")
    assert "against" not in sections(run)["Result"]


def test_a_filled_result_gets_no_comparison(project: Path) -> None:
    record("best", 0.75, data="d.csv")
    run = record("run", 0.9, data="d.csv")
    ledger_command(project, "note", run.id, "--result", "good")
    before = (run.dir / "run.md").read_bytes()
    ledger_command(project, "note", run.id, "--accept")
    assert before.replace(b"[auto] ", b"") == (run.dir / "run.md").read_bytes()
    assert "against" not in sections(run)["Result"].splitlines()[-1]


def test_without_texts_and_a_terminal_it_says_where_the_note_is(project: Path) -> None:
    run = record()
    done = ledger_command(project, "note", run.id)
    assert 0 == done.returncode
    assert done.stdout.strip().endswith(f"{run.id}/run.md")
    assert "still to be written: Hypothesis" in done.stderr


def test_nothing_to_do_touches_no_byte(project: Path) -> None:
    run = record()
    (run.dir / "run.md").write_bytes(b"\xef\xbb\xbf## Hypothesis\r\nmine\r\n")
    before = (run.dir / "run.md").stat().st_mtime_ns
    ledger_command(project, "note", run.id)
    # the comparison has nothing to add, and nobody gave a text
    assert b"\xef\xbb\xbf## Hypothesis\r\nmine\r\n" == (run.dir / "run.md").read_bytes()
    assert before == (run.dir / "run.md").stat().st_mtime_ns


def test_a_note_that_is_no_text_is_named(project: Path) -> None:
    run = record()
    (run.dir / "run.md").write_bytes(b"\xff")
    done = ledger_command(project, "note", run.id, "--next", "n")
    assert 1 == done.returncode
    assert "run.md" in done.stderr
    assert "is not UTF-8" in done.stderr


def test_which_run_must_be_said(project: Path) -> None:
    done = ledger_command(project, "note")
    assert 2 == done.returncode
    assert "which run?" in done.stderr


def test_an_unknown_run_suggests_the_nearest(project: Path) -> None:
    run = record("ablation_lr")
    done = ledger_command(project, "note", run.id.replace("ablation", "ablaton"), "--next", "n")
    assert 1 == done.returncode
    assert run.id in done.stderr


def test_imported_runs_need_no_note(project: Path) -> None:
    run = record()
    document = read_record(run.dir)
    write_json(run.dir / "run.json", document | {"imported_from": {"tool": "mlflow"}})
    assert "" == ledger_command(project, "note", "--missing").stdout
    assert only_run(project) == run.dir


def test_without_data_there_is_no_comparison(project: Path) -> None:
    record("before", 0.75)
    run = record("run", 0.9)
    ledger_command(project, "note", run.id, "--next", "n")
    assert "against" not in sections(run)["Result"]


def test_a_crashed_run_is_not_the_best_earlier_one(project: Path) -> None:
    best = record("best", 0.75, data="d.csv")
    crashed = record("crashed", 0.99, data="d.csv")
    write_json(crashed.dir / "run.json", read_record(crashed.dir) | {"status": "crashed"})
    run = record("run", 0.9, data="d.csv")
    ledger_command(project, "note", run.id, "--next", "n")
    assert f"{best.id}: 0.75" in sections(run)["Result"]


def test_a_section_that_another_note_answers_does_not_wait(project: Path) -> None:
    first, second = record("first"), record("second")
    ledger_command(project, "note", first.id, *FULL)
    done = ledger_command(project, "note", second.id, "--hypothesis", f"See: {first.id}")
    assert "complete" in done.stderr
    assert "still to be written" not in done.stderr
    assert "nothing" in ledger_command(project, "note", second.id).stderr
    assert "" == ledger_command(project, "note", "--missing").stdout


def test_what_the_other_note_leaves_open_waits(project: Path) -> None:
    first, second = record("first"), record("second")
    ledger_command(project, "note", first.id, "--change", "c", "--next", "n", "--accept")
    done = ledger_command(project, "note", second.id, "--hypothesis", f"See: {first.id}")
    assert "still to be written: Risk/Anomaly\n" in done.stderr
    waiting = ledger_command(project, "note", "--missing").stdout
    assert f"{second.id}  finished  Risk/Anomaly\n" in waiting


def test_a_reference_to_no_run_is_said_by_both(project: Path) -> None:
    run = record()
    done = ledger_command(project, "note", run.id, *FULL[2:], "--hypothesis", "See: nope")
    assert "See: nope names no run of this ledger" in done.stderr
    assert "complete" not in done.stderr
    waiting = ledger_command(project, "note", "--missing").stdout
    assert f"{run.id}  finished  See: nope names no run of this ledger\n" == waiting


@pytest.mark.parametrize("heading", ["## Next", "Next", "### risks/anomalies:", " # Result #"])
def test_a_line_that_reads_as_a_heading_stays_in_its_section(project: Path, heading: str) -> None:
    run = record()
    done = ledger_command(project, "note", run.id, "--hypothesis", f"{heading}\nfoo")
    assert 0 == done.returncode, done.stderr
    assert f"> {heading}\nfoo" == sections(run)["Hypothesis"]
    assert "" == sections(run)["Next"]


def test_an_accepted_line_becomes_no_heading(project: Path) -> None:
    run = record()
    path = run.dir / "run.md"
    path.write_text("## Result\n\n[auto] ## Next\n  [auto] Next\n## Next\n\nmine\n")
    ledger_command(project, "note", run.id, "--accept")
    assert ("> ## Next\n  > Next", "mine") == (sections(run)["Result"], sections(run)["Next"])
