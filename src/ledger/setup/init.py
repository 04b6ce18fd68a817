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
from ledger.setup.change import Change
from ledger.setup.hooks import install_hooks
from ledger.storage.files import replace_file
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
        LedgerError: something would make the ledger useless; nothing is half done.
        OSError: a file cannot be written.
    """
    folder = folder.absolute()
    existing = next(one for one in (folder, *folder.parents) if one.is_dir())
    repository = find_repository(str(existing), environ)
    _refuse_shadows(folder)
    folder.mkdir(parents=True, exist_ok=True)
    changes = _ensure_settings(repository, folder)
    project = project_at(folder)
    if project is None:
        message = "the settings that were just written are not found"
        raise LedgerError(message, hint="look at the file", path=folder)
    changes += _ensure_kept(repository, project)
    changes += _ensure_attributes(repository, project)
    if interpreter is not None:
        changes += install_hooks(repository, interpreter)
    return changes


def _refuse_shadows(folder: Path) -> None:
    for name in ("ledger.py", "ledger/__init__.py"):
        path = folder / name
        if path.exists():
            message = "would be imported instead of the package `ledger` by scripts that start here"
            raise LedgerError(message, hint="rename it", path=path)


def _ensure_settings(repository: Repository, folder: Path) -> list[Change]:
    if project_at(folder) is not None:
        return []
    shared = folder / SHARED_FILE
    if shared.exists():
        old = shared.read_bytes()
        new = _with_section(old, str(shared))
        if new is not None:
            replace_file(str(shared), new)
            return [_change(repository, shared, "updated", "[tool.ledger]")]
    own = folder / OWN_FILE
    replace_file(str(own), _OWN_SETTINGS.encode())
    return [_change(repository, own, "created", "settings")]


def _with_section(old: bytes, path: str) -> bytes | None:
    """Return a pyproject.toml with our section at its end, None where it cannot be appended."""
    try:
        before = tomllib.loads(old.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"is not TOML: {error}"
        raise LedgerError(message, hint="mend the file", path=path) from error
    line_end = b"\r\n" if b"\r\n" in old else b"\n"
    gap = b"" if not old else line_end if old.endswith(b"\n") else line_end * 2
    new = old + gap + _SHARED_SETTINGS.encode().replace(b"\n", line_end)
    try:
        after = tomllib.loads(new.decode("utf-8"))
    except tomllib.TOMLDecodeError:
        return None  # `tool` is written as an inline table, which is closed
    after["tool"].pop("ledger")
    is_same = after == before or after == before | {"tool": {}}
    return new if is_same and parse_settings(new, path) == Settings() else None


def _ensure_kept(repository: Repository, project: Project) -> list[Change]:
    """Make ignore rules keep every kind of file, and prove it.

    Raises:
        LedgerError: git goes on ignoring the ledger; the error names the rule.
    """
    path = project.root / ".gitignore"
    lines = _ignore_lines(project.settings.dir)
    old = path.read_text(encoding="utf-8", errors="surrogateescape") if path.exists() else ""
    has_all = set(lines) <= set(old.splitlines())
    if has_all and not _ignored(repository, project):
        return []
    gap = "" if not old or old.endswith("\n") else "\n"
    block = "\n".join(["# Runs are tracked, whatever the rules above say.", *lines, ""])
    new = f"{old}{gap}{chr(10) if old else ''}{block}"
    replace_file(str(path), new.encode("utf-8", "surrogateescape"))
    still = _ignored(repository, project)
    if still:
        _put_back(path, old)
        _refuse_ignored(repository, still[0])
    return [_change(repository, path, "updated" if old else "created", "keeps the ledger tracked")]


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


def _put_back(path: Path, old: str) -> None:
    if old:
        replace_file(str(path), old.encode("utf-8", "surrogateescape"))
    else:
        path.unlink()


def _ensure_attributes(repository: Repository, project: Project) -> list[Change]:
    path = project.ledger_dir / ".gitattributes"
    old = path.read_text(encoding="utf-8", errors="surrogateescape") if path.exists() else ""
    if _holds(old.splitlines(), ATTRIBUTES):
        return []
    project.ledger_dir.mkdir(parents=True, exist_ok=True)
    gap = "" if not old or old.endswith("\n") else "\n"
    new = f"{old}{gap}{chr(10).join(ATTRIBUTES)}\n"
    replace_file(str(path), new.encode("utf-8", "surrogateescape"))
    action = "updated" if old else "created"
    return [_change(repository, path, action, "git stores runs as they are")]


def _holds(lines: Iterable[str], wanted: tuple[str, ...]) -> bool:
    """Whether ``wanted`` stands in ``lines`` in this order, so that the last rule wins."""
    remaining = iter(lines)
    return all(any(line == one for line in remaining) for one in wanted)


def _change(repository: Repository, path: Path, action: str, what: str) -> Change:
    shown = os.path.relpath(path, repository.top).replace(os.sep, "/")
    return Change(path=shown, action=action, what=what)
