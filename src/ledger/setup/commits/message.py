"""What the commit of a run says, and the line by which it is known again."""

from __future__ import annotations

from ledger.contract.json_text import as_object, decode_number
from ledger.contract.note import AUTO, parse_note
from ledger.contract.redaction import redact_text
from ledger.errors import MalformedError
from ledger.setup.commits.history import TRAILER


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.contract.record import RunRecord

MAX_SUBJECT = 72
MAX_LINE = 200


def run_message(record: RunRecord, note: bytes, given: str | None, *, is_new: bool) -> bytes:
    """Return the message of the commit that brings ``record``; credentials are redacted.

    Args:
        record: the run.
        note: the bytes of its note; empty without one.
        given: the user's own message, which replaces all but the last line.
        is_new: whether the commit brings the run, rather than a change of its note.
    """
    if given is not None:
        text = given.strip()
    else:
        subject = _subject(record) if is_new else f"note of {record.name}"
        body = [record.run_id]
        hypothesis = _hypothesis(note)
        if hypothesis:
            body.append(hypothesis)
        text = "\n".join([_cut(subject, MAX_SUBJECT), "", *(_cut(line, MAX_LINE) for line in body)])
    return f"{redact_text(text)}\n\n{TRAILER}: {record.run_id}\n".encode("utf-8", "replace")


def closing_message(paths: Iterable[str]) -> bytes:
    """Return the message of the commit that puts ``paths`` back to what they were."""
    listed = "".join(f"- {_cut(path, MAX_LINE)}\n" for path in sorted(paths))
    subject = "put files back that the runs before had otherwise"
    body = "Others changed them since those runs began, or they were put back:"
    return f"{subject}\n\n{body}\n\n{listed}".encode("utf-8", "replace")


def _subject(record: RunRecord) -> str:
    if record.status != "finished":
        return f"{record.name}: {record.status}"
    return f"{record.name}: {_result(record) or 'finished'}"


def _result(record: RunRecord) -> str:
    """Return the best of the objective, else the last of the first metric."""
    summary = as_object(record.document.get("summary"))
    if record.objective is not None:
        metric, goal = record.objective
        told = as_object(summary.get(metric))
        best, at = decode_number(told.get(goal)), told.get(f"{goal}_at")
        if best is not None:
            where = f" at {at}" if isinstance(at, int) else ""
            return f"best {metric} {best:.6g}{where}"
    for metric, told_of in summary.items():
        last = decode_number(as_object(told_of).get("last"))
        if last is not None:
            return f"{metric} {last:.6g}"
    stated = {name: number for name, number in record.metrics.items() if name in record.stated}
    return next((f"{name} {number:.6g}" for name, number in stated.items()), "")


def _hypothesis(note: bytes) -> str:
    """Return the first line a person wrote under Hypothesis."""
    try:
        section = parse_note(note).sections.get("Hypothesis")
    except MalformedError:
        return ""
    if section is None or not section.is_filled:
        return ""
    lines = (line.strip() for line in section.text.splitlines())
    return next((line for line in lines if line and not f"{line} ".startswith(AUTO)), "")


def _cut(text: str, limit: int) -> str:
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
