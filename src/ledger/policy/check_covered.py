"""LED100: what a range changes of code, config and data, a new run of the range used."""

from __future__ import annotations

from ledger.contract.code_paths import is_dvc_pointer
from ledger.contract.coverage import dvc_stages, uncovered, uncovered_stages
from ledger.contract.globs import compile_globs
from ledger.contract.json_text import as_list, as_object, as_text
from ledger.contract.layout import RECORD_NAME
from ledger.contract.manifest import content_id, decode_manifest, manifest_hash
from ledger.contract.notebook import code_of
from ledger.contract.record import parse_record
from ledger.errors import MalformedError
from ledger.policy.check_dirty import manifest_path
from ledger.policy.code_tree import paths_of, project_prefix
from ledger.storage.tree import RevisionTree, read_blobs


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ledger.contract.coverage import Stage
    from ledger.contract.manifest import Manifest
    from ledger.contract.record import RunRecord
    from ledger.policy.finding import Finding
    from ledger.policy.history import History
    from ledger.policy.ledgers import RunFolder
    from ledger.policy.scene import Scene
    from ledger.storage.differences import Difference
    from ledger.storage.tree import TreeEntry

FRESH, HISTORY = "fresh", "history"
"""A run must have used what head holds; or what head or another commit of the range holds."""
_NOTEBOOK = ".ipynb"
_FIX = "run it, and commit the run with its note: a change is told by what it did"


def check_covered(
    scene: Scene,
    mode: str | None = None,
    is_elsewhere: Callable[[str, Difference], bool] = lambda _path, _change: False,
) -> Iterator[Finding]:
    """LED100: every code path and data pointer that the range changes is in a new run of it.

    Args:
        scene: of a range.
        mode: FRESH or HISTORY, what the settings say unless given.
        is_elsewhere: whether a change of a path is no matter of this project.
    """
    history = scene.history
    if history is None:
        return
    mode = mode or scene.policy.require_mode
    is_code = _code_test(scene, history)
    asked = _asked(scene, history.changes())
    changes = {path: change for path, change in asked.items() if not is_elsewhere(path, change)}
    records = list(_new_records(scene))
    chosen = {path: change for path, change in changes.items() if is_code(path, change)}
    manifests = [manifest for record in records if (manifest := _manifest(scene, record))]
    wanted = _wanted(history, chosen, manifests, mode)
    for path in uncovered(wanted, manifests):
        verb = "changed" if changes[path].new else "removed"
        message = f"{verb} in this range, and no new run used it so"
        yield scene.finding("LED100", path, message, _FIX)
    yield from _pointers(scene, history, changes, records, mode)


def _code_test(scene: Scene, history: History) -> Callable[[str, Difference], bool]:
    """Return whether a change is one of code.

    What was code stays so in the range that declares it the output of a pipeline: that would be a
    way round.
    """
    now = paths_of(scene.ledger, scene.blobs.tree, scene.policy)
    if not now.outs:
        return lambda path, change: now.lists(path, _mode(change))
    before = RevisionTree(history.repository, history.base)
    then = paths_of(scene.ledger, before, scene.policy)

    def is_code(path: str, change: Difference) -> bool:
        mode = _mode(change)
        return now.lists(path, mode) or (change.old is not None and then.lists(path, mode))

    return is_code


def _asked(scene: Scene, changes: Mapping[str, Difference]) -> Mapping[str, Difference]:
    """Return ``changes`` without those that ``require.ignore`` lets pass."""
    is_ignored = compile_globs(scene.policy.require_ignore)
    skip = len(project_prefix(scene.ledger))
    return {path: change for path, change in changes.items() if not is_ignored(path[skip:])}


def _new_records(scene: Scene) -> Iterator[RunRecord]:
    """Yield the records that the range adds and that may cover; imported ones never do.

    What did not finish counts only with a note that says so: LED102 may weigh less here.
    """
    added = scene.changes or {}
    runs = {run.path_of(RECORD_NAME): run for run in scene.runs.values()}
    runs = {path: run for path, run in runs.items() if added.get(path) == "A"}
    scene.blobs.load(runs)
    for path, run in runs.items():
        try:
            record = parse_record(scene.blobs.get(path) or b"")
        except MalformedError:
            continue  # LED111 tells of it
        if not record.is_imported and _is_accepted(scene, run, record.status):
            yield record


