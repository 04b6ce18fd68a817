"""Candidates judged: who is ranked, who is evidence only, what are repeats of one configuration."""

from __future__ import annotations

import math

from ledger.review.assess import assess, groups_of, reasons
from ledger.review.subject import Curve
from unit.review.subjects import candidate, plateau, repeats, subject, trial


def ranked(candidates: list) -> list[str]:  # type: ignore[type-arg]  # of candidates
    return [
        member.candidate.label
        for group in groups_of(assess(subject(candidates)))
        for member in group.members
    ]


def test_candidates_rank_by_their_smoothed_best() -> None:
    """A lucky epoch of the worse one is the best value of all, and does not win."""
    lucky = plateau(0.4)
    spiked = Curve(
        epochs=lucky.epochs,
        objective=(*lucky.objective[:-5], 0.05, *lucky.objective[-4:]),
        train=lucky.train,
    )

    assert ranked([candidate("lucky", spiked), candidate("good", plateau(0.3))]) == [
        "good",
        "lucky",
    ]


def test_failed_diverged_and_running_ones_are_not_ranked() -> None:
    nan = Curve(epochs=(0, 1), objective=(0.1, math.nan))
    found = [
        trial("ok", 0.5),
        trial("failed", 0.1, status="failed", message="Traceback\nMemoryError: no memory"),
        candidate("nan", nan, trial_id="nan", n_nonfinite=1),
        trial("running", 0.1, status="running"),
        candidate("empty", trial_id="empty"),
    ]

    assert ranked(found) == ["ok"]
    assert reasons(assess(subject(found))) == {
        "MemoryError: no memory": 1,
        "no value": 1,
        "not finite": 1,
    }


def test_the_same_failure_at_another_step_is_one_reason() -> None:
    found = [
        trial(
            str(at), 0.5, status="interrupted", message=f"pruned at step {at}: reported 0.{at}e-3"
        )
        for at in range(3)
    ]

    assert reasons(assess(subject(found))) == {"pruned at step N: reported N": 3}


def test_a_trial_of_a_short_budget_is_not_ranked_beside_long_ones() -> None:
    long = trial("long", 0.5, budget=9)
    short = candidate("short", plateau(0.4, n=3), trial_id="short", budget=3)

    assert ranked([long, short]) == ["long"]


def test_a_run_of_very_few_epochs_is_not_ranked_beside_long_ones() -> None:
    runs = [candidate(f"r{at}", plateau(0.5 + at / 100), budget=None) for at in range(3)]
    brief = candidate("brief", plateau(0.1, n=3), budget=None)

    assert "brief" not in ranked([*runs, brief])


def test_a_promoted_trial_has_the_epochs_of_its_parents() -> None:
    whole = plateau(0.3, n=27)

    def part(start: int, end: int) -> Curve:
        return Curve(epochs=whole.epochs[start:end], objective=whole.objective[start:end])

    found = assess(
        subject(
            [
                candidate("a", part(0, 3), trial_id="a", budget=3),
                candidate("b", part(3, 9), trial_id="b", budget=9, parent="a"),
                candidate("c", part(9, 27), trial_id="c", budget=27, parent="b"),
            ]
        )
    )

    assert [each.n_epochs for each in found] == [3, 9, 27]
    assert [each.is_promoted for each in found] == [True, True, False]
    assert found[-1].curve == whole.objective


def test_parents_in_a_circle_end() -> None:
    found = assess(subject([trial("a", 0.5, parent="b"), trial("b", 0.5, parent="a")]))

    assert len(found) == 2


def test_repeats_over_seeds_are_one_group() -> None:
    groups = groups_of(assess(subject([*repeats("mlp", [0.3, 0.4]), *repeats("cnn", [0.2])])))

    assert [len(group.scores) for group in groups] == [1, 2]


def test_the_same_seed_twice_is_one_repeat() -> None:
    runs = repeats("mlp", [0.3, 0.4])
    again = candidate("again", plateau(0.3), variant="mlp", seed=0, params={"model": "mlp"})

    (group,) = groups_of(assess(subject([*runs, again])))

    assert (len(group.members), len(group.scores)) == (3, 2)


def test_trials_of_equal_params_are_repeats_whatever_the_tuner_added() -> None:
    found = [
        trial("1", 0.3, {"lr": 0.1, "seed": 1, "tuner/bracket": 2}),
        trial("2", 0.31, {"lr": 0.1, "seed": 2, "tuner/bracket": 1}),
        trial("3", 0.4, {"lr": 0.2, "seed": 1}),
    ]

    assert [len(group.scores) for group in groups_of(assess(subject(found)))] == [2, 1]


def test_executions_of_a_trial_are_repeats() -> None:
    one = candidate("1", plateau(0.3), plateau(0.4, seed=1), trial_id="1")

    (group,) = groups_of(assess(subject([one])))

    assert len(group.scores) == 2
    assert abs(group.mean - 0.35) < 0.01


def test_a_score_that_was_stated_counts_where_there_is_no_row() -> None:
    found = [candidate("stated", trial_id="stated", stated=0.2), trial("rows", 0.3)]

    assert ranked(found) == ["stated", "rows"]
