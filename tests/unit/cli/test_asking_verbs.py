"""query, compare, ls and show end to end; their output is in golden/ (UPDATE_GOLDEN=1 rewrites)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ledger.cli.main import run
from unit.reader.builders import add_run, epochs, make_project, small_ledger


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Ask = Callable[..., tuple[int, str, str]]

GOLDEN = Path(__file__).parent / "golden"
FORMATS = {"table": "txt", "json": "json", "csv": "csv", "md": "md"}
QUESTIONS = {
    "query": ["query", "best val_acc"],
    "where": ["query", "worst", "loss", "where", "lr", "<=", "1"],
    "compare": ["compare", "baseline", "@best:val_acc"],
    "ls": ["ls"],
    "show": ["show", "small_lr"],
    "failed": ["show", "diverged"],
}


@pytest.fixture
def ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Ask]:
    """Return a function that runs the program in ``tmp_path``: exit code, stdout, stderr."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["ledger", *arguments])
        with pytest.raises(SystemExit) as exited:
            run()
        captured = capsys.readouterr()
        return int(exited.value.code or 0), captured.out, captured.err

    yield invoke
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("output_format", FORMATS)
@pytest.mark.parametrize("question", QUESTIONS)
def test_output_is_the_golden_one(
    ask: Ask, tmp_path: Path, question: str, output_format: str
) -> None:
    small_ledger(tmp_path)

    code, out, _ = ask(*QUESTIONS[question], "--format", output_format)

    path = GOLDEN / f"{question}.{FORMATS[output_format]}"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(out, encoding="utf-8")
    assert (code, out) == (0, path.read_text(encoding="utf-8"))


def test_narration_goes_to_stderr(ask: Ask, tmp_path: Path) -> None:
    small_ledger(tmp_path)

    code, out, err = ask("query", "best loss", "--format", "json")

    assert code == 0
    assert json.loads(out)["direction_source"] == "inferred"
    assert err.splitlines() == [
        "ledger: taking a lower loss as better, by its name",
        "ledger: 2026-02-01_1830_diverged-7iceaaed: 2 of its values of loss were not finite",
        "ledger: 1 left out: no finite loss, or retracted",
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["query", "best val_ac"], 1, "did you mean val_acc?"),
        (["query", "best val_acc where lr = 77"], 1, "no run answers the question"),
        (["query", "best val_acc where lrr < 1"], 1, "did you mean lr"),
        (["query", "best val_acc where optimizer.nam = sgd"], 1, "did you mean optimizer.name"),
        (["query", "best val_acc where momentun = 0.9"], 1, "did you mean optimizer.momentum"),
        (["query", "bst val_acc"], 2, "did you mean 'best'?"),
        (["query", "best epochs"], 1, "no metric is called 'epochs'"),
        (["query"], 2, "ask one question"),
        (["query", "best val_acc", "--limit", "0"], 2, "--limit"),
        (["query", "best val_acc", "--format", "xml"], 2, "--format"),
        (["show", "basline"], 1, "did you mean 2026-02-01_1630_baseline"),
        (["show", "2026"], 1, "may be any of 4 runs"),
        (["compare", "baseline", "nothing"], 1, "no run is called 'nothing'"),
        (["compare", "baseline"], 2, "1 run cannot be compared"),
        (["ls", "--tag", "basline"], 1, "did you mean baseline?"),
        (["ls", "--status", "crashed"], 1, "no run passes the filters"),
    ],
)
def test_errors_say_what_to_do_with_the_documented_code(
    ask: Ask, tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    small_ledger(tmp_path)

    found, _, err = ask(*arguments)

    assert found == code
    assert said in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "arguments", [["ls"], ["show", "x"], ["query", "best x"], ["compare", "a", "b"]]
)
def test_no_ledger_is_one_line_and_exit_2(ask: Ask, arguments: list[str]) -> None:
    code, out, err = ask(*arguments)

    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert "ledger init" in err


