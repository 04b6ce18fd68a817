"""LED101: the code that a dirty run used is what the commit holds."""

from __future__ import annotations

from ledger.contract.json_text import as_text
from ledger.contract.layout import RECORD_NAME
from ledger.contract.manifest import decode_manifest, manifest_hash, paths_recorded_as
from ledger.errors import MalformedError
from ledger.policy.catalogue import RANGE, STAGED, TREE
from ledger.policy.evidence import line_of
from ledger.policy.finding import NOTICE
from ledger.policy.mend import bring, only_again
from ledger.storage.tree import RevisionTree
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ledger.contract.manifest import Manifest
    from ledger.contract.record import DirtyPath
    from ledger.policy.evidence import Evidence
    from ledger.policy.finding import Finding
    from ledger.policy.scene import Scene
    from ledger.storage.tree import Tree

_HASH_PREFIX = "sha256:"
_SHOWN = 4
_HELD = {STAGED: "the commit does not hold", RANGE: "no commit of the range holds"}
_SUBMODULE = "S"
_DELETED = "D"


@value
class _Difference:
    """What one tree lacks of the code a run used."""

    letters: Mapping[str, str]
    """Git's letter by path."""
    told: Sequence[str]
    """The paths in words."""


def check_dirty(scene: Scene, evidence: Evidence) -> Iterator[Finding]:
    """LED101: every path that was dirty has, in a judged tree, the content the run used.

    A record that cannot tell what was dirty never passes by emptiness. At the stage of a commit
    only records that the commit brings are judged: the code moves on after them. With
    ``dirty = "forbid"`` no dirty run passes; with ``"reconstructible"`` one whose base and
    changes.patch give its manifest again passes too.
    """
    record = evidence.record
    if record is None or evidence.is_imported or record.is_dirty is False:
        return
    if not brings_record(scene, evidence):
        return
    if scene.policy.dirty == "forbid":
        message = "the run was dirty, which the settings of this project forbid"
        yield _finding(scene, evidence, "dirty", message, only_again(scene, evidence.run))
        return
    dirty = record.dirty_paths
    if record.is_dirty is None or not dirty:
        reason = as_text(record.git.get("dirty_reason"))
        why = reason or "the record does not say which files were dirty"
        yield _cannot_tell(scene, evidence, why, only_again(scene, evidence.run))
        return
    code = as_text(record.git.get("code"))
    if code is None:
        yield _cannot_tell(
            scene, evidence, "the record names no code manifest", only_again(scene, evidence.run)
        )
        return
    manifest = _manifest(scene, code)
    if isinstance(manifest, str):
        fix = bring(scene, evidence.run, manifest_path(scene, code))
        yield _cannot_tell(scene, evidence, manifest, fix)
    elif scene.repository is None:
        yield _cannot_tell(
            scene,
            evidence,
            "there is no git repository to compare with",
            only_again(scene, evidence.run),
        )
    else:
        yield from _compare(scene, evidence, manifest, dirty)


def manifest_path(scene: Scene, code: str) -> str:
    """Return where the code manifest with the hash ``code`` stands."""
    return f"{scene.ledger.folder}/code/{code.removeprefix(_HASH_PREFIX)}.manifest"


def manifest_of_run(scene: Scene, evidence: Evidence) -> Manifest | None:
    """Return the code manifest that a record names; None where it names none that can be used."""
    code = as_text(evidence.record.git.get("code")) if evidence.record is not None else None
    if code is None:
        return None
    if code not in scene.manifests:
        scene.manifests[code] = _manifest(scene, code)
    found = scene.manifests[code]
    return None if isinstance(found, str) else found


def brings_record(scene: Scene, evidence: Evidence) -> bool:
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
    scene: Scene, evidence: Evidence, manifest: Manifest, dirty: Iterable[DirtyPath]
) -> Iterator[Finding]:
    letters = {path: one.status for one in dirty for path in real_paths(one.path, manifest)}
    unknown = [p for p, at in letters.items() if at != _DELETED and p not in manifest.entries]
    if unknown:
        why = f"its manifest lacks {unknown[0]}, which was changed"
        yield _cannot_tell(scene, evidence, why, only_again(scene, evidence.run))
        return
    difference = _smallest_difference(scene, evidence, manifest, letters)
    if difference is None:
        return
    rules = scene.policy.dirty
    may_rebuild = rules == "reconstructible" or scene.stage == RANGE or _is_squash(scene)
    is_rebuilt = may_rebuild and _is_rebuilt(scene, evidence, manifest, letters)
    if is_rebuilt and rules == "reconstructible":
        return
    yield _uncovered(scene, evidence, manifest, difference, is_rebuilt=is_rebuilt)


