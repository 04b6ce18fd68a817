"""The libraries of the extra ``review``: imported when a statistic is asked for, never before."""

from __future__ import annotations

import importlib
import importlib.util


TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

_MODULES = {"scipy": "scipy", "scikit-learn": "sklearn"}


def load(module: str) -> ModuleType | None:
    """Return the module ``module`` (``scipy.stats``), or None where its library is missing."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is not None and module.startswith(error.name):
            return None
        raise


def versions() -> dict[str, str | None]:
    """Return the versions of the libraries that statistics are computed with; None for missing."""
    from importlib.metadata import version  # noqa: PLC0415  # only for a review

    return {
        name: version(name) if importlib.util.find_spec(module) is not None else None
        for name, module in _MODULES.items()
    }
