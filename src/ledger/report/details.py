"""What is asked beside the curves: one run whole, what differs between a few, and the review."""

from __future__ import annotations

from ledger.contract.json_text import as_text
from ledger.contract.layout import NOTE_NAME, PATCH_NAME
from ledger.errors import LedgerError
from ledger.reader.code_patch import code_patch
from ledger.reader.compare import compare
from ledger.reader.metric_diff import measure
from ledger.reader.notes import note_texts
from ledger.reader.subject import trial_of


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.contract.direction import Goal
    from ledger.contract.json_text import Json
    from ledger.reader.ledger import Ledger, StoredRun
    from ledger.report.boards.places import Places

_PATCH_BYTES = 1 << 20
_NOTE_BYTES = 1 << 18
_CODE_LINES = 600
"""Of the patch between two runs that stand side by side; `ledger compare --patch` has the rest."""


def one_run(places: Places, board: str, name: str) -> dict[str, Json]:
    """Return a run as its page shows it: record, note, patch; of a trial its sweep's.

    Raises:
        LedgerError: there is no such run, or its record does not follow the format.
    """
    ledger, run = _found(places, board, name)
    patch = ledger.read(f"{run.path}/{PATCH_NAME}") if PATCH_NAME in run.names else None
    note = ledger.read(f"{run.path}/{NOTE_NAME}")
    return {
        "id": run.run_id,
        "status": ledger.status(run) if run.trial_id is None else run.record.status,
        "path": run.path,
        "record": dict(run.record.document),
        "note": None if note is None else note[:_NOTE_BYTES].decode("utf-8", "replace"),
        "patch": None if patch is None else patch[:_PATCH_BYTES].decode("utf-8", "replace"),
        "is_patch_cut": patch is not None and len(patch) > _PATCH_BYTES,
        "files": list(run.names),
    }


def compared(places: Places, board: str, names: Sequence[str]) -> dict[str, Json]:
    """Return what differs between the first of ``names`` and each other one, and their notes.

    ``code`` has a patch from the first run's code to that of each other one, None where git does
    not hold both.

    Raises:
        LedgerError: fewer than two, or one of them is not there.
    """
    if len({*names}) < 2:  # noqa: PLR2004  # a comparison has two sides
        message = "a comparison needs two runs or more"
        raise LedgerError(message, hint="select them in the table")
    found = [_found(places, board, name) for name in dict.fromkeys(names)]
    ledger, runs = found[0][0], [run for _, run in found]
    measured = measure(ledger, runs)
    pairs = [compare(ledger, runs[0], run, measured=measured) for run in runs[1:]]
    return {
        "ids": [run.run_id for run in runs],
        "pairs": [pair.to_json() for pair in pairs],
        "warnings": list(dict.fromkeys(line for pair in pairs for line in pair.warnings)),
        "unknown": [*sorted({name for pair in pairs for name in pair.unknown})],
        "about": [_about(ledger, run) for run in runs],
        "code": [
            _patch(code_patch(ledger, runs[0], run, pair, is_whole=True))
            for run, pair in zip(runs[1:], pairs, strict=True)
        ],
    }


def reviewed(
    places: Places, board: str, metric: str, run: str = "", *, goal: Goal | None = None
) -> dict[str, Json]:
    """Return the review of a board's candidates by ``metric``, "" for the objective.

    Of a board of runs all are reviewed, or only ``run``.

    Raises:
        NoDirectionError: nothing but its name says which way the metric is better, nor ``goal``.
        LedgerError: the metric is not told.
    """
    from ledger.review.collect import collect_subject  # noqa: PLC0415  # scipy, when it is asked for
    from ledger.review.review import review  # noqa: PLC0415

    ledger, sweep = places.ledger_of(board)
    text = (run or "runs") if sweep is None else sweep.run_id
    return review(collect_subject(ledger, text, metric=metric or None, goal=goal)).to_json()


def _patch(lines: Sequence[str]) -> Json:
    """Return the first lines of a patch and whether there are more; None where git told none."""
    if not lines:
        return None
    return {"lines": [*lines[:_CODE_LINES]], "is_cut": len(lines) > _CODE_LINES}


def _about(ledger: Ledger, run: StoredRun) -> dict[str, Json]:
    git = run.record.git
    return {
        "id": run.run_id,
        "name": run.record.name,
        "started": run.record.started,
        "commit": as_text(git.get("commit")),
        "dirty": run.record.is_dirty,
        "note": dict(note_texts(ledger, run)),
    }


def _found(places: Places, board: str, name: str) -> tuple[Ledger, StoredRun]:
    """Return the run, or the trial of the board's sweep, called ``name``."""
    ledger, sweep = places.ledger_of(board)
    return ledger, ledger.load(name) if sweep is None else trial_of(ledger, sweep, name)
