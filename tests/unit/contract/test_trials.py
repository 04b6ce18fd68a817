"""trials.csv as values."""

from __future__ import annotations

import pytest

from ledger.contract.trials import decode_trials, sum_up
from ledger.errors import MalformedError


HEAD = b"trial_id,attempt,execution,status,score,best_epoch,started,ended,message,lr,model\n"


def test_the_last_cells_of_an_attempt_count() -> None:
    data = (
        HEAD
        + b"00,0,0,running,,,2026-02-01T10:00:00+00:00,,,0.1,mlp\n"
        + b"01,0,0,running,,,2026-02-01T10:01:00+00:00,,,0.2,\n"
        + b"00,0,0,finished,0.9,3,,2026-02-01T10:05:00+00:00,,,\n"
        + b"00,1,0,failed,nan,,2026-02-01T10:06:00+00:00,,out of memory,0.1,mlp\n"
    )

    found = decode_trials(data)

    assert [(each.trial_id, each.attempt, each.status) for each in found] == [
        ("00", 0, "finished"),
        ("01", 0, "running"),
        ("00", 1, "failed"),
    ]
    assert (found[0].score, found[0].best_epoch, found[0].started, found[0].ended) == (
        0.9,
        3,
        "2026-02-01T10:00:00+00:00",
        "2026-02-01T10:05:00+00:00",
    )
    assert found[0].params == {"lr": "0.1", "model": "mlp"}
    assert found[1].params == {"lr": "0.2"}
    assert found[2].message == "out of memory"


def test_a_trial_may_continue_another_and_a_log_need_not_say_so() -> None:
    head = HEAD.replace(b",lr,", b",parent,lr,")
    data = head + b"01,0,0,running,,,,,,00,0.1,mlp\n00,0,0,running,,,,,,,0.1,mlp\n"
    assert [each.parent for each in decode_trials(data)] == ["00", None]
    assert decode_trials(data)[0].params == {"lr": "0.1", "model": "mlp"}
    assert decode_trials(HEAD + b"00,0,0,running,,,,,,0.1,mlp\n")[0].parent is None


@pytest.mark.parametrize("cut", range(0, 140, 7))
def test_a_torn_line_does_not_exist_yet(cut: int) -> None:
    whole = HEAD + b"00,0,0,finished,0.9,3,,,,0.1,mlp\n"

    found = decode_trials(whole[:cut])

    assert [each.trial_id for each in found] == (["00"] if cut >= len(whole) else [])


def test_nothing_is_no_trial() -> None:
    assert decode_trials(b"") == []
    assert decode_trials(HEAD) == []


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"trial,score\n1,2\n", "has no column trial_id"),
        (HEAD + b"00,0,0,finished,good,3,,,,0.1,mlp\n", "score: 'good' is not a number"),
        (HEAD + b"00,0.5,0,finished,1,3,,,,0.1,mlp\n", "attempt: '0.5' is not a whole number"),
        (HEAD + b"00,0\n", "has 2 cells"),
        (HEAD + b"<<<<<<< HEAD\n", "conflict marker"),
    ],
)
def test_what_does_not_follow_the_format_is_told(data: bytes, said: str) -> None:
    with pytest.raises(MalformedError, match=said):
        decode_trials(data)


@pytest.mark.parametrize(("goal", "best"), [("max", "02"), ("min", "01"), (None, None)])
def test_a_sweep_is_summed_up_by_the_last_attempts(goal: str | None, best: str | None) -> None:
    log = (
        b"trial_id,attempt,status,score\n"
        b"00,0,finished,0.5\n01,0,failed,\n01,1,finished,0.25\n"
        b"02,0,finished,0.75\n03,0,finished,0.75\n04,0,failed,nan\n05,0,finished,inf\n06,0,running,\n"
    )

    said = sum_up(decode_trials(log), goal)

    assert said == {"n_trials": 7, "n_failed": 1, "best_trial": best}


def test_a_sweep_without_a_score_has_no_best() -> None:
    assert sum_up([], "max") == {"n_trials": 0, "n_failed": 0, "best_trial": None}
