"""LED105: files of the ledger are plain text under names that every machine tells apart."""

from __future__ import annotations

import unicodedata

from ledger.contract.json_text import MAX_BYTES
from ledger.contract.layout import (
    NOTE_NAME,
    RECORD_NAME,
    SHARED_FOLDERS,
    is_device,
    is_month,
    is_table,
    is_temporary,
)
from ledger.contract.layout import why_illegal as why_illegal_id
from ledger.policy.finding import shell_word
from ledger.policy.mend import leave_out
from ledger.storage.tree import EXECUTABLE, REGULAR, SUBMODULE, SYMLINK


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ledger.policy.evidence import Evidence
    from ledger.policy.finding import Finding
    from ledger.policy.ledgers import RunFolder
    from ledger.policy.scene import Scene
    from ledger.storage.tree import TreeEntry

MAX_NOTE_BYTES = 1024 * 1024
MAX_FILE_BYTES = 50 * 1024 * 1024
"""Where hosting services begin to warn about a file."""
MAX_NAME_BYTES = 200
_FORBIDDEN = frozenset('<>:"|?*\\')
_KINDS = {SYMLINK: "a symbolic link", SUBMODULE: "a submodule", EXECUTABLE: "executable"}


def check_portable(scene: Scene, evidence: Evidence) -> Iterator[Finding]:
    """LED105: mode, name, size and encoding of every file of the run."""
    run = evidence.run
    reason = why_illegal_id(run.run_id)
    if reason:
        fix = f"rename the folder {shell_word(run.path)} and its run_id"
        message = f"the name of the run is not portable: {reason}"
        yield scene.finding("LED105", run.path, message, fix, run_id=run.run_id)
    for name, entry in run.files.items():
        path = run.path_of(name)
        yield from check_mode(scene, path, entry, run.run_id)
        yield from _name(scene, path, name, run.run_id)
        if name in evidence.data:
            yield from _content(scene, path, name, evidence.data[name], run.run_id)
    for first, second in colliding(run.files):
        message = f"{second!r} and {first!r} are one file where case or accents do not count"
        fix = f"git rm --cached -- {shell_word(run.path_of(second))}"
        yield scene.finding("LED105", run.path_of(second), message, fix, run_id=run.run_id)


def check_unique(scene: Scene, runs: Iterable[RunFolder]) -> Iterator[Finding]:
    """LED105: no run of the ledger has the name of another, case and accents aside."""
    by_fold: dict[str, list[RunFolder]] = {}
    for run in scene.runs.values():
        by_fold.setdefault(_fold(run.run_id), []).append(run)
    for run in runs:
        same = by_fold[_fold(run.run_id)]
        # of many that share a name, one is told: all pairs would be a million findings
        other = next((other for other in same if other.path != run.path), None)
        if other is not None:
            message = f"the run has the name of {other.path}, case aside"
            fix = f"keep one of the two: {leave_out(scene, run)}"
            yield scene.finding("LED105", run.path, message, fix, run_id=run.run_id)


def check_shared_modes(scene: Scene, paths: Iterable[str]) -> Iterator[Finding]:
    """LED105: mode of the ledger's files outside of runs."""
    entries = scene.blobs.entries()
    for path in paths:
        yield from check_mode(scene, path, entries[path], None)


def check_links(scene: Scene) -> Iterator[Finding]:
    """LED105: nothing stands in for a month, a run or the whole ledger.

    What a link leads to is another matter on every machine, and no check sees the runs in it.
    """
    folder, entries = scene.ledger.folder, scene.blobs.entries()
    for path in entries if scene.changes is None else scene.changes:
        entry = entries.get(path)
        if entry is None or entry.mode not in {SYMLINK, SUBMODULE}:
            continue
        month, _, rest = path.removeprefix(f"{folder}/").partition("/")
        is_run = path.startswith(f"{folder}/") and is_month(month) and "/" not in rest
        if is_run or (path == folder and entry.mode == SYMLINK):
            yield from check_mode(scene, path, entry, rest or None)


def check_mode(scene: Scene, path: str, entry: TreeEntry, run_id: str | None) -> Iterator[Finding]:
    """LED105: ``path`` is a regular file without the executable bit."""
    if entry.mode == REGULAR:
        return
    kind = _KINDS.get(entry.mode, "no regular file")
    word = shell_word(path)
    if entry.mode != EXECUTABLE:
        fix = f"git rm --cached -- {word}, then put a plain file there"
    else:
        fix = f"chmod -x -- {word}"
        if scene.is_staged:  # the file too, or the next `git add` brings the bit back
            fix = f"git update-index --chmod=-x -- {word} && {fix}"
    message = f"is {kind}; files of the ledger are plain files (mode 100644)"
    yield scene.finding("LED105", path, message, fix, run_id=run_id)


def shared_paths(scene: Scene) -> list[str]:
    """Return the files of the ledger that belong to no run: shared ones and its attributes."""
    prefix = scene.ledger.folder + "/"
    places = tuple(f"{prefix}{name}/" for name in SHARED_FOLDERS)
    paths = scene.blobs.entries() if scene.changes is None else scene.changes
    entries = scene.blobs.entries()
    return [
        path
        for path in paths
        if (path.startswith(places) or path == f"{prefix}.gitattributes")
        and path in entries
        and not is_temporary(path.rpartition("/")[2])
    ]


def colliding(names: Iterable[str]) -> list[tuple[str, str]]:
    """Return pairs of ``names`` that some file systems take for one, in order of appearance."""
    first: dict[str, str] = {}
    return [
        (first[fold], name) for name in names if first.setdefault(fold := _fold(name), name) != name
    ]


def _name(scene: Scene, path: str, name: str, run_id: str) -> Iterator[Finding]:
    reason = None
    if not name.isprintable():
        reason = "holds characters that cannot be shown, or is not UTF-8"
    elif not _FORBIDDEN.isdisjoint(name) or name.endswith((".", " ")) or _has_device(name):
        reason = "cannot exist on Windows"
    elif len(name.encode("utf-8")) > MAX_NAME_BYTES:
        reason = f"is longer than {MAX_NAME_BYTES} bytes"
    if reason:
        fix = f"git mv {shell_word(path)} to a plain name"
        yield scene.finding("LED105", path, f"the name {reason}", fix, run_id=run_id)


def _has_device(name: str) -> bool:
    return is_device(name) if "/" not in name else any(map(is_device, name.split("/")))


def _content(scene: Scene, path: str, name: str, data: bytes, run_id: str) -> Iterator[Finding]:
    limits: Mapping[str, int] = {RECORD_NAME: MAX_BYTES, NOTE_NAME: MAX_NOTE_BYTES}
    limit = limits.get(name, MAX_FILE_BYTES)
    if len(data) > limit:
        fix = f"keep it outside of git as an artifact: git rm --cached -- {shell_word(path)}"
        message = f"is {len(data)} bytes, the limit is {limit}"
        yield scene.finding("LED105", path, message, fix, run_id=run_id)
    is_parsed = name in {RECORD_NAME, NOTE_NAME} or is_table(name)
    if not is_parsed and name.endswith((".yaml", ".json", ".md")) and not _is_utf8(data):
        message = "is not UTF-8"
        yield scene.finding(
            "LED105", path, message, f"save {shell_word(path)} as UTF-8", run_id=run_id
        )


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _fold(name: str) -> str:
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
