"""Starts a run on the caller's thread: finds the place, claims it, writes record and note."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from datetime import UTC, datetime
from pathlib import Path

from ledger.capture.code import observe
from ledger.capture.kernel import open_notebook
from ledger.capture.loaded import loaded_files, running_files
from ledger.capture.seeds import seed_in_config, whole_number
from ledger.capture.stale import stale_files
from ledger.contract.config import to_json
from ledger.contract.json_text import as_object
from ledger.contract.layout import RECORD_NAME
from ledger.contract.note import note_hash, render_note
from ledger.contract.record import parse_record
from ledger.contract.redaction import redact, redact_text
from ledger.contract.worker import CONSOLE
from ledger.errors import LedgerError, NoLedgerError
from ledger.value import value
from ledger.writer import prefill
from ledger.writer.capturing import Capture, Subject
from ledger.writer.claim import (
    claim_folder,
    claim_own_id,
    find_folder,
    release_id,
    unwritable,
)
from ledger.writer.config_file import config_files, load_config
from ledger.writer.data_argument import data_sources
from ledger.writer.first_record import (
    check_objective,
    config_section,
    first_document,
    pending_data,
)
from ledger.writer.home import Home, live_folder
from ledger.writer.narrate import warn
from ledger.writer.note_file import write_template
from ledger.writer.record_file import RecordFile
from ledger.writer.run import Run
from ledger.writer.shelf import make_shelf


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ledger.capture.code import CodeState
    from ledger.capture.memory import LoadedMemory
    from ledger.capture.seeds import Seeds
    from ledger.contract.json_text import Json
    from ledger.contract.record import RunRecord
    from ledger.project import Project
    from ledger.writer.capturing import DataSource


@value
class Request:
    """What a caller asked for; see ``ledger.start`` for the meaning of each."""

    name: str | None
    """What the run is called; None where nobody has said."""
    config: object = None
    config_path: str | None = None
    """The file that a config given as a mapping came from."""
    data: object = None
    seed: int | None = None
    objective: object = None
    tags: Sequence[str] = ()
    hypothesis: str | None = None
    parent: str | None = None
    argv: Sequence[str] | None = None
    """The command that is recorded; None for that of this process."""
    below: Mapping[str, Json] = {}
    """A config that the caller's is laid over."""
    keeps_config: bool = True
    """Whether a config that is too large for the record is kept as a file of its own."""


@value
class Place:
    """A folder for a run, and what it belongs to."""

    run_dir: Path
    ledger_dir: Path
    """Where files that runs share lie."""
    project: Project
    code: CodeState | None
    memory: LoadedMemory | None = None
    is_claimed: bool = False
    """Whether we made the folder; one that the caller gave may hold all that a training left."""
    has_own_id: bool = False
    """Whether the caller chose the id: it is then claimed for all worktrees."""


def find_place(  # noqa: PLR0913  # what a place depends on is this much
    project: Project,
    name: str,
    run_id: str | None,
    started: datetime,
    config: object = None,
    *,
    memory: LoadedMemory | None = None,
) -> Place:
    """Look at the code of ``project``, then claim a folder for a run in its ledger.

    ``config`` counts where it is a path, or a list of paths, and ``memory`` is what earlier runs of
    this process saw of the files it has loaded.

    Raises:
        LedgerError: ``run_id`` is illegal or taken, or the ledger cannot be written to.
    """
    code = observe_project(project, config_files(config), memory)
    if run_id is None:
        run_dir = claim_folder(project.ledger_dir, name, started)
    else:
        private_dir = code.repository.private_dir if code else None
        run_dir = claim_own_id(project.ledger_dir, private_dir, run_id, started)
    return Place(
        run_dir=run_dir,
        ledger_dir=project.ledger_dir,
        project=project,
        code=code,
        memory=memory,
        is_claimed=True,
        has_own_id=run_id is not None,
    )


@value
class Opened:
    """A run that has begun, and the parts of it that who opened it may need."""

    run: Run
    record: RecordFile
    capture: Capture
    root: Path
    """Of the project."""


