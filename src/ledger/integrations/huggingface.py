"""Hugging Face: ``LedgerCallback`` records the trainings of a ``transformers.Trainer``.

Transformers is imported when ``LedgerCallback`` is first asked for.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path

from ledger.integrations.framework import needs, run_or_name
from ledger.integrations.recording import recording
from ledger.writer.current import start
from ledger.writer.seal import outcome


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Any, Self

    from ledger.writer.run import Run
    from ledger.writer.sweep import Attempt

EPOCH = "metric.epoch"
"""The column of Transformers' epoch, a fraction: the index of a row is its step."""
_ENDED = {
    "type": "TrainingEnded",
    "message": "train() did not come to its end, and another training began",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401  # PEP 562
    if name == "LedgerCallback":
        return _callback_class()
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return ["LedgerCallback", "autolog"]


def autolog(**options: Any) -> Callable[[], None]:  # noqa: ANN401  # those of `ledger.start`
    """Record every ``Trainer.train`` and ``hyperparameter_search`` from now on.

    One that has a ``LedgerCallback`` already is left alone.

    Args:
        options: of new runs, as for ``ledger.start``.

    Returns:
        what takes it back.
    """
    with needs("huggingface"):
        from transformers.trainer import Trainer

    names = ("train", "hyperparameter_search")
    undo = [_record_calls(Trainer, name, options) for name in names]

    def take_back() -> None:
        for each in undo:
            each()

    return take_back


@functools.cache
def _callback_class() -> type:
    with needs("huggingface"):
        from transformers import TrainerCallback

    class LedgerCallback(_Recorder, TrainerCallback):  # type: ignore[misc]  # no types there
        """Records each training of a trainer, on the first process of all.

        A training is a run; a ``hyperparameter_search`` is one run, too, its trials the rows of a
        sweep. A run stays open after ``train()`` for the evaluations that follow, until the next
        training, ``callback.run.finish()`` or the end of the process.

        Args:
            run: the name of new runs; or an open run, which takes all and stays yours to finish.
            start_options: of a new run, as for ``ledger.start``. Without ``config`` it is the
                training arguments, and the model's config under ``model``; without ``objective``
                ``metric_for_best_model``, where the arguments name one.
        """

    LedgerCallback.__qualname__ = "LedgerCallback"
    return LedgerCallback


class _Recorder:
    """What ``LedgerCallback`` does."""

    def __init__(self, run: Run | str, **start_options: Any) -> None:  # noqa: ANN401
        super().__init__()
        self.run, self._name = run_or_name(run)
        """The run of the last training, None before the first and on further processes."""
        self._options = start_options
        self._attempt: Attempt | None = None
        self._row: dict[str, Any] = {}
        self._n_trials = self._next = self._offset = 0
        self._saved: Path | None = None
        self._is_searching = self._is_training = False

    def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:  # noqa: ANN401, ARG002
        """Start the run of this training, or the trial of a search."""
        if not state.is_world_process_zero:
            return
        is_trial = state.trial_params is not None
        self.end_trial("failed" if self._is_training else "finished")
        if self._name is not None and not (is_trial and self._is_searching and self._is_open()):
            self._n_trials, self._next, self._saved = 0, 0, None
            self._start(args, given.get("model"), state.trial_params or ())
        self._is_training, self._is_searching = True, is_trial
        # another training in one run: its rows are not those of the first; one that was resumed
        # goes on with the steps of its checkpoint
        self._offset = 0 if state.global_step else self._next
        if is_trial and self.run is not None:
            self.run.sweep.describe(tuner="hyperparameter_search", objective=_objective(args))
            self._attempt = self.run.sweep.begin(str(self._n_trials), state.trial_params)
            self._n_trials, self._row = self._n_trials + 1, {}

    def on_log(
        self,
        args: Any,  # noqa: ANN401
        state: Any,  # noqa: ANN401
        control: Any,  # noqa: ANN401, ARG002
        logs: Mapping[str, Any] | None = None,
        **_: Any,  # noqa: ANN401
    ) -> None:
        """Write what the trainer logs: a row; what it says of a whole training is stated."""
        if not state.is_world_process_zero or self.run is None or not logs:
            return
        row = {name: item for name, item in logs.items() if name != "epoch"}
        if self._attempt is not None:
            self._row |= row
            self._attempt.log(
                {**row, "metric.step": state.global_step, EPOCH: logs.get("epoch")},
                params=state.trial_params,
                epoch=_whole_epoch(state),
            )
            if not self._is_training:
                self._end_trained(args)
        elif "train_runtime" in row:
            self.run.final(row)
        else:
            step = state.global_step + self._offset
            self._next = max(self._next, step + 1)
            self.run.log({"step": step, EPOCH: logs.get("epoch"), **row})

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ANN401, ARG002
        """Record the best checkpoint so far, or this one where none is told to be the best."""
        self._record_checkpoint(args, state, is_hashed=False)  # it may be removed soon

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ANN401, ARG002
        """See a training end well; the run stays open for what follows."""
        if not state.is_world_process_zero or self.run is None:
            return
        self._is_training = False
        if self._attempt is not None:
            self._end_trained(args)
        else:
            self._record_checkpoint(args, state, is_hashed=True)

    def __deepcopy__(self, _: object) -> Self:
        """Return the callback itself: a run has one writer."""
        return self

    def _is_open(self) -> bool:
        return self.run is not None and self.run.is_open

    def _start(self, args: Any, model: Any, searched: Collection[str]) -> None:  # noqa: ANN401
        """Start a run; the one before has ended, well or not.

        What is ``searched`` for is no config: the arguments have the values of the first trial.
        """
        if self._is_open() and self.run is not None:
            self.run.finish(*(("failed", _ENDED) if self._is_training else ("finished",)))
        known = config_of(args, model)
        config = {name: item for name, item in known.items() if name not in searched}
        told = {"config": config, "objective": _objective(args)}
        self.run = start(str(self._name), **{**told, **self._options})

    def end_trial(self, status: str, score: object = None) -> None:
        """End the trial that runs, if any."""
        if self._attempt is not None:
            self._attempt.end(status, score=score)
            self._attempt = None

    def _end_trained(self, args: Any) -> None:  # noqa: ANN401
        """End a trial that has been trained, if it has been evaluated, too."""
        score = self._score(args)
        if score is not None:
            self.end_trial("finished", score)

    def _score(self, args: Any) -> object:  # noqa: ANN401
        """Return the last value of what is optimised, None where the arguments do not name it."""
        objective = self._options.get("objective") or _objective(args) or ("eval_loss", "min")
        return self._row.get(objective[0])

    def _record_checkpoint(self, args: Any, state: Any, *, is_hashed: bool) -> None:  # noqa: ANN401
        is_ours = state.is_world_process_zero and self._attempt is None
        if not is_hashed:
            self._saved = Path(args.output_dir, f"checkpoint-{state.global_step}")
        path = state.best_model_checkpoint or self._saved
        if is_ours and self.run is not None and path is not None and os.path.isdir(path):
            self.run.artifact("checkpoint", path, is_hashed=is_hashed)


def config_of(args: Any, model: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the training arguments, tokens left out, with the config of ``model`` below them."""
    config = {name: item for name, item in args.to_dict().items() if not name.endswith("_token")}
    for name, attribute in (("model", "config"), ("peft", "peft_config")):
        known = getattr(model, attribute, None)
        if known is not None:
            config[name] = known.to_dict() if hasattr(known, "to_dict") else known
    return config


def _objective(args: Any) -> tuple[str, str] | None:  # noqa: ANN401
    name = args.metric_for_best_model
    if not name:
        return None
    goal = "max" if args.greater_is_better else "min"
    return (name if name.startswith("eval_") else f"eval_{name}", goal)


def _whole_epoch(state: Any) -> int:  # noqa: ANN401
    """Return the epoch, from 0, that the last step was part of."""
    epoch = state.epoch or 0.0
    return max(0, int(epoch) - (epoch == int(epoch)))


def _record_calls(
    trainer_class: Any,  # noqa: ANN401
    name: str,
    options: dict[str, Any],
) -> Callable[[], None]:
    call = getattr(trainer_class, name)
    if hasattr(call, "_ledger_records"):
        return lambda: None

    @functools.wraps(call)
    def recorded(self: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        known = self.callback_handler.callbacks
        if any(isinstance(each, _Recorder) for each in known) or not self.is_world_process_zero():
            return call(self, *args, **kwargs)
        told = {"config": config_of(self.args, self.model), "objective": _objective(self.args)}
        title = type(self.model).__name__ if self.model is not None else "training"
        with recording(title, **{**told, **options}) as run:
            if run is None:
                return call(self, *args, **kwargs)
            callback = _callback_class()(run)
            self.add_callback(callback)
            try:
                answer = call(self, *args, **kwargs)
            except BaseException as error:
                callback.end_trial(outcome(error)[0])
                raise
            finally:
                self.remove_callback(callback)
            callback.end_trial("finished")
            return answer

    recorded._ledger_records = True  # type: ignore[attr-defined]  # noqa: SLF001  # our mark
    setattr(trainer_class, name, recorded)

    def take_back() -> None:
        if getattr(trainer_class, name) is recorded:
            setattr(trainer_class, name, call)

    return take_back
