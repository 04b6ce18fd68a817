"""All that a ledger should not hold: the rest answers, the broken one is named once."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from unit.reader.builders import FIRST, add_run, epochs, make_project


if TYPE_CHECKING:
    from pathlib import Path

QUESTIONS = {
    "ls": ["ls"],
    "best": ["query", "best val_acc"],
    "first": ["query", "first val_acc"],
    "count": ["query", "count by model"],
    "sql": ["query", "--sql", "SELECT count(*) FROM metrics WHERE metric = 'val_acc'"],
    "compare": ["compare", "good", "select"],
}


def ask(root: Path, *arguments: str) -> tuple[int, str, str]:
    """Return code, stdout and stderr of ``ledger``."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "ledger", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Return a project of good and bad runs, and what is said of each bad one."""
    root = tmp_path_factory.mktemp("crowd")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    make_project(root)
    rows = epochs(val_acc=[0.5, 0.6], loss=[1.0, 0.5])
    number = iter(range(1, 100))

    def add(name: str, **more: object) -> Path:
        started = FIRST + timedelta(hours=next(number))
        run_id = add_run(root, name, **{"rows": rows, "started": started, **more})  # type: ignore[arg-type]
        return next(root.glob(f"ledger/*/{run_id}"))

    add("good")
    add("select", rows=epochs(select=[1.0, 2.0], val_acc=[0.1, 0.2], größe=[1.0, 2.0]))
    add("dots", config={"a.b": 1, "a": {"b": 2}})
    add("名前 🎲", run_id="unicode", config={"ключ": "значение"})
    said: dict[str, str] = {}

    def spoil(name: str, file: str, data: bytes, message: str, **more: object) -> None:
        folder = add(name, **more)
        (folder / file).write_bytes(data)
        said[f"{folder.name}/{file}"] = message

    spoil("half", "run.json", b'{"run_id": ', "is not JSON")
    spoil("twice", "run.json", b'{"run_id": "a", "run_id": "b"}', "the key stands twice")
    spoil("latin", "run.json", '{"run_id": "größe"}'.encode("latin-1"), "is not UTF-8")
    spoil("marks", "run.json", b"<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> x\n", "is not JSON")
    spoil("newer", "run.json", b'{"schema_version": 9}', "was written in format 9")
    live = {"is_sealed": False, "status": "interrupted"}
    spoil("cut", "metrics.csv", b"epoch,val_acc\n0,0.1\n1\n", "has 1 cells", **live)
    spoil("mixed", "metrics.csv", b"epoch,val_acc\n0,\xff\n", "is not UTF-8", **live)
    spoil("double", "metrics.csv", b"epoch,val_acc,val_acc\n0,1,2\n", "stands twice", **live)
    conflict = b"epoch,val_acc\n0,0.1\n<<<<<<< HEAD\n1,0.9\n=======\n1,0.8\n>>>>>>> x\n"
    spoil("conflict", "metrics.csv", conflict, "conflict marker", **live)
    spoil("words", "metrics.csv", b"epoch,val_acc\n0,high\n", "is not a number", **live)
    return root, said


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_rest_answers_and_each_broken_one_is_named_once(
    crowd: tuple[Path, dict[str, str]], question: str
) -> None:
    root, said = crowd

    code, out, err = ask(root, *QUESTIONS[question])

    assert code == 0, err
    assert "good" in out or question in {"count", "sql"}
    assert "Traceback" not in err
    if question == "compare":
        return  # of two runs nothing else is read
    for place, message in said.items():
        lines = [line for line in err.splitlines() if place in line]
        assert len(lines) == 1, (place, err)
        assert message in lines[0]


def test_params_of_one_dotted_name_are_two(crowd: tuple[Path, dict[str, str]]) -> None:
    root, _ = crowd
    runs = "SELECT run_id FROM runs WHERE name = 'dots'"
    statement = f"SELECT key, text FROM params WHERE run_id IN ({runs}) AND key LIKE '%b%'"

    out = ask(root, "query", "--sql", f"{statement} ORDER BY key", "--format", "csv")[1]

    assert out == 'key,text\n"""a.b""",1\na.b,2\n'


def test_a_metric_named_select_and_words_of_any_script(crowd: tuple[Path, dict[str, str]]) -> None:
    root, _ = crowd

    assert ask(root, "query", "best select max")[1].splitlines()[1].split()[2] == "2"
    assert ask(root, "query", "best größe max")[0] == 0
    rows = json.loads(ask(root, "query", 'runs where ключ = "значение"', "--format", "json")[1])
    assert [row["run_id"] for row in rows["rows"]] == ["unicode"]


def test_a_table_of_a_hundred_thousand_columns(tmp_path: Path) -> None:
    make_project(tmp_path)
    add_run(tmp_path, "good", epochs(val_acc=[0.5]))
    names = [f"m{place}" for place in range(100_000)]
    run_id = add_run(
        tmp_path, "wide", epochs(val_acc=[0.9]), is_sealed=False, status="interrupted", columns=...
    )
    folder = next(tmp_path.glob(f"ledger/*/{run_id}"))
    cells = ",".join("1" for _ in names)
    (folder / "metrics.csv").write_text(f"epoch,val_acc,{','.join(names)}\n0,0.9,{cells}\n")

    code, out, err = ask(tmp_path, "query", "best val_acc")
    counted = ask(tmp_path, "query", "--sql", "SELECT count(DISTINCT metric) FROM metrics")

    assert code == 0, err
    assert out.splitlines()[1].split()[1] == run_id
    assert counted[1].splitlines()[1].strip() == "100001"
    assert "epochs has columns for 1000 of 100001 metrics" in counted[2]


def test_folders_that_vanish_while_they_are_read(tmp_path: Path) -> None:
    make_project(tmp_path)
    for number in range(60):
        add_run(tmp_path, f"run{number}", epochs(val_acc=[0.5]))
    over = threading.Event()

    def shuffle() -> None:
        folders = sorted(tmp_path.glob("ledger/*/*run[1-5]?-*"))
        while not over.is_set():
            for folder in folders:
                away = tmp_path / folder.name
                folder.rename(away)
                away.rename(folder)
        for folder in folders[::2]:
            shutil.rmtree(folder)

    thread = threading.Thread(target=shuffle)
    thread.start()
    try:
        for question in ("ls", "best", "sql"):
            code, _, err = ask(tmp_path, *QUESTIONS[question])
            assert code == 0, err
            assert "Traceback" not in err
    finally:
        over.set()
        thread.join()
    assert ask(tmp_path, "ls")[1].count("\n") == 36
