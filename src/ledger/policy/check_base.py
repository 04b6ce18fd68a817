"""LED106: no run of a branch has the id of a run that is on its base already."""

from __future__ import annotations

from ledger.contract.layout import RECORD_NAME
from ledger.policy.finding import shell_word
from ledger.policy.ledgers import run_folders
from ledger.storage.tree import RevisionTree


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.policy.finding import Finding
    from ledger.policy.scene import Scene


def check_on_base(scene: Scene) -> Iterator[Finding]:
    """LED106: a run that the range adds is not on the base under the same id, case aside.

    The same record there is the same run, which came by another way.
    """
    history = scene.history
    if history is None or history.tip == history.base:
        return
    tree = RevisionTree(history.repository, history.tip, scene.ledger.folder)
    runs = run_folders(scene.ledger, tree.entries()).values()
    there = {run.run_id.casefold(): run for run in runs}
    for run in scene.runs.values():
        path = run.path_of(RECORD_NAME)
        other = there.get(run.run_id.casefold())
        if other is None or (scene.changes or {}).get(path) != "A":
            continue
        if other.path == run.path and other.files.get(RECORD_NAME) == run.files.get(RECORD_NAME):
            continue
        message = f"the base holds another run of this id: {other.path}"
        fix = f"take it out (git rm -r -- {shell_word(run.path)}) and record the run again"
        yield scene.finding("LED106", path, message, fix, run_id=run.run_id)