@pytest.mark.parametrize(
    "arguments", [["ls"], ["show", "x"], ["query", "best x"], ["compare", "a", "b"]]
)
def test_an_empty_ledger_is_exit_1_and_says_how_to_begin(
    ask: Ask, tmp_path: Path, arguments: list[str]
) -> None:
    make_project(tmp_path)

    code, _, err = ask(*arguments)

    assert code == 1
    assert "ledger.start(" in err


def test_a_broken_record_beside_an_answer_is_one_line_and_exit_0(ask: Ask, tmp_path: Path) -> None:
    ids = small_ledger(tmp_path)
    next(tmp_path.glob(f"ledger/*/{ids['stopped']}/run.json")).write_bytes(b"{}")

    for arguments in (["ls"], ["query", "best val_acc"]):
        code, out, err = ask(*arguments)

        assert code == 0
        assert ids["small_lr"] in out
        assert (
            len([line for line in err.splitlines() if "run.json: run_id: is missing" in line]) == 1
        )


def test_the_direction_may_be_an_option_or_a_word(ask: Ask, tmp_path: Path) -> None:
    make_project(tmp_path)
    add_run(tmp_path, "a", epochs(score=[1.0, 2.0]))

    assert ask("query", "best score")[0] == 2
    for arguments in (["best score min"], ["best score", "--direction", "min"]):
        code, out, _ = ask("query", *arguments, "--format", "json")
        assert (code, json.loads(out)["rows"][0]["value"]) == (0, 1.0)


def test_ls_filters(ask: Ask, tmp_path: Path) -> None:
    ids = small_ledger(tmp_path)

    def listed(*filters: str) -> list[str]:
        out = ask("ls", "--format", "json", *filters)[1]
        return [row["run_id"] for row in json.loads(out)["rows"]]

    assert listed("--status", "failed") == [ids["diverged"]]
    assert listed("--tag", "baseline") == [ids["baseline"]]
    assert listed("--missing-note") == [ids["stopped"], ids["diverged"]]
    assert listed("--limit", "1") == [ids["stopped"]]


def test_hostile_text_reaches_no_terminal(ask: Ask, tmp_path: Path) -> None:
    """A name, a tag, a param and a note that would recolour, reorder or run as a formula."""
    make_project(tmp_path)
    evil = "\x1b[31mred\u202e"
    note = {"Result": [f"{evil} done"]}
    config = {evil: evil, "f": "=1+1", "g": "-5"}
    add_run(tmp_path, "r", run_id="r", tags=[evil], config=config, note=note)

    for output_format in FORMATS:
        for arguments in (["ls"], ["show", "r"]):
            code, out, _ = ask(*arguments, "--format", output_format)
            assert code == 0
            assert "\x1b" not in out
            assert "\u202e" not in out
    out = ask("show", "r", "--format", "csv")[1]
    assert "config,f,'=1+1" in out.splitlines()
    assert 'config,g,"""-5"""' in out.splitlines()


def test_a_stdout_that_cannot_carry_blocks_gets_letters(tmp_path: Path) -> None:
    small_ledger(tmp_path)

    out = program(tmp_path, "show", "small_lr", PYTHONIOENCODING="ascii", PYTHONUTF8="0")

    assert b"#" in out
    assert out.isascii()


def test_a_reader_that_has_gone_is_no_error(tmp_path: Path) -> None:
    small_ledger(tmp_path)
    command = [sys.executable, "-c", "from ledger.cli.main import run; run()", "ls"]
    ours, theirs = os.pipe()
    os.close(ours)

    done = subprocess.run(command, cwd=tmp_path, stdout=theirs, stderr=subprocess.PIPE, check=False)
    os.close(theirs)

    assert (done.returncode, done.stderr) == (0, b"")


