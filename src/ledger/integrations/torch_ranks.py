"""The ranks of a distributed training of PyTorch, and how they learn which run they are part of.

Rank 0 puts the id of its run into the key-value store that the ranks share anyway: that of
``torchrun``, or that of the process group. Nothing here is a collective operation, so a rank that
starts no run holds up nobody.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
import time

from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

SECONDS_FOR_RANK_0 = 120.0
"""How long the other ranks wait until rank 0 has started the run."""
_PAUSE_SECONDS = 0.05
_NOBODY = b"-"
"""What rank 0 leaves where it could start no run."""


@value
class Rank:
    """The place of this process among those of a training."""

    number: int = 0
    world: int = 1
    """How many processes there are."""
    restarts: int = 0
    """How often ``torchrun`` has started them again."""
    job: str | None = None
    """What tells a training that ``torchrun`` may start again from all others; None elsewhere."""


def this_rank(environ: Mapping[str, str]) -> Rank:
    """Return the place of this process: of the process group, else of what the launcher says."""
    group = _group()
    number, world = _whole(environ.get("RANK")), _whole(environ.get("WORLD_SIZE"))
    if group is not None:
        number, world = group.get_rank(), group.get_world_size()
    if number is None or not world or number >= world:
        return Rank()
    job = environ.get("TORCHELASTIC_RUN_ID")
    if job == "none":  # without a name of its own, a job is told by the agent on its first host
        job = f"{job}-{os.getppid()}"
    is_elastic = _whole(environ.get("TORCHELASTIC_MAX_RESTARTS")) or 0
    restarts = _whole(environ.get("TORCHELASTIC_RESTART_COUNT")) or 0
    return Rank(number=number, world=world, restarts=restarts, job=job if is_elastic else None)


class Meeting:
    """Where the ranks meet for the next run that each of them starts.

    Raises:
        RuntimeError: they do not meet: there is no store, or it cannot be reached.
    """

    def __init__(self, rank: Rank, environ: Mapping[str, str]) -> None:
        self._store = _store(environ)
        # every rank starts its runs in the same order, so their number tells them apart
        n = self._store.add(f"ledger/{rank.restarts}/rank{rank.number}", 1)
        self._key = f"ledger/{rank.restarts}/run{n}"
        self._n_others = rank.world - 1

    def tell(self, run_id: str | None) -> None:
        """Let the others know the run of rank 0, None where there is none."""
        self._store.set(self._key, _NOBODY if run_id is None else run_id.encode())

    def come(self) -> None:
        """Let rank 0 know that this rank has its part, or will have none."""
        self._store.add(f"{self._key}/come", 1)

    def wait_for_others(self, seconds: float) -> bool:
        """Wait, as rank 0, until all others have come, at most ``seconds``; whether they have."""
        deadline = time.monotonic() + seconds
        while self._store.add(f"{self._key}/come", 0) < self._n_others:
            if time.monotonic() > deadline:
                return False
            time.sleep(_PAUSE_SECONDS)
        return True

    def ask(self, seconds: float) -> str | None:
        """Return the run of rank 0, None where it has none.

        Raises:
            TimeoutError: it has said nothing within ``seconds``.
        """
        deadline = time.monotonic() + seconds
        while not self._store.check([self._key]):
            if time.monotonic() > deadline:
                message = f"rank 0 has started no run within {seconds:.0f} s"
                raise TimeoutError(message)
            time.sleep(_PAUSE_SECONDS)
        said = bytes(self._store.get(self._key))
        return None if said == _NOBODY else said.decode()


def _group() -> Any:  # noqa: ANN401  # torch is not typed here
    """Return ``torch.distributed`` where this process has joined a process group."""
    distributed = sys.modules.get("torch.distributed")
    is_there = distributed is not None and distributed.is_available()
    return distributed if is_there and distributed.is_initialized() else None  # type: ignore[union-attr]  # it is there


def _store(environ: Mapping[str, str]) -> Any:  # noqa: ANN401
    group = _group()
    if group is not None:
        return group.distributed_c10d._get_default_store()  # noqa: SLF001  # no public name for it
    if environ.get("TORCHELASTIC_USE_AGENT_STORE") != "True":
        message = "the ranks have no process group yet"
        raise RuntimeError(message)
    from torch.distributed import TCPStore

    return TCPStore(
        environ.get("MASTER_ADDR", "localhost"),
        _whole(environ.get("MASTER_PORT")) or 0,
        timeout=dt.timedelta(seconds=SECONDS_FOR_RANK_0),
        wait_for_workers=False,
    )


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None
