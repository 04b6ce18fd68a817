"""One question being answered: the ledger, its views, and what the question's names mean."""

from __future__ import annotations

from ledger.reader.asking.bound import Bound
from ledger.reader.asking.keys import resolve
from ledger.reader.names import no_runs
from ledger.reader.question.values import EVERYTHING, Listing, conditions
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ledger.reader.asking.keys import Key
    from ledger.reader.index import Index
    from ledger.reader.index.tables import Layer
    from ledger.reader.ledger import Ledger
    from ledger.reader.question.values import Question, Scope


@value
class Asked:
    """What answering any question needs."""

    ledger: Ledger
    index: Index
    text: str
    """The question as the user put it."""
    limit: int | None = None
    """At most so many rows, where the caller says so; it goes before the question."""
    with_retracted: bool = False

    def refuse_no_runs(self) -> None:
        """Refuse to answer where there is no run.

        Raises:
            UnknownNameError: there is none.
        """
        if not self.index.rows("SELECT 1 FROM runs LIMIT 1"):
            raise no_runs(self.index.broken)

    def keys(
        self, scope: Scope, more: Iterable[str] = (), *, with_trials: bool = False
    ) -> dict[str, Key]:
        """Return what the names in ``scope``, and ``more``, mean.

        Raises:
            UnknownWordError: no run has such a thing.
        """
        names = [condition.key for condition in conditions(scope.where)]
        return resolve(self.index, [*names, *more], Bound(), with_trials=with_trials)

    def scope_sql(
        self,
        scope: Scope,
        keys: Mapping[str, Key],
        bound: Bound,
        *,
        is_of_trials: bool = False,
        ranked: tuple[str, str] | None = None,
    ) -> str:
        """Return SQL that is true of what ``scope`` is about.

        Args:
            scope: the clauses.
            keys: what its names mean.
            bound: gets what the statement compares with.
            is_of_trials: whether the conditions are on trials ``t``.
            ranked: (metric, reading) of a ranking.
        """
        if scope == EVERYTHING:
            return "true"
        from ledger.reader.asking.conditions import Asking  # noqa: PLC0415  # not for everyday ones
        from ledger.reader.asking.scope import scope_sql  # noqa: PLC0415  # as above

        metric, reading = ranked or (None, "final")
        asking = Asking(
            keys=keys,
            bound=bound,
            now=self.ledger.now,
            is_of_trials=is_of_trials,
            metric=metric,
            reading=reading,
        )
        return scope_sql(self.ledger, self.index, scope, asking)


def layers_of(question: Question) -> set[Layer]:
    """Return the layers beyond the records that ``question`` reads."""
    layers: set[Layer] = set()
    scope = getattr(question, "scope", None)
    if scope is not None and any(is_note(each.key) for each in conditions(scope.where)):
        layers.add("notes")
    keys = (*getattr(question, "by", ()), getattr(question, "per", None) or "")
    if any(map(is_note, keys)):
        layers.add("notes")
    reads_first = "first" in {getattr(question, "verb", None), getattr(question, "reading", None)}
    is_of_trials = getattr(question, "of", None) == "trials" or "trial" in keys
    if isinstance(question, Listing) and question.of == "runs":
        layers.add("notes")  # the list tells whether each note is complete
    if reads_first or is_of_trials:
        layers.add("curves")
    return layers


def is_note(key: str) -> bool:
    """Whether ``key`` is the note or a section of it."""
    return key.lower().partition(".")[0] == "note"