def test_a_terminal_gets_its_width_and_colour(tmp_path: Path) -> None:
    small_ledger(tmp_path)

    coloured = on_terminal(tmp_path, "query", "best val_acc", COLUMNS="60", TERM="xterm")
    plain = on_terminal(tmp_path, "query", "best val_acc", COLUMNS="60", NO_COLOR="1")

    assert "\x1b[1m" in coloured
    assert "\x1b" not in plain
    rows = [line for line in plain.splitlines() if "2026-02-01" in line and "ledger:" not in line]
    assert max(map(len, rows)) <= 60


@pytest.mark.parametrize(
    "arguments",
    [["ls"], ["show", "x"], ["query", "best x"], ["compare", "a", "b"], ["note", "--missing"]],
)
def test_when_no_record_can_be_read_each_is_named(
    ask: Ask, tmp_path: Path, arguments: list[str]
) -> None:
    make_project(tmp_path)
    paths = []
    for name in ("a", "b"):
        run_id = add_run(tmp_path, name)
        paths.append(next(tmp_path.glob(f"ledger/*/{run_id}/run.json")).relative_to(tmp_path))
        paths[-1].write_bytes(b"{}")

    code, out, err = ask(*arguments)

    lines = err.splitlines()
    assert (code, out, len(lines)) == (1, "", 3)
    for path, line in zip(sorted(paths), lines, strict=False):
        assert line.startswith(f"ledger: {path}: run_id: is missing (")
    assert lines[2].startswith("ledger: no record could be read (")


def test_waiting_notes_name_broken_records_too(ask: Ask, tmp_path: Path) -> None:
    ids = small_ledger(tmp_path)
    next(tmp_path.glob(f"ledger/*/{ids['stopped']}/run.json")).write_bytes(b"{}")

    code, out, err = ask("note", "--missing")

    assert code == 0
    assert ids["diverged"] in out
    assert "run.json: run_id: is missing" in err


def test_an_incomplete_record_is_flagged_in_tables_and_the_json_stays(
    ask: Ask, tmp_path: Path
) -> None:
    make_project(tmp_path)
    add_run(tmp_path, "r", epochs(val_acc=[0.5]), incomplete="the disk was full")

    for arguments in (["ls"], ["query", "best val_acc"]):
        assert "incomplete" in ask(*arguments)[1]
        assert "incomplete" not in ask(*arguments, "--format", "json")[1]
    assert "the disk was full" in ask("show", "r")[1]


def test_times_are_listed_as_the_record_writes_them(ask: Ask, tmp_path: Path) -> None:
    make_project(tmp_path)
    started, ended = "2026-02-01T18:00:00.123+01:00", "2026-02-01T18:01:00.456+01:00"
    add_run(tmp_path, "r", timestamp={"start": started, "end": ended})

    row = json.loads(ask("ls", "--format", "json")[1])["rows"][0]

    assert (row["started"], row["ended"]) == (started, ended)
    assert f",{started},{ended}," in ask("ls", "--format", "csv")[1]


@pytest.mark.parametrize("word", ["yesterday", "2026", "2026-13", "2026-W05-1", "2026-02-31"])
def test_a_word_that_is_no_time_is_bad_usage(ask: Ask, tmp_path: Path, word: str) -> None:
    small_ledger(tmp_path)

    code, out, err = ask("query", f"best val_acc where started > {word}")

    assert (code, out) == (2, "")
    assert f"'{word}', which is no time (write it as 20" in err


@pytest.mark.parametrize("word", ["2026-01", "2026-01-31", "2026-02-01T10:00:00+00:00"])
def test_a_time_or_its_beginning_is_understood(ask: Ask, tmp_path: Path, word: str) -> None:
    small_ledger(tmp_path)

    assert ask("query", f"best val_acc where started > {word}")[0] == 0