def open_run(
    request: Request, place: Place, started: datetime, seeds: Seeds, on_close: Callable[[Run], None]
) -> Opened:
    """Write the first record and the note into the claimed ``place``, begin capturing.

    A run of a command (``argv``) is recorded from outside: its table is that of the console.

    Args:
        request: what the caller asked for.
        place: where; its folder is released again when the record cannot be written.
        started: start of the run, UTC.
        seeds: what was set in this process so far.
        on_close: called with the run when it is sealed.

    Raises:
        LedgerError: an objective, config or data argument that cannot be understood, or a folder
            that cannot be written to.
    """
    try:
        prepared = prepare(request, place, started, seeds)
        home = home_of(place)
        record = RecordFile(home, prepared.document)
        write_template(place.run_dir, render_note(place.run_dir.name, prepared.note))
        record.create()
    except OSError as error:
        _release(place)
        raise unwritable(place.run_dir, error) from error
    except BaseException:
        _release(place)
        raise
    if place.code is not None:
        home.begin(place.code.repository.top)
    subject = Subject(
        run_id=place.run_dir.name,
        home=home,
        ledger_dir=place.ledger_dir,
        project_root=place.project.root,
        code=place.code,
        data=prepared.sources,
        modules=sys.modules,
        installed=tuple(installed_folders()),
        memory=place.memory,
        has_script=request.argv is not None or has_script(),
        is_outside=request.argv is not None,
    )
    capture = Capture(subject, record)
    run = Run(
        home=home,
        project_root=place.project.root,
        record=record,
        capture=capture,
        note=prepared.note,
        parent=prepared.parent,
        on_close=on_close,
        shelf=make_shelf(place.project),
        seconds_before=max(0.0, (datetime.now(tz=UTC) - started).total_seconds()),
        table_of=CONSOLE if request.argv is not None else "",
    )
    run.begin()
    return Opened(run=run, record=record, capture=capture, root=place.project.root)


def home_of(place: Place) -> Home:
    """Return where the run's files are; in the ledger of a repository it has two homes."""
    is_in_ledger = place.run_dir.is_relative_to(place.project.ledger_dir)
    if place.code is None or not is_in_ledger:
        return Home(place.run_dir)
    private_dir = place.code.repository.private_dir
    return Home(place.run_dir, live_folder(private_dir, place.run_dir.name))


@value
class Prepared:
    """What a request means, before anything of it is written."""

    document: dict[str, Json]
    note: dict[str, list[str]]
    """Lines of the note's sections that are known at the start."""
    sources: tuple[DataSource, ...]
    parent: RunRecord | None


def prepare(request: Request, place: Place, started: datetime, seeds: Seeds) -> Prepared:
    """Return what ``request`` means; only a large config is written already.

    Args:
        request: what the caller asked for.
        place: the run's folder and project.
        started: start of the run, UTC.
        seeds: what was set in this process so far.

    Raises:
        LedgerError: an objective, config or data argument that cannot be understood.
        OSError: a large config could not be written.
    """
    parent = read_parent(place.project, request.parent)
    config_path, resolved = load_config(request.config)
    config = {**request.below, **as_object(redact(to_json(resolved)))}
    sources = data_sources(request.data)
    is_outside = request.argv is not None
    note = {
        "Hypothesis": [redact_text(str(to_json(request.hypothesis)))] if request.hypothesis else [],
        # of a command nobody may have said what its config is
        "Change": [] if is_outside and not config else prefill.describe_change(config, parent),
    }
    tags = [request.tags] if isinstance(request.tags, str) else request.tags
    seed_keys = place.project.settings.seed_keys
    seed = _first(whole_number(request.seed), seeds.seed, seed_in_config(resolved))
    document = first_document(place.run_dir.name, started, place.code, request.argv) | {
        "name": redact_text(request.name) if request.name else request.name,
        "tags": [redact_text(str(tag)) for tag in tags],
        "parent": redact_text(request.parent) if request.parent else None,
        "project": place.project.root.name,
        "config": config_section(
            place.run_dir if request.keeps_config else None,
            config_path or request.config_path,
            config,
            seed_keys,
        ),
        "data": pending_data(sources[0]) if sources else None,
        "extra_data": [pending_data(source) for source in sources[1:]],
        "random": seeds.to_json() | {"seed": seed},
        "objective": check_objective(request.objective),
        "note": {"template": note_hash(render_note(place.run_dir.name, note))},
    }
    return Prepared(document=document, note=note, sources=sources, parent=parent)


