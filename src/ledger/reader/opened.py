"""A ledger opened once for many questions, from Python."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ledger.errors import LedgerError
from ledger.reader.asking.door import ask_text
from ledger.reader.asking.sheets import flat_of, sheets_of
from ledger.reader.index.curve_rows import curve_rows
from ledger.reader.index.tables import METRICS
from ledger.reader.listing import Filters, list_runs
from ledger.reader.question.values import quoted
from ledger.reader.reference import find_run
from ledger.reader.result import Result, result_of, zoned
from ledger.reader.sheets import listing_rows, listing_sheet
from ledger.reader.text import Grid
from ledger.reader.where import open_place


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from ledger.contract.direction import Goal
    from ledger.contract.record import RunRecord
    from ledger.reader.ledger import Ledger


class OpenLedger:
    """The runs of a project as they are when it is opened; made by ``ledger.open``.

    A run is named as on the command line: an id, the unique beginning of one or of a name,
    ``@latest``, ``@best:<metric>``. Errors are ``ledger.LedgerError`` with a hint.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._asked: Ledger | None = ledger

    def __enter__(self) -> Self:
        """Return the ledger itself: ``with ledger.open() as opened``."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Give back what was read, and git; answers stay, nothing more can be asked."""
        self._asked = None

    def runs(
        self, *, status: str | None = None, tag: str | None = None, limit: int | None = None
    ) -> Result:
        """Return the runs, the newest first; retracted ones are left out."""
        answer = list_runs(self._ledger, Filters(status=status, tag=tag), limit=limit)
        return result_of(answer.to_json(), listing_rows(answer.rows), [listing_sheet(answer.rows)])

    def query(self, question: str, *, limit: int | None = None, retracted: bool = False) -> Result:
        """Return the answer to a question (docs/guides/queries.md).

        Args:
            question: as on the command line: ``best val_acc where lr < 1e-3``.
            limit: at most so many rows; None for what the question says, else 10 of a ranking.
            retracted: whether retracted runs answer too.
        """
        answered = ask_text(self._ledger, question, limit=limit, with_retracted=retracted)
        return result_of(answered.answer.to_json(), flat_of(answered), sheets_of(answered))

    def best(self, metric: str, *, goal: Goal | None = None, limit: int = 10) -> Result:
        """Return the best runs by ``metric``, the best first."""
        question = f"best {quoted(metric)}" + (f" {goal}" if goal else "")
        return self.query(question, limit=limit)

    def compare(self, *runs: str) -> Result:
        """Return what differs between ``runs``, the first being what the others differ from."""
        return self.query("compare " + " ".join(map(quoted, runs)))

    def why(self, run: str) -> Result:
        """Return what changed since the parent of ``run``, and what came of it."""
        from ledger.reader.why import why  # noqa: PLC0415  # only where it is asked

        found, answer = why(self._ledger, find_run(self._ledger, run), run)
        return result_of(answer.to_json(), found.flat(), found.sheets())

    def whence(self, text: str, *, limit: int = 10) -> Result:
        """Return the runs that ``text`` comes from, the likeliest first (docs/guides/whence.md).

        Args:
            text: a number as it was printed, a path, a hash or its beginning, or any text.
            limit: at most so many rows.
        """
        from ledger.reader.whence import find_whence  # noqa: PLC0415  # as above
        from ledger.reader.whence.sheet import whence_rows, whence_sheets  # noqa: PLC0415  # as above

        answer = find_whence(self._ledger, text, folder=str(Path.cwd()), limit=limit)
        return result_of(answer.to_json(), whence_rows(answer.rows), whence_sheets(answer.rows))

    def metrics(self, run: str) -> Result:
        """Return every value of every metric of one run, a row each, in the order of its rows."""
        found = find_run(self._ledger, run)
        rows = curve_rows(self._ledger, found)["metrics"]
        grid = Grid(header=METRICS.names, rows=tuple(rows))  # type: ignore[arg-type]  # cells
        document = {"verb": "metrics", "question": run, "rows": [list(row) for row in rows]}
        return result_of(document, grid, [grid])  # type: ignore[arg-type]  # numbers and text

    def sql(self, statement: str, *, timeout_s: float | None = None) -> Result:
        """Return the rows of one SELECT over the views (docs/guides/sql.md).

        Args:
            statement: SQL; it reaches no file and no network.
            timeout_s: seconds after which it is interrupted; None for never.
        """
        from ledger.reader.sql import ask_sql  # noqa: PLC0415  # only where SQL is asked

        answer = ask_sql(self._ledger, statement, timeout_s=timeout_s)
        cells = tuple(tuple(map(zoned, row)) for row in answer.rows)
        return Result(
            document=answer.to_json(),
            columns=answer.columns,
            cells=cells,
            sheets=(answer.to_grid(),),
        )

    def record(self, run: str) -> RunRecord:
        """Return the record of one run."""
        return find_run(self._ledger, run).record

    @property
    def _ledger(self) -> Ledger:
        if self._asked is None:
            message = "the ledger was closed"
            raise LedgerError(message, hint="open it again with ledger.open()")
        return self._asked


def open_for_questions(
    path: str | Path | None = None,
    *,
    ref: str | Sequence[str] = (),
    at: str | None = None,
    all_refs: bool = False,
) -> OpenLedger:
    """Return the ledger of a project, open for questions; nothing is checked out or fetched.

    Args:
        path: a folder of the project, another clone, or a bare repository; None for the working
            folder.
        ref: branches or tags to ask instead of the files.
        at: a commit to ask instead: a hash, ``main~3``, a tag.
        all_refs: whether to ask the files and every branch; a run that several hold counts once.

    Raises:
        NoLedgerError: no project there.
        LedgerError: no such branch or commit.
    """
    start = Path.cwd() if path is None else Path(path)
    refs = (ref,) if isinstance(ref, str) else tuple(ref)
    now = datetime.now(tz=UTC)
    return OpenLedger(open_place(start, refs=refs, at=at, all_refs=all_refs, now=now))


def query(question: str, path: str | Path | None = None, *, limit: int | None = None) -> Result:
    """Return the answer to a question about the project around ``path``, else the working folder.

    Raises:
        LedgerError: as ``OpenLedger.query``.
    """
    return open_for_questions(path).query(question, limit=limit)
