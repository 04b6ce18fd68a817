"""``optimize``: a search from its configuration to its result, recorded as one run."""

from __future__ import annotations

import contextlib
import inspect
import time
from pathlib import Path

from ledger.contract.json_text import as_text, decode_number
from ledger.integrations.keras_tuner import attach
from ledger.integrations.tuner_processes import is_chief_gone, is_worker
from ledger.integrations.tuning.result import RESULT_NAME, TuningResult, outcomes, read_finished
from ledger.integrations.tuning.strategies import make_tuner
from ledger.writer.narrate import say, warn


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from ledger.contract.json_text import Json
    from ledger.integrations.tuning.config import TunerConfig
    from ledger.integrations.tuning.result import TrialOutcome
    from ledger.writer.run import Run


def optimize(  # noqa: PLR0913  # one call instead of five; all but four are keywords
    builder_fn: Callable[[Any], Any],
    train_data: Any,  # noqa: ANN401  # whatever the framework's fit takes
    val_data: Any,  # noqa: ANN401
    config: TunerConfig,
    *,
    callbacks: Sequence[Any] = (),
    steps_per_epoch: int | None = None,
    validation_steps: int | None = None,
    search_kwargs: Mapping[str, Any] | None = None,
    tuner_kwargs: Mapping[str, Any] | None = None,
    run: Run | None = None,
    **start_options: Any,  # noqa: ANN401  # those of `ledger.start`
) -> TuningResult:
    """Search the hyperparameters of ``builder_fn`` as ``config`` says, and return what was found.

    A search that was interrupted goes on; one that is over is not repeated: its result is returned.
    Nothing of an earlier search is removed. In a worker of a distributed search the result is that
    of no trial; the chief's is the search's.

    Args:
        builder_fn: takes hyperparameters, returns a model.
        train_data: a tuple (x, y) or (x, y, sample_weight), or a data set; None for a tuner that
            takes none.
        val_data: the same for validation; a strategy that splits on its own has no use for it.
        config: the search.
        callbacks: added to those that the configuration asks for.
        steps_per_epoch: for training data without an end; so is ``validation_steps``.
        validation_steps: of validation data.
        search_kwargs: further arguments of the tuner's ``search``; they go before ours.
        tuner_kwargs: further arguments of the tuner's constructor that JSON cannot hold.
        run: a run that is open already, instead of a new one; it stays open.
        start_options: of a new run, as for ``ledger.start``: data, tags, hypothesis, parent.

    Raises:
        LedgerError: a configuration that cannot be, or as for ``ledger.start``.
    """
    config.check()
    tuner = make_tuner(builder_fn, config, tuner_kwargs or {})
    before = read_finished(Path(str(tuner.project_dir)))
    if before.get("config") == config.to_dict():
        say(f"the search {config.project_name} is over; delete {tuner.project_dir} to repeat it")
        return _found_before(tuner, config, before)
    lengths = {"steps_per_epoch": steps_per_epoch, "validation_steps": validation_steps}
    arguments = _arguments(config, {"validation_data": val_data, **lengths}, search_kwargs or {})
    arguments["callbacks"] = [*callbacks, *arguments["callbacks"], *_callbacks(config, tuner)]
    options = start_options if run is not None else _options(config, start_options)
    recorded = attach(tuner, run=run, extra_fields=config.extra_fields, **options)
    with contextlib.ExitStack() as stack:
        if run is None:
            stack.enter_context(recorded)
        return _search(tuner, config, recorded, (train_data, arguments))


