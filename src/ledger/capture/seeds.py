"""Seeds: set them where the library is already imported, and say what was really set."""

from __future__ import annotations

import operator
import random

from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.contract.json_text import Json

_NUMPY_LIMIT = 2**32
CONFIG_KEYS = ("seed", "random_seed")


@value
class Seeds:
    """The seeds of a run; None for a generator that was not seeded through us."""

    seed: int | None = None
    torch_seed: int | None = None
    numpy_seed: int | None = None
    python_seed: int | None = None
    tensorflow_seed: int | None = None

    def to_json(self) -> dict[str, Json]:
        """Return the random section of run.json."""
        section: dict[str, Json] = {
            "seed": self.seed,
            "torch_seed": self.torch_seed,
            "numpy_seed": self.numpy_seed,
            "python_seed": self.python_seed,
        }
        if self.tensorflow_seed is not None:
            section["tensorflow_seed"] = self.tensorflow_seed
        return section


def set_seeds(seed: int, modules: Mapping[str, object]) -> Seeds:
    """Seed Python and those of numpy, torch and tensorflow that are imported already.

    JAX keeps no global generator: its keys are made from ``seed`` by the program itself.

    Args:
        seed: any integer; numpy, which takes 32 bits, gets it modulo 2**32.
        modules: ``sys.modules``.

    Returns:
        what was set; None for what was not imported.
    """
    seed = operator.index(seed)  # an integer of numpy is none that every library takes
    random.seed(seed)
    numpy, torch, tensorflow = (modules.get(name) for name in ("numpy", "torch", "tensorflow"))
    numpy_seed = None
    if numpy is not None:
        numpy_seed = seed % _NUMPY_LIMIT
        numpy.random.seed(numpy_seed)  # type: ignore[attr-defined]  # numpy, never imported here
    if torch is not None:
        torch.manual_seed(seed)  # type: ignore[attr-defined]  # seeds every device too
    if tensorflow is not None:
        tensorflow.random.set_seed(seed)  # type: ignore[attr-defined]  # tensorflow
    return Seeds(
        seed=seed,
        python_seed=seed,
        numpy_seed=numpy_seed,
        torch_seed=seed if torch is not None else None,
        tensorflow_seed=seed if tensorflow is not None else None,
    )


def seed_in_config(config: Mapping[str, object]) -> int | None:
    """Return the seed a config states under ``seed`` or ``random_seed``, None without one."""
    stated = (config.get(key) for key in CONFIG_KEYS)
    return next((whole_number(item) for item in stated if whole_number(item) is not None), None)


def whole_number(item: object) -> int | None:
    """Return ``item`` as a plain integer, None where it is none; True is none."""
    if isinstance(item, bool):
        return None
    try:
        return operator.index(item)  # type: ignore[arg-type]  # that is the question
    except TypeError:
        return None
