"""LED114: somebody decided for the run that made a model which the range changes."""

from __future__ import annotations

import hashlib
import posixpath

from ledger.contract.code_paths import is_dvc_pointer
from ledger.contract.json_text import as_object, as_text
from ledger.contract.layout import DECISION_NAME, RECORD_NAME
from ledger.contract.record import parse_record
from ledger.errors import MalformedError
from ledger.policy.check_covered import stages_in
from ledger.policy.code_tree import project_prefix
from ledger.policy.finding import OFF, shell_word
from ledger.policy.ledgers import is_ledger_file
from ledger.policy.mend import in_project
from ledger.storage.tree import read_blobs
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.policy.finding import Finding
    from ledger.policy.history import History
    from ledger.policy.scene import Scene
    from ledger.storage.differences import Difference

CODE = "LED114"
_LFS = b"version https://git-lfs.github.com/spec/"


@value
class _Made:
    """A file that a run made."""

    path: str
    """From the top of the repository."""
    hash: str | None
    run_id: str
    is_decided: bool


def check_decided(scene: Scene) -> Iterator[Finding]:
    """LED114: every artifact of a run that the range changes was made by a run with a decision.

    Of files that git tracks the content counts, of those that DVC tracks the hash in its pointer.
    What no run names as its artifact is no model.
    """
    history = scene.history
    if history is None or scene.weight(CODE) in {None, OFF}:
        return
    made = list(_made(scene))
    prefix = project_prefix(scene.ledger)
    changes = {
        path: change
        for path, change in history.changes().items()
        if change.new is not None and path.startswith(prefix)
        if not is_ledger_file(scene.ledger, path)
    }
    for path, content in _contents(history, changes, {each.path for each in made}):
        makers = [each for each in made if _is_by(each, path, content)]
        concerned = makers or [each for each in made if each.path == path]
        if concerned and not any(each.is_decided for each in makers):
            yield _finding(scene, path, makers)


def _made(scene: Scene) -> Iterator[_Made]:
    prefix = project_prefix(scene.ledger)
    records = {run.path_of(RECORD_NAME): run for run in scene.runs.values()}
    scene.blobs.load(records)
    for record_path, run in records.items():
        try:
            record = parse_record(scene.blobs.get(record_path) or b"")
        except MalformedError:
            continue  # LED111 tells of it
        for item in as_object(record.document.get("artifacts")).values():
            about = as_object(item)
            path = as_text(about.get("path")) or as_text(item)
            if path is not None:
                yield _Made(
                    path=posixpath.normpath(f"{prefix}{path}"),
                    hash=as_text(about.get("hash")),
                    run_id=run.run_id,
                    is_decided=DECISION_NAME in run.files,
                )


def _contents(
    history: History, changes: dict[str, Difference], known: set[str]
) -> Iterator[tuple[str, str | None]]:
    """Yield (path, hash) of what changes: files that are known, and new outs of DVC's pointers.

    The hash is None where git only holds a pointer of LFS.
    """
    wanted = {path for path in changes if path in known or is_dvc_pointer(path)}
    entries = {path: changes[path] for path in wanted}
    oids = [one.oid for change in entries.values() for one in (change.old, change.new) if one]
    blobs = read_blobs(history.repository, [oid for oid in oids if oid])
    for path, change in sorted(entries.items()):
        data = blobs.get(change.new.oid or "", b"") if change.new else b""
        if path in known:
            is_pointer = data.startswith(_LFS)
            digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
            yield path, None if is_pointer else f"md5:{digest}"
            continue
        before = blobs.get(change.old.oid or "") if change.old else None
        old = {out for stage in stages_in(before, path).values() for out in stage.outs.items()}
        for stage in stages_in(data, path).values():
            for out, text in stage.outs.items():
                if (out, text) not in old:
                    full = posixpath.normpath(posixpath.join(posixpath.dirname(path), out))
                    yield full, f"md5:{text.removeprefix('md5:')}"


def _is_by(made: _Made, path: str, content: str | None) -> bool:
    """Whether ``made`` is the ``content`` of ``path``; without a hash the path must do."""
    if content is None or made.hash is None:
        return made.path == path
    return made.hash == content


def _finding(scene: Scene, path: str, makers: Sequence[_Made]) -> Finding:
    if not makers:
        message = "changed, and no run made what it is now: nobody can have decided for it"
        fix = "commit the run that made it, then ledger select it"
        return scene.finding(CODE, path, message, fix)
    run_id = max(each.run_id for each in makers)
    message = f"changed, and nobody decided for {run_id}, which made it"
    command = f"ledger select {shell_word(run_id)} --over QUESTION --why TEXT"
    return scene.finding(CODE, path, message, in_project(scene, command), run_id=run_id)
