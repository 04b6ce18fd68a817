"""Studies of real Optuna in this process; several processes are in test_optuna_processes.py."""

from __future__ import annotations

import pickle
import threading
from typing import TYPE_CHECKING, Any

import pytest

import ledger
from ledger.contract.trials import decode_trials
from ledger.errors import LedgerError
from unit.writer.recording import ledger_command, only_run, read_record, read_rows, run_dirs


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.contract.trials import Trial

REASON = "the group is not installed: uv run --group test --group loops pytest tests/integrations"
optuna = pytest.importorskip("optuna", reason=REASON)
pytestmark = [pytest.mark.timeout(240), pytest.mark.filterwarnings("default")]

from ledger.integrations.optuna import LedgerCallback, attach, autolog  # noqa: E402


optuna.logging.set_verbosity(optuna.logging.ERROR)


def new_study(**options: Any) -> Any:
    return optuna.create_study(
        **{"sampler": optuna.samplers.RandomSampler(seed=0), "study_name": "parabola", **options}
    )


def parabola(trial: Any) -> float:
    """Report twice what is found, in the end a third, and prune each fourth trial."""
    x = trial.suggest_float("x", -2, 2)
    kind = trial.suggest_categorical("kind", ["deep", None])
    trial.set_user_attr("distance", abs(x))
    trial.set_user_attr("words", kind or "none")
    for step in range(2):
        trial.report(x * x + step, step)
    if trial.number % 4 == 3:
        raise optuna.TrialPruned
    return float(x * x)


def trials_of(run: Path) -> list[Trial]:
    return decode_trials((run / "trials.csv").read_bytes())


def sound(project: Path) -> bool:
    judged = ledger_command(project, "check", "--all", "--format", "json").stdout
    return "LED104" not in judged and "LED111" not in judged


@pytest.mark.parametrize("door", ["attach", "callback", "open run", "autolog"])
def test_a_study_is_a_sweep(project: Path, door: str) -> None:
    study = new_study()
    if door == "attach":
        with attach(study, config={"n": 8}):
            study.optimize(parabola, n_trials=8)
    elif door == "callback":
        callback = LedgerCallback("parabola", config={"n": 8})
        study.optimize(parabola, 8, callbacks=[callback])
        assert callback.run is not None
        callback.run.finish()
    elif door == "open run":
        with ledger.start("parabola", config={"n": 8}) as run:
            study.optimize(parabola, 8, callbacks=[LedgerCallback(run)])
    else:
        undo = autolog(config={"n": 8})
        study.optimize(parabola, 8)
        undo()
        study.optimize(parabola, 8)

    folder, expected = only_run(project), study.trials[:8]
    record, trials = read_record(folder), trials_of(folder)
    assert (record["name"], record["status"]) == ("parabola", "finished")
    assert record["objective"] == {"metric": "value", "goal": "min"}
    assert record["config"]["resolved"] == {"n": 8}
    assert record["sweep"]["tuner"] == "RandomSampler"
    assert record["sweep"]["space"]["x"]["low"] == -2
    assert record["sweep"]["space"]["kind"]["choices"] == ["deep", None]
    assert (record["sweep"]["n_trials"], record["sweep"]["n_failed"]) == (8, 0)
    words = {"COMPLETE": "finished", "PRUNED": "pruned"}
    assert [each.status for each in trials] == [words[each.state.name] for each in expected]
    pruned = optuna.trial.TrialState.PRUNED
    scores = [None if each.state == pruned else each.value for each in expected]
    assert [each.score for each in trials] == scores
    best = min(score for score in scores if score is not None)
    assert record["sweep"]["best_trial"] == str(scores.index(best))
    assert [each.params["kind"] for each in trials] == [
        str(each.params["kind"]) for each in expected
    ]
    assert trials[3].message == (
        f"pruned at step 1: intermediate_value {expected[3].intermediate_values[1]}"
    )
    rows = read_rows(folder)
    reported = {
        (int(row["trial_id"]), int(row["step"])): float(row["intermediate_value"])
        for row in rows
        if "step" in row
    }
    assert reported == {
        (each.number, step): value
        for each in expected
        for step, value in each.intermediate_values.items()
    }
    ends = [row for row in rows if "step" not in row]
    assert [float(row["distance"]) for row in ends] == [
        each.user_attrs["distance"] for each in expected
    ]
    assert len(rows) == 8 * 3
    asked = next(iter(ledger.query("best value per trial", path=project)))
    assert (asked["value"], asked["trial_id"]) == (best, record["sweep"]["best_trial"])
    assert not list(folder.glob("metrics.*.csv"))
    assert sound(project)


