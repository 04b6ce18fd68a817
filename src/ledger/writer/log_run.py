"""The one-call form for scripts that record at their end: ``log_run`` and its small companions.

The training is over, so its result must not be lost because git, the disk or the ledger is not as
it should be: what cannot be done is said on stderr, and the record goes where it can.
"""

from __future__ import annotations

import os
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ledger.capture.data import describe_data
from ledger.capture.environment import describe_environment
from ledger.capture.process import seconds_since_start
from ledger.capture.seeds import seed_in_config
from ledger.capture.settle import settle
from ledger.contract.config import config_hash, to_json
from ledger.contract.json_text import as_object
from ledger.contract.layout import (
    CONFIG_NAME,
    NOTE_NAME,
    PATCH_NAME,
    RECORD_NAME,
    is_month,
    slug,
    why_illegal,
)
from ledger.contract.note import render_note
from ledger.contract.record import encode_record
from ledger.errors import LedgerError
from ledger.project import Project, find_project
from ledger.settings import OWN_FILE, Settings
from ledger.storage.files import create_file
from ledger.writer.claim import find_folder
from ledger.writer.config_file import load_config
from ledger.writer.current import (
    followed,
    join_if_told,
    seeds_so_far,
    watch_end,
    when_closed,
)
from ledger.writer.narrate import say, warn
from ledger.writer.note_file import write_template
from ledger.writer.start import (
    Place,
    Request,
    find_place,
    observe_project,
    open_run,
    starting_points,
)


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.contract.json_text import Json
    from ledger.writer.run import Run

_DATA_KEYS = ("data_path", "data_dir", "dataset_path", "data")
# What training scripts call the files they leave behind, by the artifact's name.
_KNOWN_ARTIFACTS = {
    "model": ("model.*", "best_model.*", "*.pt", "*.pth", "*.keras", "*.h5", "*.joblib", "*.pkl"),
    "logs": ("*.log", "logs"),
    "predictions": ("predictions.*",),
    "plots": ("plots", "figures"),
}
_COPIED = (CONFIG_NAME, PATCH_NAME)


def log_run(
    run_id: str,
    config: Mapping[str, object],
    metrics: Mapping[str, object],
    output_dir: str | os.PathLike[str],
) -> dict[str, Json]:
    """Record a training that has just ended, and return the record.

    The record goes into the ledger, and into ``output_dir`` when that lies outside of it; the
    folder and the files training scripts usually leave there become artifacts. The start is that
    of the process; code is recorded as it is now.

    Args:
        run_id: the run's id; one that is taken or illegal is kept as the name of a new one.
        config: all settings; data is looked for under ``data_path``, ``data_dir``, ``data``.
        metrics: final values by name; lists of equal length (a Keras ``history``) become rows.
        output_dir: the folder of the run's outputs; made if need be.
    """
    output = Path(output_dir).absolute()
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        warn(f"{output} cannot be made: {error.strerror}")
    run = _open(run_id, config or {}, output)
    _record_metrics(run, metrics or {})
    if run.dir != output:
        run.artifact("output", output, is_hashed=False)  # our own copies change it afterwards
    for name, path in _artifacts_in(output):
        run.artifact(name, path)
    run.finish()
    if run.dir != output:
        _copy_to(output, run)
    say(f"[OK] Experiment completed: {run.dir}")
    say(f"[NOTE] Write the summary, two minutes: {run.dir / NOTE_NAME}")
    return run.document


def create_run_md_template(output_dir: str | os.PathLike[str], run_id: str) -> Path:
    """Make sure a note for ``run_id`` exists, say where, and return its path.

    A note that exists, here or in the ledger, is never overwritten. For a run of the ledger the
    note is the one there, and ``output_dir`` gets a few words that say so.
    """
    output = Path(output_dir)
    output.mkdir(parents=True, exist_ok=True)
    path = output / NOTE_NAME
    try:
        in_ledger = find_folder(find_project([*starting_points(), output]).ledger_dir, run_id)
    except LedgerError:
        in_ledger = None
    if in_ledger is not None and (in_ledger / NOTE_NAME).exists():
        path = in_ledger / NOTE_NAME
        pointer = f"# Run: {run_id}\n\nThe note of this run is {path}\n"
        create_file(str(output / NOTE_NAME), pointer.encode("utf-8", "replace"))
    elif not path.exists():
        write_template(output, render_note(run_id, {}))
    say(f"[NOTE] Write the summary, two minutes: {path}")
    return path


def get_git_info() -> dict[str, Json]:
    """Return the git section of the project's repository right now; nulls where git cannot tell."""
    empty: dict[str, Json] = dict.fromkeys(("commit", "base", "branch", "remote", "dirty"))
    code = observe_project(_project_or_here())
    try:
        return settle(code, None).to_json() if code else empty
    except LedgerError as error:
        warn(f"code was not captured: {error}")
        return empty


def get_env_info() -> dict[str, Json]:
    """Return the environment section for this process; the package list itself is not stored."""
    return describe_environment(sys.modules).to_json(None)


def get_data_info(data_path: str | os.PathLike[str] | None) -> dict[str, Json]:
    """Return the data section for a file or folder: DVC's hash, bytes, number of files.

    Without a path, or for one that cannot be read, the hash is None.
    """
    if data_path is None:
        return dict.fromkeys(("name", "path", "hash", "split", "bytes", "n_files", "source"))
    facts = describe_data(data_path, project_root=_project_or_here().root)
    for warning in facts.warnings:
        warn(warning)
    return as_object(to_json(facts.to_json()))


