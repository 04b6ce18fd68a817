"""Native commit hooks: a shell gate with the interpreter baked in, chained to what was there."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

from ledger.errors import LedgerError
from ledger.policy.finding import shell_word
from ledger.setup.change import Change, telling_why
from ledger.storage.files import replace_file


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.storage.git import Repository

HOOKS = ("pre-commit", "pre-merge-commit")
SAVED_SUFFIX = ".before-ledger"
TEMPLATE = "pre-commit"
_MARK = b"# ledger: commit hook"
_MODE = 0o755
_OWN_SCOPES = frozenset({"local", "worktree"})


def install_hooks(repository: Repository, interpreter: str) -> list[Change]:
    """Put the gate into the repository's commit hooks; a hook that is there is kept and runs first.

    Args:
        repository: the one whose hooks are meant.
        interpreter: absolute path of a Python that has this package.

    Returns:
        what changed; nothing when the same hooks are there already.

    Raises:
        LedgerError: hooks are shared with other repositories, a saved hook is in the way, or the
            folder cannot be written.
    """
    folder = hooks_folder(repository)
    gate = render_gate(interpreter)
    blocked = [name for name in HOOKS if _is_taken(folder / name) and _saved(folder / name)]
    if blocked:
        path = folder / (blocked[0] + SAVED_SUFFIX)
        message = (
            f"another tool replaced our hook {blocked[0]}, and the hook saved before is still there"
        )
        raise LedgerError(
            message, hint="merge the two by hand, remove one, then install", path=path
        )
    with telling_why():
        folder.mkdir(parents=True, exist_ok=True)
        return [change for name in HOOKS for change in _install(repository, folder / name, gate)]


def _install(repository: Repository, path: Path, gate: bytes) -> list[Change]:
    changes = []
    shown = _shown(repository, path)
    if _is_taken(path):
        path.rename(path.with_name(path.name + SAVED_SUFFIX))
        changes.append(
            Change(path=shown + SAVED_SUFFIX, action="kept", what="your hook, runs first")
        )
    if not _is_current(path, gate):
        action = "updated" if path.exists() else "created"
        replace_file(str(path), gate)
        path.chmod(_MODE)
        changes.append(Change(path=shown, action=action, what="checks staged runs"))
    return changes


def uninstall_hooks(repository: Repository) -> list[Change]:
    """Take the gate out of the commit hooks, and put back what was there before it.

    Raises:
        LedgerError: hooks are shared with other repositories, or the folder cannot be written.
    """
    folder = hooks_folder(repository)
    ours = [name for name in HOOKS if _is_ours(folder / name)]
    with telling_why():
        return [_uninstall(repository, folder / name) for name in ours]


def _uninstall(repository: Repository, path: Path) -> Change:
    saved = path.with_name(path.name + SAVED_SUFFIX)
    shown = _shown(repository, path)
    if _exists(saved):
        saved.replace(path)
        return Change(path=shown, action="restored")
    path.unlink()
    return Change(path=shown, action="removed")


def hooks_folder(repository: Repository) -> Path:
    """Return where git looks for the hooks of this repository.

    Raises:
        LedgerError: it is a folder that other repositories share.
    """
    said = repository.ask("config", "--show-scope", "--get", "core.hooksPath")
    scope, _, setting = os.fsdecode(said.stdout).rstrip("\n").partition("\t")
    if setting and scope not in _OWN_SCOPES:
        message = f"core.hooksPath is {setting!r} in your {scope} git config, so hooks are shared"
        hint = (
            "run `git config core.hooksPath .git/hooks` for hooks of this repository alone, "
            "or use `ledger install --pre-commit`"
        )
        raise LedgerError(message, hint=hint)
    told = os.fsdecode(repository.git("rev-parse", "--git-path", "hooks")).rstrip("\n")
    return Path(os.path.normpath(os.path.join(repository.top, told)))


def render_gate(interpreter: str) -> bytes:
    """Return the bytes of the hook that runs ``interpreter``."""
    return template().replace(b"@PYTHON@", os.fsencode(_quoted(interpreter)), 1)


def template() -> bytes:
    """Return the shell gate as it is shipped: in the wheel, else in the checkout."""
    shipped = files("ledger") / "_hooks" / TEMPLATE
    if shipped.is_file():
        return shipped.read_bytes()
    return (Path(__file__).parents[3] / "hooks" / TEMPLATE).read_bytes()


def _quoted(interpreter: str) -> str:
    word = shell_word(interpreter)
    return word if word.startswith("'") else f"'{word}'"


def _is_ours(path: Path) -> bool:
    try:
        return not path.is_symlink() and _MARK in path.read_bytes()[:200]
    except OSError:
        return False


def _is_taken(path: Path) -> bool:
    return _exists(path) and not _is_ours(path)


def _saved(path: Path) -> bool:
    return _exists(path.with_name(path.name + SAVED_SUFFIX))


def _exists(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _is_current(path: Path, gate: bytes) -> bool:
    return _is_ours(path) and path.read_bytes() == gate and path.stat().st_mode & 0o777 == _MODE


def _shown(repository: Repository, path: Path) -> str:
    for top in (repository.top, os.path.dirname(repository.common_dir)):
        if path.is_relative_to(top):
            return path.relative_to(top).as_posix()
    return str(path)
