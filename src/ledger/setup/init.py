"""``ledger init``: settings, a ledger that git keeps as it is, and the checks on commit."""

from __future__ import annotations

import os
import tomllib

from ledger.contract.layout import (
    CONFIG_NAME,
    NOTE_NAME,
    PATCH_NAME,
    RECORD_NAME,
    TABLE_NAME,
    TRIALS_NAME,
)
from ledger.errors import LedgerError
from ledger.policy.ignored import ignored_paths, ignoring_rule
from ledger.project import project_at
from ledger.settings import OWN_FILE, SHARED_FILE, Settings, parse_settings
from ledger.setup.change import Change, Undo, telling_why
from ledger.setup.hooks import install_hooks
from ledger.storage.git import find_repository


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from ledger.project import Project
    from ledger.storage.git import Repository

ATTRIBUTES = (
    "** -text -filter -ident !diff !working-tree-encoding merge=binary",
    "**/run.md text eol=lf merge=text",
    "**/run.json linguist-generated",
    "**/metrics*.csv linguist-generated",
)
_OWN_SETTINGS = """\
# Settings of the experiment ledger; every one has a default.
dir = "ledger"
# code = ["**/*.py", "configs/**"]
# metrics = { my_score = "max" }
"""
_SHARED_SETTINGS = '[tool.ledger]\ndir = "ledger"\n'
_SAMPLES = (
    *(
        f"2026-02/a-run/{name}"
        for name in (RECORD_NAME, NOTE_NAME, TABLE_NAME, TRIALS_NAME, PATCH_NAME, CONFIG_NAME)
    ),
    "2026-02/a-run/metrics.2.csv",
    "2026-02/a-run/worker.1.json",
    "2026-02/a-run/retraction.md",
    "2026-02/a-run/decision.md",
    "2026-02/a-run/certificate-1.json",
    "environments/x.txt",
    "code/x.manifest",
    "data/x.manifest",
    ".gitattributes",
)
"""One path for every kind of file that a ledger holds."""


def init(folder: Path, *, environ: Mapping[str, str], interpreter: str | None) -> list[Change]:
    """Make ``folder`` a project with a ledger that git tracks, and return what was changed.

    Args:
        folder: the project; made when it is not there.
        environ: what git is run with (``clean_environment``).
        interpreter: the Python that the commit hooks run; None for no hooks.

    Raises:
        NoLedgerError: the folder lies in no git repository.
        LedgerError: something would make the ledger useless, or a file cannot be written; nothing
            is half done.
    """
    folder = folder.absolute()
    existing = next(one for one in (folder, *folder.parents) if one.is_dir())
    repository = find_repository(str(existing), environ)
    with telling_why():
        _refuse_shadows(folder)
        _refuse_ignored_folder(repository, folder)
        changes = _write_files(repository, folder)
    if interpreter is not None:
        changes += install_hooks(repository, interpreter)
    return changes


def _write_files(repository: Repository, folder: Path) -> list[Change]:
    undo = Undo()
    try:
        return _ensure_files(repository, folder, undo)
    except (LedgerError, OSError):
        undo.take_back()
        raise


def _ensure_files(repository: Repository, folder: Path, undo: Undo) -> list[Change]:
    undo.make_folder(folder)
    changes = _ensure_settings(repository, folder, undo)
    project = project_at(folder)
    if project is None:
        message = "the settings that were just written are not found"
        raise LedgerError(message, hint="look at the file", path=folder)
    _refuse_file(project.ledger_dir)
    changes += _ensure_kept(repository, project, undo)
    return changes + _ensure_attributes(repository, project, undo)


def _refuse_ignored_folder(repository: Repository, folder: Path) -> None:
    """Refuse a folder that git never looks into: no rule inside of it can change that."""
    path = os.path.relpath(folder, repository.top).replace(os.sep, "/")
    # the slash says that it is a folder, which need not exist yet
    if path != "." and ignored_paths(repository, [f"{path}/"], even_tracked=True):
        _refuse_ignored(repository, f"{path}/")


def _refuse_file(ledger_dir: Path) -> None:
    if os.path.lexists(ledger_dir) and not ledger_dir.is_dir():
        message = "is no folder, so it cannot hold the runs"
        hint = f"rename it, or choose another folder by `dir` in {OWN_FILE}"
        raise LedgerError(message, hint=hint, path=ledger_dir)


