"""LED111 and LED112: whether a run can be read at all, and whether it is closed."""

from __future__ import annotations

from ledger.contract.layout import NOTE_NAME, RECORD_NAME
from ledger.policy.evidence import writer_version
from ledger.policy.finding import shell_word
from ledger.policy.liveness import is_abandoned
from ledger.policy.mend import bring, in_project, leave_out, restore


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.contract.record import RunRecord
    from ledger.errors import MalformedError
    from ledger.policy.evidence import Evidence
    from ledger.policy.finding import Finding
    from ledger.policy.ledgers import RunFolder
    from ledger.policy.scene import Scene


def check_readable(scene: Scene, evidence: Evidence) -> Iterator[Finding]:
    """LED111: the record is there, and record, note and tables parse."""
    run = evidence.run
    if RECORD_NAME not in run.files:
        path = run.path_of(RECORD_NAME)
        message = "the run has no record"
        yield scene.finding("LED111", path, message, bring(scene, run, path), run_id=run.run_id)
    for name, error in evidence.flaws.items():
        yield scene.finding(
            "LED111",
            run.path_of(name),
            _what(error, evidence.data.get(name, b"")),
            _mend(scene, evidence, name, error),
            run_id=run.run_id,
            line=error.line,
        )


def check_sealed(scene: Scene, evidence: Evidence) -> Iterator[Finding]:
    """LED112: no run is committed while it is written, or without its final hashes."""
    record = evidence.record
    if record is None or not evidence.is_unsealed:
        return
    run = evidence.run
    state = "is still running" if record.status == "running" else "was never sealed"
    yield scene.finding(
        "LED112",
        run.path_of(RECORD_NAME),
        f"the run {state}; its numbers are not final",
        _seal_or_leave_out(scene, run, record),
        run_id=run.run_id,
    )


def _seal_or_leave_out(scene: Scene, run: RunFolder, record: RunRecord) -> str:
    """Return what mends an unsealed run: it is closed where its writer is known to be gone."""
    if record.status == "running" and not is_abandoned(record):
        return leave_out(scene, run)
    seal = in_project(scene, f"ledger seal {shell_word(run.run_id)}")
    return f"{seal} && git add -- {shell_word(run.path)}" if scene.is_staged else seal


def _what(error: MalformedError, data: bytes) -> str:
    field = f"{error.field}: " if error.field else ""
    if not _is_newer(error):
        return f"{field}{error.message}"
    version = writer_version(data)
    needed = (
        f"needs ledger ≥ {version}" if version else "needs a newer ledger (ledger ≥ its writer)"
    )
    return f"{field}{error.message}; {needed}"


def _mend(scene: Scene, evidence: Evidence, name: str, error: MalformedError) -> str:
    if _is_newer(error):
        return "pip install --upgrade experiment-ledger"
    path = evidence.run.path_of(name)
    if name not in evidence.data:
        return f"chmod u+r -- {shell_word(path)}" if scene.is_on_disk else "git fsck"
    if name == NOTE_NAME:
        return f"save {shell_word(path)} as UTF-8"
    return restore(scene, evidence.run, path)


def _is_newer(error: MalformedError) -> bool:
    return error.field == "schema_version" and "upgrade" in error.hint
