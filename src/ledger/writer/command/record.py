"""``ledger run``: any command as a recorded run, without a change to its code."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from ledger.capture.seeds import Seeds
from ledger.contract.json_text import as_list, as_object
from ledger.errors import LedgerError
from ledger.project import find_project
from ledger.value import value
from ledger.writer.announce import announce, conclude
from ledger.writer.claim import claim_folder
from ledger.writer.command.child_process import NotExecutableError, find_program, run_child
from ledger.writer.command.console import Console
from ledger.writer.command.log import ConsoleLog
from ledger.writer.command.output import open_standard_descriptors
from ledger.writer.command.pattern import make_finder
from ledger.writer.config_file import load_config
from ledger.writer.join import RUN_DIR, RUN_ID
from ledger.writer.narrate import say, warn
from ledger.writer.start import Place, Request, observe_command, open_run
from ledger.writer.worker_files import read_workers


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.contract.json_text import Json
    from ledger.contract.worker import Worker
    from ledger.project import Project
    from ledger.writer.command.child_process import Ended
    from ledger.writer.command.signal_relay import SignalRelay
    from ledger.writer.start import Opened

OUTPUTS = "outputs"
ARTIFACT = "console"
SEED_KEY = "seed"
SECONDS_FOR_CODE = 10.0
_SHOWN = 4
_SCRIPTS = (".py", ".sh", ".R", ".r", ".jl", ".ipynb", ".m", ".lua", ".js", ".rb", ".pl")


@value
class Command:
    """A command to record, and what is said of its run; see ``ledger run --help``."""

    argv: tuple[str, ...]
    name: str | None = None
    data: tuple[str, ...] = ()
    hypothesis: str | None = None
    tags: tuple[str, ...] = ()
    parent: str | None = None
    config: str | None = None
    objective: tuple[str, str] | None = None
    patterns: tuple[str, ...] = ()
    """Regular expressions that find its numbers; none for the built-in ones."""
    seed: int | None = None
    """The seed it is given; recorded in ``random`` and in the config."""


def record_command(command: Command, relay: SignalRelay) -> Ended:
    """Run ``command`` as a recorded run and return how it ended; the run is sealed then.

    Args:
        command: what to run.
        relay: started; no signal ends us before the seal.

    Raises:
        UnknownCommandError: no such command; nothing is recorded then.
        LedgerError: no ledger here, an argument that cannot be understood, a ledger that cannot be
            written to; nothing is run then.
    """
    open_standard_descriptors()
    find = make_finder(command.patterns)
    program = find_program(command.argv[0], os.environ)
    project = find_project(_starting_points(command.argv))
    opened = _open(command, project)
    pointer = announce(opened.run, os.environ)
    try:
        console = Console(opened.run, opened.record, _open_log(opened, project), find)
        opened.capture.wait_for_code(SECONDS_FOR_CODE)
        ended = _run(command, program, opened, console, relay)
        relay.listeners(on_ending=opened.run.hurry)
        _seal(command, opened, console, ended)
    except BaseException as error:
        opened.run.finish("failed", error)
        raise
    finally:
        conclude(pointer, opened.run)
    return ended


def default_name(argv: Sequence[str]) -> str:
    """Return what a run of the command is called when nobody says: its script, or its program."""
    script = next(_scripts(argv), None)
    if script is not None:
        return Path(script).stem
    if "-m" in argv[:-1]:
        return argv[argv.index("-m") + 1]
    return Path(argv[0]).stem


def _open(command: Command, project: Project) -> Opened:
    path, config = load_config(command.config)
    if command.seed is not None:
        config[_seed_key(project)] = command.seed
    code = observe_command(project, command.argv, [path] if path else [])
    started = datetime.now(tz=UTC)
    name = command.name or default_name(command.argv)
    place = Place(
        run_dir=claim_folder(project.ledger_dir, name, started),
        ledger_dir=project.ledger_dir,
        project=project,
        code=code,
        is_claimed=True,
    )
    request = Request(
        name=command.name,
        config=config,
        config_path=path,
        data=list(command.data) or None,
        seed=command.seed,
        objective=command.objective,
        tags=command.tags,
        hypothesis=command.hypothesis,
        parent=command.parent or os.environ.get(RUN_ID),  # within another `ledger run`
        argv=command.argv,
    )
    return open_run(request, place, started, Seeds(), lambda _: None)


def _tell_untracked(opened: Opened) -> None:
    """Say which untracked files count as code: nobody knows what a command will load."""
    listed = as_list(as_object(opened.record.document.get("git")).get("dirty_paths"))
    changed = map(as_object, listed)
    paths = [str(entry.get("path")) for entry in changed if entry.get("status") == "?"]
    if paths:
        more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
        shown = f"{', '.join(paths[:_SHOWN])}{more}"
        say(f"untracked files count as code of the run: {shown}; let git ignore what is scratch")


def _seed_key(project: Project) -> str:
    keys = project.settings.seed_keys
    return SEED_KEY if SEED_KEY in keys or not keys else keys[0]


def _open_log(opened: Opened, project: Project) -> ConsoleLog | None:
    """Return the open log, None with a word in the record where it could not be made."""
    folder = project.root / OUTPUTS / opened.run.id
    try:
        log = ConsoleLog(folder)
    except OSError as error:
        why = f"the console log could not be made: {error.strerror or error}"
        opened.record.mark_incomplete("console", why)
        return None
    path = log.path.relative_to(project.root).as_posix()
    with opened.record.lock:  # its hash follows at the end
        opened.record.document["artifacts"] = {
            ARTIFACT: {"path": path, "hash": None, "bytes": None}
        }
    return log


def _run(
    command: Command, program: str, opened: Opened, console: Console, relay: SignalRelay
) -> Ended:
    """Run the command, and close the console.

    Raises:
        NotExecutableError: it could not be started.
    """
    places = {RUN_DIR: str(opened.record.home.run_dir), RUN_ID: opened.run.id}
    try:
        return run_child(program, command.argv, {**os.environ, **places}, console.feed, relay)
    except OSError as error:
        message = f"{program} could not be started: {error.strerror or error}"
        hint = "look at its first line, or name its interpreter before it"
        raise NotExecutableError(message, hint=hint) from error
    finally:
        console.close()


def _seal(command: Command, opened: Opened, console: Console, ended: Ended) -> None:
    """Let the record say how the command ended, and seal it."""
    run, document = opened.run, opened.record.document
    workers = read_workers(run.dir)
    exit_facts: dict[str, Json] = {"exit": ended.code}
    exit_facts |= {"signal": ended.signal} if ended.signal else {}
    with opened.record.lock:  # written with the artifact, or at the seal
        if not document.get("name") and not any(each.document.get("name") for each in workers):
            document["name"] = default_name(command.argv)
        document["command"] = {**as_object(document.get("command")), **exit_facts}
        warnings = [*as_list(document.get("warnings")), *_warnings(ended)]
        if warnings:
            document["warnings"] = warnings
    if console.path is not None:
        run.artifact(ARTIFACT, console.path)
    error = _error(ended, console, workers) if ended.status == "failed" else None
    run.finish(ended.status, error)
    _forget_first_look(opened)
    if not workers:
        _tell_untracked(opened)
    if not console.n_rows and not workers:
        say(f"{run.id}: no metrics were found in what it printed; see --metric-pattern")


def _forget_first_look(opened: Opened) -> None:
    """Take back the manifest of before the command ran, where a process of it knew better."""
    code = as_object(opened.record.document.get("git")).get("code")
    try:
        opened.capture.keep_only(code)
    except (OSError, LedgerError) as error:
        warn(f"{opened.run.id}: a file that no run names was left in the ledger: {error}")


def _warnings(ended: Ended) -> Iterator[str]:
    if ended.is_cut_off:
        line = "the command left a process behind; what that prints is not recorded"
        warn(line)
        yield line
    if ended.lost:
        yield f"our own output could not be written to: {ended.lost}"


def _error(ended: Ended, console: Console, workers: Sequence[Worker]) -> dict[str, Json]:
    """Return the error section: what a process of the command says itself, else its last lines."""
    told = [as_object(worker.document.get("error")) for worker in workers]
    own = next((error for error in reversed(told) if error), None)
    if own is not None:
        return own | {"message": f"{own.get('message')} ({ended.describe()})"}
    return {
        "type": "Signal" if ended.signal else "ExitCode",
        "message": f"the command ended: {ended.describe()}",
        "traceback_tail": [*console.last_lines],
    }


def _scripts(argv: Sequence[str]) -> Iterator[str]:
    return (word for word in argv if word.endswith(_SCRIPTS) and os.path.isfile(word))


def _starting_points(argv: Sequence[str]) -> list[Path]:
    """Return where the search for the project begins: the script's folder, then the working one.

    Raises:
        LedgerError: the working folder is gone.
    """
    try:
        here = Path.cwd()
    except FileNotFoundError as error:
        message = "the working folder is gone"
        raise LedgerError(message, hint="change to a folder that exists") from error
    return [*(Path(word).absolute().parent for word in _scripts(argv)), here]
