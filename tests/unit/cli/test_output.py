"""Answers in every format, into files and pipes that may refuse them."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from unit.reader.builders import small_ledger


VERBS = {
    "ls": ["ls"],
    "show": ["show", "small_lr"],
    "query": ["query", "best val_acc"],
    "compare": ["compare", "baseline", "small_lr"],
    "sql": ["query", "--sql", "SELECT name, seed FROM runs ORDER BY name"],
}
FULL = Path("/dev/full")
MANY = ["query", "--sql", "SELECT repeat('x', 100000) FROM range(100)", "--format", "csv"]


def ledger(project: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command in ``project``."""
    return subprocess.run(
        [sys.executable, "-m", "ledger", *arguments], cwd=project, capture_output=True, check=False
    )


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_says_the_same_in_every_format(tmp_path: Path, verb: str) -> None:
    small_ledger(tmp_path)

    done = {
        each: ledger(tmp_path, *VERBS[verb], "--format", each)
        for each in ("table", "json", "csv", "md", "parquet")
    }

    assert {each.returncode for each in done.values()} == {0}
    table = pq.read_table(io.BytesIO(done["parquet"].stdout))
    header, *rows = csv.reader(io.StringIO(done["csv"].stdout.decode()))
    assert table.column_names == header
    assert table.num_rows == len(rows) > 0
    assert isinstance(json.loads(done["json"].stdout), dict)
    assert done["md"].stdout.startswith((b"| ", b"**"))


@pytest.mark.parametrize("verb", VERBS)
def test_a_file_holds_what_stdout_would(tmp_path: Path, verb: str) -> None:
    small_ledger(tmp_path)
    printed = ledger(tmp_path, *VERBS[verb], "--format", "csv").stdout

    done = ledger(tmp_path, *VERBS[verb], "--format", "csv", "--output", "answer.csv")

    assert (done.returncode, done.stdout) == (0, b"")
    assert (tmp_path / "answer.csv").read_bytes() == printed


def test_columns_as_asked_in_the_order_asked(tmp_path: Path) -> None:
    small_ledger(tmp_path)
    statement = 'SELECT 1 AS "a,b", 2 AS c, 3 AS d'

    done = ledger(tmp_path, "query", "--sql", statement, "--columns", 'd, "a,b"', "--format", "csv")

    assert done.stdout == b'd,"a,b"\n3,1\n'


def test_an_unknown_column_is_told_with_what_was_meant(tmp_path: Path) -> None:
    small_ledger(tmp_path)

    done = ledger(tmp_path, "ls", "--columns", "name,statsu")

    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"ledger: no column is called 'statsu' (did you mean status")


def test_a_statement_without_rows_is_exit_1(tmp_path: Path) -> None:
    small_ledger(tmp_path)

    done = ledger(
        tmp_path, "query", "--sql", "SELECT name FROM runs WHERE false", "--format", "csv"
    )

    assert (done.returncode, done.stdout) == (1, b"name\n")
    assert done.stderr.count(b"\n") == 1


def test_a_table_shows_a_thousand_rows_and_the_other_formats_all(tmp_path: Path) -> None:
    small_ledger(tmp_path)
    arguments = ["query", "--sql", "FROM range(1500)"]

    table = ledger(tmp_path, *arguments)

    assert table.stdout.count(b"\n") == 1001
    assert table.stderr.startswith(b"ledger: the first 1000 rows")
    for each, extra in (("csv", 1), ("md", 2)):
        assert ledger(tmp_path, *arguments, "--format", each).stdout.count(b"\n") == 1500 + extra


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
@pytest.mark.parametrize("output_format", ["table", "csv", "parquet"])
@pytest.mark.parametrize("is_stdout", [True, False])
def test_a_full_disk_is_one_line_and_exit_2(
    tmp_path: Path, output_format: str, *, is_stdout: bool
) -> None:
    small_ledger(tmp_path)
    into = [] if is_stdout else ["--output", str(FULL)]

    with FULL.open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ledger", "ls", "--format", output_format, *into],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert done.returncode == 2
    assert b"No space left" in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_a_file_that_cannot_be_written_whole_stays_as_it_was(tmp_path: Path) -> None:
    small_ledger(tmp_path)
    (tmp_path / "answer.csv").write_text("before")
    command = f'ulimit -f 1; exec {sys.executable} -m ledger "$@"'

    done = subprocess.run(
        ["/bin/sh", "-c", command, "sh", *MANY, "--output", "answer.csv"],
        cwd=tmp_path,
        capture_output=True,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr.startswith(b"ledger: answer.csv: File too large")
    assert done.stderr.count(b"\n") == 1
    assert (tmp_path / "answer.csv").read_text() == "before"
    assert not list(tmp_path.glob(".answer*"))


@pytest.mark.parametrize("output_format", ["csv", "table", "parquet"])
def test_a_reader_that_goes_early_is_no_error(tmp_path: Path, output_format: str) -> None:
    small_ledger(tmp_path)
    arguments = [*MANY[:-1], output_format]

    with subprocess.Popen(
        [sys.executable, "-m", "ledger", *arguments],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(4)
        process.stdout.close()
        said = process.stderr.read()

    assert (process.returncode, said) == (0, b"")
