"""LED101: the code that a dirty run used is what the commit holds."""

from __future__ import annotations

from ledger.contract.json_text import as_text
from ledger.contract.layout import RECORD_NAME
from ledger.contract.manifest import content_id, decode_manifest, manifest_hash
from ledger.contract.notebook import code_of
from ledger.errors import MalformedError
from ledger.policy.evidence import line_of
from ledger.policy.finding import shell_words
from ledger.policy.mend import bring


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ledger.contract.manifest import Manifest
    from ledger.policy.evidence import Evidence
    from ledger.policy.finding import Finding
    from ledger.policy.scene import Scene
    from ledger.storage.tree import TreeEntry

_HASH_PREFIX = "sha256:"
_SHOWN = 4
_NEW_RUN = "commit the code, then run again: a new run is the only proof"


def check_dirty(scene: Scene, evidence: Evidence) -> Iterator[Finding]:
    """LED101: every path that was dirty has, in the judged tree, the content the run used.

    A record that cannot tell what was dirty never passes by emptiness. At the stage of a commit
    only records that the commit brings are judged: the code moves on after them.
    """
    record = evidence.record
    if record is None or evidence.is_imported or record.is_dirty is False:
        return
    if not _is_brought(scene, evidence):
        return
    dirty = record.dirty_paths
    if record.is_dirty is None or not dirty:
        yield _cannot_tell(
            scene, evidence, "the record does not say which files were dirty", _NEW_RUN
        )
        return
    paths = [entry.path for entry in dirty]
    code = as_text(record.git.get("code"))
    if code is None:
        yield _cannot_tell(scene, evidence, "the record names no code manifest", _NEW_RUN)
        return
    path = manifest_path(scene, code)
    manifest = _manifest(scene, code)
    entries = scene.code_entries()
    if isinstance(manifest, str):
        yield _cannot_tell(scene, evidence, manifest, bring(scene, evidence.run, path))
    elif entries is None:
        yield _cannot_tell(scene, evidence, "there is no git repository to compare with", _NEW_RUN)
    else:
        yield from _compare(scene, evidence, manifest, entries, paths)


def manifest_path(scene: Scene, code: str) -> str:
    """Return where the code manifest with the hash ``code`` stands."""
    return f"{scene.ledger.folder}/code/{code.removeprefix(_HASH_PREFIX)}.manifest"


def _is_brought(scene: Scene, evidence: Evidence) -> bool:
    """Whether the commit that is judged is the one that brings the record."""
    if scene.changes is None:
        return True
    path = evidence.run.path_of(RECORD_NAME)
    if path not in scene.changes:
        return False
    # a merged record was judged by the commit that brought it; its code may have moved on since
    return scene.parents is None or not scene.parents.has(path, evidence.run.files[RECORD_NAME].oid)


def _manifest(scene: Scene, code: str) -> Manifest | str:
    """Return the manifest with the hash ``code``, or why it cannot be used."""
    path = manifest_path(scene, code)
    data = scene.blobs.get(path)
    if data is None:
        return f"the code manifest {path} is not there"
    if manifest_hash(data) != code:
        return f"the code manifest {path} is not the one the run wrote"
    try:
        return decode_manifest(data)
    except MalformedError as error:
        return f"the code manifest {path} does not parse: {error.message}"


def _compare(
    scene: Scene,
    evidence: Evidence,
    manifest: Manifest,
    entries: Mapping[str, TreeEntry],
    paths: Iterable[str],
) -> Iterator[Finding]:
    differing: list[str] = []
    told: list[str] = []
    for path in paths:
        used = manifest.entries[path].oid if path in manifest.entries else None
        held = _held(scene, entries, path, manifest.object_format)
        if used != held:
            differing.append(path)
            told.append(f"{path} ({_short(held)}, the run used {_short(used)})")
    if not differing:
        return
    more = f" and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
    where = "the commit" if scene.is_staged else "the index"
    yield scene.finding(
        "LED101",
        evidence.run.path_of(RECORD_NAME),
        f"the run used code that {where} does not hold: {', '.join(told[:_SHOWN])}{more}",
        f"git add -- {shell_words(differing)}",
        run_id=evidence.run.run_id,
        line=line_of(evidence.data[RECORD_NAME], "dirty_paths"),
    )


def _held(
    scene: Scene, entries: Mapping[str, TreeEntry], path: str, object_format: str
) -> str | None:
    """Return the content id of ``path`` as manifests count it, None where it is absent."""
    entry = entries.get(path)
    if entry is None:
        return None
    if path.endswith(".ipynb") and scene.code is not None:
        data = scene.code.get(path)
        if data is not None:
            return content_id(code_of(path, data), object_format)
    return entry.oid


def _short(oid: str | None) -> str:
    return "absent" if oid is None else oid[:10]


def _cannot_tell(scene: Scene, evidence: Evidence, why: str, fix: str) -> Finding:
    return scene.finding(
        "LED101",
        evidence.run.path_of(RECORD_NAME),
        f"cannot tell which code the run used: {why}",
        fix,
        run_id=evidence.run.run_id,
        line=line_of(evidence.data[RECORD_NAME], "dirty"),
    )
