"""The rows of an answer: a run, why it is the one, and the line that makes it again."""

from __future__ import annotations

from ledger.contract.json_text import as_list, as_object, as_text
from ledger.contract.layout import PATCH_NAME
from ledger.errors import MalformedError, UnknownNameError
from ledger.reader.answers import json_number
from ledger.reader.asking.shown import differing
from ledger.reader.facts import data_hashes, params, tool_of
from ledger.reader.whence.why import reasons
from ledger.value import as_dict, value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.contract.json_text import Json
    from ledger.reader.ledger import Ledger, StoredRun
    from ledger.reader.whence.hits import Hit
    from ledger.reader.whence.scoring import Candidate

_NUMBERS = ("metric", "group", "row")


@value
class WhenceRow:
    """A run that what was asked may come from."""

    rank: int
    """From 1."""
    run_id: str
    trial_id: str | None
    """None for a whole run."""
    score: float
    """0..1, never higher than that of the row before; a share of what was asked, no probability."""
    why: tuple[str, ...]
    """What fits, a short text each."""
    metric: str | None
    """The metric that fits best; None where none does. So with the five that follow."""
    reading: str | None
    """Which value of it: best, final (stated), last, highest, lowest, row."""
    value: float | None
    """The exact value."""
    epoch: int | None
    step: int | None
    status: str
    retracted: bool
    commit: str | None
    dirty: bool | None
    """None when it could not be told."""
    data: tuple[tuple[str, str], ...]
    """(name, hash) of every data set."""
    config: Mapping[str, Json]
    """Params by dotted path that differ among the rows shown."""
    reproduce: str
    """Shell commands that make the run again, from the repository's root; "" without a command."""
    imported: str | None = None
    """The tool that the run came from; part of the JSON only where it came from one."""

    def to_json(self) -> dict[str, Json]:
        """Return the row as ``--format json`` holds it."""
        data: list[Json] = [{"name": name, "hash": content} for name, content in self.data]
        fields = as_dict(self) | {"why": list(self.why), "data": data, "config": dict(self.config)}
        if self.imported is None:
            del fields["imported"]
        return fields | {"value": json_number(self.value)}  # type: ignore[return-value]  # plain fields


def answer_rows(ledger: Ledger, candidates: Sequence[Candidate]) -> tuple[WhenceRow, ...]:
    """Return a row for every candidate whose record can still be read."""
    loaded = [(each, run) for each in candidates if (run := _load(ledger, each.run_id))]
    configs = differing([params(run.record) for _, run in loaded])
    return tuple(
        _row(ledger, place, each, run, config)
        for place, ((each, run), config) in enumerate(zip(loaded, configs, strict=True), 1)
    )


def command_line(run: StoredRun, prefix: str = "") -> str:
    """Return shell commands that make ``run`` again from the root of the repository.

    The changes of a dirty run are handed to ``git apply`` by redirection: the checkout may remove
    the file, which the shell holds open by then.

    Args:
        run: whose code and command.
        prefix: folder of the project in the repository, "" or ending with ``/``.
    """
    from shlex import join, quote  # noqa: PLC0415  # only for the rows shown

    command = as_object(run.record.document.get("command"))
    argv = [text for text in map(as_text, as_list(command.get("argv"))) if text is not None]
    if not argv:
        return ""
    cwd = as_text(command.get("cwd")) or "."
    commit = as_text(run.record.git.get("commit"))
    steps = []
    if commit and run.record.is_dirty is not False and PATCH_NAME in run.names:
        patch = quote(f"{prefix}{run.path}/{PATCH_NAME}")
        steps.append(f"{{ git checkout {quote(commit)} && git apply; }} < {patch}")
    elif commit:
        steps.append(f"git checkout {quote(commit)}")
    if cwd not in {".", ""}:
        steps.append(f"cd {quote(cwd)}")
    return " && ".join([*steps, join(argv)])


def _load(ledger: Ledger, run_id: str) -> StoredRun | None:
    try:
        return ledger.load(run_id)
    except (UnknownNameError, MalformedError):
        return None  # it changed since the index was refreshed; the next answer tells


def _row(
    ledger: Ledger, rank: int, each: Candidate, run: StoredRun, config: Mapping[str, Json]
) -> WhenceRow:
    hit = max(
        (hit for hit in each.hits if hit.kind in _NUMBERS),
        key=lambda hit: hit.quality,
        default=None,
    )
    epoch, step = _at(hit)
    return WhenceRow(
        rank=rank,
        run_id=run.run_id,
        trial_id=hit.trial_id if hit else None,
        score=round(each.score, 4),
        why=reasons(each.hits, is_retracted=run.is_retracted),
        metric=hit.name if hit else None,
        reading=hit.reading if hit else None,
        value=hit.number if hit else None,
        epoch=epoch,
        step=step,
        status=ledger.status(run),
        retracted=run.is_retracted,
        commit=as_text(run.record.git.get("commit")),
        dirty=run.record.is_dirty,
        data=tuple(data_hashes(run.record)),
        config=config,
        reproduce=command_line(run, _prefix(ledger)),
        imported=tool_of(run.record),
    )


def _at(hit: Hit | None) -> tuple[int | None, int | None]:
    """Return the epoch or the step of a hit."""
    if hit is None or hit.at is None:
        return None, None
    return (hit.at, None) if hit.at >= 0 else (None, -1 - hit.at)


def _prefix(ledger: Ledger) -> str:
    """Return the project's folder in its repository."""
    import os  # noqa: PLC0415  # only for the rows shown

    root = os.path.abspath(ledger.project.root)
    folder = root
    while not os.path.exists(os.path.join(folder, ".git")):
        folder, child = os.path.dirname(folder), folder
        if folder == child:
            return ""
    relative = os.path.relpath(root, folder).replace(os.sep, "/")
    return "" if relative == "." else f"{relative}/"
