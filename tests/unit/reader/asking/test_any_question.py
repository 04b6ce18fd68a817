"""Any question of the language is answered or refused with a hint; none breaks a statement."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import LedgerError
from ledger.reader.asking.door import answer_question
from ledger.reader.asking.sheets import flat_of, sheets_of
from ledger.reader.index import Index, open_index
from ledger.reader.question.values import (
    OPERATORS,
    STATISTICS,
    VERBS,
    AllOf,
    Among,
    AnyOf,
    Condition,
    Counting,
    Denied,
    Listing,
    Ranking,
    Scope,
    Spread,
)
from unit.reader.builders import add_run, epochs, make_project, open_at, small_ledger


if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.reader.ledger import Ledger
    from ledger.reader.question.values import Question

METRICS = st.sampled_from(["loss", "val_acc", "test_acc", "nothing", "select", "a'b"])
KEYS = st.sampled_from(
    [
        *(
            "lr",
            "optimizer.name",
            "loss",
            "tag",
            "data",
            "dirty",
            "seed",
            "started",
            "ended",
            "name",
        ),
        *("note", "note.result", "duration_s", "gpu", "trial", "score", "status", "param.lr", "id"),
        *("nothing", "a'b", "select", "path"),
    ]
)
TEXTS = st.sampled_from(["0.01", "adam", "true", "2026-02-01", "", "'", "$b0", "; DROP TABLE runs"])
CONDITIONS = st.builds(
    Condition, key=KEYS, operator=st.sampled_from(OPERATORS), literal=TEXTS
) | st.builds(Among, key=KEYS, literals=st.lists(TEXTS, min_size=1, max_size=2).map(tuple))
TESTS = st.recursive(
    CONDITIONS,
    lambda parts: (
        st.builds(AllOf, parts=st.lists(parts, min_size=2, max_size=2).map(tuple))
        | st.builds(AnyOf, parts=st.lists(parts, min_size=2, max_size=2).map(tuple))
        | st.builds(Denied, part=parts)
    ),
    max_leaves=3,
)
TIMES = st.sampled_from(["yesterday", "2026-02", "3 days ago"]) | st.none()
SCOPES = st.builds(
    Scope,
    where=TESTS | st.none(),
    since=TIMES,
    until=TIMES,
    tags=st.sampled_from([(), ("baseline",), ("x",)]),
    data=st.sampled_from([(), ("digits",), ("@latest",), ("baseline",), ("x",)]),
)
GOALS = st.sampled_from(["min", "max"]) | st.none()
LIMITS = st.integers(1, 3) | st.none()
BY = st.lists(KEYS, max_size=2, unique=True).map(tuple)
SUBJECTS = st.sampled_from(["runs", "trials"])
QUESTIONS = (
    st.builds(
        Ranking,
        verb=st.sampled_from(VERBS),
        metric=METRICS,
        goal=GOALS,
        scope=SCOPES,
        per=KEYS | st.none(),
        limit=LIMITS,
    )
    | st.builds(Listing, of=SUBJECTS, scope=SCOPES, limit=LIMITS)
    | st.builds(Counting, of=SUBJECTS, by=BY, scope=SCOPES, limit=LIMITS)
    | st.builds(
        Spread,
        statistic=st.sampled_from(STATISTICS),
        metric=METRICS,
        reading=st.sampled_from(VERBS),
        goal=GOALS,
        by=BY,
        over=KEYS | st.none(),
        scope=SCOPES,
    )
)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ledger, Index]]:
    root = tmp_path_factory.mktemp("any")
    make_project(root)
    small_ledger(root)
    rows = [{"trial_id": "1", "epoch": 0, "lr": 0.1, "val_acc": 0.7, "select": 1.0}]
    add_run(root, "sweep", rows, params=["lr"], tags=["baseline"])  # type: ignore[arg-type]
    add_run(root, "odd", epochs(**{"a'b": [1.0, 2.0]}), config={"a'b": "'"})
    ledger = open_at(root)
    index = open_index(ledger, "notes", "curves")
    yield ledger, index
    index.close()


@given(question=QUESTIONS, with_retracted=st.booleans())
@settings(max_examples=200)
def test_any_question_is_answered_or_refused_with_a_hint(
    opened: tuple[Ledger, Index], question: Question, *, with_retracted: bool
) -> None:
    ledger, index = opened

    refusal = None
    try:
        found = answer_question(
            ledger, question, text="x", index=index, with_retracted=with_retracted
        )
    except LedgerError as error:
        refusal = error
    if refusal is not None:
        assert "query engine" not in str(refusal)
        assert refusal.hint
        return

    json.dumps(found.answer.to_json(), allow_nan=False)
    flat = flat_of(found)
    assert all(len(row) == len(flat.header) for row in flat.rows)
    assert len(flat.rows) == len(found.answer.rows)
    assert bool(sheets_of(found)) == bool(found.answer.rows)
