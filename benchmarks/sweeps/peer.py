"""The real kt-masterlog: a callback and a tuner factory that write one CSV of all epochs."""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
import types
from pathlib import Path


def load_peer(folder: Path) -> types.ModuleType | None:
    """Return the package ``kt_masterlog``, installed into ``folder``; None where it is not offered.

    It asks for Python 3.12 and runs on 3.11. At import it asks for ``tensorflow``, of which it uses
    ``tensorflow.keras`` alone. That is the package ``keras`` itself (since TensorFlow 2.16), so
    where TensorFlow is not installed a module of that name leads to the Keras that is: every line
    that is measured is kt-masterlog's or Keras's own.
    """
    install = ["uv", "pip", "install", "-q", "--target", str(folder), "--no-deps"]
    if importlib.util.find_spec("kt_masterlog") is None:
        command = [*install, "--python-version", "3.12", "kt-masterlog"]
        if not folder.exists() and subprocess.run(command, check=False).returncode:
            return None
        sys.path.append(str(folder))
    if importlib.util.find_spec("tensorflow") is not None:
        return importlib.import_module("kt_masterlog")
    import keras

    # keras_tuner looks for TensorFlow too, and must not take this module for it
    import keras_tuner  # noqa: F401

    stand_in = types.ModuleType("tensorflow")
    stand_in.keras = keras
    names = {
        "tensorflow": stand_in,
        "tensorflow.keras": keras,
        "tensorflow.keras.callbacks": keras.callbacks,
    }
    sys.modules.update(names)
    try:
        return importlib.import_module("kt_masterlog")
    finally:
        for name in names:
            del sys.modules[name]
