"""LED107: nothing that a commit brings of a run looks like a credential."""

from __future__ import annotations

import re

from ledger.contract.json_text import as_object
from ledger.contract.layout import (
    CELLS_NAME,
    CONFIG_NAME,
    DECISION_NAME,
    NOTE_NAME,
    PATCH_NAME,
    RECORD_NAME,
    RETRACTION_NAME,
    is_table,
    is_worker,
)
from ledger.contract.tripwire import TRIPWIRE
from ledger.policy.finding import shell_word
from ledger.policy.mend import is_in_head, leave_out


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ledger.policy.evidence import Evidence
    from ledger.policy.finding import Finding
    from ledger.policy.ledgers import RunFolder
    from ledger.policy.scene import Scene

_tripwire = re.compile(TRIPWIRE.encode("ascii"))
# All that stands in a table of numbers; no credential is made of these alone.
_DIGITS = b"0123456789"
_NUMBERS = b"0123456789.,+-\ntruefalsnif"
_OUR_NAMES = frozenset(
    {RECORD_NAME, NOTE_NAME, PATCH_NAME, CONFIG_NAME, CELLS_NAME, RETRACTION_NAME, DECISION_NAME}
)
_SHOWN = 5
_MAX_KNOWN_LINES = 50_000


def check_secrets(scene: Scene, evidence: Evidence) -> Iterator[Finding]:
    """LED107: no file of the run that is brought holds what looks like a credential.

    The credential itself is never told. At the stage of a commit only files that the commit brings
    are judged: what HEAD holds is known to whoever has the repository.
    """
    run = evidence.run
    for name, data in evidence.data.items():
        path = run.path_of(name)
        if _is_suspicious(scene, name, data) and _is_brought(scene, path, run.files[name].oid):
            record = evidence.record.document if evidence.record else {}
            is_hashed = name in as_object(record.get("files"))
            yield from _told(scene, path, data, run, is_hashed=is_hashed)


def check_shared_secrets(scene: Scene, paths: Iterable[str]) -> Iterator[Finding]:
    """LED107: no package list and no name in a data manifest looks like a credential."""
    entries = scene.blobs.entries()
    for path in paths:
        data = scene.blobs.get(path)
        # the names in a code manifest are those of the repository
        if data is None or "/code/" in path or not _tripwire.search(data.lower()):
            continue
        if _is_brought(scene, path, entries[path].oid):
            yield from _told(scene, path, data, None)


def _is_brought(scene: Scene, path: str, oid: str | None) -> bool:
    if scene.changes is None:
        return True
    return path in scene.changes and not (scene.parents and scene.parents.has(path, oid))


def _is_suspicious(scene: Scene, name: str, data: bytes) -> bool:
    """Whether a quick look sees a part of what every credential has.

    Numbers aside, most lines of a record stand in every other record too; they are looked at once.
    """
    if is_table(name):
        header, _, rows = data.partition(b"\n")
        data = data if rows.translate(None, _NUMBERS) else header
    elif name not in _OUR_NAMES and not is_worker(name):
        return True  # its name may say enough
    lines = set(data.translate(None, _DIGITS).lower().split(b"\n")) - scene.harmless_lines
    if _tripwire.search(b"\n".join(lines)):
        return True
    if len(scene.harmless_lines) < _MAX_KNOWN_LINES and not is_table(name):
        scene.harmless_lines |= lines
    return False


def _told(
    scene: Scene, path: str, data: bytes, run: RunFolder | None, *, is_hashed: bool = False
) -> Iterator[Finding]:
    from ledger.policy.secret_places import secret_places  # noqa: PLC0415  # see tripwire

    places = secret_places(path.rpartition("/")[2], data)
    fix = _fix(scene, run, path, is_hashed=is_hashed) if places else ""
    for place in places[:_SHOWN]:
        run_id = run.run_id if run else None
        message = f"looks like a secret: {place.kind}"
        yield scene.finding("LED107", path, message, fix, run_id=run_id, line=place.line)


def _fix(scene: Scene, run: RunFolder | None, path: str, *, is_hashed: bool) -> str:
    """Return what mends it: revoking always, and the file where that still helps."""
    if scene.changes is None and is_in_head(scene, path):
        return "revoke it where it was issued; the history of the repository holds it already"
    if run is None:
        return f"revoke it, and leave the file out: git rm -f --cached -- {shell_word(path)}"
    fix = f"revoke it, and write <redacted> in its place in {path}"
    if is_hashed:
        fix += f", its new sha256 and bytes under `files` in {run.path_of(RECORD_NAME)}"
    if scene.changes is not None:
        fix += f", then git add -- {shell_word(run.path if is_hashed else path)}"
    if scene.is_staged and is_hashed:
        fix += f"; or leave the run out: {leave_out(scene, run)}"
    return fix
