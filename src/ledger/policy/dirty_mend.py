"""What mends LED101: the command that brings the code a run used into a commit, if one can."""

from __future__ import annotations

import os

from ledger.contract.json_text import as_list, as_text
from ledger.contract.layout import RECORD_NAME
from ledger.contract.manifest import content_id, recorded_path
from ledger.contract.notebook import code_of
from ledger.policy.catalogue import TREE
from ledger.policy.finding import shell_word, shell_words
from ledger.policy.mend import in_project, only_again
from ledger.policy.rebuild import is_object_id


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.contract.manifest import Manifest
    from ledger.policy.evidence import Evidence
    from ledger.policy.scene import Scene
    from ledger.storage.git import Repository

_INSIDE = "commit the changes inside the submodule, then run again"
_OLD = "nothing, where another commit holds the code of this committed run; else record a new run"


def mend_dirty(
    scene: Scene, evidence: Evidence, manifest: Manifest, differing: Mapping[str, str]
) -> str:
    """Return what brings the code of a run into a commit.

    Args:
        scene: where the run is judged.
        evidence: the run.
        manifest: what the run used.
        differing: git's letter by path of what the judged tree lacks.
    """
    repository = scene.repository
    if "S" in differing.values():
        return _INSIDE
    if repository is None:
        return only_again(scene, evidence.run)
    if scene.stage == TREE and scene.is_committed(evidence.run.path_of(RECORD_NAME)):
        return _OLD
    if _has_snapshot(repository, evidence, differing):
        return in_project(scene, f"ledger commit {shell_word(evidence.run.run_id)}")
    if _is_on_disk(repository, manifest, differing):
        return f"git add -- {shell_words(differing)}"
    return only_again(scene, evidence.run)


def _has_snapshot(repository: Repository, evidence: Evidence, differing: Mapping[str, str]) -> bool:
    """Whether the snapshot of the run is in this clone, and holds all of ``differing``."""
    if evidence.record is None:
        return False
    omitted = {as_text(path) for path in as_list(evidence.record.git.get("omitted"))}
    if any(recorded_path(path) in omitted for path in differing):
        return False
    snapshot = as_text(evidence.record.git.get("snapshot"))
    if snapshot is None or not is_object_id(snapshot):
        return False
    return repository.ask("cat-file", "-e", f"{snapshot}^{{commit}}").code == 0


def _is_on_disk(repository: Repository, manifest: Manifest, differing: Mapping[str, str]) -> bool:
    """Whether the working tree still holds what the run used of every path."""
    files: list[str] = []
    for path in differing:
        full = os.path.join(repository.top, path)
        entry = manifest.entries.get(path)
        if entry is None:
            if os.path.lexists(full):
                return False
        elif os.path.islink(full):
            if content_id(os.fsencode(os.readlink(full)), manifest.object_format) != entry.oid:
                return False
        elif not os.path.isfile(full) or "\n" in path:
            return False
        else:
            files.append(path)
    held = _ids_on_disk(repository, files, manifest.object_format)
    return all(held.get(path) == manifest.entries[path].oid for path in files)


def _ids_on_disk(repository: Repository, files: list[str], object_format: str) -> dict[str, str]:
    """Return the content id of each of ``files`` as ``git add`` would store it now."""
    notebooks = [path for path in files if path.endswith(".ipynb")]
    plain = [path for path in files if path not in notebooks]
    held: dict[str, str] = {}
    if plain:
        names = os.fsencode("".join(f"{path}\n" for path in plain))
        said = repository.ask("hash-object", "--stdin-paths", stdin=names)
        held = dict(zip(plain, said.stdout.decode("ascii").split(), strict=False))
    for path in notebooks:
        with open(os.path.join(repository.top, path), "rb") as file:
            held[path] = content_id(code_of(path, file.read()), object_format)
    return held
