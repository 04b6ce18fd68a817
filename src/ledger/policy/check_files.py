"""LED104: the record and the files of the run tell one story."""

from __future__ import annotations

import hashlib
import posixpath

from ledger.contract.json_text import as_object, as_text
from ledger.contract.layout import RECORD_NAME, is_table, is_worker
from ledger.policy.check_dirty import manifest_path
from ledger.policy.evidence import PLAIN, line_of
from ledger.policy.finding import shell_word
from ledger.policy.ignored import ignored_paths
from ledger.policy.mend import bring, in_project, restore, restore_shared


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ledger.contract.json_text import Json
    from ledger.policy.evidence import Evidence
    from ledger.policy.finding import Finding
    from ledger.policy.ledgers import RunFolder
    from ledger.policy.scene import Scene

_UTC = ("Z", "+00:00", "-00:00", "+0000")
_SHA256 = "sha256:"
_SHA256_DIGITS = 64
_MAX_NAME, _MAX_SHOWN = 1000, 60
"""Characters of a name that the seal may list, and of a stranger one that are told."""


def check_place(scene: Scene, evidence: Evidence) -> Iterator[Finding]:
    """LED104: the folder has the name of the run and stands in the month it started in, UTC."""
    record, run = evidence.record, evidence.run
    if record is None:
        return
    path, data = run.path_of(RECORD_NAME), evidence.data[RECORD_NAME]
    if record.run_id != run.run_id:
        message = f"run_id is {record.run_id!r}, the folder is named {run.run_id!r}"
        fix = f"git mv {shell_word(run.path)} {shell_word(_sibling(run.path, record.run_id))}"
        yield scene.finding(
            "LED104", path, message, fix, run_id=run.run_id, line=line_of(data, "run_id")
        )
    month = utc_month(record.started)
    if month != run.month:
        target = f"{scene.ledger.folder}/{month}/{run.run_id}"
        message = f"the run started in {month} (UTC), the folder stands in {run.month}"
        fix = f"git mv {shell_word(run.path)} {shell_word(target)}"
        if month is None:
            message = f"timestamp.start is no date: {record.started!r}"
            fix = restore(scene, run, path)
        yield scene.finding(
            "LED104", path, message, fix, run_id=run.run_id, line=line_of(data, "start")
        )


def check_files(scene: Scene, evidence: Evidence) -> Iterator[Finding]:
    """LED104: each file the seal lists is there with the same bytes; no table is unlisted."""
    record, run = evidence.record, evidence.run
    if record is None or not evidence.is_sealed:
        return
    listed = as_object(record.document.get("files"))
    absent = [name for name in listed if name not in run.files]
    yield from _absent(scene, evidence, absent)
    for name, entry in listed.items():
        if name in evidence.data:
            wrong = _difference(evidence, name, as_object(entry))
            if wrong:
                path = run.path_of(name)
                fix = restore(scene, run, path)
                yield scene.finding("LED104", path, wrong, fix, run_id=run.run_id)
    for name in run.files:
        if (is_table(name) or is_worker(name)) and name not in listed:
            what = "table" if is_table(name) else "worker's file"
            message = f"the {what} is not among the files the run was sealed over"
            fix = f"git rm --cached -- {shell_word(run.path_of(name))}"
            yield scene.finding("LED104", run.path_of(name), message, fix, run_id=run.run_id)


def check_manifest(scene: Scene, evidence: Evidence) -> Iterator[Finding]:
    """LED104: the code manifest that a record names is there; of a dirty run LED101 tells."""
    record, run = evidence.record, evidence.run
    if record is None or record.is_dirty is not False:
        return
    code = as_text(record.git.get("code"))
    if code is None or manifest_path(scene, code) in scene.blobs.entries():
        return
    path = manifest_path(scene, code)
    where = "in the commit" if scene.is_staged else "there"
    message = f"the code manifest that {run.run_id} names is not {where}"
    yield scene.finding("LED104", path, message, bring(scene, run, path), run_id=run.run_id)


def check_environment(scene: Scene, evidence: Evidence) -> Iterator[Finding]:
    """LED104: the package list that a record names is there."""
    record, run = evidence.record, evidence.run
    if record is None or evidence.is_imported:
        return
    frozen = as_text(as_object(record.document["environment"]).get("pip_freeze_hash"))
    if frozen is None or not frozen.startswith(_SHA256):
        return
    path = f"{scene.ledger.folder}/environments/{frozen.removeprefix(_SHA256)}.txt"
    if path not in scene.blobs.entries():
        where = "in the commit" if scene.is_staged else "there"
        message = f"the package list that {run.run_id} names is not {where}"
        yield scene.finding("LED104", path, message, bring(scene, run, path), run_id=run.run_id)


