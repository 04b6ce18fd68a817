"""SQL of the user's own: it reads the views, and nothing else in the world."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ledger.errors import LedgerError, UnknownNameError
from ledger.reader import sql
from ledger.reader.index.views import PUBLIC
from ledger.reader.sql import ask_sql
from make_repo import make_repo
from unit.reader.builders import add_run, epochs, make_project, open_at, small_ledger
from unit.reader.index.many import make_many


TYPES = """
    SELECT 1::HUGEINT AS a, 1.5::DECIMAL(5, 2) AS b, DATE '2026-02-01' AS c, [1, NULL] AS d,
        {'k': 'v'} AS e, MAP {'m': 1.0::DOUBLE} AS f, INTERVAL 90 SECOND AS g, '\\xAA'::BLOB AS h,
        'nan'::DOUBLE AS i, TIME '10:00' AS j, NULL AS k, true AS l, 2::BIGINT AS a,
        TIMESTAMPTZ '2026-02-01 10:00:00+00' AS m
"""


def test_every_view_is_there(tmp_path: Path) -> None:
    small_ledger(tmp_path)
    ledger = open_at(tmp_path)
    counts = {
        view: ask_sql(ledger, f"SELECT count(*) FROM {view}").rows[0][0]
        for view in (
            "runs",
            "summary",
            "params",
            "data",
            "artifacts",
            "notes",
            "metrics",
            "epochs",
            "trials",
        )
    }

    assert counts == {
        "runs": 4,
        "summary": 8,
        "params": 17,
        "data": 3,
        "artifacts": 1,
        "notes": 20,
        "metrics": 24,
        "epochs": 12,
        "trials": 0,
    }


def test_values_of_every_type_reach_every_format(tmp_path: Path) -> None:
    small_ledger(tmp_path)

    answer = ask_sql(open_at(tmp_path), TYPES)

    assert answer.columns == (
        "a",
        "b",
        "c",
        "d",
        "e",
        "f",
        "g",
        "h",
        "i",
        "j",
        "k",
        "l",
        "a_2",
        "m",
    )
    row = answer.to_json()["rows"][0]
    assert row[:-1] == [
        1,
        1.5,
        "2026-02-01",
        [1, None],
        {"k": "v"},
        {"m": 1.0},
        90.0,
        "aa",
        "nan",
        "10:00:00",
        None,
        True,
        2,
    ]
    assert row[-1].startswith("2026-02-01T")
    assert answer.to_grid().rows[0][3:6] == ("[1, null]", '{"k": "v"}', '{"m": 1.0}')


@pytest.mark.parametrize(
    "statement",
    [
        "COPY (SELECT 1) TO '/tmp/never'",
        "COPY runs FROM '/etc/passwd'",
        "ATTACH '/tmp/never.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET threads = 8",
        "SET enable_external_access = true",
        "RESET memory_limit",
        "PRAGMA database_list",
        "CREATE TABLE t AS SELECT 1",
        "DROP VIEW runs",
        "INSERT INTO fresh.runs SELECT * FROM fresh.runs",
        "UPDATE fresh.runs SET name = 'x'",
        "DELETE FROM fresh.runs",
        "EXPORT DATABASE '/tmp/never'",
        "CALL pragma_version()",
        "CHECKPOINT",
        "PIVOT runs ON status",
        "SELECT 1; DROP VIEW runs",
        "SELECT 1; SELECT 2",
        "WITH gone AS (DELETE FROM fresh.runs RETURNING *) SELECT * FROM gone",
        "EXPLAIN ANALYZE DROP VIEW runs",
        "EXPLAIN ANALYZE DELETE FROM fresh.runs",
        "EXPLAIN ANALYZE CREATE TABLE t AS SELECT 1",
        "EXPLAIN ANALYZE SET threads = 8",
        "FROM force_checkpoint()",
        "FROM enable_profiling(save_location='/tmp/never')",
        "FROM enable_logging(storage='file', storage_config={'path': '/tmp/never'})",
        "",
        "-- nothing",
    ],
)
def test_only_one_statement_that_reads(tmp_path: Path, statement: str) -> None:
    small_ledger(tmp_path)

    with pytest.raises(LedgerError) as caught:
        ask_sql(open_at(tmp_path), statement)

    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_blob('/etc/passwd')",
        "SELECT * FROM read_json('/etc/passwd')",
        "SELECT * FROM read_parquet('/etc/passwd')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM sniff_csv('/etc/passwd')",
        "SELECT * FROM parquet_metadata('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM 'https://example.com/x.csv'",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '/tmp/never'",
        "SELECT getenv('HOME')",
        "SELECT * FROM somewhere_in_python",
        "SELECT * FROM read_duckdb('/etc/passwd')",
        "SELECT * FROM read_duckdb('ledger.toml')",
        "SELECT * FROM query('SELECT * FROM read_text(''/etc/passwd'')')",
        "SELECT * FROM duckdb_secrets()",
        "SELECT * FROM duckdb_extensions()",
        "SELECT * FROM which_secret('s3://x', 's3')",
        "SELECT * FROM parquet_schema('/etc/passwd')",
        "SELECT * FROM sqlite_scan('/etc/passwd', 'x')",
        "SELECT * FROM pandas_scan(1)",
        "SELECT * FROM arrow_scan(1, 1, 1)",
    ],
)
def test_no_file_no_network_no_python(tmp_path: Path, statement: str) -> None:
    small_ledger(tmp_path)
    somewhere_in_python = [1]
    ledger = open_at(tmp_path)

    with pytest.raises(LedgerError) as caught:
        ask_sql(ledger, statement)

    assert "\n" not in str(caught.value)
    assert "root:" not in str(caught.value)
    assert somewhere_in_python == [1]


def test_the_stored_index_cannot_be_written(tmp_path: Path) -> None:
    make_many(tmp_path)
    ledger = open_at(tmp_path)
    n_before = ask_sql(ledger, "SELECT count(*) FROM runs").rows

    for statement in ("DELETE FROM base_records.runs", "DROP TABLE base_records.runs"):
        with pytest.raises(LedgerError):
            ask_sql(ledger, statement)
    with pytest.raises(LedgerError):
        ask_sql(ledger, "EXPLAIN ANALYZE DELETE FROM base_records.runs")
    assert ask_sql(open_at(tmp_path), "SELECT count(*) FROM runs").rows == n_before


def test_an_unknown_view_and_column_are_told_with_what_was_meant(tmp_path: Path) -> None:
    small_ledger(tmp_path)

    with pytest.raises(UnknownNameError, match=r"'runz' \(did you mean runs") as unknown:
        ask_sql(open_at(tmp_path), "SELECT * FROM runz")
    assert "the views are runs, summary, params, data," in str(unknown.value)
    with pytest.raises(LedgerError, match="run_id") as caught:
        ask_sql(open_at(tmp_path), "SELECT runid\nFROM runs")
    assert "at: SELECT runid" in str(caught.value)


def test_names_that_are_words_of_sql(tmp_path: Path) -> None:
    make_project(tmp_path)
    add_run(
        tmp_path,
        "one",
        epochs(**{"select": [0.1, 0.2], "Loss": [1.0, 2.0], "loss": [3.0, 4.0], 'a"b': [5.0]}),
    )

    answer = ask_sql(
        open_at(tmp_path), 'SELECT "select", "Loss", loss_2, "a""b" FROM epochs ORDER BY epoch'
    )

    assert answer.rows == ((0.1, 1.0, 3.0, 5.0), (0.2, 2.0, 4.0, None))


def test_a_limit_says_that_there_is_more(tmp_path: Path) -> None:
    small_ledger(tmp_path)
    ledger = open_at(tmp_path)

    assert ask_sql(ledger, "SELECT run_id FROM runs", limit=3).is_cut
    assert not ask_sql(ledger, "SELECT run_id FROM runs", limit=4).is_cut


@pytest.mark.parametrize(
    "statement",
    [
        "SHOW TABLES",
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main'",
        "SELECT view_name FROM duckdb_views() WHERE schema_name = 'main' AND NOT internal",
    ],
)
def test_the_list_of_views_is_whole(tmp_path: Path, statement: str) -> None:
    small_ledger(tmp_path)

    listed = {name for (name,) in ask_sql(open_at(tmp_path), statement).rows}

    assert listed == set(PUBLIC)


def test_a_view_whose_name_is_made_in_the_statement(tmp_path: Path) -> None:
    small_ledger(tmp_path)

    asked = "SELECT count(*) FROM query_table('met' || 'rics')"

    assert ask_sql(open_at(tmp_path), asked).rows == ((24,),)


def test_where_the_index_lies_may_be_read_and_nothing_there(tmp_path: Path) -> None:
    root = make_repo(tmp_path)
    make_many(root)
    ask_sql(open_at(root), "SELECT 1 FROM runs")
    ledger = open_at(root)
    asked = "SELECT path, readonly FROM duckdb_databases() WHERE path IS NOT NULL"
    found = ask_sql(ledger, asked).rows

    assert found
    assert all(is_read_only for _, is_read_only in found)
    for path, _ in found:  # its own bytes may be read, nothing beside it
        folder = Path(str(path)).parent
        for asked in (f"read_blob('{folder}/CURRENT')", f"glob('{folder}/*')", f"'{path}.csv'"):
            with pytest.raises(LedgerError):
                ask_sql(ledger, f"SELECT * FROM {asked}")


def test_a_damaged_index_is_made_anew_with_a_word(tmp_path: Path) -> None:
    root = make_repo(tmp_path)
    make_many(root)
    asked = "SELECT * EXCLUDE (time) FROM metrics ORDER BY ALL"
    before = ask_sql(open_at(root), asked).rows
    asked_paths = "SELECT path FROM duckdb_databases() WHERE database_name = 'base_curves'"
    ((stored,),) = ask_sql(open_at(root), asked_paths).rows
    file = Path(str(stored))
    data = bytearray(file.read_bytes())
    for place in range(3 * 4096, len(data), 1000):  # its head stays: it opens
        data[place] ^= 0xFF
    file.chmod(0o644)
    file.write_bytes(data)

    answer = ask_sql(open_at(root), asked)

    assert answer.rows == before
    assert answer.warnings == ("the index was damaged and was made anew",)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM range(100000000)",
        "SELECT repeat('x', 100000) FROM range(100)",
        "SELECT [range::VARCHAR, repeat('y', 1000)] FROM range(5000)",
        "SELECT range(100000)",
        "SELECT MAP {'a': repeat('y', 2000000)}",
    ],
)
def test_more_than_memory_should_hold_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    small_ledger(tmp_path)
    monkeypatch.setattr(sql, "MAX_WEIGHT", 1 << 20)

    with pytest.raises(LedgerError, match=r"larger than 1 MiB .*--limit"):
        ask_sql(open_at(tmp_path), statement, timeout_s=None)


def test_a_long_statement_is_interrupted(tmp_path: Path) -> None:
    small_ledger(tmp_path)

    with pytest.raises(LedgerError, match=r"stopped after 0\.2 s"):
        ask_sql(open_at(tmp_path), "SELECT count(*) FROM range(1000000000000)", timeout_s=0.2)


@pytest.mark.parametrize(
    "stuck",
    [
        "SELECT list_sum(list_transform(range(900000000), lambda x: x * 2))",
        "SELECT length(repeat('x', 4000000000))",
        "SELECT regexp_matches(repeat('a', 300000000), '(a*)*b')",
        "SELECT list_transform(range(300000000), lambda x: x + 1)",
    ],
)
def test_one_stuck_call_ends_the_command(tmp_path: Path, stuck: str) -> None:
    """Memory is limited too: one of the two ends must come, and soon."""
    small_ledger(tmp_path)
    begun = time.monotonic()

    done = subprocess.run(
        [sys.executable, "-m", "ledger", "query", "--sql", stuck, "--timeout", "0.3"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr.startswith("ledger: ")
    assert done.stderr.count("\n") == 1
    assert time.monotonic() - begun < 90


def test_a_statement_from_stdin_in_every_format(tmp_path: Path) -> None:
    small_ledger(tmp_path)

    def asked(*arguments: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "ledger", "query", "--sql", "-", *arguments],
            cwd=tmp_path,
            input="SELECT name, seed FROM runs ORDER BY name LIMIT 2",
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    assert asked() == "name      seed\nbaseline    42\ndiverged    42\n"
    assert asked("--format", "csv") == "name,seed\nbaseline,42\ndiverged,42\n"
    assert json.loads(asked("--format", "json"))["columns"][1] == {"name": "seed", "type": "BIGINT"}
    assert "| baseline | 42 |" in asked("--format", "md")
    asked("--format", "parquet", "--output", os.fspath(tmp_path / "x.parquet"))
    assert (tmp_path / "x.parquet").read_bytes().startswith(b"PAR1")
