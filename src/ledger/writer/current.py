"""The public door of recording: ``start``, ``log`` on the current run, ``seed_everything``.

The open runs of a process, and what it has loaded for them, are the one piece of state in the
product; they live here.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime

from ledger.capture.kernel import running_shell
from ledger.capture.memory import LoadedMemory
from ledger.capture.seeds import Seeds, set_seeds
from ledger.errors import LedgerError
from ledger.project import find_project
from ledger.value import as_dict
from ledger.writer.announce import announce, conclude
from ledger.writer.cells import watch_cells
from ledger.writer.claim import unwritable
from ledger.writer.config_file import config_files
from ledger.writer.join import (
    RUN_DIR,
    RUN_ID,
    claim_part,
    find_membership,
    find_running,
    join,
    state_seeds,
)
from ledger.writer.narrate import say, warn
from ledger.writer.process_end import ProcessEnd
from ledger.writer.start import Request, find_place, open_run, starting_points


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ledger.writer.run import Run
    from ledger.writer.start import Place

_process = ProcessEnd()
_seeds: list[Seeds] = [Seeds()]
_memory = LoadedMemory()
_pointers: dict[str, str | None] = {}
"""Paths of the run pointers of open runs, by run id."""


def start(  # noqa: PLR0913  # the public door; all but the name are keywords
    name: str,
    *,
    config: object = None,
    data: object = None,
    seed: int | None = None,
    objective: tuple[str, str] | None = None,
    tags: Sequence[str] = (),
    hypothesis: str | None = None,
    parent: str | None = None,
    run_id: str | None = None,
    config_path: str | Sequence[str] | None = None,
) -> Run:
    """Start a run and return it; use it with ``with``, or call ``finish`` on it.

    Under ``ledger run`` it joins the run that is recorded there, and ``run_id`` is not used. In a
    notebook it ends the run before it.

    The record exists from now on with the status ``running``; code, environment and data follow on
    a thread. A run that nobody finishes is sealed with its true status when the process ends.

    Args:
        name: what the run is about; part of its id.
        config: all settings, resolved: a mapping, dataclass or namespace, or a file's path.
        data: path of the data (file or folder), ``{"path", "name", "split"}``, or a list of these.
        seed: the seed the run uses; recorded, not set (see ``seed_everything``).
        objective: (metric, "min" or "max") the run is meant to improve.
        tags: words to find the run by.
        hypothesis: what you expect and why; the first section of the note.
        parent: id of the run this one follows.
        run_id: an id of your own instead of one made from time and name.
        config_path: the file, or files, that a config given as a mapping was made of. The first is
            recorded; all count as code that the run uses.

    Raises:
        LedgerError: no ledger here, an illegal or taken id, a ledger that cannot be written to; a
            second start of a process under ``ledger run``.
    """
    files = config_files(config_path)
    request = Request(
        name=name,
        config=config,
        config_path=files[0] if files else None,
        data=data,
        seed=seed,
        objective=objective,
        tags=tags,
        hypothesis=hypothesis,
        parent=parent,
    )
    joined = join_if_told(request)
    if joined is not None:
        if run_id is not None:
            warn(f"{joined.id} is joined; the id {run_id!r} is not used")
        return joined
    started = datetime.now(tz=UTC)
    project = find_project(starting_points())
    place = find_place(project, name, run_id, started, files or config, memory=_memory)
    return _begin(followed(request), place, started)


def _begin(request: Request, place: Place, started: datetime) -> Run:
    """Open a run, which ends the one before it in a notebook, and let others know of it."""
    opened = open_run(request, place, started, seeds_so_far(), when_closed)
    if running_shell() is not None:
        _process.make_room()
    run = opened.run
    _process.watch(run, watch_cells(opened))
    _pointers[run.id] = announce(run, os.environ)
    return run


def start_again(run_id: str, name: str, **options: Any) -> Run:  # noqa: ANN401  # those of `start`
    """Go on with the run ``run_id``, or start one that follows it where it can no longer change.

    Args:
        run_id: the run of an earlier process.
        name: of a new run.
        options: as for ``start``; of a run that goes on, data counts.

    Raises:
        LedgerError: as for ``start``.
    """
    from ledger.writer.reopen import CannotGoOnError, reopen  # noqa: PLC0415  # few runs need it

    options = {"parent": run_id, **options}
    if not os.environ.get(RUN_DIR):
        request = Request(name=name, config=options.get("config"), data=options.get("data"))
        project = find_project(starting_points())
        try:
            run = reopen(project, run_id, request, when_closed, _memory)
        except CannotGoOnError as error:
            say(str(error))
        else:
            watch_end(run)
            _pointers[run.id] = announce(run, os.environ)
            return run
    return start(name, **options)


def join_running(run_id: str, worker: str, **options: Any) -> Run | None:  # noqa: ANN401  # as above
    """Return this process's part of the run ``run_id``, which another process is recording.

    It has tables of its own, metrics.<worker>.csv; the owner folds them in when it seals the run.

    Args:
        run_id: the run.
        worker: what this process is called in it.
        options: as for ``start``.

    Returns:
        None while no process records that run.

    Raises:
        LedgerError: no ledger here, or an argument that cannot be understood.
    """
    project = find_project(starting_points())
    try:
        membership = find_running(project, run_id, os.environ)
        if membership is None:
            return None
        name = claim_part(membership, worker)
    except OSError as error:
        raise unwritable(project.ledger_dir, error) from error
    request = Request(name=None, **options)
    run = join(request, membership, seeds_so_far(), when_closed, name)
    watch_end(run)
    return run


def log(metrics: Mapping[str, object] | None = None, /, **values: object) -> None:
    """Write one row into the current run, the one started last; see ``Run.log``.

    Raises:
        LedgerError: no run is open.
    """
    current_run().log(metrics, **values)


def current_run() -> Run:
    """Return the open run that was started last.

    Raises:
        LedgerError: no run is open.
    """
    if not _process.runs and _process.joined is None and not _is_helper():
        join_if_told(Request(name=None))
    if not _process.runs:
        message = "no run is open"
        raise LedgerError(message, hint="call ledger.start(...) first")
    return _process.runs[-1]


def seed_everything(seed: int) -> Seeds:
    """Seed Python, and numpy, torch and tensorflow where they are imported already.

    What was set is recorded in the runs that are open and in those started from now on. JAX has no
    global generator: make its key from ``seed`` yourself.

    Args:
        seed: any integer; numpy gets it modulo 2**32.

    Returns:
        what was set, None for what was not imported.
    """
    seeds = set_seeds(seed, sys.modules)
    _seeds[-1] = seeds
    for run in _process.runs:
        run.set_random(seeds.to_json())
    if not _process.runs and _process.joined is None and not _is_helper():
        _state_seeds(seeds)
    return seeds


def join_if_told(request: Request) -> Run | None:
    """Join the run of the ``ledger run`` around this process; None where there is none.

    Raises:
        LedgerError: this process has joined before, or an argument cannot be understood.
    """
    if not os.environ.get(RUN_DIR):
        return None
    if _process.joined is not None:
        message = f"this process has already joined {_process.joined}"
        hint = "under `ledger run` a process records one run; start the script without it"
        raise LedgerError(message, hint=hint)
    membership = find_membership(os.environ)
    if membership is None:
        return None
    run = join(request, membership, seeds_so_far(), when_closed, _process.worker)
    _process.joined = run.id
    watch_end(run)
    return run


def followed(request: Request) -> Request:
    """Return ``request`` with the run that could not be joined as its parent, if it has none."""
    run_id = os.environ.get(RUN_ID)
    if request.parent is not None or not os.environ.get(RUN_DIR) or not run_id:
        return request
    return Request(**{**as_dict(request), "parent": run_id})  # type: ignore[arg-type]  # its own fields


def _state_seeds(seeds: Seeds) -> None:
    """Let the run around this process know its seeds, though it may never start or log."""
    if not os.environ.get(RUN_DIR) or _process.worker is not None:
        return
    membership = find_membership(os.environ)
    if membership is not None:
        try:
            _process.worker = state_seeds(membership, seeds)
        except OSError as error:
            warn(f"{membership.run_id}: the seed is not recorded: {error.strerror or error}")


def _is_helper() -> bool:
    """Whether this process only helps another: a fork of it, or a worker of multiprocessing."""
    multiprocessing = sys.modules.get("multiprocessing.process")
    parent = getattr(multiprocessing, "parent_process", lambda: None)
    return _process.is_forked or parent() is not None


def seeds_so_far() -> Seeds:
    """Return what ``seed_everything`` has set in this process."""
    return _seeds[-1]


def watch_end(run: Run) -> None:
    """Seal ``run`` with its true status should the process end before it is finished."""
    _process.watch(run)


def take_signals() -> None:
    """Seal open runs on a signal, before what handles it now; see ``give_signals_back``."""
    if _process.runs:
        _process.take_signals()


def give_signals_back() -> None:
    """Let others handle signals as if no run was open: a framework is about to put its own in.

    What it would find of ours it would call after its own, as if to end the process at once.
    """
    _process.give_signals_back()


def when_closed(run: Run) -> None:
    """Stop watching ``run``: it is sealed."""
    conclude(_pointers.pop(run.id, None), run)
    _process.forget(run)
