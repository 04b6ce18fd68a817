"""Search the widths and learning rates of a small network: python tune.py [TRIALS EPOCHS]."""

import sys

import keras_tuner
from circles import build, half_circles

from ledger.integrations.keras_tuner import attach

trials, epochs = (int(word) for word in sys.argv[1:] or (8, 5))
tuner = keras_tuner.RandomSearch(
    build,
    objective="val_accuracy",
    max_trials=trials,
    seed=1,
    directory="tuning",
    project_name="circles",
)
config = {"trials": trials, "epochs": epochs, "n_points": 400}
run = attach(tuner, name="circles", config=config, seed=1, hypothesis="wide networks win")
train, val = half_circles(400, seed=1), half_circles(100, seed=2)
tuner.search(*train, validation_data=val, epochs=epochs, verbose=0)
run.final(best_lr=tuner.get_best_hyperparameters()[0]["lr"])
