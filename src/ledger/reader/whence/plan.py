"""What is searched for a question, and with what."""

from __future__ import annotations

from ledger.reader.whence.group_hits import group_hits, row_hits
from ledger.reader.whence.hash_hits import file_hits, hash_hits, id_hits
from ledger.reader.whence.hits import Hits
from ledger.reader.whence.number_hits import number_hits, number_tables
from ledger.reader.whence.scoring import CERTAIN, FIRM, LATEST_FIRST, PRIOR, Search
from ledger.reader.whence.word_hits import date_hits, word_hits


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.reader.whence.asked import Asked
    from ledger.reader.whence.content import Found
    from ledger.reader.whence.number_hits import Names


def plan(asked: Asked, path: Found | None, names: Names, *, with_rows: bool = False) -> Search:
    """Return the search for a question.

    Args:
        asked: the question, taken apart.
        path: what is known of it as a path; None where it is none.
        names: of the metrics and params there are.
        with_rows: also look through the rows of all tables, the layer of curves.
    """
    is_file = path is not None and path.is_there
    tables: list[str] = []
    parts: list[Hits] = []
    if asked.numbers:
        numbers = number_tables(asked, names)
        tables.append(numbers.statement)
        parts += [Hits(statement="", bound=numbers.bound), *number_hits(asked)]
        parts += row_hits(asked) if with_rows else ()
    words = None if is_file else word_hits(asked, names)
    for more in (group_hits(asked), words, hash_hits(asked)):
        if more is not None:
            tables.append(more[0])
            parts += more[1]
    parts += [*date_hits(asked), *id_hits(asked)]
    firm = {cue.cue: FIRM for cue in asked.plain_numbers}
    firm |= {cue.cue: FIRM for cue in asked.hashes}
    if path is not None:
        content = asked.n_cues + 1
        parts += file_hits(path, content)
        firm[content] = CERTAIN
    is_path = is_file or (path is not None and "/" in asked.text)
    return Search(
        tables=tuple(tables),
        parts=tuple(parts),
        n_cues=_certain(asked),
        firm=firm,
        prior=LATEST_FIRST if is_path else PRIOR,
    )


def _certain(asked: Asked) -> int:
    """Return how many things are surely looked for: a single word is read in several ways."""
    if asked.is_one:
        return 1
    return asked.n_cues - sum(cue.is_named_only for cue in asked.numbers)
