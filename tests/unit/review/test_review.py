"""The review as a whole: decisions, six answers, and what never changes them."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.review import libraries
from ledger.review.finding import INSUFFICIENT, QUESTIONS
from ledger.review.review import review
from unit.review.curve_shapes import curve, overfitting, training
from unit.review.subjects import candidate, plateau, repeats, subject, trial
from unit.review.test_choice import FIVE, shifted


if TYPE_CHECKING:
    from ledger.review.result import Review
    from ledger.review.subject import Candidate


def rule(found: Review, name: str) -> Any:
    return next(each for each in found.findings if each.rule == name)


def test_repeats_that_separate_equal_runs_support_the_choice() -> None:
    found = review(subject([*repeats("a", FIVE), *repeats("b", shifted(0.02))]))

    assert found.decision.support == "yes"
    assert found.decision.chosen == "a-2"
    assert found.repeats == ()


def test_one_seed_each_supports_it_partly_and_says_what_to_run() -> None:
    found = review(subject([trial("1", 0.3), trial("2", 0.31), trial("3", 0.4)]))

    assert found.decision.support == "partly"
    assert found.decision.tied == ("sweep#2", "sweep#3")
    assert found.commands == ("ledger repeat --top 3 --seeds 5",)


def test_other_data_supports_nothing() -> None:
    other = repeats("b", shifted(0.02), data_hash="md5:other")

    found = review(subject([*repeats("a", FIVE), *other]))

    assert found.decision.support == "no"
    assert "not comparable" in found.decision.sentence


def test_a_choice_by_the_test_set_supports_nothing() -> None:
    runs = [*repeats("a", FIVE), *repeats("b", shifted(0.02))]

    assert review(subject(runs, metric="test_loss")).decision.support == "no"


@pytest.mark.parametrize(
    "fact", [{"commit": "d" * 40}, {"dirty": True}, {"budget": 60}, {"commit": None}]
)
def test_unequal_runs_support_it_partly(fact: dict[str, object]) -> None:
    runs = [*repeats("a", FIVE), *repeats("b", shifted(0.02), **fact)]

    assert review(subject(runs)).decision.support == "partly"


def test_a_leader_that_overfits_is_partly_supported() -> None:
    sick = [
        candidate(
            f"a-{seed}",
            curve(overfitting(), training(), noise=0.001),
            variant="a",
            seed=seed,
            budget=60,
        )
        for seed in range(5)
    ]
    fine = repeats("b", shifted(0.2), budget=60)

    found = review(subject([*sick, *fine]))

    assert rule(found, "curve.overfit").verdict == "warn"
    assert found.decision.support == "partly"


@pytest.mark.parametrize(
    "candidates",
    [
        [],
        [trial("1", 0.3)],
        [trial("1", 0.3, status="failed", message="no memory")],
        [trial("1", 0.3, status="running")],
        [candidate("1", trial_id="1")],
    ],
)
def test_nothing_to_choose_from_is_no(candidates: list[Candidate]) -> None:
    found = review(subject(candidates, kind="sweep"))

    assert found.decision.support == "no"
    assert [each.question for each in found.answers] == list(QUESTIONS)
    assert found.repeats == ()


def test_that_all_failed_is_not_called_a_lack_of_curves() -> None:
    failed = review(subject([trial("1", 0.3, status="failed")], kind="sweep"))
    without = review(subject([candidate("1", trial_id="1")], kind="sweep"))

    assert failed.answers[0].answer == "none that has a curve leads"
    assert without.answers[0].answer == "no curve was recorded"


def test_counts_tell_what_became_of_the_trials() -> None:
    found = review(
        subject(
            [
                trial("1", 0.3),
                trial("2", 0.3, status="failed", message="no memory"),
                trial("3", 0.3, status="running"),
                trial("4", 0.3, n_nonfinite=1),
            ]
        )
    )

    told = found.counts
    assert (told.candidates, told.finished, told.failed, told.running) == (4, 2, 1, 1)
    assert told.nonfinite == 1
    assert told.reasons == {"no memory": 1}


def test_a_better_one_that_is_not_ranked_is_told() -> None:
    short = candidate("short", plateau(0.1, n=3), trial_id="short", budget=3)

    found = review(subject([trial("long", 0.5), trial("other", 0.6), short]))

    assert found.decision.chosen == "sweep#long"
    assert "fewer epochs" in rule(found, "choice.unranked").sentence


def test_one_with_a_luckier_epoch_is_told() -> None:
    spike = [*plateau(0.32).objective]
    spike[20] = 0.1
    lucky = candidate("lucky", curve(spike, training(30)), trial_id="lucky", best_epoch=20)

    found = rule(review(subject([trial("steady", 0.3), lucky])), "choice.luckier")

    assert (found.value, found.about) == (0.1, "lucky")
    assert found.sentence == "by its one best epoch lucky would lead (0.1, at epoch 20)"


def test_one_that_ended_far_earlier_is_not_said_to_have_been_allowed_less() -> None:
    ones = [trial(name, score, budget=60) for name, score in (("a", 0.4), ("b", 0.5), ("c", 0.6))]
    brief = candidate("brief", curve([0.2] * 3, training(3)), trial_id="brief", budget=60)

    found = rule(review(subject([*ones, brief])), "choice.unranked")

    assert "ended far earlier" in found.sentence


@pytest.mark.parametrize(
    ("n_falling", "patience", "verdict", "said"),
    [
        (40, None, "note", "the run ended at its best: overfitting not observable"),
        (40, 3, "note", "at its best, within the patience of early stopping (3)"),
        (30, 12, "note", "not until the run ended"),
        (30, 4, "ok", "no: the end is"),
        (30, None, "ok", "no: the end is"),
    ],
)
def test_what_early_stopping_hides_is_said(
    n_falling: int, patience: int | None, verdict: str, said: str
) -> None:
    values = [1 - 0.01 * min(epoch, n_falling) for epoch in range(40)]
    stopped = candidate(
        "a", curve(values, training(40)), trial_id="a", patience=patience, budget=60
    )

    found = rule(review(subject([stopped, trial("b", 2.0, budget=60)])), "curve.overfit")

    assert found.verdict == verdict
    assert said in found.sentence


def test_a_run_of_all_its_epochs_was_not_stopped_early() -> None:
    values = [1 - 0.01 * min(epoch, 30) for epoch in range(40)]
    whole = candidate("a", curve(values, training(40)), trial_id="a", patience=12, budget=40)

    found = rule(review(subject([whole, trial("b", 2.0, budget=40)])), "curve.overfit")

    assert (found.verdict, "early stopping" in found.sentence) == ("ok", False)


def test_drift_without_training_is_no_overfitting() -> None:
    drifting = candidate("a", curve(overfitting(), overfitting(), noise=0.001), trial_id="a")

    found = rule(review(subject([drifting, trial("b", 2.0)])), "curve.overfit")

    assert (found.verdict, "training did not improve either" in found.sentence) == ("note", True)


def test_best_and_smoothed_stand_side_by_side() -> None:
    found = review(subject([trial("1", 0.3), trial("2", 0.31)]))

    first = found.standings[0]
    assert first.best is not None
    assert first.smoothed is not None
    assert first.best < first.smoothed


@pytest.mark.parametrize(
    "params",
    [
        {"lr": 10**38, "x": "1" * 5000},
        {"lr": [1, 2], "x": {"a": 1}},
        {"lr": True, "x": None},
        {"lr\x1b[31m": 0.1, "": ""},
    ],
)
def test_odd_params_are_params(params: dict[str, Any]) -> None:
    found = [trial(str(at), 0.3 + at / 100, params | {"at": at}) for at in range(20)]

    assert review(subject(found)).decision.chosen == "sweep#0"


def test_scores_beyond_all_numbers_are_no_scores() -> None:
    found = [candidate(name, trial_id=name, params={"p": name}, stated=1e300) for name in "ab"]

    assert review(subject([*found, trial("c", 0.3)])).decision.chosen == "sweep#c"


def made(seed: int, n: int, sign: float = 1.0) -> list[Candidate]:
    draws = random.Random(seed)
    found = []
    for place in range(n):
        status = "failed" if draws.random() < 0.1 else "finished"
        params = {"lr": draws.random(), "kind": draws.choice("ab")}
        found.append(
            candidate(
                f"{place:02d}",
                plateau(draws.uniform(0.2, 0.4), seed=place, n=24),
                sign=sign,
                trial_id=f"{place:02d}",
                params=params,
                status=status,
                seconds=draws.uniform(1, 9),
                started=f"2026-02-01T{draws.randrange(24):02d}:00:00+00:00",
                budget=24,
            )
        )
    return found


@settings(max_examples=10)
@given(st.integers(0, 1000), st.randoms(use_true_random=False))
def test_the_order_of_the_candidates_changes_nothing(seed: int, mixer: random.Random) -> None:
    candidates = made(seed, 16)
    mixed = list(candidates)
    mixer.shuffle(mixed)

    assert review(subject(mixed)).to_json() == review(subject(candidates)).to_json()


@settings(max_examples=10)
@given(st.integers(0, 1000))
def test_a_metric_to_maximise_is_judged_like_its_negative(seed: int) -> None:
    down = review(subject(made(seed, 16)))
    up = review(subject(made(seed, 16, sign=-1.0), goal="max"))

    assert [(each.rule, each.verdict, each.about) for each in up.findings] == [
        (each.rule, each.verdict, each.about) for each in down.findings
    ]
    assert up.decision.support == down.decision.support
    assert [each.name for each in up.standings] == [each.name for each in down.standings]


def test_without_the_libraries_the_rest_still_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The curves, the edges and the expected best need nothing but the standard library."""
    candidates = [*made(1, 40)]
    with_all = review(subject(candidates))
    for module in ("weak", "choice", "forest"):
        monkeypatch.setattr(f"ledger.review.{module}.load", lambda _: None)

    found = review(subject(candidates))

    needing = {
        each.rule for each in found.findings if each.missing and "experiment-ledger" in each.missing
    }
    assert needing == {"weak.values", "space.importance"}
    kept = [each for each in found.findings if each.rule not in needing]
    assert kept == [each for each in with_all.findings if each.rule not in needing]
    assert all(each.verdict == INSUFFICIENT for each in found.findings if each.rule in needing)


def test_a_library_that_is_missing_is_not_mended_by_repeats(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ledger.review.choice.load", lambda _: None)

    found = review(subject([*repeats("a", FIVE), *repeats("b", shifted(0.02))]))

    assert "experiment-ledger[review]" in rule(found, "choice.lead").sentence
    assert found.repeats == ()


def test_a_missing_library_is_none_and_a_broken_one_is_not(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_library.py").write_text("import not_there_either\n")
    monkeypatch.syspath_prepend(tmp_path)

    assert libraries.load("surely_not_there.part") is None
    with pytest.raises(ModuleNotFoundError):
        libraries.load("broken_library")
