"""Search the widths and learning rates of a small network on two noisy half circles."""

import sys

import keras
import keras_tuner
import numpy as np

from ledger.integrations.keras_tuner import attach


def half_circles(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    angle, label = rng.uniform(0, np.pi, n), rng.integers(0, 2, n)
    x = np.where(label, 1 - np.cos(angle), np.cos(angle)) + rng.normal(0, 0.2, n)
    y = np.where(label, 0.5 - np.sin(angle), np.sin(angle)) + rng.normal(0, 0.2, n)
    return np.stack([x, y], axis=1).astype("float32"), label.astype("float32")


def build(hp: keras_tuner.HyperParameters) -> keras.Model:
    layers = [keras.layers.Dense(hp.Int("units", 4, 16, step=4), activation="relu")]
    if hp.Boolean("dropout"):
        with hp.conditional_scope("dropout", [True]):
            layers.append(keras.layers.Dropout(hp.Float("rate", 0.1, 0.5)))
    layers.append(keras.layers.Dense(1, activation="sigmoid"))
    model = keras.Sequential([keras.layers.Input((2,)), *layers])
    optimizer = keras.optimizers.Adam(hp.Float("lr", 1e-3, 1e-1, sampling="log"))
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
    return model


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
