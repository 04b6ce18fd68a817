"""The shell that judges a commit: with an interpreter baked in, or portable and tracked by git."""

from __future__ import annotations

import os
import re
from importlib.resources import files
from pathlib import Path

from ledger.policy.finding import shell_word


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.storage.git import Repository

SAVED_SUFFIX = ".before-ledger"
TEMPLATE = "pre-commit"
PRIVATE_NAME = "commit-hook"
MODE = 0o755
MARK = b"# ledger: commit hook"
_PYTHON = re.compile(rb"^python='(.*)'$", re.MULTILINE)

BEGIN = "# >>> ledger: judges the runs of a commit, once `ledger install` was run in the clone"
END = "# <<< ledger"
CALL = f"""\
ledger_gate="$(git rev-parse --git-common-dir)/ledger/{PRIVATE_NAME}"
if [ -x "$ledger_gate" ]; then
    "$ledger_gate" || exit $?
elif ! git diff --cached --quiet -- '*/run.json'; then
    echo "ledger: runs are not judged in this clone; mend it with: ledger install" >&2
fi
"""
"""What a file that others get too may hold: no path of this machine, no need of the package."""
ONE_LINE = (
    f'g="$(git rev-parse --git-common-dir)/ledger/{PRIVATE_NAME}"; [ ! -x "$g" ] || "$g" || exit $?'
)
BLOCK = f"{BEGIN}\n{CALL}{END}\n"
PORTABLE_HOOK = f"""\
#!/bin/sh
{MARK.decode()} that any clone may hold, written by `ledger install`.
if [ -x "$0{SAVED_SUFFIX}" ]; then
    "$0{SAVED_SUFFIX}" "$@" || exit $?
fi
{BLOCK}""".encode()


def private_gate(repository: Repository) -> Path:
    """Return where the gate stands that portable hooks call."""
    return Path(repository.private_dir, PRIVATE_NAME)


def render_gate(interpreter: str) -> bytes:
    """Return the bytes of the hook that runs ``interpreter``."""
    return template().replace(b"@PYTHON@", os.fsencode(_quoted(interpreter)), 1)


def interpreter_of(gate: bytes) -> str | None:
    """Return the Python that the bytes of a gate run, None where they name none."""
    found = _PYTHON.search(gate)
    return os.fsdecode(found[1].replace(b"'\\''", b"'")) if found else None


def template() -> bytes:
    """Return the shell gate as it is shipped: in the wheel, else in the checkout."""
    shipped = files("ledger") / "_hooks" / TEMPLATE
    if shipped.is_file():
        return shipped.read_bytes()
    return (Path(__file__).parents[4] / "hooks" / TEMPLATE).read_bytes()


def is_ours(path: Path) -> bool:
    """Whether ``path`` is a hook that we wrote."""
    try:
        return not path.is_symlink() and MARK in path.read_bytes()[:200]
    except OSError:
        return False


def calls_gate(data: bytes) -> bool:
    """Whether a hook script of ``data`` calls the private gate, in our lines or in one's own."""
    return f"ledger/{PRIVATE_NAME}".encode() in data


def _quoted(interpreter: str) -> str:
    word = shell_word(interpreter)
    return word if word.startswith("'") else f"'{word}'"
