"""LED103: a record that others have seen never changes again."""

from __future__ import annotations

from ledger.contract.layout import is_frozen_file
from ledger.policy.finding import WARN, shell_word
from ledger.policy.parents import find_base


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ledger.policy.finding import Finding
    from ledger.policy.parents import Base
    from ledger.policy.scene import Scene

_VERBS = {"M": "changed", "D": "removed or moved", "T": "replaced by another kind of file"}
_DEPTH = 3


def check_frozen(scene: Scene) -> Iterator[Finding]:
    """LED103: no record, table, patch or worker file of the base is changed, removed or moved.

    Where there is no base, the last commit stands for it, as a warning: amending a run that nobody
    has seen is fine. In a merge, what equals one of the parents is fine.
    """
    if scene.changes is None or scene.repository is None:
        return
    suspects = [
        path
        for path, status in scene.changes.items()
        if status in _VERBS and is_frozen(scene, path)
    ]
    suspects = [path for path in suspects if not _is_merged(scene, path)]
    if not suspects:
        return
    base = find_base(scene.repository) if scene.history is None else None
    judged: Mapping[str, str] = scene.changes if base is None else base.changes
    source = _source(base) if scene.history is None else f" --source={scene.history.base}"
    is_seen = base is not None or scene.history is not None
    for path in suspects:
        verb = _VERBS.get(judged.get(path, ""))
        if verb:
            run_id = path[len(scene.ledger.folder) + 1 :].split("/")[1]
            yield scene.finding(
                "LED103",
                path,
                f"a frozen file of the run is {verb}; a correction is a new run with `parent`",
                f"git restore{source} --staged --worktree -- {shell_word(path)}",
                run_id=run_id,
                severity=None if is_seen else WARN,
            )


def is_frozen(scene: Scene, path: str) -> bool:
    """Whether ``path`` is a file of a run of the scene's ledger that may never change."""
    prefix = scene.ledger.folder + "/"
    if not path.startswith(prefix):
        return False
    parts = path[len(prefix) :].split("/", _DEPTH - 1)
    return len(parts) == _DEPTH and is_frozen_file(parts[2])


def _is_merged(scene: Scene, path: str) -> bool:
    if scene.parents is None:
        return False
    entry = scene.blobs.entries().get(path)
    return scene.parents.has(path, entry.oid if entry else None)


def _source(base: Base | None) -> str:
    return "" if base is None else f' --source="$(git merge-base HEAD {shell_word(base.name)})"'