def test_a_name_with_control_characters_is_escaped_on_one_line(ask: Ask, tmp_path: Path) -> None:
    make_project(tmp_path)
    add_run(tmp_path, "r", metrics={"val\n\x1b[31macc": 0.5})

    code, _, err = ask("query", "best val")

    assert code == 1
    assert err == ("ledger: no metric is called 'val' (did you mean val\\n\\x1b[31macc?)\n")


def test_a_comparison_for_programs_names_its_runs(ask: Ask, tmp_path: Path) -> None:
    ids = small_ledger(tmp_path)

    out = ask("compare", "small_lr", "small_lr", "--format", "csv")[1]

    assert f"run,run_id,,{ids['small_lr']},{ids['small_lr']},true,true,,," == out.splitlines()[1]
    assert ids["small_lr"] in ask("compare", "small_lr", "baseline", "--format", "md")[1]


POWERLESS = "-dac_override,-dac_read_search"


@pytest.fixture
def unprivileged() -> list[str]:
    """Return the words that run a command so that permissions hold for it."""
    if os.geteuid() != 0:
        return []
    words = ["setpriv", f"--bounding-set={POWERLESS}", f"--inh-caps={POWERLESS}", "--"]
    if shutil.which("setpriv") is None or subprocess.run([*words, "true"], check=False).returncode:
        pytest.skip("root reads everything, and there is no setpriv to give that up")
    return words


@pytest.mark.parametrize(
    ("closed", "code", "said"),
    [
        ("ledger", 2, "ledger: ledger: the ledger cannot be read: Permission denied"),
        ("ledger/2026-02", 1, "ledger: ledger/2026-02: cannot be read: Permission denied"),
        ("{run}", 0, "ledger: {run}: cannot be read: Permission denied"),
        ("{run}/run.json", 0, "ledger: {run}/run.json: cannot be read: Permission denied"),
        ("{run}/metrics.csv", 0, "ledger: {run}/metrics.csv: cannot be read: Permission denied"),
    ],
)
@pytest.mark.parametrize("arguments", [["ls"], ["query", "best val_acc"]])
def test_what_may_not_be_read_is_named_once(
    tmp_path: Path,
    unprivileged: list[str],
    *,
    closed: str,
    code: int,
    said: str,
    arguments: list[str],
) -> None:
    make_project(tmp_path)
    rows = epochs(val_acc=[0.5])
    add_run(tmp_path, "open", rows)
    run_id = add_run(tmp_path, "closed", rows, is_sealed=False, status="interrupted")
    run = f"ledger/2026-02/{run_id}"
    path = tmp_path / closed.format(run=run)
    mode = path.stat().st_mode
    path.chmod(0)

    program = [sys.executable, "-c", "from ledger.cli.main import run; run()", *arguments]
    done = subprocess.run(
        [*unprivileged, *program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    path.chmod(mode)

    assert done.returncode == code, done.stderr
    assert done.stderr.count("Permission denied") == 1
    assert said.format(run=run) in done.stderr
    assert "Traceback" not in done.stderr


def program(root: Path, *arguments: str, **env: str) -> bytes:
    command = [sys.executable, "-c", "from ledger.cli.main import run; run()", *arguments]
    return subprocess.run(  # our own interpreter
        command, cwd=root, env={**os.environ, **env}, capture_output=True, check=True
    ).stdout


def on_terminal(root: Path, *arguments: str, **env: str) -> str:
    """Return what the program writes to a terminal; its narration goes there too."""
    command = [sys.executable, "-c", "from ledger.cli.main import run; run()", *arguments]
    ours, theirs = os.openpty()
    environ = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | env
    with subprocess.Popen(  # our own interpreter
        command, cwd=root, env=environ, stdout=theirs, stderr=subprocess.DEVNULL
    ):
        os.close(theirs)
        heard = b""
        while chunk := _read(ours):
            heard += chunk
    os.close(ours)
    return heard.decode().replace("\r\n", "\n")


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, 65536)
    except OSError:  # Linux says so when the other side has closed
        return b""
