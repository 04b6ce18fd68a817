"""What the logging of one epoch costs in a search: ours, and kt-masterlog's beside it."""

from __future__ import annotations

import contextlib
import functools
import io
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import keras
import keras_tuner
import numpy as np
from replay import Replay, search_options

from ledger.integrations.keras_tuner import attach


ROUNDS = 5


def print_per_epoch(peer, n_trials: int, epochs: int) -> None:  # noqa: ANN001  # a module
    """Print the table; the working folder is a project.

    Args:
        peer: kt_masterlog; None to measure ours alone.
        n_trials: of each search.
        epochs: of each trial.
    """
    ways = {"nobody logs": _bare, "ledger, attach": _ours}
    if peer is not None:
        ways["kt-masterlog, make_logging_tuner"] = lambda *size: _theirs(peer, *size)
    seen = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            seen[name].append(way(n_trials, epochs))
    medians = {name: [*map(statistics.median, zip(*seen[name], strict=True))] for name in ways}
    base = medians.pop("nobody logs")
    above = {
        name: [got - was for got, was in zip(each, base, strict=True)]
        for name, each in medians.items()
    }
    print(
        f"\n### One epoch of a search: {n_trials} trials × {epochs} epochs, the same in each line"
    )
    print(f"\nµs of CPU above the search that nobody logs; {ROUNDS} rounds in turn, medians\n")
    print("| | end of an epoch | begin and end of a trial | all of it, an epoch |")
    print("|---|---|---|---|")
    for name, (epoch, trial) in above.items():
        print(f"| {name} | {epoch:.1f} | {trial:.1f} | {epoch + trial / epochs:.1f} |")
    if peer is not None:
        ours, theirs = above.values()
        epoch = ours[0] / theirs[0]
        whole = (ours[0] + ours[1] / epochs) / (theirs[0] + theirs[1] / epochs)
        print(f"| **ratio** (the aim: at most 0.50) | **{epoch:.2f}** | | **{whole:.2f}** |")


def _searched(tuner: Replay) -> tuple[float, float]:
    """Return what a search takes, µs of CPU: in the callbacks an epoch, and in hooks a trial."""
    tuner.quiet_search()
    return tuner.epoch_s / tuner.n_rows * 1e6, tuner.trial_s / tuner.n_trials * 1e6


def _bare(n_trials: int, epochs: int) -> tuple[float, float]:
    return _searched(Replay(epochs, **_fresh(n_trials)))


def _ours(n_trials: int, epochs: int) -> tuple[float, float]:
    tuner = Replay(epochs, **_fresh(n_trials))
    run = attach(tuner, name="sweep")
    run.wait_for_capture()
    spent = _searched(tuner)
    run.finish()
    return spent


def _theirs(peer, n_trials: int, epochs: int) -> tuple[float, float]:  # noqa: ANN001
    logging = peer.make_logging_tuner(Replay)
    return _searched(logging(epochs, master_csv_path=_fresh_csv(), **_fresh(n_trials)))


def _fresh(n_trials: int) -> dict:
    return search_options(Path("tuning-replay"), n_trials)


def _fresh_csv() -> str:
    """Return the path of a table that is not there: the peer remembers the header of each path."""
    return f"tuning-replay/master-{time.monotonic_ns()}.csv"


def print_trained(peer, n_trials: int, epochs: int) -> None:  # noqa: ANN001  # a module
    """Print what each of the two costs at each epoch of one search that really trains.

    Both log the same search at once, so that not even the numbers differ.
    """
    chance = np.random.default_rng(0)
    x = chance.normal(size=(64, 2)).astype("float32")
    y = (x[:, 0] * x[:, 1] > 0).astype("float32")
    tuner = peer.make_logging_tuner(keras_tuner.RandomSearch)(
        _trainable, master_csv_path=_fresh_csv(), **_fresh(n_trials)
    )
    spent: dict[str, list[float]] = {"plain": [], "ours": [], "theirs": [], "trials": []}
    hooks = ("on_trial_begin", "on_trial_end")
    for name in hooks:
        setattr(tuner, name, _timing(spent["trials"], getattr(tuner, name), -1))
    tuner.on_epoch_end = _timing(spent["plain"], tuner.on_epoch_end)
    run = attach(tuner, name="trained")
    run.wait_for_capture()
    for name in hooks:
        setattr(tuner, name, _timing(spent["trials"], getattr(tuner, name)))
    tuner.on_epoch_end = _timing(spent["ours"], tuner.on_epoch_end)
    theirs = peer.MasterEpochLogger.on_epoch_end
    peer.MasterEpochLogger.on_epoch_end = _timing(spent["theirs"], theirs)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            tuner.search(x, y, validation_split=0.25, epochs=epochs, verbose=0)
    finally:
        peer.MasterEpochLogger.on_epoch_end = theirs
    run.finish()
    _print_trained(spent, n_trials, epochs)


def _print_trained(spent: Mapping[str, list[float]], n_trials: int, epochs: int) -> None:
    medians = {name: statistics.median(spent[name]) * 1e6 for name in ("plain", "ours", "theirs")}
    ours, theirs = medians["ours"] - medians["plain"], medians["theirs"] - medians["plain"]
    trial = sum(spent["trials"]) / n_trials * 1e6
    print(f"\n### The same in a search that trains: {n_trials} trials × {epochs} epochs of Keras")
    print("\nBoth log the one search; µs of CPU, of the end of an epoch the median\n")
    print("| | end of an epoch | begin and end of a trial | all of it, an epoch |")
    print("|---|---|---|---|")
    print(f"| ledger, attach | {ours:.1f} | {trial:.1f} | {ours + trial / epochs:.1f} |")
    print(f"| kt-masterlog | {theirs:.1f} | not counted | {theirs:.1f} |")
    whole = (ours + trial / epochs) / theirs
    print(f"| **ratio** (the aim: at most 0.50) | **{ours / theirs:.2f}** | | **{whole:.2f}** |")


def _trainable(hp: keras_tuner.HyperParameters) -> keras.Model:
    model = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(
                hp.Int("units", 4, 16), activation=hp.Choice("act", ["relu", "tanh"])
            ),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    rate = hp.Float("lr", 1e-4, 1e-1, sampling="log")
    model.compile(keras.optimizers.Adam(rate), "binary_crossentropy", metrics=["accuracy"])
    return model


def _timing(spent: list[float], call: Callable, sign: int = 1) -> Callable:
    """Return ``call``, what it takes added to ``spent``: seconds of CPU, times ``sign``."""

    @functools.wraps(call)
    def timed(*args, **kwargs):  # noqa: ANN002, ANN003, ANN202
        begun = time.thread_time()
        try:
            return call(*args, **kwargs)
        finally:
            spent.append(sign * (time.thread_time() - begun))

    return timed