def check_shared(scene: Scene, paths: Iterable[str]) -> Iterator[Finding]:
    """LED104: a shared file named by its SHA-256 holds what the name says; LED111: it is read."""
    entries = scene.blobs.entries()
    for path in paths:
        name = path.rpartition("/")[2].partition(".")[0]
        data = scene.blobs.get(path)
        why = scene.blobs.why_unread(path) if entries[path].mode in PLAIN else None
        if data is None and why is not None:
            fix = f"chmod u+r -- {shell_word(path)}" if scene.is_on_disk else "git fsck"
            yield scene.finding("LED111", path, f"cannot be read: {why}", fix)
        if data is None or len(name) != _SHA256_DIGITS:
            continue
        if hashlib.sha256(data).hexdigest() != name:
            message = "the content is not what the file is named after"
            yield scene.finding("LED104", path, message, restore_shared(scene, path))


def check_ignored(scene: Scene, runs: Iterable[RunFolder]) -> Iterator[Finding]:
    """LED104: git does not ignore a file of a run on the disk; it would never be committed."""
    if scene.repository is None or not scene.is_on_disk:
        return
    owners = {run.path_of(name): run for run in runs for name in run.files}
    for path in sorted(ignored_paths(scene.repository, owners, even_tracked=False)):
        message = "git ignores this file of the run"
        yield scene.finding(
            "LED104", path, message, in_project(scene, "ledger init"), run_id=owners[path].run_id
        )


def utc_month(stamp: str) -> str | None:
    """Return the UTC month ``YYYY-MM`` of an ISO 8601 ``stamp``, None where it is no date."""
    if stamp.endswith(_UTC) and stamp[5:7] in _MONTHS:
        return stamp[:7]
    from datetime import UTC, datetime  # noqa: PLC0415  # every record of ours is stored in UTC

    try:
        started = datetime.fromisoformat(stamp)
        aware = started if started.tzinfo else started.replace(tzinfo=UTC)
        return f"{aware.astimezone(UTC):%Y-%m}"
    except (ValueError, OverflowError):
        return None


def _absent(scene: Scene, evidence: Evidence, names: list[str]) -> Iterator[Finding]:
    if not names:
        return
    run = evidence.run
    strange = [name for name in names if not _is_inside(name)]
    names = [name for name in names if _is_inside(name)]
    for name in strange:
        path = run.path_of(RECORD_NAME)
        message = f"the record seals {name[:_MAX_SHOWN]!r}, which is no file of the run"
        yield scene.finding("LED104", path, message, restore(scene, run, path), run_id=run.run_id)
    paths = [run.path_of(name) for name in names]
    ignored: frozenset[str] = frozenset()
    if scene.repository is not None and scene.history is None and not scene.repository.is_bare:
        ignored = ignored_paths(scene.repository, paths, even_tracked=True)
    for name in names:
        path = run.path_of(name)
        reason = ": git ignores it" if path in ignored else ""
        where = "not in the commit" if scene.is_staged else "not there"
        message = f"a file of the run is {where}{reason}"
        yield scene.finding("LED104", path, message, bring(scene, run, path), run_id=run.run_id)


def _is_inside(name: str) -> bool:
    """Whether ``name``, which a record says, can be that of a file in the folder of a run."""
    if len(name) > _MAX_NAME:
        return False
    is_below = not name.startswith(("/", "../")) and name not in {"", ".", ".."}
    return is_below and posixpath.normpath(name) == name and "\0" not in name


def _difference(evidence: Evidence, name: str, entry: Mapping[str, Json]) -> str | None:
    """Return what of the file ``name`` differs from its ``entry`` in the seal, or None."""
    data = evidence.data[name]
    if entry.get("bytes") != len(data):
        return f"the file has {len(data)} bytes, the run was sealed over {entry.get('bytes')}"
    if entry.get("sha256") != hashlib.sha256(data).hexdigest():
        return "the content is not what the run was sealed over (SHA-256 differs)"
    rows, found = entry.get("rows"), evidence.n_rows(name)
    if rows is not None and found is not None and rows != found and not evidence.is_imported:
        return f"the table has {found} rows, the record says {rows}"
    return None


def _sibling(path: str, name: str) -> str:
    return f"{path.rpartition('/')[0]}/{name}"


_MONTHS = frozenset(f"{number:02d}" for number in range(1, 13))