def _is_accepted(scene: Scene, run: RunFolder, status: str) -> bool:
    status = "crashed" if status == "running" else status  # nothing runs in a commit
    if status not in scene.policy.require_accept:
        return False
    if status == "finished":
        return True
    note = scene.note_of(run)
    return note is not None and note.is_complete


def _manifest(scene: Scene, record: RunRecord) -> Manifest | None:
    code = as_text(record.git.get("code"))
    data = scene.blobs.get(manifest_path(scene, code)) if code else None
    if data is None or manifest_hash(data) != code:
        return None
    try:
        return decode_manifest(data)
    except MalformedError:
        return None


def _wanted(
    history: History,
    changes: Mapping[str, Difference],
    manifests: Iterable[Manifest],
    mode: str,
) -> dict[str, set[str | None]]:
    """Return by path the content ids that count; a path that ends as it began is left out."""
    introduced = history.introduced(changes) if mode == HISTORY else {}
    before = {path: _oid(change.old) for path, change in changes.items()}
    after = {path: _oid(change.new) for path, change in changes.items()}
    wanted = {path: {after[path], *introduced.get(path, ())} for path in changes}
    formats = {manifest.object_format for manifest in manifests} or {"sha1"}
    notebooks = [path for path in changes if path.endswith(_NOTEBOOK)]
    oids = {oid for path in notebooks for oid in (*wanted[path], before[path]) if oid}
    blobs = read_blobs(history.repository, oids)
    (object_format, *_) = sorted(formats)

    def counted(path: str, oid: str | None) -> str | None:
        data = blobs.get(oid) if oid and path.endswith(_NOTEBOOK) else None
        return oid if data is None else content_id(code_of(path, data), object_format)

    result: dict[str, set[str | None]] = {}
    for path, ids in wanted.items():
        old = counted(path, before[path])
        if counted(path, after[path]) != old:
            result[path] = {counted(path, oid) for oid in ids} - {old}
    return result


def _pointers(
    scene: Scene,
    history: History,
    changes: Mapping[str, Difference],
    records: Iterable[RunRecord],
    mode: str,
) -> Iterator[Finding]:
    prefix = project_prefix(scene.ledger)
    ledger = f"{prefix}{scene.policy.dir}/"
    pointers = [
        path
        for path, change in changes.items()
        if is_dvc_pointer(path)
        and path.startswith(prefix)
        and not path.startswith(ledger)
        and change.new is not None
    ]
    if not pointers:
        return
    known = {text for record in records for text in known_hashes(record)}
    introduced = history.introduced(pointers) if mode == HISTORY else {}
    ends = {path: (_oid(changes[path].old), _oid(changes[path].new)) for path in pointers}
    oids = {oid for path in pointers for oid in (*ends[path], *introduced.get(path, ()))}
    blobs = read_blobs(history.repository, [oid for oid in oids if oid])
    for path in pointers:
        before, after = ends[path]
        others = [oid for oid in introduced.get(path, ()) if oid not in {before, after}]
        versions = [stages_in(blobs.get(oid or ""), path) for oid in (after, *others)]
        for name in uncovered_stages(stages_in(blobs.get(before or ""), path), versions, known):
            what = f"the stage {name}" if name else "what it tracks"
            message = f"{what} has new outs, and no new run used or made one of them"
            yield scene.finding("LED100", path, message, _FIX)


def _mode(change: Difference) -> str:
    entry = change.new or change.old
    return "" if entry is None else entry.mode


def _oid(entry: TreeEntry | None) -> str | None:
    return None if entry is None else entry.oid


def known_hashes(record: RunRecord) -> Iterator[str]:
    """Yield the hashes of data, DVC deps and artifacts that a record names."""
    document = record.document
    sources = [document.get("data"), *as_list(document.get("extra_data"))]
    artifacts = as_object(document.get("artifacts")).values()
    hashes = [as_object(item).get("hash") for item in (*sources, *artifacts)]
    hashes += as_object(as_object(document.get("dvc")).get("deps")).values()
    yield from (text for text in map(as_text, hashes) if text)


def stages_in(data: bytes | None, path: str) -> dict[str, Stage]:
    """Return the stages of DVC's pointer ``path``; {} where it is not there or does not parse."""
    from ledger.capture.dvc_yaml import parse_dvc_yaml  # noqa: PLC0415  # YAML, where DVC is

    try:
        return {} if data is None else dvc_stages(parse_dvc_yaml(data, path))
    except ValueError:
        return {}
