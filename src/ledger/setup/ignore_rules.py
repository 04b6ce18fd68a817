"""Ignore rules that keep every file of a ledger, proven by asking git."""

from __future__ import annotations

import re

from ledger.errors import LedgerError
from ledger.policy.ignored import ignored_paths, ignoring_rule
from ledger.setup.change import Change
from ledger.setup.hooks.place import shown
from ledger.setup.samples import below_top, sample_paths


TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from ledger.project import Project
    from ledger.setup.change import Undo
    from ledger.storage.git import Repository

IGNORE_NAME = ".gitignore"
_HEAD = "# Runs are tracked, whatever the rules above say."
_MAGIC = re.compile(r"([\\*?\[])")


def swallowed(repository: Repository, project: Project) -> list[str]:
    """Return what git would not add of a ledger and its settings: paths relative to the top."""
    own = [below_top(repository, path) for path in _own_files(project)]
    asked = [*own, *sample_paths(repository, project)]
    return sorted(ignored_paths(repository, asked, even_tracked=True))


def ensure_kept(repository: Repository, project: Project, undo: Undo) -> list[Change]:
    """Make ignore rules keep every kind of file, and prove it.

    Raises:
        LedgerError: git goes on ignoring the ledger; the error names the rule.
    """
    path = project.root / IGNORE_NAME
    old = path.read_bytes() if path.exists() else b""
    lost = swallowed(repository, project)
    lines = _ignore_lines(project, repository, lost)
    has_all = {line.encode() for line in lines} <= set(old.splitlines())
    if has_all and not lost:
        return []
    undo.write(path, _with_block(old, [_HEAD, *lines]))
    still = swallowed(repository, project)
    if still:
        refuse_ignored(repository, still[0])
    action = "updated" if old else "created"
    return [Change(path=shown(repository, path), action=action, what="keeps the ledger tracked")]


def refuse_ignored_folder(repository: Repository, folder: Path) -> None:
    """Refuse a folder that git never looks into: no rule inside of it can change that.

    Raises:
        LedgerError: names the rule.
    """
    path = below_top(repository, folder)
    # the slash says that it is a folder, which need not exist yet
    if path != "." and ignored_paths(repository, [f"{path}/"], even_tracked=True):
        refuse_ignored(repository, f"{path}/")


def refuse_ignored(repository: Repository, path: str) -> None:
    """Refuse ``path``, which git ignores.

    Raises:
        LedgerError: names the rule.
    """
    source, line, pattern = ignoring_rule(repository, path) or ("?", "?", "?")
    message = f"git ignores {path} by {source}:{line} ({pattern})"
    folder = f" (or add !/{path} below it)" if path.endswith("/") else ""
    hint = f"remove that rule from {source}{folder}, then `ledger init` again"
    raise LedgerError(message, hint=hint)


def _own_files(project: Project) -> tuple[Path, Path]:
    return project.settings_path, project.root / IGNORE_NAME


def _ignore_lines(project: Project, repository: Repository, lost: list[str]) -> list[str]:
    ledger = _MAGIC.sub(r"\\\1", project.settings.dir)
    own = (path for path in _own_files(project) if below_top(repository, path) in lost)
    return [
        *(f"!/{path.name}" for path in own),
        f"!/{ledger}/",
        f"!/{ledger}/**",
        f"/{ledger}/**/.*.tmp",
        f"/{ledger}/**/.DS_Store",
    ]


def _with_block(old: bytes, lines: list[str]) -> bytes:
    """Return ``old`` with ``lines`` at its end; where it holds the same block, that one moves."""
    end = line_end(old)
    block = end.join([*map(str.encode, lines), b""])
    for former in (end + block, block):
        before, found, after = old.partition(former)
        if found and (not before or before.endswith(b"\n")):
            old = before + after
            break
    gap = b"" if not old or old.endswith(b"\n") else end
    return old + gap + (end if old else b"") + block


def line_end(text: bytes) -> bytes:
    """Return how lines of ``text`` end, by its first one."""
    return b"\r\n" if text.partition(b"\n")[0].endswith(b"\r") else b"\n"
