"""What a question loads: the engine and the parser only where they are needed."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from unit.reader.builders import small_ledger


if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import sys, json
from ledger.cli.main import main
sys.argv = ["ledger", *{arguments!r}]
main.main(standalone_mode=False)
heavy = {{"duckdb", "_duckdb", "lark", "pandas", "numpy", "git"}}
print(json.dumps(sorted(heavy & set(sys.modules))))
"""


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["ls"], ["_duckdb"]),
        (["show", "2026-02-01_1630_baseline-ibai4j6a"], []),
        (["show", "baseline"], ["_duckdb"]),
        (["show", "@best:val_acc"], ["_duckdb"]),
        (["query", "best val_acc"], ["_duckdb"]),
        (["query", "best val_acc where lr < 1"], ["_duckdb", "lark"]),
    ],
)
def test_a_verb_loads_no_more_than_it_needs(
    tmp_path: Path, arguments: list[str], expected: list[str]
) -> None:
    small_ledger(tmp_path)

    out = subprocess.run(  # our own interpreter
        [sys.executable, "-c", PROGRAM.format(arguments=arguments)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    ).stdout

    assert json.loads(out.splitlines()[-1]) == expected


def test_the_engine_falls_back_to_the_public_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """The C module is private; a release may rename it."""
    from ledger.reader import engine

    assert engine.load_duckdb().__name__ == "_duckdb"
    monkeypatch.setitem(sys.modules, "_duckdb_before", None)
    monkeypatch.setattr(engine, "MODULES", ("_duckdb_before", "duckdb"))

    assert engine.load_duckdb().__name__ == "duckdb"


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY (SELECT 1) TO '/tmp/x.csv'",
        "ATTACH '/tmp/x.duckdb'",
        "INSTALL httpfs",
        "SET enable_external_access=true",
    ],
)
def test_the_engine_reaches_nothing_outside_itself(statement: str) -> None:
    from ledger.reader.engine import connect, load_duckdb

    module = load_duckdb()

    with connect() as connection, pytest.raises(module.Error):
        connection.execute(statement)
