"""From a number, a file, a hash or a piece of text back to the runs it comes from."""

from __future__ import annotations

from ledger.contract.direction import infer_goal, is_goal
from ledger.reader.answers import Answer
from ledger.reader.index import open_index
from ledger.reader.names import no_runs
from ledger.reader.whence.answer import answer_rows
from ledger.reader.whence.asked import parse_asked
from ledger.reader.whence.content import find_path
from ledger.reader.whence.nearest import missed, nothing
from ledger.reader.whence.number_hits import Names
from ledger.reader.whence.plan import plan
from ledger.reader.whence.scoring import search
from ledger.reader.whence.word_hits import NAMES_A_NUMBER


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.reader.index import Index
    from ledger.reader.ledger import Ledger
    from ledger.reader.whence.answer import WhenceRow
    from ledger.reader.whence.asked import Asked
    from ledger.reader.whence.scoring import Found

ROWS = 10
"""Rows of an answer unless another limit is given."""
_SURE = 0.5
"""Quality from which a hit in a param or a note is no accident."""
_SURE_KINDS = frozenset({"metric", "group", "row", "hash", "id", "path"})


def find_whence(ledger: Ledger, text: str, *, folder: str, limit: int = ROWS) -> Answer[WhenceRow]:
    """Return the runs that ``text`` comes from, the likeliest first.

    Args:
        ledger: the runs.
        text: a number as it was printed, a path, a hash or its beginning, or any text.
        folder: the working folder, absolute: paths are relative to it, else to the project.
        limit: at most so many rows.

    Raises:
        UnknownNameError: the ledger holds no run, or none fits; the nearest value is told.
        LedgerError: the ledger's folder cannot be read.
    """
    asked = parse_asked(text)
    path = find_path(asked.text, ledger.project, folder) if _may_be_path(asked) else None
    path = path if path is None or path.is_there or asked.is_one else None
    index = open_index(ledger, "notes")
    try:
        names = _names(ledger, index)
        found = search(index, plan(asked, path, names), limit)
        sought = bool(asked.plain_numbers)
        if sought and not _is_met(found):
            index.close()
            index = open_index(ledger, "notes", "curves")
            found = search(index, plan(asked, path, names, with_rows=True), limit)
        has_number = not sought or _is_met(found)
        if not found.candidates or not (has_number or _has_words(found)):
            if not index.rows("SELECT run_id FROM runs LIMIT 1"):
                raise no_runs(index.broken)
            raise nothing(index, asked, path, names)
        missing = None if has_number else missed(index, asked, names)
        return Answer(
            verb="whence",
            question=text,
            rows=answer_rows(ledger, found.candidates),
            warnings=(
                *index.warnings,
                *(path.warnings if path else ()),
                *((missing,) if missing else _doubts(asked, found)),
            ),
        )
    finally:
        index.close()


def _may_be_path(asked: Asked) -> bool:
    """Whether the whole text may be the path of a file: a number is one only with a folder."""
    return not (asked.is_one and asked.numbers and "/" not in asked.text)


def _names(ledger: Ledger, index: Index) -> Names:
    metrics = [str(row[0]) for row in index.rows("SELECT DISTINCT metric FROM summary ORDER BY 1")]
    keys = [str(row[0]) for row in index.rows("SELECT DISTINCT key FROM params ORDER BY 1")]
    settled = {name: goal for name, goal in ledger.settings.metrics.items() if is_goal(goal)}
    inferred = {name: goal for name in metrics if (goal := infer_goal(name))}
    return Names(metrics=metrics, params=keys, goals={**inferred, **settled})


def _is_met(found: Found) -> bool:
    """Whether some hit is more than a word, and no accident."""
    hits = (hit for each in found.candidates for hit in each.hits if hit.kind != "word")
    return any(hit.kind in _SURE_KINDS or hit.quality >= _SURE for hit in hits)


def _has_words(found: Found) -> bool:
    """Whether some hit is a word that is more than the name of a number's place."""
    hits = (hit for each in found.candidates for hit in each.hits)
    return any(hit.kind != "word" or hit.quality > NAMES_A_NUMBER for hit in hits)


def _doubts(asked: Asked, found: Found) -> list[str]:
    """Return what is to be said where several runs fit as well."""
    if found.n_alike < 2:  # noqa: PLR2004  # one is the answer
        return []
    hits = found.candidates[0].hits
    first = max(hits, key=lambda hit: hit.quality).kind
    n_runs = f"{found.n_alike} runs"
    if first == "group":
        return [f"{n_runs} are repeats of which mean and spread print as {asked.text!r}"]
    if asked.is_one and first in {"metric", "row"}:
        return [f"{n_runs} round to {asked.text}; narrow it: add the metric, more digits, or words"]
    if first in {"hash", "path", "rewritten", "id"}:
        return [f"{n_runs} have that in common; narrow it: add a number or words"]
    return [f"{n_runs} fit about as well; narrow it: add a metric, more digits, or words"]
