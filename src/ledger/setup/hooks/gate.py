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
TEMPLATE = "gate"
PRIVATE_NAME = "commit-hook"
MODE = 0o755
MARK = b"# ledger: commit hook"
_PYTHON = re.compile(rb"^python='(.*)'$", re.MULTILINE)

CHECKS = ("pre-commit", "pre-merge-commit")
"""The stages at which a commit is judged; without them no run is."""
STAGES = (*CHECKS, "prepare-commit-msg", "commit-msg", "post-commit", "pre-push")
"""Every stage that has a hook of ours."""

BEGIN = "# >>> ledger: judges the runs of a commit, once `ledger install` was run in the clone"
END = "# <<< ledger"
_FIND = f"""\
ledger_gate="$(git rev-parse --git-common-dir)/ledger/{PRIVATE_NAME}"
"""
_CHECK = f"""\
{_FIND}if [ -x "$ledger_gate" ]; then
    "$ledger_gate" || exit $?
elif ! git diff --cached --quiet -- '*/run.json'; then
    echo "ledger: runs are not judged in this clone; mend it with: ledger install" >&2
fi
"""
_OTHER = f"""\
{_FIND}if [ -x "$ledger_gate" ]; then
    "$ledger_gate" @STAGE@ "$@" || exit $?
fi
"""
_PUSH = f"""\
ledger_refs=$(cat)
ledger_give() {{ [ -z "$ledger_refs" ] || printf '%s\\n' "$ledger_refs"; }}
{_FIND}if [ -x "$ledger_gate" ]; then
    ledger_give | "$ledger_gate" pre-push "$@" || exit $?
fi
exec </dev/null
[ -z "$ledger_refs" ] || exec <<LEDGER_REFS
$ledger_refs
LEDGER_REFS
"""
"""What follows in the script reads the refs again."""


def call_of(stage: str) -> str:
    """Return the lines that call the gate at ``stage``.

    They are what a file that others get too may hold: no path of this machine, no need of the
    package.
    """
    if stage in CHECKS:
        return _CHECK
    return _PUSH if stage == "pre-push" else _OTHER.replace("@STAGE@", stage)


def block_of(stage: str) -> str:
    """Return ``call_of`` between the lines by which it is found again."""
    return f"{BEGIN}\n{call_of(stage)}{END}\n"


ONE_LINE = (
    f'g="$(git rev-parse --git-common-dir)/ledger/{PRIVATE_NAME}"; [ ! -x "$g" ] || "$g" || exit $?'
)


def portable_hook(stage: str) -> bytes:
    """Return a hook for ``stage`` that any clone may hold; the one that was there runs as well."""
    first = f"#!/bin/sh\n{MARK.decode()} that any clone may hold, written by `ledger install`.\n"
    earlier = f"""\
if [ -x "$0{SAVED_SUFFIX}" ]; then
    "$0{SAVED_SUFFIX}" "$@" || exit $?
fi
"""
    ours = block_of(stage)
    # only after our lines can the other one read the refs of a push, too
    parts = (first, ours, earlier) if stage == "pre-push" else (first, earlier, ours)
    return "".join(parts).encode()


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