def _uncovered(
    scene: Scene,
    evidence: Evidence,
    manifest: Manifest,
    difference: _Difference,
    *,
    is_rebuilt: bool,
) -> Finding:
    from ledger.policy.dirty_mend import mend_dirty  # noqa: PLC0415  # only for a finding

    told = difference.told
    more = f" and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
    held = _HELD.get(scene.stage, "the index does not hold")
    message = f"the run used code that {held}: {', '.join(told[:_SHOWN])}{more}"
    if is_rebuilt:
        message += "; its base and changes.patch give it again"
    fix = mend_dirty(scene, evidence, manifest, difference.letters)
    severity = NOTICE if is_rebuilt else None
    return _finding(scene, evidence, "dirty_paths", message, fix, severity=severity)


def _is_rebuilt(
    scene: Scene, evidence: Evidence, manifest: Manifest, letters: Mapping[str, str]
) -> bool:
    from ledger.policy.rebuild import is_rebuilt  # noqa: PLC0415  # only where a tree lacks code

    if scene.repository is None or _SUBMODULE in letters.values():
        return False  # no patch of this repository holds what was changed inside another
    return is_rebuilt(scene.repository, scene.ledger, evidence, manifest)


def _is_squash(scene: Scene) -> bool:
    from ledger.policy.earlier import is_squash  # noqa: PLC0415  # only where a tree lacks code

    return scene.is_staged and scene.repository is not None and is_squash(scene.repository)


def _smallest_difference(
    scene: Scene, evidence: Evidence, manifest: Manifest, letters: Mapping[str, str]
) -> _Difference | None:
    """Return what the first judged tree lacks, None where one of them holds all."""
    first = None
    for tree in _trees(scene, evidence, list(letters)):
        difference = _difference(tree, manifest, letters)
        if not difference.letters:
            return None
        first = first or difference
    return first


def _trees(scene: Scene, evidence: Evidence, paths: Sequence[str]) -> Iterator[Tree]:
    """Yield the judged trees, then, at the stage of a commit, those of the commits below it.

    Of what is committed already, the commit that brought the run: ``ledger commit`` puts the code
    into the same one.
    """
    yield from scene.code_trees(paths)
    if scene.stage == TREE and scene.repository is not None:
        commit = scene.brought_by(evidence.run.path_of(RECORD_NAME))
        if commit is not None:
            yield RevisionTree(scene.repository, commit, paths=paths)
    if scene.is_staged and scene.repository is not None and evidence.record is not None:
        from ledger.policy.earlier import earlier_trees  # noqa: PLC0415  # only where one lacks code

        since = as_text(evidence.record.git.get("commit"))
        yield from earlier_trees(scene.repository, since, paths)


def _difference(tree: Tree, manifest: Manifest, letters: Mapping[str, str]) -> _Difference:
    from ledger.policy.code_tree import ids_in  # noqa: PLC0415  # only where a run was dirty

    held = ids_in(tree, letters, manifest.object_format)
    differing: dict[str, str] = {}
    told: list[str] = []
    for path, letter in letters.items():
        used = manifest.entries[path].oid if path in manifest.entries else None
        if letter == _SUBMODULE:
            told.append(f"{path} (changed inside the submodule)")
            differing[path] = letter
        elif used != held.get(path):
            told.append(f"{path} ({_short(held.get(path))}, the run used {_short(used)})")
            differing[path] = letter
    return _Difference(letters=differing, told=told)


def real_paths(told: str, manifest: Manifest) -> Sequence[str]:
    """Return the path that a record calls ``told``; where it is gone, all it may have meant."""
    meant = paths_recorded_as(told)
    return [path for path in meant if path in manifest.entries] or meant


def _short(oid: str | None) -> str:
    return "absent" if oid is None else oid[:10]


def _cannot_tell(scene: Scene, evidence: Evidence, why: str, fix: str) -> Finding:
    return _finding(scene, evidence, "dirty", f"cannot tell which code the run used: {why}", fix)


def _finding(  # noqa: PLR0913  # a finding has this many fields
    scene: Scene,
    evidence: Evidence,
    key: str,
    message: str,
    fix: str,
    *,
    severity: str | None = None,
) -> Finding:
    return scene.finding(
        "LED101",
        evidence.run.path_of(RECORD_NAME),
        message,
        fix,
        run_id=evidence.run.run_id,
        line=line_of(evidence.data[RECORD_NAME], key),
        severity=severity,
    )
