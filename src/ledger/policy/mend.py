"""Commands that mend: each works as it is printed, from the top of the repository."""

from __future__ import annotations

import hashlib
import os
import posixpath

from ledger.contract.layout import RECORD_NAME, SHARED_STORE
from ledger.policy.finding import shell_word


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.policy.history import History
    from ledger.policy.ledgers import RunFolder
    from ledger.policy.scene import Scene

_NEW_RUN = "record a new run"
_SHA256_DIGITS = 64


def in_project(scene: Scene, command: str) -> str:
    """Return ``command``, one of ours, as it finds the ledger of ``scene`` from the top."""
    project = posixpath.dirname(scene.ledger.settings_path)
    return f"(cd {shell_word(project)} && {command})" if project else command


def leave_out(scene: Scene, run: RunFolder) -> str:
    """Return the command that takes what is staged of ``run`` out of the commit."""
    word = shell_word(run.path)
    if scene.has_head:
        return f"git restore --staged -- {word}"
    return f"git rm -r --cached -- {word}"


def bring(scene: Scene, run: RunFolder, path: str) -> str:
    """Return what brings the missing file ``path``, which ``run`` needs, into the judged tree."""
    repository = scene.repository
    if repository is None:
        return f"put it back from a copy, or {_NEW_RUN}"
    full = os.path.join(repository.top, path)
    if _is_usable(full):
        return f"git add -f -- {shell_word(path)}"
    name = path.removeprefix(f"{scene.ledger.folder}/")
    if not os.path.lexists(full) and os.path.exists(
        os.path.join(repository.private_dir, SHARED_STORE, name)
    ):
        # another branch or a stash holds its place, so the writer did not put it there
        return in_project(scene, f"ledger commit {shell_word(run.run_id)}")
    return _from_git(scene, path) or _without(scene, run)


def restore(scene: Scene, run: RunFolder, path: str) -> str:
    """Return what puts back the bytes that ``run`` wrote to ``path``."""
    if scene.history is not None:
        return _from_base(scene.history, path)
    if scene.is_staged:
        if is_in_head(scene, run.path_of(RECORD_NAME)):
            return _from_git(scene, path) or _without(scene, run)
        return f"restore what the run wrote, or leave the run out: {leave_out(scene, run)}"
    return _from_git(scene, path) or f"put it back from a copy, or {_NEW_RUN}"


def restore_shared(scene: Scene, path: str) -> str:
    """Return what puts back the bytes of ``path``, a file of the ledger that runs share."""
    return _from_git(scene, path) or f"git rm -f --cached -- {shell_word(path)}"


def from_head(path: str) -> str:
    """Return the command that puts back what the last commit holds at ``path``."""
    return f"git restore --source=HEAD --staged --worktree -- {shell_word(path)}"


def only_again(scene: Scene, run: RunFolder) -> str:
    """Return what is left to do where nobody can tell which code ``run`` used."""
    again = "commit the code, then run again: a new run is the only proof"
    return f"leave the run out: {leave_out(scene, run)}; {again}" if scene.is_staged else again


def _is_usable(path: str) -> bool:
    """Whether there is a file at ``path``, and one named by its SHA-256 has that content."""
    name = os.path.basename(path).partition(".")[0]
    if len(name) != _SHA256_DIGITS:
        return os.path.lexists(path)
    if os.path.islink(path) or not os.path.isfile(path):
        return False  # a link may lead to what never ends
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest() == name
    except OSError:
        return False


def _from_base(history: History, path: str) -> str:
    """Return what puts back ``path``, which HEAD may hold as somebody has changed it."""
    change = history.changes().get(path)
    if change is None or change.old is None:
        return f"put back what the run wrote, or {_NEW_RUN}"
    return f"git restore --source={history.base} --staged --worktree -- {shell_word(path)}"


def _from_git(scene: Scene, path: str) -> str | None:
    """Return the command that takes ``path`` from the index or the last commit, if it is there."""
    if scene.is_on_disk and scene.code is not None and path in scene.code.entries():
        return f"git restore -- {shell_word(path)}"
    return from_head(path) if is_in_head(scene, path) else None


def is_in_head(scene: Scene, path: str) -> bool:
    """Whether the last commit holds ``path``, a file of the ledger."""
    return scene.is_committed(path)


def _without(scene: Scene, run: RunFolder) -> str:
    """Return what is left to do where a file of ``run`` is nowhere to be found."""
    if scene.is_staged and not is_in_head(scene, run.path_of(RECORD_NAME)):
        return f"leave the run out: {leave_out(scene, run)}, and {_NEW_RUN}"
    return f"the file is nowhere in git: put it back from a copy, or {_NEW_RUN}"
