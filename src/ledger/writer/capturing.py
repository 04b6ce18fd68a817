"""The thread that finishes what the start of a run left open, and then keeps its heartbeat.

Every step is on its own: what fails becomes null with a warning in the record, never an exception
in the training.
"""

from __future__ import annotations

import math
import threading
import time
from pathlib import Path

from ledger.capture.data import describe_data
from ledger.capture.environment import describe_environment
from ledger.capture.late import LateLoads
from ledger.capture.settle import settle
from ledger.capture.snapshot import snapshot_ref
from ledger.contract.config import to_json
from ledger.contract.layout import PATCH_NAME
from ledger.contract.manifest import manifest_hash, recorded_path
from ledger.contract.redaction import redact, redact_text
from ledger.contract.worker import FIRST
from ledger.errors import LedgerError
from ledger.value import value
from ledger.writer.heal import KEPT, heal
from ledger.writer.narrate import say, warn
from ledger.writer.shared import drop_superseded, share


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ledger.capture.code import CodeState
    from ledger.capture.memory import LoadedMemory
    from ledger.contract.json_text import Json
    from ledger.writer.home import Home
    from ledger.writer.record_file import RecordFile

HEARTBEAT_SECONDS = 600.0
SECONDS_WHEN_INTERRUPTED = 5.0
"""How long the end of a run waits for what is still being captured, before it says so."""
FIRST_LOOK_SECONDS, MAX_LOOK_SECONDS = 1.0, 60.0
"""How soon after the start, and later how often, it is looked at what was imported since."""
_SLICE_SECONDS = 0.1
_SHOWN = 4


@value
class DataSource:
    """A data set as the caller named it."""

    path: str
    name: str | None = None
    split: Mapping[str, object] | None = None


@value
class Subject:
    """What a run's capture is about."""

    run_id: str
    home: Home
    ledger_dir: Path
    project_root: Path
    code: CodeState | None
    """None where there is no repository."""
    data: tuple[DataSource, ...]
    modules: Mapping[str, object]
    installed: tuple[str, ...]
    """Folders of installed packages, whose modules are not the project's code."""
    memory: LoadedMemory | None = None
    """What runs of this process have loaded so far."""
    has_script: bool = True
    """Whether the program is written down, rather than typed or read from standard input."""
    is_outside: bool = False
    """Whether the run is another process, of which this one only knows the command."""
    worker: str = ""
    """The worker whose part this is; "" for the owner of the run."""


