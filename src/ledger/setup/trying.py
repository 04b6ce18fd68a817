"""``ledger init --try``: one command recorded once, and all of it taken away again on request."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from ledger.contract.json_text import as_object, as_text
from ledger.contract.layout import RECORD_NAME
from ledger.contract.record import parse_record
from ledger.errors import LedgerError
from ledger.project import project_at
from ledger.setup import whereabouts
from ledger.setup.change import Change, State, remove_empty, state_at, telling_why
from ledger.setup.hooks.gate import STAGES
from ledger.setup.hooks.install import uninstall_hooks
from ledger.setup.hooks.place import shown
from ledger.setup.ignore_rules import IGNORE_NAME
from ledger.setup.init import init
from ledger.setup.journal import Journal, journal_path, new_files, open_journal, remove_empty_below
from ledger.setup.samples import below_top
from ledger.storage.git import find_repository, join_z
from ledger.value import value
from ledger.writer.claim import run_folders


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.storage.git import Repository

RECORDER: Sequence[str] = (sys.executable, "-m", "ledger", "run", "--")
"""What records a command: its words follow."""
_LOG = "console"
"""The artifact under which `ledger run` names what the command printed."""


@value
class Tried:
    """What a try gave."""

    changes: tuple[Change, ...]
    run_ids: tuple[str, ...]
    """The runs that were recorded; empty where the command could not even start."""
    code: int
    """Exit code of the command."""


def try_command(
    folder: Path, command: Sequence[str], environ: Mapping[str, str], interpreter: str
) -> Tried:
    """Set ``folder`` up, record ``command`` once, and keep a journal to take it all back.

    Nothing stays when nothing was recorded.

    Raises:
        NoLedgerError: the folder lies in no git repository.
        LedgerError: it is a project already, another try waits, or setting up is refused.
    """
    repository = find_repository(str(folder), environ)
    if journal_path(repository).exists():
        message = "something was tried here already"
        hint = "keep it with `ledger init`, or take it away with `ledger init --undo-try`"
        raise LedgerError(message, hint=hint)
    if project_at(folder) is not None:
        message = "is a project with a ledger already"
        raise LedgerError(message, hint="record with: ledger run -- COMMAND", path=folder)
    journal = Journal(repository, folder)
    try:
        with telling_why():
            changes = init(folder, environ=environ, interpreter=interpreter, undo=journal.undo)
            project = project_at(folder)
            ledger_dir = project.ledger_dir if project else folder / "ledger"
            journal.note_ledger(ledger_dir)
    except BaseException:
        journal.undo.take_back()
        journal.clean_private()
        raise
    before = {path.name for path in run_folders(ledger_dir)}
    code = _record(command, folder)
    journal.runs = [path.name for path in run_folders(ledger_dir) if path.name not in before]
    journal.save()
    if not journal.runs:
        take_away(repository)
    return Tried(changes=tuple(changes), run_ids=tuple(journal.runs), code=code)


def keep(repository: Repository) -> bool:
    """Make what was tried final; whether there was a try to decide on."""
    journal = open_journal(repository)
    if journal is None:
        return False
    journal.forget()
    return True


def take_away(repository: Repository) -> list[Change]:
    """Take away what was tried: files as they were byte for byte, and the try's own runs.

    Raises:
        LedgerError: nothing was tried, or taking it away would take more: a run that is committed,
            one that is running, or one that the try did not record.
    """
    journal = open_journal(repository)
    if journal is None:
        message = "nothing was tried here, or it was decided to keep it"
        raise LedgerError(message, hint="`ledger uninstall` takes the hooks out")
    runs = _own_runs(journal)
    _refuse_more(repository, journal, runs)
    with telling_why():
        changes = _take_files(repository, journal)
        changes += _take_runs(repository, journal, runs)
        _unstage(repository, journal)
        journal.clean_private()
    return changes


def _record(command: Sequence[str], folder: Path) -> int:
    """Run the recorder to its end, an interrupt included: that one is the command's to answer."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        code = subprocess.run([*RECORDER, *command], cwd=folder, check=False).returncode
    finally:
        signal.signal(signal.SIGINT, before)
    return code if code >= 0 else 128 - code


def _own_runs(journal: Journal) -> list[Path]:
    """Return the folders of the try's own runs that are there."""
    known = {Path(name).parts[1] for name in journal.ledger_before if len(Path(name).parts) > 1}
    present = [run for run in run_folders(journal.ledger_dir) if run.name not in known]
    if journal.runs is not None:
        present = [run for run in present if run.name in journal.runs]
    return present