def test_a_trial_is_there_when_it_starts_and_reports_as_they_come(project: Path) -> None:
    seen: list[tuple[str | None, int]] = []

    def objective(trial: Any) -> float:
        trial.report(trial.suggest_float("x", 0, 1), step=5)
        folder = only_run(project)
        rows = [row for row in read_rows(folder) if row["trial_id"] == str(trial.number)]
        seen.append((trials_of(folder)[trial.number].status, len(rows)))
        return 0.0

    study = new_study()
    with attach(study, "live"):
        study.optimize(objective, n_trials=2)
    assert seen == [("running", 1)] * 2


@pytest.mark.parametrize("is_caught", [True, False])
def test_a_failed_trial_tells_why(project: Path, is_caught: bool) -> None:
    def objective(trial: Any) -> float:
        if trial.number == 1:
            message = "out of memory"
            raise RuntimeError(message)
        return trial.number if trial.number < 2 else float("nan")

    study = new_study()
    run = attach(study, "fails")
    if is_caught:
        study.optimize(objective, n_trials=3, catch=(RuntimeError,))
        run.finish()
    else:
        with pytest.raises(RuntimeError, match="out of memory"), run:
            study.optimize(objective, n_trials=3)

    record, trials = read_record(only_run(project)), trials_of(only_run(project))
    statuses = ["finished", "failed", "failed"] if is_caught else ["finished", "failed"]
    assert [each.status for each in trials] == statuses
    assert (trials[1].message or "").endswith("RuntimeError: out of memory")
    assert record["sweep"]["n_failed"] == len(statuses) - 1
    assert record["status"] == ("finished" if is_caught else "failed")
    if is_caught:
        assert "no number" in (trials[2].message or "")


def test_the_callback_alone_finds_out_what_ended_a_study(project: Path) -> None:
    def objective(trial: Any) -> float:
        if trial.number == 2:
            message = "out of memory"
            raise RuntimeError(message)
        return 1.0

    study = new_study()
    with pytest.raises(RuntimeError), ledger.start("fails") as run:
        study.optimize(objective, 5, callbacks=[LedgerCallback(run)])

    assert [each.status for each in trials_of(only_run(project))] == ["finished"] * 2 + ["failed"]


def test_who_presses_ctrl_c_interrupts_a_trial(project: Path) -> None:
    def objective(_: Any) -> float:
        raise KeyboardInterrupt

    study = new_study()
    with pytest.raises(KeyboardInterrupt), attach(study, "stopped"):
        study.optimize(objective, n_trials=3)

    (trial,) = trials_of(only_run(project))
    assert trial.status == "interrupted"
    assert read_record(only_run(project))["status"] == "interrupted"


def test_several_objectives_are_metrics_with_goals_and_none_is_the_objective(
    project: Path,
) -> None:
    study = new_study(directions=["minimize", "maximize"])
    other = new_study(directions=["minimize", "maximize"])
    other.set_metric_names(["loss", "speed"])
    for each in (study, other):
        with attach(each, "two"):
            each.optimize(lambda trial: (trial.suggest_int("n", 1, 9), trial.number), n_trials=3)

    found = {}
    for run in run_dirs(project):
        record = read_record(run)
        assert record["objective"] is None
        assert [each.score for each in trials_of(run)] == [None] * 3
        columns = record["columns"]
        found |= {name: each["goal"] for name, each in columns.items() if "goal" in each}
    assert found == {"values_0": "min", "values_1": "max", "loss": "min", "speed": "max"}


