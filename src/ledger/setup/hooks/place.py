"""Where git looks for the hooks of a repository, and whom else that folder belongs to."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.storage.git import Repository

OWN, OTHERS, SHARED = "own", "others", "shared"
_OWN_SCOPES = frozenset({"local", "worktree"})
_HUSKY = ".husky"


@value
class HookPlace:
    """A folder of hooks."""

    folder: Path
    """Where git looks."""
    scripts: Path
    """Where a person writes hooks; another folder under husky, whose own are generated."""
    kind: str
    """OWN: in the git directory, this clone's alone. OTHERS: chosen by this repository and maybe
    tracked, so that it may hold no path of this machine. SHARED: the user's for all repositories.
    """
    setting: str = ""
    """What core.hooksPath says; empty where it is not set."""
    scope: str = ""


def hook_place(repository: Repository) -> HookPlace:
    """Return where git looks for the hooks of ``repository``."""
    said = repository.ask("config", "--show-scope", "--get", "core.hooksPath")
    scope, _, setting = os.fsdecode(said.stdout).rstrip("\n").partition("\t")
    told = os.fsdecode(repository.git("rev-parse", "--git-path", "hooks")).rstrip("\n")
    folder = Path(os.path.normpath(os.path.join(repository.top, told)))
    scripts, kind = folder, OTHERS
    if setting and scope not in _OWN_SCOPES:
        kind = SHARED
    elif _is_below(folder, repository.common_dir):
        kind = OWN
    elif folder.name == "_" and (folder / "h").is_file():
        scripts = folder.parent
    return HookPlace(folder=folder, scripts=scripts, kind=kind, setting=setting, scope=scope)


def sleeping_husky(repository: Repository) -> Path | None:
    """Return the folder of husky's scripts where the project uses it; git may not know it yet."""
    folder = Path(repository.top, _HUSKY)
    if not folder.is_dir():
        return None
    try:
        package = json.loads(Path(repository.top, "package.json").read_bytes())
    except (OSError, ValueError):
        return None
    return folder if _HUSKY[1:] in json.dumps(package) else None


def own_folder(repository: Repository) -> Path:
    """Return the folder of hooks in the git directory, whether git looks there or not."""
    return Path(repository.common_dir, "hooks")


def shown(repository: Repository, path: Path) -> str:
    """Return ``path`` as a user would name it."""
    for top in (repository.top, os.path.dirname(repository.common_dir)):
        if path.is_relative_to(top):
            return path.relative_to(top).as_posix()
    return str(path)


def _is_below(folder: Path, above: str) -> bool:
    return Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(above))
