"""Searches of the real KerasTuner whose epochs take no time, so that what logs them can be seen."""

from __future__ import annotations

import contextlib
import copy
import functools
import gc
import io
import math
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import keras_tuner
from keras_tuner.src.engine.tuner_utils import TunerCallback


@functools.cache
def _model() -> keras.Model:
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])


def build(hp: keras_tuner.HyperParameters) -> keras.Model:
    """Ask for seven params, one of them conditional; the model itself is never trained."""
    hp.Float("lr", 1e-4, 1e-1, sampling="log")
    hp.Int("units", 16, 512, step=16)
    hp.Float("dropout", 0.0, 0.5)
    hp.Choice("activation", ["relu", "gelu", "tanh"])
    hp.Boolean("batch_norm")
    if hp.Choice("optimizer", ["adam", "sgd"]) == "sgd":
        with hp.conditional_scope("optimizer", ["sgd"]):
            hp.Float("momentum", 0.0, 0.99)
    return _model()


class Replay(keras_tuner.RandomSearch):
    """Tells its callbacks, as Keras would, of epochs that nobody trains.

    Args:
        epochs: of each trial; about one trial in ten diverges half way and fails.
        options: as for RandomSearch.
    """

    def __init__(self, epochs: int, **options: object) -> None:
        super().__init__(build, **options)
        self.epochs = epochs
        self.n_rows = 0
        self.n_trials = 0
        self.epoch_s = 0.0
        """Seconds of CPU in the callbacks, at the ends of epochs."""
        self.trial_s = 0.0
        """Seconds of CPU of the hooks at the ends of trials, without KerasTuner's own."""

    def quiet_search(self) -> None:
        """Search, and measure what the hooks that this tuner has by now add."""
        for name in ("on_trial_begin", "on_trial_end"):
            setattr(self, name, functools.partial(self._timed, 1, getattr(self, name)))
        gc.collect()
        gc.freeze()  # else whoever allocates next pays for walking through all of Keras
        silence = io.StringIO()  # of trials that fail KerasTuner prints the traceback
        with contextlib.redirect_stdout(silence), contextlib.redirect_stderr(silence):
            self.search(verbose=0)

    def on_trial_begin(self, trial) -> None:  # noqa: ANN001
        """Do as KerasTuner does."""
        self._timed(-1, super().on_trial_begin, trial)

    def on_trial_end(self, trial) -> None:  # noqa: ANN001
        """Do as KerasTuner does."""
        self._timed(-1, super().on_trial_end, trial)

    def run_trial(self, trial, *_args, callbacks=(), **_kwargs):  # noqa: ANN001, ANN002, ANN003, ANN201
        """Go through the callbacks of a trial in KerasTuner's own order."""
        copied = self._timed(1, copy.deepcopy, list(callbacks))
        told = keras.callbacks.CallbackList([*copied, TunerCallback(self, trial)], model=_model())
        self.n_trials += 1
        best = math.inf
        for epoch, logs in enumerate(self._curve(trial)):
            best = min(best, logs["val_loss"])
            self.n_rows += 1
            begun = time.thread_time()
            told.on_epoch_end(epoch, logs)
            self.epoch_s += time.thread_time() - begun
        return best

    def _curve(self, trial) -> Iterator[dict[str, float]]:  # noqa: ANN001
        chance = random.Random(trial.trial_id)
        diverges, end = chance.random() < 0.1, 0.5 + chance.random() / 2
        for epoch in range(self.epochs):
            if diverges and epoch == self.epochs // 2:
                message = f"diverged at lr {trial.hyperparameters.get('lr')}"
                raise keras_tuner.errors.FailedTrialError(message)
            accuracy = end * (epoch + 1) / self.epochs + chance.random() / 50
            yield {
                "accuracy": accuracy,
                "loss": 1.2 - accuracy,
                "val_accuracy": accuracy - chance.random() / 20,
                "val_loss": 1.25 - accuracy + chance.random() / 20,
            }

    def _timed(self, sign: int, call: Callable, *given: object):  # noqa: ANN202
        begun = time.thread_time()
        try:
            return call(*given)
        finally:
            self.trial_s += sign * (time.thread_time() - begun)


def search_options(folder: Path, max_trials: int) -> dict:
    """Return what a search in ``folder`` is made with: the same trials whoever logs them."""
    return {
        "objective": keras_tuner.Objective("val_loss", "min"),
        "max_trials": max_trials,
        "max_consecutive_failed_trials": max_trials,
        "seed": 7,
        "directory": str(folder),
        "project_name": "sweep",
        "overwrite": True,
    }


def make_project(folder: Path) -> None:
    """Make a repository with one commit, the tuner's own files ignored."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ledger.toml").touch()
    (folder / ".gitignore").write_text("tuning-*/\n__pycache__/\n", encoding="utf-8")
    for command in (
        ["git", "init", "-q"],
        ["git", "config", "user.email", "bench@localhost"],
        ["git", "config", "user.name", "bench"],
        ["git", "add", "-A"],
        ["git", "commit", "-qm", "start"],
    ):
        subprocess.run(command, cwd=folder, check=True)