def test_threads_of_one_study(project: Path) -> None:
    barrier = threading.Barrier(2, timeout=60)

    def objective(trial: Any) -> float:
        barrier.wait()
        trial.report(trial.number, 0)
        return float(trial.number)

    study = new_study(direction="maximize")
    with attach(study, "threads"):
        study.optimize(objective, n_trials=8, n_jobs=2)

    trials = trials_of(only_run(project))
    assert {each.trial_id: each.score for each in trials} == {str(n): float(n) for n in range(8)}
    assert read_record(only_run(project))["sweep"]["best_trial"] == "7"


def test_threads_whose_first_trials_end_at_once_are_one_run(project: Path) -> None:
    barrier = threading.Barrier(4, timeout=60)

    def objective(trial: Any) -> float:
        if trial.number < 4:
            barrier.wait()
        return float(trial.number)

    callback = LedgerCallback("threads")
    new_study().optimize(objective, n_trials=8, n_jobs=4, callbacks=[callback])
    assert callback.run is not None
    callback.run.finish()

    assert {each.trial_id for each in trials_of(only_run(project))} == set(map(str, range(8)))
    assert not list(only_run(project).glob("trials.*.csv"))


def test_a_callback_that_cannot_start_a_run_ends_no_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    study = new_study()
    study.optimize(parabola, n_trials=3, callbacks=[LedgerCallback("nowhere")])

    assert len(study.trials) == 3
    assert capsys.readouterr().err.count("this study is not recorded") == 1


def test_numbers_of_numpy_that_are_noted_are_numbers(project: Path) -> None:
    np = pytest.importorskip("numpy")

    def objective(trial: Any) -> float:
        trial.set_user_attr("half", np.float32(0.5))
        trial.set_user_attr("three", np.int64(3))
        return 1.0

    study = new_study()
    with attach(study, "noted"):
        study.optimize(objective, n_trials=1)

    (row,) = read_rows(only_run(project))
    assert (float(row["half"]), row["three"]) == (0.5, "3")


def test_ask_and_tell_and_what_was_enqueued(project: Path) -> None:
    study = new_study()
    study.enqueue_trial({"x": 1.5})
    with attach(study, "told"):
        first = study.ask()
        first.report(first.suggest_float("x", 0, 2), 0)
        study.tell(first, 3.0)
        second = study.ask({"x": optuna.distributions.FloatDistribution(0, 2)})
        study.tell(second.number, state=optuna.trial.TrialState.FAIL)
        study.tell(first, 4.0, skip_if_finished=True)
        study.ask()

    one, other, third = trials_of(only_run(project))
    assert (one.status, one.score, one.params["x"]) == ("finished", 3.0, "1.5")
    assert (other.status, float(other.params["x"])) == ("failed", second.params["x"])
    assert third.status == "interrupted"
    assert len(read_rows(only_run(project))) == 2


def test_a_study_that_is_gone_on_with_goes_on_in_its_run(project: Path) -> None:
    storage = optuna.storages.InMemoryStorage()
    for _ in range(2):
        study = new_study(storage=storage, load_if_exists=True)
        with attach(study, config={"n": 1}):
            study.optimize(parabola, n_trials=2)
    study = new_study(storage=storage, load_if_exists=True)
    with attach(study, config={"n": 2}) as changed:
        study.optimize(parabola, n_trials=1)

    first, second = run_dirs(project)
    if second.name != changed.id:
        first, second = second, first
    assert [each.trial_id for each in trials_of(first)] == ["0", "1", "2", "3"]
    assert len(read_record(first)["sessions"]) == 2
    assert read_record(second)["parent"] == first.name
    assert [each.trial_id for each in trials_of(second)] == ["4"]


@pytest.mark.parametrize("is_auto", [True, False])
def test_a_study_without_a_name_is_called_study(project: Path, is_auto: bool) -> None:
    study = new_study(study_name=None)
    stop = autolog() if is_auto else attach(study).finish
    study.optimize(parabola, n_trials=1)
    stop()

    assert read_record(only_run(project))["name"] == "study"