def _arguments(
    config: TunerConfig, ours: Mapping[str, Any], theirs: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what ``search`` is called with; ``theirs`` goes before ``ours``."""
    return {"epochs": config.search_epochs, "callbacks": (), **ours, **theirs}


def _options(config: TunerConfig, start_options: Mapping[str, Any]) -> dict[str, Any]:
    ours = {"name": config.project_name, "config": config.to_dict(), "seed": config.seed}
    return {**ours, **start_options}


def _search(
    tuner: Any,  # noqa: ANN401
    config: TunerConfig,
    run: Run,
    data: tuple[Any, dict[str, Any]],
) -> TuningResult:
    train_data, arguments = data
    begun = time.perf_counter()
    given = train_data if isinstance(train_data, tuple) else (train_data,)
    try:
        tuner.search(*(() if train_data is None else given), **_taken(tuner.run_trial, arguments))
    except Exception as error:
        # the chief may be gone before "no more trials" has reached each worker
        if not is_worker() or not is_chief_gone(error):
            raise
        say("the chief is gone: no more trials")
    elapsed = time.perf_counter() - begun
    trials = () if is_worker() else outcomes(tuner)
    result = _result(tuner, config, trials, (run.id, run.dir, elapsed))
    if not is_worker():
        _keep(result, run)
    return result


def _found_before(tuner: Any, config: TunerConfig, known: Mapping[str, Json]) -> TuningResult:  # noqa: ANN401
    run_id = as_text(known.get("run_id")) or ""
    folder = Path(str(known.get("master_csv_path"))).parent
    elapsed = decode_number(known.get("elapsed_seconds")) or 0.0
    trials = () if is_worker() else outcomes(tuner)
    return _result(tuner, config, trials, (run_id, folder, elapsed))


def _result(
    tuner: Any,  # noqa: ANN401
    config: TunerConfig,
    trials: tuple[TrialOutcome, ...],
    said: tuple[str, Path, float],
) -> TuningResult:
    best = trials[0] if trials and trials[0].score is not None else None
    return TuningResult(
        run_id=said[0],
        run_dir=said[1],
        project_dir=Path(str(tuner.project_dir)),
        best_trial=best.trial_id if best else None,
        best_hps=best.params if best else None,
        best_score=best.score if best else None,
        model=_model(tuner, best.trial_id) if best else None,
        trials=trials,
        elapsed_seconds=said[2],
        config=config,
        tuner=tuner,
    )


def _model(tuner: Any, trial_id: str) -> Any:  # noqa: ANN401
    """Return the trained model of a trial, None where its weights are gone; that is said."""
    try:
        return tuner.load_model(tuner.oracle.trials[trial_id])
    except Exception as error:  # noqa: BLE001  # a result without a model is worth more than none
        warn(f"the model of trial {trial_id} cannot be loaded: {type(error).__name__}: {error}")
        return None


def _keep(result: TuningResult, run: Run) -> None:
    """Save the result beside the tuner's state, and let the run name both."""
    try:
        result.save(result.path)
    except OSError as error:
        warn(f"{result.path} cannot be written: {error.strerror or error}")
    else:
        run.artifact(RESULT_NAME.partition(".")[0], result.path)
    if result.best_trial is not None:
        run.artifact("best_trial", str(result.tuner.get_trial_dir(result.best_trial)))


def _callbacks(config: TunerConfig, tuner: Any) -> list[Any]:  # noqa: ANN401
    """Return the callbacks that ``config`` asks for, if the trials take any."""
    if not config.stops_by_monitor or not _taken(tuner.run_trial, {"callbacks": ()}):
        return []
    import keras

    common = {"monitor": config.monitor, "mode": config.monitor_direction}
    found: list[Any] = []
    if config.early_stop_patience is not None:
        found.append(
            keras.callbacks.EarlyStopping(
                patience=config.early_stop_patience,
                restore_best_weights=config.restore_best_weights,
                **common,
            )
        )
    if config.reduce_lr:
        found.append(
            keras.callbacks.ReduceLROnPlateau(
                factor=config.reduce_lr_factor,
                patience=config.reduce_lr_patience,
                min_lr=config.reduce_lr_min,
                **common,
            )
        )
    return found


def _taken(run_trial: Callable[..., Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of ``arguments`` that ``run_trial`` takes, and that say something."""
    parameters = inspect.signature(run_trial).parameters
    takes_all = any(item.kind is item.VAR_KEYWORD for item in parameters.values())
    return {
        name: item
        for name, item in arguments.items()
        if item is not None and (takes_all or name in parameters)
    }