def _refuse_shadows(folder: Path) -> None:
    for name in ("ledger.py", "ledger/__init__.py"):
        path = folder / name
        if path.exists():
            message = "would be imported instead of the package `ledger` by scripts that start here"
            raise LedgerError(message, hint="rename it", path=path)


def _ensure_settings(repository: Repository, folder: Path, undo: Undo) -> list[Change]:
    if project_at(folder) is not None:
        return []
    shared = folder / SHARED_FILE
    if shared.exists():
        old = shared.read_bytes()
        new = _with_section(old, str(shared))
        if new is not None:
            undo.write(shared, new)
            return [_change(repository, shared, "updated", "[tool.ledger]")]
    own = folder / OWN_FILE
    undo.write(own, _OWN_SETTINGS.encode())
    return [_change(repository, own, "created", "settings")]


def _with_section(old: bytes, path: str) -> bytes | None:
    """Return a pyproject.toml with our section at its end, None where it cannot be appended."""
    try:
        before = tomllib.loads(old.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"is not TOML: {error}"
        raise LedgerError(message, hint="mend the file", path=path) from error
    end = line_end(old)
    gap = b"" if not old else end if old.endswith(b"\n") else end * 2
    new = old + gap + _SHARED_SETTINGS.encode().replace(b"\n", end)
    try:
        after = tomllib.loads(new.decode("utf-8"))
    except tomllib.TOMLDecodeError:
        return None  # `tool` is written as an inline table, which is closed
    after["tool"].pop("ledger")
    is_same = after == before or after == before | {"tool": {}}
    return new if is_same and parse_settings(new, path) == Settings() else None


def _ensure_kept(repository: Repository, project: Project, undo: Undo) -> list[Change]:
    """Make ignore rules keep every kind of file, and prove it.

    Raises:
        LedgerError: git goes on ignoring the ledger; the error names the rule.
    """
    path = project.root / ".gitignore"
    lines = _ignore_lines(project.settings.dir)
    old = path.read_bytes() if path.exists() else b""
    has_all = {line.encode() for line in lines} <= set(old.splitlines())
    if has_all and not _ignored(repository, project):
        return []
    undo.write(
        path, _with_block(old, ["# Runs are tracked, whatever the rules above say.", *lines])
    )
    still = _ignored(repository, project)
    if still:
        _refuse_ignored(repository, still[0])
    return [_change(repository, path, "updated" if old else "created", "keeps the ledger tracked")]


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


def _ignore_lines(ledger: str) -> list[str]:
    return [
        f"!/{ledger}/",
        f"!/{ledger}/**",
        f"/{ledger}/**/.*.tmp",
        f"/{ledger}/**/.DS_Store",
    ]


def _ignored(repository: Repository, project: Project) -> list[str]:
    """Return the sample paths, relative to the top, that git would not add."""
    base = os.path.relpath(project.ledger_dir, repository.top).replace(os.sep, "/")
    paths = [f"{base}/{sample}" for sample in _SAMPLES]
    return sorted(ignored_paths(repository, paths, even_tracked=True))


def _refuse_ignored(repository: Repository, path: str) -> None:
    source, line, pattern = ignoring_rule(repository, path) or ("?", "?", "?")
    message = f"git ignores {path} by {source}:{line} ({pattern})"
    raise LedgerError(message, hint=f"remove that rule from {source}, then `ledger init` again")


def _ensure_attributes(repository: Repository, project: Project, undo: Undo) -> list[Change]:
    path = project.ledger_dir / ".gitattributes"
    old = path.read_bytes() if path.exists() else b""
    wanted = tuple(line.encode() for line in ATTRIBUTES)
    if _holds(old.splitlines(), wanted):
        return []
    undo.make_folder(project.ledger_dir)
    end = line_end(old)
    gap = b"" if not old or old.endswith(b"\n") else end
    undo.write(path, old + gap + end.join([*wanted, b""]))
    action = "updated" if old else "created"
    return [_change(repository, path, action, "git stores runs as they are")]


def _holds(lines: Iterable[bytes], wanted: tuple[bytes, ...]) -> bool:
    """Whether ``wanted`` stands in ``lines`` in this order, so that the last rule wins."""
    remaining = iter(lines)
    return all(any(line == one for line in remaining) for one in wanted)


def _change(repository: Repository, path: Path, action: str, what: str) -> Change:
    shown = os.path.relpath(path, repository.top).replace(os.sep, "/")
    return Change(path=shown, action=action, what=what)
