"""Two noisy half circles, and a small network that is to tell them apart."""

import keras
import keras_tuner
import numpy as np


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