def starting_points() -> list[Path]:
    """Return where the search for the project begins.

    The script's folder, that of the file it is a link to, and the working one; the notebook's,
    where there is one. A script that belongs to an installed tool (pytest, a notebook server) says
    nothing.

    Raises:
        LedgerError: the working folder is gone.
    """
    script = getattr(sys.modules.get("__main__"), "__file__", None) or open_notebook(os.environ)
    try:
        here = Path.cwd()
    except FileNotFoundError as error:
        message = "the working folder is gone"
        raise LedgerError(message, hint="change to a folder that exists") from error
    if not isinstance(script, str):
        return [here]
    path = Path(script).absolute()
    is_tool = any(path.is_relative_to(folder) for folder in installed_folders())
    return [here] if is_tool else [path.parent, path.resolve().parent, here]


def observe_project(
    project: Project, extra: Iterable[str] = (), memory: LoadedMemory | None = None
) -> CodeState | None:
    """Return the code of ``project`` right now, None with a warning where git cannot tell."""
    named = [*extra, *running_files(), open_notebook(os.environ) or ""]
    loaded = loaded_files(list(sys.modules.values()), sys.argv, named, installed_folders())
    script = _main_file()
    own = script if script is not None and not _is_installed(script) else None
    stale = stale_files(sys.modules, os.path.abspath(project.root), installed_folders())
    is_known = script is not None
    return look_at(project, loaded, is_known=is_known, script=own, stale=stale, memory=memory)


def observe_command(
    project: Project, argv: Sequence[str], extra: Iterable[str] = ()
) -> CodeState | None:
    """Return the code of ``project`` right now for a command that is to be run.

    Nobody can tell what it will load; the files it names count as loaded.
    """
    values = [word.partition("=")[2] for word in argv]  # --config=small.yaml
    loaded = loaded_files((), argv, [*extra, *values], installed_folders())
    return look_at(project, loaded, is_known=False)


def look_at(  # noqa: PLR0913  # the arguments of ``observe``
    project: Project,
    loaded: frozenset[str],
    *,
    is_known: bool,
    script: str | None = None,
    stale: Sequence[str] = (),
    memory: LoadedMemory | None = None,
) -> CodeState | None:
    """Return what ``observe`` says, None with a warning where git cannot tell."""
    try:
        return observe(
            project,
            os.environ,
            loaded,
            is_known=is_known,
            script=script,
            stale=stale,
            memory=memory,
        )
    except NoLedgerError as error:
        warn(f"{error}; the run is recorded without its code")
    except (LedgerError, OSError, ValueError) as error:
        warn(f"code was not captured: {error}")
    return None


def installed_folders() -> list[str]:
    """Return the folders of what is installed for this interpreter."""
    paths = sysconfig.get_paths()
    return [paths["stdlib"], paths["purelib"], paths["platlib"], paths["scripts"]]


def has_script() -> bool:
    """Whether the program is written down: in a file, a notebook, or on the command line (-c)."""
    return _main_file() is not None or sys.argv[:1] not in ([], [""], ["-"])


def _main_file() -> str | None:
    """Return the program's file, None where it has none (``<stdin>`` is none)."""
    path = getattr(sys.modules.get("__main__"), "__file__", None)
    return path if isinstance(path, str) and os.path.isfile(path) else None


def _is_installed(script: str) -> bool:
    """Whether the program is a tool that was installed: a test runner, a notebook server."""
    user = sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user"))
    folders = [*installed_folders(), user, sys.prefix, sys.base_prefix]
    path = os.path.abspath(script)
    return any(path.startswith(os.path.join(folder, "")) for folder in folders)


def read_parent(project: Project, parent: str | None) -> RunRecord | None:
    """Return the record of the run ``parent``, None with a warning where it cannot be read."""
    if parent is None:
        return None
    folder = find_folder(project.ledger_dir, parent)
    if folder is None:
        warn(f"the parent {parent} is not in this ledger; it is recorded as given")
        return None
    try:
        return parse_record((folder / RECORD_NAME).read_bytes())
    except (OSError, LedgerError) as error:
        warn(f"the parent {parent} cannot be read: {error}")
        return None


def _first(*candidates: int | None) -> int | None:
    return next((c for c in candidates if c is not None), None)


def _release(place: Place) -> None:
    """Take back a folder, and an id, under which no record could be written."""
    if place.is_claimed and not (place.run_dir / RECORD_NAME).exists():
        shutil.rmtree(place.run_dir, ignore_errors=True)
        if place.has_own_id and place.code:
            release_id(place.code.repository.private_dir, place.run_dir.name)
