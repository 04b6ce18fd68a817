"""How many runs or trials there are, all in all or in each group."""

from __future__ import annotations

from ledger.reader.answers import Answer
from ledger.reader.asking.bound import Bound
from ledger.reader.asking.groups import Group, Grouping
from ledger.reader.asking.rows import CountRow
from ledger.reader.asking.trials import SUBJECTS


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.reader.asking.asked import Asked
    from ledger.reader.question.values import Counting


def count_asked(asked: Asked, question: Counting) -> Answer[CountRow]:
    """Return how many runs or trials ``question`` is about, the largest group first.

    Raises:
        UnknownNameError: no run at all, or none has a key of the question.
        LedgerError: a condition compares a time with something that is none.
    """
    asked.refuse_no_runs()
    is_of_trials = question.of == "trials"
    keys = asked.keys(question.scope, question.by, with_trials=is_of_trials)
    bound = Bound()
    is_asked = asked.scope_sql(question.scope, keys, bound, is_of_trials=is_of_trials)
    gone = "false" if asked.with_retracted else "r.is_retracted"
    chosen, source = "r.run_id, NULL", "runs r"
    if is_of_trials:
        chosen, source = "t.run_id, t.trial_id", f"({SUBJECTS}) t JOIN runs r USING (run_id)"
    statement = f"SELECT {chosen}, {gone} FROM {source} WHERE {is_asked}"  # noqa: S608  # marks
    found = asked.index.rows(statement, bound.of(statement))
    grouping = Grouping(
        asked.index, [keys[name] for name in question.by], is_of_trials=is_of_trials
    )
    counted: dict[tuple[object, ...], tuple[Group, int]] = {}
    for run_id, trial_id, is_gone in found:
        if is_gone:
            continue
        for group in grouping.groups((str(run_id), None if trial_id is None else str(trial_id))):
            first, n = counted.get(group.identity, (group, 0))
            counted[group.identity] = (first, n + 1)
    if not question.by and not counted:
        counted[()] = (Group(values=()), 0)
    ordered = sorted(counted.values(), key=lambda pair: (-pair[1], pair[0].place))
    return Answer(
        verb="count",
        question=asked.text,
        rows=tuple(
            CountRow(group=dict(zip(question.by, group.values, strict=True)), n=n)
            for group, n in ordered[: asked.limit or question.limit]
        ),
        warnings=asked.index.warnings,
        left_out=sum(1 for *_, is_gone in found if is_gone),
    )
