"""Commit hooks: the gate goes where git looks, beside whatever owns that place already."""

from __future__ import annotations

from pathlib import Path

from ledger.errors import LedgerError
from ledger.policy.finding import shell_word
from ledger.setup.change import Change, Undo, telling_why
from ledger.setup.hooks import lefthook
from ledger.setup.hooks.gate import (
    CHECKS,
    MODE,
    ONE_LINE,
    SAVED_SUFFIX,
    STAGES,
    calls_gate,
    is_ours,
    portable_hook,
    private_gate,
    render_gate,
)
from ledger.setup.hooks.place import (
    OWN,
    SHARED,
    hook_place,
    own_folder,
    shown,
    sleeping_husky,
)
from ledger.setup.hooks.precommit import is_frameworks, stages_in
from ledger.setup.hooks.script import is_shell, with_block, without_block


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.setup.hooks.place import HookPlace
    from ledger.storage.git import Repository

WHAT: Mapping[str, str] = {
    **dict.fromkeys(CHECKS, "judges staged runs"),
    "prepare-commit-msg": "names new runs in the message",
    "commit-msg": "names new runs in the message",
    "post-commit": "tells what no check saw",
    "pre-push": "judges what is pushed",
}
"""What a hook does, for a person."""
LEGACY_SUFFIX = ".legacy"
"""Where the pre-commit framework puts a hook that it finds, and runs it first."""
OLD_SUFFIX = ".old"
"""Where lefthook puts a hook that it finds, and never runs it again."""


def install_hooks(
    repository: Repository, interpreter: str, undo: Undo | None = None
) -> list[Change]:
    """Put the gate into the repository's commit hooks; a hook that is there is kept and runs first.

    In the git directory the gate itself is the hook. Where hooks lie elsewhere, or lefthook writes
    them, others get the same files: those call the gate, which is kept in the git directory.

    Args:
        repository: the one whose hooks are meant.
        interpreter: absolute path of a Python that has this package.
        undo: takes note of every change; with an error everything is taken back.

    Returns:
        what changed; nothing when the same hooks are there already.

    Raises:
        LedgerError: hooks are shared with other repositories, a saved hook is in the way, or the
            folder cannot be written.
    """
    undo = undo or Undo()
    try:
        with telling_why():
            return _Installer(repository, render_gate(interpreter), undo).install()
    except LedgerError:
        undo.take_back()
        raise


class _Installer:
    def __init__(self, repository: Repository, gate: bytes, undo: Undo) -> None:
        self.repository = repository
        self.gate = gate
        self.undo = undo
        self.config = lefthook.find_config(Path(repository.top))

    def install(self) -> list[Change]:
        place = hook_place(self.repository)
        changes: list[Change] = []
        husky = sleeping_husky(self.repository)
        if self.config is not None:
            changes += lefthook.write_entry(self.config, STAGES, self.undo)
        if place.kind == SHARED:
            self._require_call(place)
        elif place.kind == OWN:
            changes += self._natively(place.folder)
        else:
            changes += self._portably(place.scripts)
        if husky is not None and husky != place.scripts:
            changes += self._portably(husky)
        if place.kind != OWN or self.config is not None or husky is not None:
            changes += self._gate_into(private_gate(self.repository))
        return changes

    def _require_call(self, place: HookPlace) -> None:
        """Refuse to write into a folder of the user's, unless they call the gate there already."""
        paths = [place.folder / name for name in CHECKS]
        if all(path.is_file() and calls_gate(path.read_bytes()) for path in paths):
            return
        message = (
            f"core.hooksPath is {place.setting!r} in your {place.scope} git config, so hooks are "
            "shared and the checks are not installed"
        )
        hint = mend_shared(self.repository, place)
        raise LedgerError(message, hint=hint)

    def _natively(self, folder: Path) -> list[Change]:
        is_lefthook = self.config is not None and any(
            lefthook.is_lefthooks(_read(folder / name)) for name in STAGES
        )
        if is_lefthook:
            return []
        entries = stages_in(Path(self.repository.top))
        changes: list[Change] = []
        for name in STAGES:
            path = folder / name
            is_framework = is_frameworks(_read(path))
            if is_framework and name in entries:
                continue
            legacy = path.with_name(name + LEGACY_SUFFIX)
            if is_framework and is_ours(legacy):
                changes += self._gate_into(legacy)
            else:
                changes += self._chain(path, name, self.gate)
        return changes

    def _portably(self, folder: Path) -> list[Change]:
        changes: list[Change] = []
        for name in STAGES:
            path = folder / name
            old = _read(path)
            if calls_gate(old):
                continue
            if path.is_file() and not path.is_symlink() and is_shell(old):
                self.undo.write(path, with_block(old, name))
                what = f"{WHAT[name]}; commit it, it works in every clone"
                changes.append(
                    Change(path=shown(self.repository, path), action="updated", what=what)
                )
            else:
                changes += self._chain(path, name, portable_hook(name))
        return changes

    def _chain(self, path: Path, stage: str, hook: bytes) -> list[Change]:
        """Make ``hook`` stand at ``path``; what stood there gets another name and runs first."""
        changes = []
        if _is_taken(path):
            saved = path.with_name(path.name + SAVED_SUFFIX)
            _refuse_two(path, saved)
            self.undo.rename(path, saved)
            what = "your hook, runs first"
            changes.append(Change(path=shown(self.repository, saved), action="kept", what=what))
        return changes + self._put(path, hook, WHAT[stage])

    def _gate_into(self, path: Path) -> list[Change]:
        return self._put(path, self.gate, "judges staged runs")

    def _put(self, path: Path, hook: bytes, what: str) -> list[Change]:
        if is_ours(path) and path.read_bytes() == hook and path.stat().st_mode & 0o777 == MODE:
            return []
        action = "updated" if _exists(path) else "created"
        self.undo.make_folder(path.parent)
        self.undo.write(path, hook, mode=MODE)
        return [Change(path=shown(self.repository, path), action=action, what=what)]


