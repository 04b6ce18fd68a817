"""What the commit hook may not import: start-up is a feature."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


SOURCE = str(Path(__file__).parents[2] / "src")
DENIED = {
    "argparse",
    "asyncio",
    "click",
    "dataclasses",
    "datetime",
    "duckdb",
    "git",
    "importlib.metadata",
    "importlib.util",
    "inspect",
    "logging",
    "lark",
    "numpy",
    "pandas",
    "pathlib",
    "pathspec",
    "shutil",
    "socket",
    "subprocess",
    "tempfile",
    "threading",
    "tomllib",
    "typing",
    "urllib",
    "yaml",
}


def modules_of(code: str) -> set[str]:
    """Return what is imported after ``code`` has run in a clean interpreter."""
    begin = f"import sys; sys.path.insert(0, {SOURCE!r})"
    lines = f"{begin}; {code}; import json; print(json.dumps([*sys.modules]))"
    bare = modules_at_start()
    said = subprocess.run([sys.executable, "-I", "-c", lines], capture_output=True, check=True)
    return set(json.loads(said.stdout)) - bare


def modules_at_start() -> set[str]:
    """Return what this interpreter imports by itself (``.pth`` files of the environment)."""
    lines = "import sys, json; print(json.dumps([*sys.modules]))"
    said = subprocess.run([sys.executable, "-I", "-c", lines], capture_output=True, check=True)
    return set(json.loads(said.stdout)) - {"json"}


def test_hook_imports_nothing_heavy() -> None:
    assert not modules_of("import ledger.policy.__main__") & DENIED


def test_hook_stays_in_its_rooms() -> None:
    rooms = {
        name.split(".")[1]
        for name in modules_of("import ledger.policy.__main__")
        if name.count(".") and name.startswith("ledger.")
    }
    assert rooms <= {"policy", "storage", "contract", "settings", "errors", "value"}
