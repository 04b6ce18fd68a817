"""LED102: a person wrote down what the run was for and what came of it."""

from __future__ import annotations

from ledger.contract.layout import NOTE_NAME
from ledger.policy.finding import shell_word
from ledger.policy.liveness import is_alive
from ledger.policy.mend import in_project


_SHOWN = 5
"""References that lead nowhere are told one by one up to here."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.contract.note import Note
    from ledger.policy.evidence import Evidence
    from ledger.policy.finding import Finding
    from ledger.policy.scene import Scene


def check_note(scene: Scene, evidence: Evidence) -> Iterator[Finding]:
    """LED102: the note is there, with every heading, and every section is answered.

    An imported run has nobody to ask. A run that is being written is told about by LED112, or, in
    a look at everything, is none of our business yet.
    """
    if evidence.is_imported or _is_too_early(scene, evidence):
        return
    run = evidence.run
    path, fix = run.path_of(NOTE_NAME), in_project(scene, f"ledger note {shell_word(run.run_id)}")
    if NOTE_NAME not in run.files:
        message = "the run has no note"
        yield scene.finding("LED102", path, message, _with_add(scene, fix, path), run_id=run.run_id)
        return
    note = evidence.note
    if note is None:
        return  # LED111 or LED105 tells why it cannot be read
    if note.missing:
        message = f"headings missing: {', '.join(note.missing)}"
        yield scene.finding("LED102", path, message, _with_add(scene, fix, path), run_id=run.run_id)
    yield from _unresolved(scene, evidence, note)
    served = _served(scene, note)
    open_sections = [section for section in note.unfilled if section.name not in served]
    if open_sections:
        yield scene.finding(
            "LED102",
            path,
            f"not filled in: {', '.join(section.name for section in open_sections)}",
            _with_add(scene, fix, path),
            run_id=run.run_id,
            line=min(section.line for section in open_sections),
        )


def _is_too_early(scene: Scene, evidence: Evidence) -> bool:
    if scene.is_staged:
        return evidence.is_unsealed
    return evidence.record is not None and is_alive(evidence.record)


def _unresolved(scene: Scene, evidence: Evidence, note: Note) -> Iterator[Finding]:
    run = evidence.run
    missing = [run_id for run_id in dict.fromkeys(note.see) if scene.run_called(run_id) is None]
    for place, run_id in enumerate(missing[:_SHOWN], 1):
        left = len(missing) - place
        more = f" (and {left} more)" if place == _SHOWN and left else ""
        yield scene.finding(
            "LED102",
            run.path_of(NOTE_NAME),
            f"'See: {run_id}' names a run that is not there{more}",
            "write the id of a run of this ledger, or fill the note: "
            + in_project(scene, f"ledger note {shell_word(run.run_id)}"),
            run_id=run.run_id,
            line=_line_of_see(evidence.data[NOTE_NAME], run_id),
        )


def _served(scene: Scene, note: Note) -> set[str]:
    """Return the sections that the notes referred to answer in place of this one."""
    served: set[str] = set()
    for run_id in dict.fromkeys(note.see):
        other = scene.run_called(run_id)
        answer = scene.note_of(other) if other is not None else None
        if answer is not None:
            served |= {name for name, section in answer.sections.items() if section.is_filled}
    return served


def _line_of_see(data: bytes, run_id: str) -> int | None:
    for number, line in enumerate(data.decode("utf-8-sig").splitlines(), 1):
        if line.strip().lower().startswith("see:") and line.split()[-1] == run_id:
            return number
    return None


def _with_add(scene: Scene, fix: str, path: str) -> str:
    return f"{fix} && git add -- {shell_word(path)}" if scene.is_staged else fix
