"""The columns of an open metrics table: which one a name is logged in, what its cell may hold."""

from __future__ import annotations

from ledger.contract.columns import Column, declare
from ledger.contract.redaction import redact_under
from ledger.writer.scalars import legible, param_cell, plain


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ledger.contract.columns import Role
    from ledger.contract.metrics import Cell


class TableColumns:
    """The columns that rows have declared so far.

    Args:
        warn_once: called with a key and a line when something about a value was wrong.
        tell: lets the record say what the columns are now.
        params: names that the config has taken.
        objective: the metric the run is meant to improve; a number whatever its first row holds.
    """

    def __init__(
        self,
        warn_once: Callable[[str, str], None],
        tell: Callable[[], None],
        *,
        params: Iterable[str],
        objective: str | None,
    ) -> None:
        self.by_name: dict[str, Column] = {}
        self.undecided: set[str] = set()
        """Columns that have had no value yet, and may turn out to be text."""
        self.expected: tuple[str, ...] = ()
        """Params of trials that are known before any trial has them."""
        self._params = {name: Column(name=name, role="param") for name in params}
        self._objective = objective
        self._warn_once = warn_once
        self._tell = tell
        self._written: dict[object, Column] = {}
        """Columns of metrics and texts by the name they are logged under."""
        self._of_trials: dict[object, Column] = {}
        """Columns of the params of trials by the name of the param."""

    def expect(self, objective: str | None, params: Iterable[str]) -> None:
        """Know the objective of a sweep, and params that get a column from the first row on."""
        self._objective = objective or self._objective
        self.expected = (*params,)

    def go_on(self, columns: Mapping[str, Column]) -> None:
        """Go on with the ``columns`` of an earlier session."""
        self.by_name = dict(columns)
        for column in [each for each in columns.values() if each.role != "index"]:
            known = self._of_trials if column.role == "param" else self._written
            known[column.original or column.name] = column

    def index(self, names: Iterable[str]) -> None:
        """Declare the columns ``names`` of an index."""
        for name in names:
            if name not in self.by_name:
                self.by_name[name] = Column(name=name, role="index")

    def metric(self, name: object, item: object) -> tuple[str, Cell]:
        """Return (column, cell) of a value that is logged as ``name``."""
        try:
            cell = plain(item)
        except TypeError as error:
            self._warn_once(f"value {name}", f"{name}: {error}; its cell is left empty")
            cell = None
        column = self._written.get(name) or self._declare(name, cell)
        if cell is None:
            return column.name, None
        if column.role == "metric" and isinstance(cell, str):
            if column.name in self.undecided:
                self._become_text(name, column)
            else:
                told = f"{name} is a metric; the text {cell!r} is left out"
                self._warn_once(f"text {name}", told)
                cell = None
        elif column.role == "meta" and not isinstance(cell, str):
            told = f"{name} began as text and is no metric; log its numbers under another name"
            self._warn_once(f"number {name}", told)
        self.undecided.discard(column.name)
        # a sealed table cannot be mended: what must not be in it is kept out of it
        return column.name, redact_under(str(name), cell) if isinstance(cell, str) else cell

    def param(self, name: str, item: object) -> tuple[str, Cell]:
        """Return (column, cell) of the param ``name`` of a trial."""
        column = self._of_trials.get(name)
        if column is None:
            column = self._of_trials[name] = self._new(name, "param")
        return column.name, param_cell(name, item)

    def of_trial(self, params: Mapping[str, object]) -> dict[str, Cell] | None:
        """Return the cells of ``params`` of a trial by column; None where one has no column yet."""
        columns = self._of_trials
        if not columns.keys() >= params.keys():
            return None
        return {columns[name].name: param_cell(name, item) for name, item in params.items()}

    def _declare(self, name: object, cell: Cell) -> Column:
        is_text = isinstance(cell, str) and legible(name) != self._objective
        column = self._new(name, "meta" if is_text else "metric")
        if cell is None:
            self.undecided.add(column.name)
        self._written[name] = column
        return column

    def _new(self, name: object, role: Role) -> Column:
        text = legible(name)
        column = declare(text, role, self._params | self.by_name)
        while not column.name or column.name in self.by_name:  # another name's, or no name at all
            column = Column(name=f"{role}.{column.name}", role=role, original=text)
        if column.name != name:
            self._warn_once(f"name {name}", f"{name} is logged as {column.name}")
        self.by_name[column.name] = column
        return column

    def _become_text(self, name: object, column: Column) -> None:
        """Let a column that has held nothing so far be one of texts."""
        column = Column(name=column.name, role="meta", original=column.original)
        self.by_name[column.name] = self._written[name] = column
        self._tell()
