"""The environment of a run: interpreter, platform, packages, GPU; nothing is imported for it."""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import sys

from ledger.capture.gpu import describe_gpu
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.contract.json_text import Json


@value
class EnvironmentFacts:
    """What a run ran in."""

    python: str
    platform: str
    cpu_count: int | None
    cuda: str | None
    """CUDA version that torch was built for, else the driver's; None without a GPU."""
    gpu: tuple[str, ...]
    """Names of the visible GPUs."""
    pytorch: str | None
    packages: tuple[str, ...]
    """``name==version`` of every installed distribution, sorted."""

    @property
    def freeze(self) -> bytes:
        """The package list as the ledger stores it, one a line."""
        return "".join(f"{package}\n" for package in self.packages).encode("utf-8")

    @property
    def freeze_hash(self) -> str:
        """``sha256:<64 hex>`` of the package list."""
        return "sha256:" + hashlib.sha256(self.freeze).hexdigest()

    def to_json(self, freeze_path: str | None) -> dict[str, Json]:
        """Return the environment section of run.json; ``freeze_path`` is where the list lies."""
        return {
            "python": self.python,
            "platform": self.platform,
            "cuda": self.cuda,
            "gpu": list(self.gpu) or None,
            "pytorch": self.pytorch,
            "pip_freeze_hash": self.freeze_hash,
            "pip_freeze_path": freeze_path,
            "cpu_count": self.cpu_count,
        }


def describe_environment(modules: Mapping[str, object]) -> EnvironmentFacts:
    """Return the environment of this process.

    Args:
        modules: ``sys.modules``: frameworks are asked only when they are imported already.
    """
    packages = installed_packages(tuple(sys.path))
    cuda, gpu = describe_gpu(modules)
    return EnvironmentFacts(
        python=platform.python_version(),
        platform=platform.platform(),
        cpu_count=os.cpu_count(),
        cuda=cuda,
        gpu=gpu,
        pytorch=_version(packages, "torch"),
        packages=packages,
    )


@functools.cache
def installed_packages(path: tuple[str, ...]) -> tuple[str, ...]:
    """Return ``name==version`` of every distribution on ``path``, sorted; read once a process.

    Read from the metadata on ``sys.path``: no ``pip``, which may be absent or another
    interpreter's. Where a name is found twice, the first on the path counts, as for an import.
    """
    import importlib.metadata  # noqa: PLC0415  # costs as much as the interpreter's own start

    found: dict[str, str] = {}
    for distribution in importlib.metadata.distributions(path=list(path)):
        try:
            name, version = distribution.metadata["Name"], distribution.version
        except (OSError, LookupError, AttributeError, TypeError, ValueError):
            continue  # what an uninstall left over: without a name it is no package
        if name:
            found.setdefault(name.lower().replace("_", "-"), f"{name}=={version}")
    return tuple(found[key] for key in sorted(found))


def _version(packages: tuple[str, ...], name: str) -> str | None:
    return next((p.partition("==")[2] for p in packages if p.startswith(f"{name}==")), None)
