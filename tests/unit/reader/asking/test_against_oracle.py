"""Conditions and rankings by SQL against a slow oracle in plain Python."""

from __future__ import annotations

import math
import random
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.reader.asking.door import answer_question
from ledger.reader.index import Index, open_index
from ledger.reader.question.values import (
    OPERATORS,
    VERBS,
    AllOf,
    Among,
    AnyOf,
    Condition,
    Denied,
    Ranking,
    Scope,
)
from unit.reader.asking.oracle import passes, ranked
from unit.reader.builders import FIRST, add_run, epochs, make_project, open_at


if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from ledger.contract.json_text import Json
    from ledger.reader.ledger import Ledger
    from ledger.reader.question.values import Test

BIG = 2**53
VALUES: dict[str, list[Json]] = {
    "lr": [0.001, "1e-3", "1e-2", 1, "0.01", True, "small", None],
    "big": [BIG, BIG + 1, str(BIG + 1), float(BIG), -(10**30), 10**40],
    "amp": [True, False, "True", "no", 0, 1],
    "model": ["mlp", "MLP", "größe ß", "a b", "7", "007", ""],
    "opt.name": ["adam", "sgd", "3e0", 3],
}
TAGS = ["a", "b", "1", "true"]
LITERALS = st.sampled_from(
    [
        *("0.001", "1e-3", "1E-2", "1", "1.0", "true", "TRUE", "false", "small", "mlp", "m", "a"),
        *("b", "ß", "a b", "7", "", "adam", "3", "null", "-1e30", "0.5", "1e40", "x%", "x_"),
        *(str(BIG), str(BIG + 1), f"{BIG}.0", "'; DROP TABLE runs; --"),
    ]
)
KEYS = st.sampled_from([*VALUES, "tag", "score", "loss", "note.result"])
CONDITIONS = st.builds(
    Condition, key=KEYS, operator=st.sampled_from(OPERATORS), literal=LITERALS
) | st.builds(Among, key=KEYS, literals=st.lists(LITERALS, min_size=1, max_size=3).map(tuple))
TESTS = st.recursive(
    CONDITIONS,
    lambda parts: (
        st.builds(AllOf, parts=st.lists(parts, min_size=2, max_size=3).map(tuple))
        | st.builds(AnyOf, parts=st.lists(parts, min_size=2, max_size=3).map(tuple))
        | st.builds(Denied, part=parts)
    ),
    max_leaves=5,
)


class Known:
    """A ledger of runs, its open index, and what the oracle is told of it."""

    def __init__(self, ledger: Ledger, facts: dict[str, dict[str, list[Json]]]) -> None:
        self.ledger = ledger
        self.facts = facts
        self.index: Index = open_index(ledger, "notes")

    def runs(self, where: Test) -> set[str]:
        """Return the ids of the runs that pass ``where``."""
        scope = Scope(where=where)
        question = Ranking(verb="last", metric="one", goal="max", limit=99, scope=scope)
        answered = answer_question(self.ledger, question, text="", index=self.index)
        return {row.run_id for row in answered.answer.rows}  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Known]:
    root = tmp_path_factory.mktemp("oracle")
    make_project(root)
    choose = random.Random(4)  # the same every time
    facts: dict[str, dict[str, list[Json]]] = {}
    for place in range(24):
        params = {
            key: choose.choice(items) for key, items in VALUES.items() if choose.random() < 0.8
        }
        config: dict[str, Json] = {"model": None} | {
            k: v for k, v in params.items() if k != "opt.name"
        }
        if "opt.name" in params:
            config["opt"] = {"name": params["opt.name"]}
        tags = choose.sample(TAGS, choose.randrange(3))
        score = choose.choice([0.5, 1.0, math.nan, math.inf, None])
        rows = epochs(one=[1.0], loss=[0.25, 0.5, score if score is not None else 0.5])
        note = choose.choice(["warm a b", "mlp", None])
        run_id = add_run(
            root,
            f"r{place:02}",
            rows,
            config=config,
            tags=tags,  # type: ignore[arg-type]
            started=FIRST + timedelta(hours=place),
            metrics={}
            if score is None
            else {"score": str(score) if not math.isfinite(score) else score},
            note={"Result": [note]} if note else None,
        )
        finals = {
            "loss": [0.5 if score is None else score],
            "score": [] if score is None else [score],
        }
        facts[run_id] = {
            **{key: [item] for key, item in ({"lr": 0.01, "model": None} | params).items()},
            "tag": list(tags),
            "note.result": [note] if note else [],
            **{key: [n for n in items if math.isfinite(n)] for key, items in finals.items()},
        }
    found = Known(open_at(root), facts)
    yield found
    found.index.close()


@given(test=TESTS)
@settings(max_examples=150)
def test_conditions_hold_as_in_plain_python(known: Known, test: Test) -> None:
    expected = {run_id for run_id, facts in known.facts.items() if passes(test, facts)}

    assert known.runs(test) == expected


def values(choose: random.Random) -> list[float]:
    pool = [0.0, 0.5, 0.9, -1.0, 1e308, math.nan, math.inf, -math.inf, choose.uniform(-9, 9)]
    return choose.choices(pool, k=choose.randrange(4))


def test_rankings_are_a_plain_sort(tmp_path: Path) -> None:
    """Forty metrics of twenty runs: ties, gaps, numbers that are not finite, retracted runs."""
    make_project(tmp_path)
    choose = random.Random(7)  # as above
    tables: dict[str, tuple[datetime, bool, dict[str, list[float]]]] = {}
    for place in range(20):
        columns = {f"m{number:02}": values(choose) for number in range(40)}
        columns = {name: cells for name, cells in columns.items() if cells}
        started = FIRST + timedelta(hours=choose.randrange(4))
        is_retracted = choose.random() < 0.2
        files = {"retraction.md": b"no\n"} if is_retracted else {}
        run_id = add_run(
            tmp_path, f"r{place:02}", epochs(x=[1.0], **columns), started=started, files=files
        )  # type: ignore[arg-type]
        tables[run_id] = (started, is_retracted, columns)
    ledger = open_at(tmp_path)
    index = open_index(ledger, "curves")
    read = {
        "last": lambda cells: cells[-1],
        "final": lambda cells: cells[-1],
        "first": lambda cells: cells[0],
        "low": lambda cells: min(filter(math.isfinite, cells), default=None),
        "high": lambda cells: max(filter(math.isfinite, cells), default=None),
    }
    for number in range(40):
        verb, goal = VERBS[number % 5], ("min", "max")[number // 5 % 2]
        metric = f"m{number:02}"
        reading = verb if verb in read else "high" if (verb == "best") == (goal == "max") else "low"
        runs = [
            (run_id, started, read[reading](columns[metric]))
            for run_id, (started, is_retracted, columns) in tables.items()
            if metric in columns and not is_retracted
        ]

        question = Ranking(verb=verb, metric=metric, goal=goal, limit=99)  # type: ignore[arg-type]
        answer = answer_question(ledger, question, text="", index=index).answer

        expected = ranked(runs, is_high_first=(goal == "max") != (verb == "worst"))
        assert [(row.run_id, row.value) for row in answer.rows] == expected  # type: ignore[attr-defined]
        assert answer.left_out == len(tables) - len(expected)
    index.close()
