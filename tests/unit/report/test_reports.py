"""Reports: one file that shows the same as the page, a table for a pull request, a picture."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import math
import random
import re
import xml.etree.ElementTree as ET
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from ledger.cli.main import main
from ledger.contract.json_text import encode_number
from ledger.errors import LedgerError
from ledger.report.boards.table import CsvBoard
from ledger.report.bundle import script
from ledger.report.drawing import report_svg
from ledger.report.markdown import report_markdown
from ledger.report.pack import LEVELS, packed
from ledger.report.page import BUDGET, report_html
from ledger.report.results import with_results
from unit.reader.builders import add_run, epochs, make_project, run_id_of


if TYPE_CHECKING:
    from collections.abc import Sequence

REAL = Path(__file__).parents[1] / "reader" / "foreign" / "kerastuner"


def board_of(path: Path) -> CsvBoard:
    board = CsvBoard(path)
    board.look()
    return board


def inlined(html: str) -> Any:
    found = re.search(r'id="inlined"[^>]*>([^<]*)<', html)
    assert found
    return json.loads(gzip.decompress(base64.b64decode(found[1])))


def unpacked(training: Any) -> list[float | str]:
    level, found = 0, []
    for step in training["d"]:
        if isinstance(step, str):
            found.append(step)
        else:
            level += step
            found.append(training["lo"] + (training["hi"] - training["lo"]) * level / LEVELS)
    return found


def write_sweep(path: Path, n_trials: int, n_epochs: int) -> None:
    rng = random.Random(0)
    lines = ["trial_id,epoch,lr,units,act,loss,acc,val_loss,val_acc"]
    for trial in range(n_trials):
        lr, units = 10 ** rng.uniform(-4, -1), rng.choice([4, 8, 16, 32])
        for epoch in range(1, n_epochs + 1):
            loss = 0.3 + math.exp(-epoch / 20) + rng.gauss(0, 0.02) + abs(math.log10(lr) + 2) * 0.1
            numbers = (loss * 0.8, 1 - loss / 4, loss, 1 - loss / 3)
            lines.append(f"{trial:04d},{epoch},{lr!r},{units},relu," + ",".join(map(repr, numbers)))
    path.write_text("\n".join([*lines, ""]))


@given(st.lists(st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf]), min_size=1))
def test_a_packed_curve_is_off_by_less_than_one_can_see(numbers: list[float]) -> None:
    ys = [encode_number(number) for number in numbers]
    curve = {"k": "0", "x": list(range(len(ys))), "y": ys}
    (training,) = packed({"00": [curve]})["00"]  # type: ignore[misc]  # one training
    finite = [number for number in numbers if math.isfinite(number)]
    span = max(finite) - min(finite) if finite else 0.0
    for before, after in zip(numbers, unpacked(training), strict=True):
        if math.isfinite(before):
            assert before == pytest.approx(after, abs=span / LEVELS + 1e-9)
        else:
            assert encode_number(before) == after


def test_a_report_holds_the_board_and_its_curves() -> None:
    board = board_of(REAL / "random")
    documents = inlined(report_html(board, metric="val_accuracy", documents={}, made="today"))
    assert (
        json.loads(json.dumps(board.document()["candidates"])) == documents["board"]["candidates"]
    )
    assert {"accuracy", "val_accuracy"} <= {*documents["curves"]}
    assert {*board.curves("val_accuracy", "epoch")} == {*documents["curves"]["val_accuracy"]}


def test_a_report_of_two_hundred_trials_is_small_enough_for_a_mail(tmp_path: Path) -> None:
    write_sweep(tmp_path / "s.csv", 200, 100)
    html = report_html(board_of(tmp_path / "s.csv"), metric="val_loss", documents={}, made="today")
    assert len(html.encode()) <= BUDGET
    documents = inlined(html)
    assert {"val_loss", "loss"} == {*documents["curves"]}
    assert any("acc, val_acc" in line for line in documents["board"]["said"])


def test_the_same_runs_make_the_same_file() -> None:
    texts = {
        report_html(board_of(REAL / "random"), metric="val_accuracy", documents={}, made="today")
        for _ in range(2)
    }
    assert 1 == len(texts)


def test_what_a_table_says_cannot_leave_its_place(tmp_path: Path) -> None:
    hostile = "</script><script>alert(1)</script>"
    text = f'trial_id,epoch,"{hostile}",val_loss\n'
    rows = "".join(f"{t},{e},{t},{1 / (t + e + 1)}\n" for t in range(2) for e in range(2))
    (tmp_path / "a.csv").write_text(text + rows)
    board = board_of(tmp_path / "a.csv")
    html = report_html(board, metric="val_loss", documents={}, made="today")
    assert hostile not in html
    assert hostile in inlined(html)["board"]["params"]
    assert "<script" not in report_svg(board, metric="val_loss")
    assert "<script" not in report_markdown(board, metric="val_loss").replace("\\<", "")


def test_the_script_has_no_import_left_and_every_module_once() -> None:
    text = script()
    assert not re.search(r"^\s*(import|export) ", text, re.MULTILINE)
    names = re.findall(r"^const module_(\w+) = ", text, re.MULTILINE)
    assert len({*names}) == len(names)
    assert "main" == names[-1]


def test_markdown_ranks_by_the_best_and_draws_it() -> None:
    lines = report_markdown(board_of(REAL / "hyperband"), metric="val_accuracy").splitlines()
    assert "## moons\\_hyperband" == lines[0][:19]
    assert lines[4].startswith("| 1 | 0019 | 0.89 | 9 | ")
    assert 10 == sum(line.startswith("| ") for line in lines) - 1
    assert "13 more" in lines


def test_a_picture_holds_the_best_curves_and_stands_alone() -> None:
    text = report_svg(board_of(REAL / "random"), metric="val_accuracy", limit=4)
    root = ET.fromstring(text)  # noqa: S314  # our own text
    drawn = [each for each in root if each.tag.endswith(("polyline", "circle"))]
    assert 4 == len(drawn)
    said = [each.text for each in root if each.tag.endswith("text")]
    assert ["0.7", "0.75", "0.8", "0.85", *"12345678", "epoch"] == said[1:14]  # whole and round
    assert not re.search(r"href|url\(|<style|<foreignObject", text)


def test_numbers_at_the_end_of_the_floats_are_drawn(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("trial_id,epoch,lr,val_loss\n00,0,1,1e308\n00,1,1,-1.7e308\n00,2,1,0\n")
    board = board_of(path)
    documents = inlined(report_html(board, metric="val_loss", documents={}, made="today"))
    (training,) = documents["curves"]["val_loss"]["00"]
    low, middle = 0, LEVELS / 2
    assert [LEVELS, low, pytest.approx(middle, abs=1)] == [*accumulate(training["d"])]
    assert math.isfinite(training["hi"] - training["lo"])
    assert "nan" not in report_svg(board, metric="val_loss")


def test_a_trial_without_numbers_is_in_no_ranking(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("trial_id,epoch,val_loss\n0,0,nan\n0,1,nan\n1,0,0.5\n1,1,0.4\n")
    text = report_markdown(board_of(tmp_path / "a.csv"), metric="val_loss")
    assert "| 1 | 1 | 0.4 | 1 |" in text
    assert "1 more (1 without a finite val\\_loss)" in text


def test_runs_of_one_name_are_told_apart(tmp_path: Path) -> None:
    make_project(tmp_path, metrics={"val_acc": "max"})
    ids = [
        add_run(
            tmp_path, "twice", epochs(val_acc=[0.1, acc]), run_id=run_id_of("twice", token=token)
        )
        for acc, token in ((0.5, "aaaaaaaa"), (0.7, "bbbbbbbb"))
    ]
    add_run(tmp_path, "once", epochs(val_acc=[0.1, 0.6]))
    with contextlib.chdir(tmp_path):
        text = run("report").output
    assert [f"twice · {ids[1][-4:]}", "once", f"twice · {ids[0][-4:]}"] == [
        line.split(" | ")[1] for line in text.splitlines() if line.startswith("| ") and "▁" in line
    ]


MARKED = "# Mine\n\n<!-- ledger:results -->\nold\n<!-- /ledger:results -->\n\nend\n"


def test_what_stands_between_the_marks_is_replaced() -> None:
    text = with_results(MARKED, "| a |\n")
    assert MARKED.replace("old\n", "| a |\n") == text
    assert text == with_results(text, "| a |\n")


@pytest.mark.parametrize("text", ["no marks\n", MARKED + MARKED])
def test_a_file_without_one_pair_of_marks_is_refused(text: str) -> None:
    with pytest.raises(LedgerError, match="marks"):
        with_results(text, "| a |\n")


def run(*arguments: str | Path) -> Any:
    return CliRunner().invoke(main, list(map(str, arguments)))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    make_project(tmp_path)
    add_run(tmp_path, "a", epochs(val_acc=[0.5, 0.9]))
    add_run(tmp_path, "b", epochs(val_acc=[0.6, 0.8]), config={"lr": 0.3})
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_table_in_a_readme_is_kept_and_checked(project: Path) -> None:
    readme = project / "README.md"
    readme.write_text(MARKED)
    assert 1 == run("results", "best val_acc", "--write", readme, "--check").exit_code
    assert MARKED == readme.read_text()
    assert 0 == run("results", "best val_acc", "--write", readme).exit_code
    assert "| 0.9 |" in readme.read_text()
    assert 0 == run("results", "best val_acc", "--write", readme, "--check").exit_code


@pytest.mark.parametrize("name", ["r.html", "r.md", "r.svg"])
def test_the_ending_of_the_file_tells_the_form(project: Path, name: str) -> None:
    done = run("report", "-o", project / name)
    assert 0 == done.exit_code, done.output
    begin = {"r.html": "<!doctype", "r.md": "## ", "r.svg": "<svg"}[name]
    assert (project / name).read_text().startswith(begin)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("report", "--metric", "val_ac"), "val_acc"),
        (("report", "nobody"), "nobody"),
        (("report", "a", "--latest"), "--latest"),
        (("report", "nothing.csv"), "no such file"),
        (("watch", "--metric", "nothing", "--once"), "nothing"),
    ],
)
@pytest.mark.usefixtures("project")
def test_what_is_not_there_is_told_in_a_line(arguments: Sequence[str], told: str) -> None:
    done = run(*arguments)
    assert 0 != done.exit_code
    assert told in done.output + str(done.exception)


def test_a_report_on_one_run_is_about_no_other(project: Path) -> None:
    done = run("report", "b")
    assert 1 == done.output.count("| 0.8 |")
    assert "0.9" not in done.output
    assert 0 == run("report", "b", "-o", project / "r.html").exit_code
    found = inlined((project / "r.html").read_text())
    assert 1 == len(found["board"]["candidates"])
    assert 1 == found["review"]["counts"]["candidates"]
    assert [*found["runs"]] == [found["board"]["candidates"][0]["id"]]
    assert "compare" not in found


@pytest.mark.usefixtures("project")
def test_the_terminal_shows_the_best_first() -> None:
    pytest.importorskip("rich")
    lines = [line for line in run("watch", "--once").output.splitlines() if "│" in line]
    assert "0.9" in lines[0]
    assert "0.8" in lines[1]


def test_the_terminal_keeps_words_and_numbers_whole_where_there_is_little_room(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("rich")
    config = {f"a_rather_long_name_{n}": f"value{n}" for n in range(6)}
    add_run(project, "c", epochs(val_acc=[0.123456]), config=config)
    monkeypatch.setenv("COLUMNS", "80")
    shown = run("watch", "--once").output
    assert 4 == shown.count("finished")  # the title counts them too
    assert "0.123456" in shown
