"""LED101: what a record calls unchanged is what the commit it names held.

A dirty run that says it was clean, or leaves a changed path out, would else need no code at all.
"""

from __future__ import annotations

from ledger.contract.json_text import as_text
from ledger.contract.layout import RECORD_NAME
from ledger.errors import GitError
from ledger.policy.check_dirty import brings_record, manifest_of_run, real_paths
from ledger.policy.evidence import line_of
from ledger.policy.mend import restore


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ledger.contract.manifest import Manifest
    from ledger.policy.evidence import Evidence
    from ledger.policy.finding import Finding
    from ledger.policy.scene import Scene
    from ledger.storage.tree import Tree

_SHOWN = 3
_NOTEBOOK = ".ipynb"


def check_unchanged(scene: Scene, evidence: Evidence) -> Iterator[Finding]:
    """LED101: code that is not among the dirty paths has, in the run's commit, the manifest's id.

    Of a range, a commit that is not here, as after a squash, says nothing. Where a commit is made
    it should be here, and what nobody can judge does not pass.
    """
    record = evidence.record
    if record is None or evidence.is_imported or record.is_dirty is None:
        return
    if scene.changes is None or scene.code is None or not brings_record(scene, evidence):
        return
    manifest = manifest_of_run(scene, evidence)
    if manifest is None:
        return  # LED104, or LED101 of a dirty run, tells
    listed = record.dirty_paths if record.is_dirty else None
    dirty = {path for one in listed or () for path in real_paths(one.path, manifest)}
    claimed = [path for path in manifest.entries if path not in dirty]
    commit = as_text(record.git.get("commit"))
    held = held_by(scene, commit)
    if held is not None:
        paths = _unlike(scene, manifest, claimed, held)
        if paths:
            what = f"which in its manifest is not what commit {str(commit)[:10]} holds"
            yield _finding(scene, evidence, paths, what)
    elif scene.is_staged and not _is_in_history(scene, manifest, claimed):
        at = "no commit" if commit is None else f"commit {commit[:10]}, which is not here"
        what = f"since {at}; nobody can tell what it used"
        yield _finding(scene, evidence, claimed, what)


def held_by(scene: Scene, commit: str | None) -> Mapping[str, str | None] | None:
    """Return {path: id in ``commit``} where that differs from the judged tree; None if not here.

    One git process for all runs that began from the same commit.
    """
    if commit not in scene.commits:
        scene.commits[commit] = _held_by(scene, commit)
    return scene.commits[commit]


def _held_by(scene: Scene, commit: str | None) -> Mapping[str, str | None] | None:
    from ledger.policy.rebuild import is_object_id  # noqa: PLC0415  # only for runs with code
    from ledger.storage.differences import differences  # noqa: PLC0415  # likewise

    if scene.repository is None or commit is None or not is_object_id(commit):
        return None
    against = ("diff-index", "--cached", commit)
    if scene.history is not None:
        against = ("diff-tree", commit, scene.history.head)
    try:
        found = differences(scene.repository, *against)
    except GitError:
        return None
    return {path: one.old.oid if one.old else None for path, one in found.items()}


def _unlike(
    scene: Scene, manifest: Manifest, paths: Iterable[str], held: Mapping[str, str | None]
) -> list[str]:
    """Return those of ``paths`` that the commit, ``held`` beside the judged tree, has otherwise."""
    if scene.code is None:
        return []
    entries = scene.code.entries()
    oids = {}
    for path in paths:
        now = entries.get(path)
        oid = held.get(path, now.oid if now else None)
        if oid != manifest.entries[path].oid:
            oids[path] = oid
    notebooks = {oid: path for path, oid in oids.items() if oid and path.endswith(_NOTEBOOK)}
    code = _code_ids(scene, notebooks, manifest.object_format) if notebooks else {}
    return sorted(
        path for path, oid in oids.items() if code.get(oid or "") != manifest.entries[path].oid
    )


def _code_ids(scene: Scene, notebooks: Mapping[str, str], object_format: str) -> Mapping[str, str]:
    """Return the id of the code cells by the id of each of ``notebooks``, {id: path}.

    Each is read once for all runs.
    """
    missing = [oid for oid in notebooks if oid not in scene.code_ids]
    if missing and scene.repository is not None:
        from ledger.contract.manifest import content_id  # noqa: PLC0415  # only for notebooks
        from ledger.contract.notebook import code_of  # noqa: PLC0415  # likewise
        from ledger.storage.tree import read_blobs  # noqa: PLC0415  # likewise

        for oid, data in read_blobs(scene.repository, missing).items():
            scene.code_ids[oid] = content_id(code_of(notebooks[oid], data), object_format)
    return scene.code_ids


def _differing(tree: Tree, manifest: Manifest, paths: list[str]) -> list[str]:
    """Return those of ``paths`` that have another content in ``tree``, or are not there."""
    from ledger.policy.code_tree import ids_in  # noqa: PLC0415  # only where ids differ

    held = ids_in(tree, paths, manifest.object_format) if paths else {}
    return [path for path in paths if held.get(path) != manifest.entries[path].oid]


def _is_in_history(scene: Scene, manifest: Manifest, paths: list[str]) -> bool:
    """Whether the commit that is made, or one below it, holds ``paths`` as the manifest says."""
    from ledger.policy.earlier import earlier_trees  # noqa: PLC0415  # only where a commit is gone

    if scene.code is None or scene.repository is None:
        return False
    if not _differing(scene.code.tree, manifest, paths):
        return True
    trees = earlier_trees(scene.repository, None, paths)
    return any(not _differing(tree, manifest, paths) for tree in trees)


def _finding(scene: Scene, evidence: Evidence, paths: list[str], what: str) -> Finding:
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    path = evidence.run.path_of(RECORD_NAME)
    return scene.finding(
        "LED101",
        path,
        f"the record calls {', '.join(paths[:_SHOWN])}{more} unchanged, {what}",
        restore(scene, evidence.run, path),
        run_id=evidence.run.run_id,
        line=line_of(evidence.data[RECORD_NAME], "dirty"),
    )