def test_a_second_optimize_of_an_attached_study_goes_on(project: Path) -> None:
    study = new_study()
    with attach(study):
        study.optimize(parabola, n_trials=1)
        study.optimize(parabola, n_trials=1)

    assert [each.trial_id for each in trials_of(only_run(project))] == ["0", "1"]


def test_a_study_that_is_saved_is_an_ordinary_study(project: Path) -> None:
    study = new_study()
    with attach(study):
        trial = study.ask()
        again = pickle.loads(pickle.dumps(study))  # noqa: S301
        assert type(again) is optuna.study.Study
        assert type(pickle.loads(pickle.dumps(trial))) is optuna.trial.Trial  # noqa: S301
        again.optimize(parabola, n_trials=1)
        with pytest.raises(LedgerError, match="is attached to"):
            attach(study)
    with ledger.start("open") as run, pytest.raises(LedgerError, match="tags would not"):
        attach(new_study(), run=run, tags=["x"])

    parts = [read_record(each).get("sweep", {}) for each in run_dirs(project)]
    assert sorted(each.get("n_trials", 0) for each in parts) == [0, 1]


def test_a_callback_whose_run_was_finished_goes_on_with_it(project: Path) -> None:
    study, callback = new_study(), LedgerCallback("twice")
    for _ in range(2):
        study.optimize(parabola, n_trials=2, callbacks=[callback])
        assert callback.run is not None
        callback.run.finish()

    assert [each.trial_id for each in trials_of(only_run(project))] == ["0", "1", "2", "3"]
    assert len(read_record(only_run(project))["sessions"]) == 2


@pytest.mark.parametrize("pruner", ["HyperbandPruner", "SuccessiveHalvingPruner"])
def test_pruners_that_look_at_the_study_work_as_ever(project: Path, pruner: str) -> None:
    def objective(trial: Any) -> float:
        x = trial.suggest_float("x", -2, 2)
        for step in range(6):
            trial.report(x * x, step)
            if trial.should_prune():
                raise optuna.TrialPruned
        return float(x * x)

    study = new_study(pruner=getattr(optuna.pruners, pruner)())
    plain = new_study(pruner=getattr(optuna.pruners, pruner)())
    with attach(study):
        study.optimize(objective, n_trials=12)
    plain.optimize(objective, n_trials=12)

    assert [each.state for each in study.trials] == [each.state for each in plain.trials]
    statuses = [each.status for each in trials_of(only_run(project))]
    assert statuses.count("pruned") == sum(each.state.name == "PRUNED" for each in study.trials)
    assert statuses.count("pruned") > 0


@pytest.mark.parametrize("is_auto", [True, False])
def test_what_an_objective_trains_is_part_of_its_trial(project: Path, is_auto: bool) -> None:
    import xgboost
    from sklearn.datasets import load_iris
    from sklearn.model_selection import cross_val_score
    from sklearn.svm import SVC

    from ledger.integrations import sklearn as ours_of_sklearn
    from ledger.integrations import xgboost as ours_of_xgboost

    x, y = load_iris(return_X_y=True)

    def objective(trial: Any) -> float:
        depth = trial.suggest_int("depth", 1, 2)
        xgboost.train({"max_depth": depth}, xgboost.DMatrix(x, y), 2)
        return float(cross_val_score(SVC(), x, y, cv=2).mean())

    undo = [ours_of_xgboost.autolog(), ours_of_sklearn.autolog(), autolog()]
    study = new_study(direction="maximize")
    try:
        if is_auto:
            study.optimize(objective, n_trials=2)
        else:
            callback = LedgerCallback("mine")
            study.optimize(objective, n_trials=2, callbacks=[callback])
            assert callback.run is not None
            callback.run.finish()
    finally:
        for each in undo:
            each()

    record = read_record(only_run(project))
    assert record["name"] == ("parabola" if is_auto else "mine")
    assert (record["sweep"]["n_trials"], record["sweep"]["tuner"]) == (2, "RandomSampler")
    assert set(record["columns"]) == {
        *("trial_id", "attempt", "execution", "epoch", "time", "depth", "value"),
    }