def get_random_seeds(config: Mapping[str, object]) -> dict[str, Json]:
    """Return the random section: the seed ``config`` states, and what was really set.

    The seeds of single libraries are those of ``ledger.seed_everything``; None where it was not
    called or the library was not imported then.
    """
    section = seeds_so_far().to_json()
    stated = seed_in_config(config or {})
    return section | ({} if stated is None else {"seed": stated})


def hash_dict(d: object) -> str:
    """Return ``sha256:<64 hex>`` of ``d`` as configs are stored; key order is no matter."""
    return config_hash(to_json(d))


def _open(run_id: str, config: object, output: Path) -> Run:
    """Open the run in the ledger; where that cannot be, in the output folder."""
    started = datetime.now(tz=UTC) - timedelta(seconds=seconds_since_start(os.getpid()) or 0.0)
    try:
        resolved = load_config(config)[1]
    except LedgerError as error:
        warn(f"the config is not recorded: {error}")
        config, resolved = None, {}
    seed, data = seed_in_config(resolved), _data_in(resolved)
    request = Request(name=run_id, config=config, data=data, seed=seed)
    try:
        joined = join_if_told(request)
        if joined is not None:
            return joined
        place = _place(run_id, output, started)
        run = open_run(followed(request), place, started, seeds_so_far(), when_closed).run
    except LedgerError as error:
        warn(f"{error}; the record goes to {output} only")
        alone = _output_alone(output)
        run = open_run(request, alone, started, seeds_so_far(), when_closed).run
    watch_end(run)
    return run


def _place(run_id: str, output: Path, started: datetime) -> Place:
    """Claim a folder in the ledger, which may be the output folder itself.

    Raises:
        LedgerError: there is no ledger, or it cannot be written to.
    """
    own_id = None if why_illegal(run_id) else run_id
    project = find_project([*starting_points(), output])
    is_inside = output.parent.parent == project.ledger_dir and is_month(output.parent.name)
    if is_inside and not why_illegal(output.name) and not (output / RECORD_NAME).exists():
        code = observe_project(project)
        return Place(run_dir=output, ledger_dir=project.ledger_dir, project=project, code=code)
    try:
        return find_place(project, run_id, own_id, started)
    except LedgerError as error:
        if own_id is None:
            raise
        place = find_place(project, run_id, None, started)
        warn(f"{error}; recorded as {place.run_dir.name}")
        return place


def _output_alone(output: Path) -> Place:
    project = _alone(output)
    return Place(
        run_dir=_unused(output), ledger_dir=output, project=project, code=observe_project(project)
    )


def _alone(folder: Path) -> Project:
    root = folder.absolute()
    return Project(root=root, settings=Settings(), settings_path=root / OWN_FILE)


def _unused(output: Path) -> Path:
    """Return ``output``, or a folder in it when it already holds a record."""
    if not (output / RECORD_NAME).exists():
        return output
    folder = output / slug(f"{datetime.now(tz=UTC):%Y-%m-%dT%H%M%S}-{os.getpid()}")
    folder.mkdir()
    return folder


def _project_or_here() -> Project:
    try:
        return find_project(starting_points())
    except LedgerError:
        return _alone(Path.cwd())


def _data_in(config: Mapping[str, object]) -> str | None:
    named = (config.get(key) for key in _DATA_KEYS)
    return next((os.fspath(d) for d in named if isinstance(d, str | os.PathLike)), None)


def _record_metrics(run: Run, metrics: Mapping[str, object]) -> None:
    given = {name: _as_rows(item) for name, item in metrics.items()}
    rows = {name: item for name, item in given.items() if item is not None}
    for epoch in range(max(map(len, rows.values()), default=0)):
        run.log(
            {"epoch": epoch} | {n: item[epoch] for n, item in rows.items() if epoch < len(item)}
        )
    run.final({name: item for name, item in metrics.items() if name not in rows})


def _as_rows(item: object) -> list[object] | None:
    """Return the values of a list, tuple or array, None for anything else."""
    if getattr(item, "ndim", 0) and callable(convert := getattr(item, "tolist", None)):
        item = convert()
    return list(item) if isinstance(item, list | tuple) else None


def _artifacts_in(output: Path) -> list[tuple[str, Path]]:
    found = []
    for name, patterns in _KNOWN_ARTIFACTS.items():
        paths = (path for pattern in patterns for path in sorted(output.glob(pattern)))
        first = next(paths, None)
        if first is not None:
            found.append((name, first))
    return found


def _copy_to(output: Path, run: Run) -> None:
    """Leave the record beside the outputs too; nothing that is there is overwritten."""
    run_dir = run.dir
    is_first = not (output / RECORD_NAME).exists()
    for name in (RECORD_NAME, *run.table_names, *_COPIED):
        source = run_dir / name
        try:
            is_there = name == RECORD_NAME or source.exists()
            data = encode_record(run.document) if name == RECORD_NAME else b""
            if is_there and not create_file(str(output / name), data or source.read_bytes()):
                warn(f"{output / name} exists and is left as it is; the record is in {run_dir}")
        except OSError as error:
            warn(f"{output / name} could not be written: {error.strerror}")
    own_note = output / NOTE_NAME
    if is_first and own_note.exists():
        try:
            shutil.copyfile(own_note, run_dir / NOTE_NAME)
        except OSError as error:
            warn(f"{own_note} could not be copied into {run_dir}: {error.strerror}")