class Capture:
    """Runs on a daemon thread from ``start`` until ``finish``; nothing of it survives a fork."""

    def __init__(self, subject: Subject, record: RecordFile) -> None:
        self._subject = subject
        self._record = record
        self._stopped = threading.Event()
        self._captured = threading.Event()
        self._coded = threading.Event()
        self._is_hurried = False
        self._last: Callable[[], None] = lambda: None
        self._calm = threading.Lock()
        """Free while the thread holds no lock that a forked child would inherit for ever."""
        self._late: LateLoads | None = None
        self._told: tuple[str, ...] = ()
        self._made: dict[str, float] = {}
        """Code manifests that this capture put into the ledger, and when, seconds since 1970."""
        self._thread = threading.Thread(target=self._run, name="ledger-capture", daemon=True)

    def when_ending(self, what: Callable[[], None]) -> None:
        """Do ``what`` on the thread as the last thing, before the run is sealed."""
        self._last = what

    def start(self) -> None:
        """Begin capturing."""
        self._thread.start()

    def finish(self, timeout: float | None = None) -> bool:
        """Wait for the capture to end, at most ``timeout`` seconds or until ``hurry``.

        Returns:
            whether it has ended.
        """
        self._stopped.set()
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        # in slices: the handler of a signal cannot wake a wait without a limit
        while self._thread.is_alive() and not self._is_hurried and time.monotonic() < deadline:
            self._thread.join(_SLICE_SECONDS)
        return self._captured.is_set()

    def end(self, status: str) -> KeyboardInterrupt | None:
        """Wait for code and data of a run that ends as ``status``; interrupted, not for long.

        Returns:
            a Ctrl-C that ended the wait, to be raised after the seal.
        """
        interruption = None
        try:
            is_captured = self.finish(SECONDS_WHEN_INTERRUPTED)
            if not is_captured and status != "interrupted":
                run_id = self._subject.run_id
                say(f"{run_id}: waiting for its data to be hashed; Ctrl-C ends the run without")
                is_captured = self.finish()
        except KeyboardInterrupt as caught:
            is_captured, interruption = False, caught
        if not is_captured:
            reason = "the run ended before its code and data were captured"
            self._record.mark_incomplete("capture", reason)
        return interruption

    def hurry(self) -> None:
        """End the wait in ``finish``: the process is to end. Safe in a signal handler."""
        self._is_hurried = True

    def wait(self, timeout: float | None) -> bool:
        """Wait until everything has been captured, at most ``timeout`` seconds; whether it has."""
        return self._captured.wait(timeout)

    def wait_for_code(self, timeout: float) -> bool:
        """Wait until snapshot and patch are written, at most ``timeout`` seconds."""
        return self._coded.wait(timeout)

    def hold_still(self, timeout: float) -> bool:
        """Wait at most ``timeout`` seconds until a fork is safe, and keep it so; whether it is."""
        return self._calm.acquire(timeout=timeout)

    def carry_on(self) -> None:
        """Let the capture go on after ``hold_still`` has said yes."""
        self._calm.release()

    def keep_only(self, code: Json) -> None:
        """Take back code manifests that were put into the ledger, and that no run names by now.

        Args:
            code: the hash of the manifest that the record of this run names.
        """
        subject = self._subject
        named = f"code/{str(code).partition(':')[2]}.manifest"
        for name in [each for each in self._made if each != named]:
            since = self._made.pop(name)
            if subject.code is not None:
                repository, own = subject.code.repository, subject.home.run_dir
                drop_superseded(subject.ledger_dir, repository, name, since, own)

    @property
    def is_done(self) -> bool:
        """Whether everything has been captured."""
        return self._captured.is_set()

    def _run(self) -> None:
        sections: dict[str, Json] = {}
        with self._calm:
            self._attempt("code", lambda: sections.update(self._capture_code()))
        self._coded.set()
        with self._calm:
            self._attempt("environment", lambda: sections.update(self._capture_environment()))
            self._record.update(sections)
        with self._calm:
            self._heal_others()
        if self._subject.data:
            self._attempt("data", self._capture_data)
        self._captured.set()
        self._watch()

    def _watch(self) -> None:
        """Keep the heartbeat, and see what is imported late, until the run ends."""
        pause, beat = FIRST_LOOK_SECONDS, time.monotonic()
        while not self._stopped.wait(pause):
            pause = min(2 * pause, MAX_LOOK_SECONDS)
            self._look_again()
            if time.monotonic() - beat >= HEARTBEAT_SECONDS:
                beat = time.monotonic()
                self._record.update({})
        self._look_again()
        self._attempt("what else the run was to tell", self._last)

    def _look_again(self) -> None:
        with self._calm:
            self._attempt("code that was loaded late", self._capture_late)

    def _heal_others(self) -> None:
        """Seal runs whose process is gone; what goes wrong with them is no matter of this one."""
        code = self._subject.code
        if code is None or self._stopped.is_set():
            return
        try:
            healed = heal(self._subject.ledger_dir, code.repository)
        except (OSError, LedgerError) as error:
            warn(f"earlier runs were not looked after: {error}")
            return
        for one in healed:
            if one.what != KEPT:
                say(one.to_text())

    def _attempt(self, what: str, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:  # noqa: BLE001  # recorded in the run: capture never fails a training
            self._note(f"{what} was not captured: {error}")

    def _note(self, warning: str) -> None:
        warning = redact_text(warning)
        self._record.add_warning(warning)
        warn(f"{self._subject.run_id}: {warning}")

    def _capture_code(self) -> dict[str, Json]:
        state = self._subject.code
        if state is None:
            return {}
        subject = self._subject
        if not subject.is_outside:
            self._late = LateLoads(state, subject.modules, subject.installed, subject.memory)
        return {"git": self._settled(state)}

    def _capture_late(self) -> None:
        if self._late is not None and self._late.look():
            self._captured.clear()
            try:
                git = self._settled(self._late.state)
                self._record.update({"git": git})
                self.keep_only(git.get("code"))
            finally:
                self._captured.set()

    def _settled(self, state: CodeState) -> dict[str, Json]:
        """Return the git section, and write the files that go with it."""
        is_further = self._subject.worker not in {"", FIRST}
        facts = settle(state, None if is_further else self._subject.run_id)
        name = manifest_hash(facts.manifest).removeprefix("sha256:")
        made = time.time()
        if self._share(f"code/{name}.manifest", facts.manifest):
            self._made[f"code/{name}.manifest"] = made
        if facts.patch is not None:
            self._subject.home.write(PATCH_NAME, facts.patch)
        elif not is_further:
            self._subject.home.remove(PATCH_NAME)
        if facts.snapshot is None and self._subject.worker == FIRST:
            # that of the owner, who had to count every untracked file, stands for nothing now
            state.repository.ask("update-ref", "-d", snapshot_ref(self._subject.run_id))
        if facts.left_out and facts.left_out != self._told:
            self._told = facts.left_out
            shown = ", ".join(map(recorded_path, facts.left_out[:_SHOWN]))
            self._note(f"loaded, but ignored by git or of another repository: {shown}")
        section = facts.to_json()
        if not self._subject.has_script:
            reason = "the program was typed or read from standard input: no commit holds it"
            section |= {"dirty": None, "dirty_reason": reason}
        return section

    def _capture_environment(self) -> dict[str, Json]:
        facts = describe_environment(self._subject.modules)
        path = f"environments/{facts.freeze_hash.removeprefix('sha256:')}.txt"
        self._share(path, facts.freeze)
        shown = (self._subject.ledger_dir / path).relative_to(self._subject.project_root)
        section = facts.to_json(shown.as_posix())
        if self._subject.is_outside:
            section["source"] = "wrapper"
        return {"environment": section}

    def _capture_data(self) -> None:
        described: list[Json] = []
        for source in self._subject.data:
            facts = describe_data(
                source.path,
                project_root=self._subject.project_root,
                name=source.name,
                split=source.split,
            )
            for warning in facts.warnings:
                self._note(f"data {facts.name}: {warning}")
            if facts.manifest and facts.hash:
                name = facts.hash.partition(":")[2]
                manifest = facts.manifest.encode("utf-8", "replace")
                self._share(f"data/{name}.manifest", manifest)
            described.append(redact(to_json(facts.to_json())))
        self._record.update({"data": described[0], "extra_data": described[1:]})

    def _share(self, name: str, data: bytes) -> bool:
        """Store ``data``, named by its content, once for all runs of the ledger."""
        code = self._subject.code
        return share(self._subject.ledger_dir, code.repository if code else None, name, data)
