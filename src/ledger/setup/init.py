"""``ledger init``: settings, a ledger that git keeps as it is, and the checks on commit."""

from __future__ import annotations

import tomllib

from ledger.errors import LedgerError
from ledger.project import project_at
from ledger.settings import OWN_FILE, SHARED_FILE, Settings, parse_settings
from ledger.setup.attributes import ensure_attributes
from ledger.setup.change import Change, Undo, telling_why
from ledger.setup.hooks.install import install_hooks
from ledger.setup.hooks.place import shown
from ledger.setup.ignore_rules import ensure_kept, line_end, refuse_ignored_folder
from ledger.storage.git import find_repository


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ledger.storage.git import Repository

SHADOWS = ("ledger.py", "ledger/__init__.py")
"""What a script beside it would import instead of the package."""
_OWN_SETTINGS = """\
# Settings of the experiment ledger; every one has a default.
dir = "ledger"
# code = ["**/*.py", "configs/**"]
# metrics = { my_score = "max" }
"""
_SHARED_SETTINGS = '[tool.ledger]\ndir = "ledger"\n'


def init(
    folder: Path,
    *,
    environ: Mapping[str, str],
    interpreter: str | None = None,
    undo: Undo | None = None,
) -> list[Change]:
    """Make ``folder`` a project with a ledger that git tracks, and return what was changed.

    Args:
        folder: the project; made when it is not there.
        environ: what git is run with (``clean_environment``).
        interpreter: the Python that the commit hooks run; None for no hooks.
        undo: takes note of every change.

    Raises:
        NoLedgerError: the folder lies in no git repository.
        LedgerError: something would make the ledger useless, or a file cannot be written; nothing
            is half done.
    """
    folder = folder.absolute()
    existing = next(one for one in (folder, *folder.parents) if one.is_dir())
    repository = find_repository(str(existing), environ)
    undo = undo or Undo()
    with telling_why():
        _refuse_shadows(folder)
        refuse_ignored_folder(repository, folder)
        changes = _write_files(repository, folder, undo)
    if interpreter is not None:
        changes += install_hooks(repository, interpreter, undo)
    return changes


def _write_files(repository: Repository, folder: Path, undo: Undo) -> list[Change]:
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
    changes += ensure_kept(repository, project, undo)
    return changes + ensure_attributes(repository, project, undo)


def _refuse_file(ledger_dir: Path) -> None:
    if ledger_dir.is_symlink():
        message = "is a link: git would keep the link and none of the runs"
        hint = f"make it a folder, or choose another folder by `dir` in {OWN_FILE}"
        raise LedgerError(message, hint=hint, path=ledger_dir)
    if ledger_dir.exists() and not ledger_dir.is_dir():
        message = "is no folder, so it cannot hold the runs"
        hint = f"rename it, or choose another folder by `dir` in {OWN_FILE}"
        raise LedgerError(message, hint=hint, path=ledger_dir)


def _refuse_shadows(folder: Path) -> None:
    for name in SHADOWS:
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
            return [Change(path=shown(repository, shared), action="updated", what="[tool.ledger]")]
    own = folder / OWN_FILE
    undo.write(own, _OWN_SETTINGS.encode())
    return [Change(path=shown(repository, own), action="created", what="settings")]


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
