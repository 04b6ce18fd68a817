"""The budgets of the code itself, and facts that stand in two places."""

from __future__ import annotations

import ast
import statistics
import tomllib
from pathlib import Path

import pytest

import ledger
from ledger.version import VERSION


ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src" / "ledger").rglob("*.py"))
MAX_MODULE, MEDIAN_MODULE, MAX_FUNCTION, P90_FUNCTION = 400, 120, 60, 30
NO_BROAD_EXCEPT = ("contract", "storage", "policy")


def _functions() -> dict[str, int]:
    found = {}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                end = node.end_lineno or node.lineno
                found[f"{path.relative_to(ROOT)}:{node.lineno}"] = end - node.lineno + 1
    return found


def test_modules_keep_to_their_length() -> None:
    lengths = {str(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {} == {path: length for path, length in lengths.items() if length > MAX_MODULE}
    assert statistics.median(lengths.values()) <= MEDIAN_MODULE


def test_functions_keep_to_their_length() -> None:
    lengths = _functions()
    assert {} == {name: length for name, length in lengths.items() if length > MAX_FUNCTION}
    assert statistics.quantiles(lengths.values(), n=10)[-1] <= P90_FUNCTION


@pytest.mark.parametrize("room", NO_BROAD_EXCEPT)
def test_room_catches_nothing_to_be_safe(room: str) -> None:
    """The one exception is the last door of the hook, which turns a bug into a report."""
    broad = []
    for path in SOURCES:
        if path.parent.name == room and path.name != "__main__.py":
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ExceptHandler):
                    named = ast.unparse(node.type) if node.type else ""
                    if named in {"", "Exception", "BaseException"}:
                        broad.append(f"{path}:{node.lineno}")
    assert [] == broad


def test_version_is_the_one_of_the_distribution() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == VERSION


def test_every_public_name_resolves() -> None:
    assert [] == [name for name in ledger.__all__ if getattr(ledger, name, None) is None]
