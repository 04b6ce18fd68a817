"""Hydra: ``Callback`` records each job as a run, with its composed config and its overrides.

It is all that a config needs::

    hydra:
      callbacks:
        ledger:
          _target_: ledger.integrations.hydra.Callback
"""

from __future__ import annotations

import contextlib
import functools
import os

from ledger.contract.redaction import redact_text
from ledger.errors import LedgerError
from ledger.integrations.framework import needs
from ledger.writer.current import start
from ledger.writer.narrate import warn
from ledger.writer.omega import plain
from ledger.writer.seal import outcome


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ledger.writer.run import Run

_ENDING = ".yaml"


def __getattr__(name: str) -> Any:  # noqa: ANN401  # PEP 562
    if name == "Callback":
        return _callback_class()
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return ["Callback"]


@functools.cache
def _callback_class() -> type:
    with needs("hydra"):
        from hydra.experimental import callback

    base: Any = callback.Callback  # typed where Hydra is installed, unknown elsewhere

    class Callback(base):  # type: ignore[misc]  # as above
        """Records each job as a run, which is open while the job runs: ``ledger.log(…)``.

        Args:
            name: of the runs; the job's name and its overrides where it is None.
            start_options: as for ``ledger.start``: objective, data, tags, hypothesis, seed.
        """

        def __init__(self, name: str | None = None, **start_options: Any) -> None:  # noqa: ANN401
            self._name = name
            self._options: dict[str, Any] = plain(start_options)  # type: ignore[assignment]  # a mapping stays one
            self._run: Run | None = None

        def on_job_start(self, config: Any, **_: Any) -> None:  # noqa: ANN401
            """Start the run of a job."""
            try:
                self._run = _start(config, self._name, self._options)
            except (LedgerError, TypeError) as error:  # a TypeError: an option that start lacks
                hint = getattr(error, "hint", "see ledger.start for what the callback takes")
                warn(f"this job is not recorded: {error}; {hint}")

        def on_job_end(self, config: Any, job_return: Any, **_: Any) -> None:  # noqa: ANN401
            """Seal it with how the job ended; a number that the job returned is stated."""
            run, self._run = self._run, None
            if run is None:
                return
            run.artifact("output", str(config.hydra.runtime.output_dir), is_hashed=False)
            returned = job_return._return_value  # noqa: SLF001  # the property raises it
            if isinstance(returned, BaseException):
                run.finish(*outcome(returned))
                return
            if isinstance(returned, int | float) and not isinstance(returned, bool):
                run.final({"returned": returned})
            run.finish()

    Callback.__qualname__ = "Callback"  # a launcher that pickles it finds it here
    return Callback


def _start(config: Any, name: str | None, options: dict[str, Any]) -> Run:  # noqa: ANN401
    """Start the run of the job that ``config`` is about, its part for Hydra included."""
    hydra = config.hydra
    overrides = [redact_text(str(each)) for each in hydra.overrides.task]
    tags = options.get("tags") or ()
    given = {
        **options,
        "tags": [*([tags] if isinstance(tags, str) else tags), *overrides, *_shared(hydra)],
        "config": _without_hydra(config),
        "config_path": _files(hydra),
    }
    with _in(str(hydra.runtime.cwd)):
        return start(name or " ".join([str(hydra.job.name), *overrides]), **given)


def _without_hydra(config: Any) -> dict[str, Any]:  # noqa: ANN401
    from omegaconf import OmegaConf

    rest = OmegaConf.masked_copy(config, [key for key in config if key != "hydra"])
    resolved: dict[str, Any] = plain(rest)  # type: ignore[assignment]  # a mapping stays one
    return resolved


def _shared(hydra: Any) -> list[str]:  # noqa: ANN401
    """Return the tag that the jobs of one multirun share: the name of its folder."""
    if getattr(hydra.mode, "name", "") != "MULTIRUN":
        return []
    return [f"multirun:{os.path.basename(os.path.normpath(str(hydra.sweep.dir)))}"]


def _files(hydra: Any) -> list[str]:  # noqa: ANN401
    """Return the files that the config was composed of, the primary one first."""
    folders = [
        str(source.path) for source in hydra.runtime.config_sources if source.schema == "file"
    ]
    groups = ((str(group).partition("@")[0], name) for group, name in hydra.runtime.choices.items())
    names = [str(hydra.job.config_name), *(f"{group}/{name}" for group, name in groups if name)]
    paths = [
        os.path.join(folder, name.removesuffix(_ENDING) + _ENDING)
        for name in names
        for folder in folders
    ]
    return [os.path.relpath(path, str(hydra.runtime.cwd)) for path in paths if os.path.isfile(path)]


@contextlib.contextmanager
def _in(folder: str) -> Iterator[None]:
    """Be where the command was given: Hydra may have changed to the folder of the job's output."""
    here = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(here)