def _refuse_more(repository: Repository, journal: Journal, own: list[Path]) -> None:
    names = {run.name for run in own}
    known = {Path(name).parts[1] for name in journal.ledger_before if len(Path(name).parts) > 1}
    others = [run.name for run in run_folders(journal.ledger_dir) if run.name not in names | known]
    if others or (journal.runs is None and len(own) > 1):
        listed = ", ".join(others or sorted(names))
        message = f"runs were recorded since, and no run is ever removed: {listed}"
        raise LedgerError(message, hint="keep them with `ledger init`")
    committed = names & whereabouts.in_history(repository)
    if committed:
        message = f"the run is committed, and stays: {', '.join(sorted(committed))}"
        raise LedgerError(message, hint="keep it with `ledger init`")
    running = names & whereabouts.in_live(repository)
    if running:
        message = f"the run is not sealed: {', '.join(sorted(running))}"
        raise LedgerError(
            message, hint="wait for its end; if its process is gone, `ledger ls` first"
        )


def _take_files(repository: Repository, journal: Journal) -> list[Change]:
    changes = []
    for path in reversed(journal.undo.paths):
        before, now = journal.undo.before(path), state_at(path)
        where = shown(repository, path)
        if now == before:
            continue
        if not journal.is_edited(path):
            journal.undo.restore(path)
            changes.append(Change(path=where, action=_action(before)))
            continue
        if path.name in STAGES or any(path.name.startswith(f"{hook}.") for hook in STAGES):
            continue  # another tool came in between; below, what is left of ours is taken out
        rest = _without_ours(journal, path, before, now)
        if rest is None:
            what = "somebody edited it since: take our lines out by hand"
            changes.append(Change(path=where, action="left", what=what))
        else:
            journal.undo.write(path, rest)
            changes.append(Change(path=where, action="updated", what="your edits since stay"))
    changes += uninstall_hooks(repository)
    for folder in reversed(journal.undo.folders):
        if folder != journal.ledger_dir:
            remove_empty(folder)
    return changes


def _without_ours(journal: Journal, path: Path, before: State, now: State) -> bytes | None:
    """Return what somebody made of ``path`` less our lines, None where those were changed too."""
    after = journal.state_after(path)
    if not before.data or not after.data.startswith(before.data):
        return None
    added = after.data[len(before.data) :]
    return now.data.replace(added, b"", 1) if added in now.data else None


def _action(before: State) -> str:
    return "removed" if before.is_absent else "restored"


def _take_runs(repository: Repository, journal: Journal, runs: list[Path]) -> list[Change]:
    """Remove the runs and what was written for them alone; there is no other run since."""
    changes = []
    for run in runs:
        repository.ask("update-ref", "-d", f"{whereabouts.SNAPSHOTS}{run.name}")
        changes.append(Change(path=shown(repository, run), action="removed", what="the try's run"))
        _take_log(journal, run)
    remove_empty(Path(repository.common_dir, whereabouts.SNAPSHOTS))
    for path in new_files(journal):
        path.unlink()
    remove_empty_below(journal.ledger_dir)
    if journal.ledger_dir in journal.undo.folders:
        remove_empty(journal.ledger_dir)
    return changes


def _take_log(journal: Journal, run: Path) -> None:
    """Remove the log that `ledger run` kept of what the command printed, and its folder."""
    try:
        record = parse_record((run / RECORD_NAME).read_bytes())
    except (OSError, LedgerError):
        return
    artifact = as_object(as_object(record.document.get("artifacts")).get(_LOG))
    path = journal.folder / (as_text(artifact.get("path")) or "")
    folder = path.parent
    if folder.name != run.name or not path.is_file():
        return
    path.unlink()
    ignore = folder / IGNORE_NAME
    if state_at(ignore).data.startswith(f"/{path.name}\n".encode()):
        ignore.unlink()
    if remove_empty(folder) and folder.parent.name not in journal.names_before:
        remove_empty(folder.parent)


def _unstage(repository: Repository, journal: Journal) -> None:
    """Take out of the index what was staged of files that are gone, and what we had added."""
    gone = [path for path in journal.undo.paths if not path.exists()]
    places = [below_top(repository, path) for path in (*gone, journal.ledger_dir / ".")]
    for path in journal.undo.paths:
        place = below_top(repository, path)
        if path.exists() and repository.ask("ls-files", "--error-unmatch", "--", place).code == 0:
            staged = repository.ask("cat-file", "blob", f":{place}").stdout
            if staged == journal.state_after(path).data:
                repository.ask("reset", "--quiet", "--", place)
    listed = repository.git(
        "diff", "--cached", "--name-only", "-z", "--diff-filter=A", "--", *places
    )
    stdin = join_z(
        name
        for name in listed.decode("utf-8", "surrogateescape").split("\0")
        if name and not Path(repository.top, name).exists()
    )
    if stdin:
        repository.git("update-index", "-z", "--force-remove", "--stdin", stdin=stdin)
