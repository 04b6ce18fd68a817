"""What workers state, and how it joins the record of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.contract.columns import Column
from ledger.contract.metrics import decode_table, summarise
from ledger.contract.worker import (
    Worker,
    encode_worker,
    fold,
    fold_note,
    in_order,
    parse_worker,
    parse_workers,
)
from ledger.errors import MalformedError


if TYPE_CHECKING:
    from ledger.contract.json_text import Json

FACTS: dict[str, Json] = {
    "columns": {},
    "objective": None,
    "pid": 7,
    "boot_id": None,
    "hostname": "here",
    "started": "2026-02-01T16:30:00+00:00",
    "heartbeat": "2026-02-01T16:30:00+00:00",
    "status": "finished",
}
OWNER: dict[str, Any] = {
    "run_id": "r",
    "name": None,
    "tags": ["a"],
    "parent": None,
    "git": {"commit": "c", "dirty": True, "code": "sha256:" + "0" * 64},
    "config": {"path": None, "hash": "sha256:00", "variant": "sha256:00", "resolved": {}},
    "data": None,
    "environment": {"python": "3", "source": "wrapper"},
    "random": {"seed": None, "numpy_seed": None},
    "metrics": {},
    "artifacts": {},
    "columns": {"loss": {"role": "metric"}},
    "objective": None,
}
INDEX = {"epoch": Column(name="epoch", role="index"), "step": Column(name="step", role="index")}


def worker(name: str = "child", **stated: Any) -> Worker:
    return Worker(name=name, document={**FACTS, **stated})


def code(digit: str, **facts: Any) -> dict[str, Any]:
    return {
        "commit": "c",
        "dirty": False,
        "dirty_paths": [],
        "code": "sha256:" + digit * 64,
    } | facts


def test_a_worker_is_read_as_it_was_written() -> None:
    document: dict[str, Json] = {**FACTS, "later": {"key": [1]}, "name": "größe"}
    assert document == parse_worker("child", encode_worker(document)).document


def test_keys_stand_in_a_fixed_order() -> None:
    turned = dict(reversed(FACTS.items()))
    assert encode_worker(FACTS) == encode_worker(turned)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"status": "crashed"}, "status"),
        ({"columns": {"loss": {}}}, "columns.loss.role"),
        ({"pid": "7"}, "pid"),
        ({"random": []}, "random"),
        ({"note": {"Change": [1]}}, "note.Change[0]"),
        ({"started": "yesterday"}, "started"),
        ({"git": {"dirty": 1}}, "git.dirty"),
    ],
)
def test_what_does_not_follow_the_format_is_named(change: dict[str, Json], field: str) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_worker("child", encode_worker({**FACTS, **change}))
    assert field == caught.value.field


def test_a_file_that_does_not_parse_hides_no_other() -> None:
    files = {"child10": encode_worker(FACTS), "child2": encode_worker(FACTS), "child": b"{"}
    assert ["child2", "child10"] == [each.name for each in parse_workers(files)]


def test_without_workers_the_record_stands() -> None:
    assert OWNER == fold(OWNER, [])


def test_the_owner_goes_first_in_what_it_was_told() -> None:
    told = OWNER | {"name": "ours", "parent": "p", "objective": {"metric": "m", "goal": "max"}}
    stated = {"name": "theirs", "parent": "q", "objective": {"metric": "n", "goal": "min"}}
    folded = fold(told, [Worker(name="child", document={**FACTS, **stated})])
    assert ("ours", "p", {"metric": "m", "goal": "max"}) == (
        folded["name"],
        folded["parent"],
        folded["objective"],
    )


def test_a_worker_goes_first_in_what_it_knows() -> None:
    config = {"path": None, "hash": "sha256:11", "variant": "sha256:11", "resolved": {"lr": 1}}
    theirs = worker(config=config, environment={"python": "4"}, random={"seed": 3})
    folded = fold(OWNER, [theirs])
    assert (config, {"python": "4"}) == (folded["config"], folded["environment"])
    assert {"seed": 3, "numpy_seed": None} == folded["random"]


def test_the_first_worker_that_knows_a_seed_states_it() -> None:
    folded = fold(OWNER, [worker(random={"seed": 1}), worker("child2", random={"seed": 2})])
    assert {"seed": 1, "numpy_seed": None} == folded["random"]


def test_what_the_owner_set_and_stated_counts_beside_workers_of_its_own_kind() -> None:
    ours = OWNER | {"random": {"seed": 0, "numpy_seed": None}, "metrics": {"test": 1.0}}
    ranks = [
        worker("rank1", random={"seed": 1, "numpy_seed": 1}, metrics={"test": 2.0, "own": 2.0}),
        worker("rank2", random={"seed": 2, "numpy_seed": 2}, metrics={"own": 3.0}),
    ]
    folded = fold(ours, ranks)
    assert {"seed": 0, "numpy_seed": 1} == folded["random"]
    assert {"test": 1.0, "own": 2.0} == folded["metrics"]


def test_tags_data_and_artifacts_add_up() -> None:
    ours = OWNER | {
        "data": {"name": "d", "path": "d", "hash": "md5:aa"},
        "artifacts": {"log": {"path": "a"}},
    }
    one = worker(tags=["a", "b"], data={"name": "d", "path": "d", "hash": None})
    two = worker(
        "child2",
        data={"name": "e", "path": "e", "hash": None},
        artifacts={"log": {"path": "b"}, "model": {"path": "m"}},
    )
    folded = fold(ours, [one, two])
    assert ["a", "b"] == folded["tags"]
    assert {"name": "d", "path": "d", "hash": "md5:aa"} == folded["data"]
    assert [{"name": "e", "path": "e", "hash": None}] == folded["extra_data"]
    assert {
        "log": {"path": "a"},
        "log.child2": {"path": "b"},
        "model": {"path": "m"},
    } == folded["artifacts"]


def test_stated_metrics_are_those_of_all() -> None:
    one = worker(metrics={"acc": 1}, stated=["acc"])
    two = worker("child2", metrics={"f1": 2}, stated=["f1"])
    folded = fold(OWNER, [one, two])
    assert ({"acc": 1, "f1": 2}, ["acc", "f1"]) == (folded["metrics"], folded["stated"])


def test_a_column_that_workers_see_differently_is_no_metric() -> None:
    one = worker(columns={"phase": {"role": "metric"}, "loss": {"role": "metric", "goal": "min"}})
    two = worker("child2", columns={"phase": {"role": "meta"}})
    columns = fold(OWNER, [one, two])["columns"]
    assert {
        "loss": {"role": "metric", "goal": "min"},
        "phase": {"role": "meta"},
    } == columns


def test_another_config_of_a_further_worker_is_told() -> None:
    config = {"path": None, "hash": "sha256:11", "variant": None, "resolved": {"lr": 1}}
    folded = fold(
        OWNER, [worker(config=config), worker("child2", config=config | {"hash": "sha256:22"})]
    )
    assert config == folded["config"]
    assert ["child2 states another config than child; it is in worker.child2.json"] == folded[
        "warnings"
    ]


def test_warnings_errors_and_gaps_are_told() -> None:
    theirs = worker(
        warnings=["odd"], incomplete="rows lost", error={"type": "ValueError", "message": "bad"}
    )
    folded = fold(OWNER | {"warnings": ["own"], "incomplete": "log lost"}, [theirs])
    assert ["own", "child: odd", "child failed: ValueError: bad"] == folded["warnings"]
    assert "log lost; rows lost" == folded["incomplete"]


def test_the_first_worker_knows_the_code() -> None:
    folded = fold(OWNER, [worker(git=code("1")), worker("child2", git=code("1"))])
    assert code("1") == folded["git"]
    assert "warnings" not in folded


def test_a_worker_that_could_not_tell_its_code_leaves_the_owners() -> None:
    assert OWNER["git"] == fold(OWNER, [worker(), worker("child2", git=code("1"))])["git"]


def test_workers_that_saw_other_code_leave_it_open() -> None:
    path = {"path": "a.py", "status": "M", "loaded": True}
    other = code("2", dirty=True, dirty_paths=[path])
    folded = fold(OWNER, [worker(git=code("1")), worker("child2", git=other)])
    reason = "child2 ran other code than child: it was changed, or is not tracked"
    expected = code("1", dirty=None, dirty_paths=[path], dirty_reason=reason)
    assert expected == folded["git"]
    assert [reason] == folded["warnings"]


def test_folding_is_repeatable() -> None:
    """A reader may meet a record that an interrupted seal has folded already."""
    theirs = worker(tags=["b"], random={"seed": 1}, artifacts={"m": {"path": "m"}}, git=code("1"))
    once = fold(OWNER, [theirs])
    assert once == fold(once, [theirs])


def test_a_note_takes_what_the_owner_does_not_say() -> None:
    one = worker(note={"Hypothesis": ["theirs"], "Change": ["lr"]})
    two = worker("child2", note={"Change": ["other"], "Next": []})
    lines = fold_note({"Hypothesis": ["ours"], "Result": []}, [one, two])
    assert {"Hypothesis": ["ours"], "Change": ["lr"]} == lines


# -- tables


def tables(**texts: str) -> dict[str, Any]:
    return {
        name.replace("_", ".") + ".csv": decode_table(text.encode()) for name, text in texts.items()
    }


def metric(name: str) -> dict[str, Column]:
    return {**INDEX, name: Column(name=name, role="metric")}


def test_rows_of_two_workers_are_never_one_row() -> None:
    found = in_order(
        tables(metrics="epoch,loss\n0,3.0\n1,2.0\n", metrics_child2="epoch,loss\n0,1.0\n")
    )
    summary = summarise(found, metric("loss"))["loss"]
    assert (3, 1.0, 0, 1.0) == (summary.n, summary.min, summary.min_at, summary.last)


def test_tables_of_one_worker_are_one_table() -> None:
    found = in_order(
        tables(metrics_child2="epoch,loss\n0,3.0\n", metrics_child2_2="epoch,loss\n0,1.0\n")
    )
    assert 1 == summarise(found, metric("loss"))["loss"].n


def test_what_is_logged_goes_before_what_is_printed() -> None:
    found = in_order(
        tables(metrics="epoch,loss\n0,0.333333\n", metrics_console="step,loss,speed\n0,0.33,5\n")
    )
    assert [("epoch", "loss"), ("step", "speed")] == [table.header for table in found]
    assert 0.333333 == summarise(found, metric("loss"))["loss"].last
    assert 5.0 == summarise(found, metric("speed"))["speed"].last


def test_a_console_that_says_nothing_of_its_own_is_no_table() -> None:
    found = in_order(
        tables(metrics="epoch,loss\n0,1.0\n", metrics_console="step,time,loss\n0,0.1,1.0\n")
    )
    assert ["epoch,loss"] == [",".join(table.header) for table in found]


def test_a_console_alone_is_a_table_like_any_other() -> None:
    (found,) = in_order(tables(metrics_console="step,loss\n0,0.33\n"))
    assert ("step", "loss") == found.header


numbers = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(numbers, min_size=1, max_size=5), st.lists(numbers, min_size=1, max_size=5))
def test_the_summary_of_two_workers_is_that_of_all_their_rows(
    first: list[float], second: list[float]
) -> None:
    def text(values: list[float]) -> str:
        return "epoch,loss\n" + "".join(f"{n},{v!r}\n" for n, v in enumerate(values))

    found = in_order(tables(metrics=text(first), metrics_child2=text(second)))
    summary = summarise(found, metric("loss"))["loss"]
    both = [*first, *second]
    assert (len(both), min(both), max(both), second[-1]) == (
        summary.n,
        summary.min,
        summary.max,
        summary.last,
    )