def mend_shared(repository: Repository, place: HookPlace) -> str:
    """Return what a user can do whose hooks all repositories share: we do not touch those."""
    paths = " and ".join(str(place.folder / name) for name in CHECKS)
    own = f"git config core.hooksPath {shell_word(str(own_folder(repository)))}"
    return (
        f"add this line to {paths}, then `ledger install`: {ONE_LINE}"
        f" — or give this repository hooks of its own: {own}"
    )


def uninstall_hooks(repository: Repository, undo: Undo | None = None) -> list[Change]:
    """Take the gate out of the commit hooks, and put back what was there before it.

    Raises:
        LedgerError: a folder cannot be written.
    """
    undo = undo or Undo()
    place = hook_place(repository)
    folders = [own_folder(repository)]
    if place.kind != SHARED:
        folders += [place.folder, place.scripts]
    husky = sleeping_husky(repository)
    folders += [husky] if husky else []
    changes: list[Change] = []
    with telling_why():
        for folder in dict.fromkeys(folders):
            for name in STAGES:
                changes += _uninstall(repository, folder / name, undo)
        config = lefthook.find_config(Path(repository.top))
        if config is not None:
            changes += lefthook.remove_entry(config, STAGES, undo)
        gate = private_gate(repository)
        if is_ours(gate):
            undo.remove(gate)
            changes.append(Change(path=shown(repository, gate), action="removed"))
    return changes


def _uninstall(repository: Repository, path: Path, undo: Undo) -> list[Change]:
    saved = path.with_name(path.name + SAVED_SUFFIX)
    changes = []
    for moved in (path.with_name(path.name + suffix) for suffix in (LEGACY_SUFFIX, OLD_SUFFIX)):
        if is_ours(moved):
            undo.remove(moved)
            changes.append(Change(path=shown(repository, moved), action="removed"))
    if is_ours(path):
        if _exists(saved):
            undo.rename(saved, path)
            return [*changes, Change(path=shown(repository, path), action="restored")]
        undo.remove(path)
        return [*changes, Change(path=shown(repository, path), action="removed")]
    if changes and _exists(saved) and _read(saved) == _read(path):
        undo.remove(saved)  # the other tool wrote its own hook again
    old = _read(path)
    new = without_block(old)
    if new != old:
        undo.write(path, new)
        changes.append(
            Change(path=shown(repository, path), action="updated", what="without the checks")
        )
    return changes


def _refuse_two(path: Path, saved: Path) -> None:
    if _exists(saved) and _read(saved) != _read(path):
        message = (
            f"another tool replaced our hook {path.name}, and the hook saved before is still there"
        )
        hint = "merge the two by hand, remove one, then install"
        raise LedgerError(message, hint=hint, path=saved)


def _is_taken(path: Path) -> bool:
    return _exists(path) and not is_ours(path)


def _exists(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return b""
    except OSError:
        return b""  # a dead link or a folder: whatever it is, it is not ours
