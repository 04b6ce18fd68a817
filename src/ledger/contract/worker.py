"""``worker.<worker>.json``: what a further process of a run states, and how it joins the record.

A worker never writes into run.json, which has one owner. The owner folds the workers' files into
its record at the seal; for a run that is not sealed, readers fold on the fly, by the same function.
"""

from __future__ import annotations

from ledger.contract.columns import RESERVED
from ledger.contract.json_text import as_list, as_object, as_text, dump_json, parse_json
from ledger.contract.layout import table_order, table_worker, worker_order
from ledger.contract.metrics import Table
from ledger.contract.record_shape import RECORD
from ledger.contract.shape import Fields, ListOf, MapOf, Nullable, Number, Text, Time
from ledger.errors import MalformedError
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ledger.contract.json_text import Json

CONSOLE = "console"
"""The worker whose table holds the numbers that ``ledger run`` found in what a command printed."""
FIRST = "child"
"""The worker that holds metrics.csv: the first process that joined a run of ``ledger run``."""
STATUSES = ("running", "finished", "failed", "interrupted")

_OF_RECORD = (
    *("name", "tags", "parent", "command", "git", "config", "data", "extra_data"),
    *("environment", "random", "metrics", "stated", "artifacts", "sweep"),
    *("warnings", "incomplete", "error", "ledger_version"),
)
_MAYBE_TEXT = Nullable(inner=Text())
WORKER = Fields(
    fields={
        "columns": RECORD.fields["columns"],
        "objective": RECORD.fields["objective"],
        "pid": Nullable(inner=Number(integer=True, minimum=0)),
        "pid_start": _MAYBE_TEXT,
        "boot_id": _MAYBE_TEXT,
        "hostname": _MAYBE_TEXT,
        "pid_namespace": _MAYBE_TEXT,
        "started": Time(),
        "heartbeat": Nullable(inner=Time()),
        "ended": Nullable(inner=Time()),
        "status": Text(choices=STATUSES),
        "note": MapOf(inner=ListOf(inner=Text())),
        **{key: RECORD.fields[key] for key in _OF_RECORD},
    },
    required=("columns", "pid", "hostname", "started", "status"),
)
KEY_ORDER = tuple(WORKER.fields)


@value
class Worker:
    """A checked worker.<worker>.json; ``document`` is the whole of it, unknown keys included."""

    name: str
    document: Mapping[str, Json]

    @property
    def status(self) -> str:
        """One of STATUSES."""
        return as_text(self.document["status"]) or ""

    @property
    def note(self) -> dict[str, list[str]]:
        """Lines for the run's note, by section."""
        sections = as_object(self.document.get("note"))
        return {name: [str(line) for line in as_list(lines)] for name, lines in sections.items()}


def parse_worker(name: str, data: bytes) -> Worker:
    """Return what ``data``, the bytes of ``worker.<name>.json``, says.

    Raises:
        MalformedError: naming the first field that does not follow the format.
    """
    document = parse_json(data)
    WORKER.check(document, "")
    return Worker(name=name, document=as_object(document))


def encode_worker(document: Mapping[str, Json]) -> bytes:
    """Return the bytes of a worker's file: known keys in their order, then the others."""
    ordered = {key: document[key] for key in KEY_ORDER if key in document}
    return dump_json(ordered | {key: item for key, item in document.items() if key not in ordered})


def worker_schema() -> dict[str, Json]:
    """Return the JSON Schema of worker.<worker>.json."""
    head: dict[str, Json] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "worker.<worker>.json",
    }
    return head | WORKER.schema()


def parse_workers(files: Mapping[str, bytes]) -> tuple[Worker, ...]:
    """Return the workers of a run in their order; a file that does not parse is passed over.

    Args:
        files: bytes of the workers' files, by the worker's name.
    """
    found: list[Worker] = []
    for name in sorted(files, key=worker_order):
        try:
            found.append(parse_worker(name, files[name]))
        except MalformedError:
            continue  # the checks tell it (LED111); the rest of the run still answers
    return tuple(found)


def fold(document: Mapping[str, Json], workers: Sequence[Worker]) -> dict[str, Json]:
    """Return the record ``document`` with what its ``workers`` state.

    What the owner was told goes first for name, objective and parent; what a worker knows better
    goes first for config, environment and code; for seeds and metrics the worker ``child``, then
    the owner. Tags, data and artifacts add up.
    """
    if not workers:
        return dict(document)
    ranked = _by_weight(document, workers)
    stated = [worker.document for worker in workers]
    warnings = [str(line) for line in as_list(document.get("warnings"))]
    folded = dict(document) | {
        "columns": _columns(document, stated),
        "tags": _united(document, stated, "tags"),
        "stated": [*sorted(map(str, _united(document, stated, "stated")))],
        "metrics": _merged(reversed(ranked), "metrics"),
        "random": _random(ranked),
        "artifacts": _artifacts(document, workers),
    }
    for key in ("name", "parent", "objective"):
        folded[key] = _first([document, *stated], key)
    for key in ("config", "environment"):
        folded[key] = _first([*stated, document], key) or {}
    sweep = _first([document, *stated], "sweep")
    folded |= {"sweep": sweep} if sweep else {}
    folded |= _data([document, *stated])
    folded["git"], told = _code(document, workers)
    warnings += [*told, *_same_config(workers), *_told(workers)]
    if warnings:  # a run that goes on folds the workers of an earlier session again
        folded["warnings"] = [*dict.fromkeys(warnings)]
    own = as_text(document.get("incomplete")) or ""
    missing = [str(each["incomplete"]) for each in stated if each.get("incomplete")]
    reasons = [text for text in (own, *(each for each in missing if each not in own)) if text]
    if reasons:
        folded["incomplete"] = "; ".join(reasons)
    return folded


def fold_note(own: Mapping[str, list[str]], workers: Iterable[Worker]) -> dict[str, list[str]]:
    """Return the lines of a note by section: what the owner was told, else what a worker states."""
    lines = {name: text for name, text in own.items() if text}
    for worker in workers:
        for name, text in worker.note.items():
            if text and not lines.get(name):
                lines[name] = text
    return lines


def in_order(tables: Mapping[str, Table]) -> list[Table]:
    """Return a run's metrics tables, by file name, in the order they are read.

    A column of the console that another worker's table has too is left out: what a process logs is
    exact, what it prints is rounded.
    """
    names = sorted(tables, key=table_order)
    owners = {name: table_worker(name) for name in names}
    logged = logged_columns({name: tables[name].header for name in names})
    found: list[Table] = []
    for name in names:
        table = tables[name]
        if owners[name] == CONSOLE and not logged.isdisjoint(table.header):
            table = _without(table, logged)
        if table.header:
            found.append(_of(table, owners[name]))
    return found


def logged_columns(headers: Mapping[str, Iterable[str]]) -> set[str]:
    """Return the columns that do not count in a table of the console: a process logs them too.

    Args:
        headers: of a run's metrics tables, by file name.
    """
    own = (header for name, header in headers.items() if table_worker(name) != CONSOLE)
    return {column for header in own for column in header}.difference(RESERVED)


def _of(table: Table, worker: str) -> Table:
    if not worker:
        return table
    return Table(header=table.header, rows=table.rows, is_torn=table.is_torn, worker=worker)


def _without(table: Table, names: set[str]) -> Table:
    """Return ``table`` without the columns ``names``; without any when none says something."""
    kept = [place for place, name in enumerate(table.header) if name not in names]
    header = tuple(table.header[place] for place in kept)
    if not set(header).difference(RESERVED):
        return Table(header=(), rows=[], is_torn=table.is_torn)
    rows = [[row[place] for place in kept] for row in table.rows]
    return Table(header=header, rows=rows, is_torn=table.is_torn)


def _columns(document: Mapping[str, Json], stated: Iterable[Mapping[str, Json]]) -> dict[str, Json]:
    """Return the columns of all tables; where two workers differ in a role, it is no metric."""
    logged: dict[str, Json] = {}
    for each in stated:
        for name, entry in as_object(each.get("columns")).items():
            known = as_object(logged.setdefault(name, entry))
            if known.get("role") != as_object(entry).get("role"):
                logged[name] = known | {"role": "meta"}
    return as_object(document.get("columns")) | logged


def _united(
    document: Mapping[str, Json], stated: Iterable[Mapping[str, Json]], key: str
) -> list[Json]:
    words = [word for each in (document, *stated) for word in as_list(each.get(key))]
    return list(dict.fromkeys(map(str, words)))


def _merged(documents: Iterable[Mapping[str, Json]], key: str) -> dict[str, Json]:
    merged: dict[str, Json] = {}
    for each in documents:
        merged |= as_object(each.get(key))
    return merged


def _first(documents: Iterable[Mapping[str, Json]], key: str) -> Json:
    return next((each[key] for each in documents if each.get(key)), None)


def _by_weight(document: Mapping[str, Json], workers: Sequence[Worker]) -> list[Mapping[str, Json]]:
    """Return who is believed where several state one thing: ``child``, the owner, the others."""
    lead = [worker.document for worker in workers if worker.name == FIRST]
    return [*lead, document, *(worker.document for worker in workers if worker.name != FIRST)]


def _random(ranked: Sequence[Mapping[str, Json]]) -> dict[str, Json]:
    """Return the seeds: of each what the first that knows it states."""
    merged: dict[str, Json] = {}
    for each in reversed(ranked):
        for key, item in as_object(each.get("random")).items():
            if item is not None or key not in merged:
                merged[key] = item
    return merged


def _data(documents: Iterable[Mapping[str, Json]]) -> dict[str, Json]:
    found: dict[tuple[Json, ...], Json] = {}
    for each in documents:
        for item in (each.get("data"), *as_list(each.get("extra_data"))):
            entry = as_object(item)
            if entry:
                found.setdefault((as_text(entry.get("name")), as_text(entry.get("path"))), entry)
    entries = [*found.values()]
    return {"data": entries[0] if entries else None, "extra_data": entries[1:]}


def _artifacts(document: Mapping[str, Json], workers: Iterable[Worker]) -> dict[str, Json]:
    """Return the artifacts of all; one whose name is taken by another is ``<name>.<worker>``."""
    found = dict(as_object(document.get("artifacts")))
    for worker in workers:
        for name, entry in as_object(worker.document.get("artifacts")).items():
            is_another = name in found and found[name] != entry
            found[f"{name}.{worker.name}" if is_another else name] = entry
    return found


def _code(document: Mapping[str, Json], workers: Sequence[Worker]) -> tuple[Json, list[str]]:
    """Return the git section, and what is to be told of it.

    The first worker knows what it loaded; the owner had to count every untracked file. Where
    another worker saw other code, nobody can say what the run's code was.
    """
    lead = next((w for w in workers if w.name == FIRST and w.document.get("git")), None)
    if lead is None:
        return document.get("git"), []
    git = as_object(lead.document["git"])
    others = [
        (worker.name, as_object(worker.document.get("git")))
        for worker in workers
        if worker is not lead
    ]
    differing = [
        (name, seen) for name, seen in others if seen.get("code") not in {None, git.get("code")}
    ]
    if not differing:
        return git, []
    paths = [*as_list(git.get("dirty_paths"))]
    for _, seen in differing:
        paths += [path for path in as_list(seen.get("dirty_paths")) if path not in paths]
    reason = f"{differing[0][0]} ran other code than {FIRST}: it was changed, or is not tracked"
    return git | {"dirty": None, "dirty_paths": paths, "dirty_reason": reason}, [reason]


def _same_config(workers: Iterable[Worker]) -> list[str]:
    configs = [(w.name, as_object(w.document.get("config")).get("hash")) for w in workers]
    known = [(name, content) for name, content in configs if content]
    return [
        f"{name} states another config than {known[0][0]}; it is in worker.{name}.json"
        for name, content in known
        if content != known[0][1]
    ]


def _told(workers: Iterable[Worker]) -> list[str]:
    lines: list[str] = []
    for worker in workers:
        said = (str(line) for line in as_list(worker.document.get("warnings")))
        lines += [f"{worker.name}: {line}" for line in said]
        error = as_object(worker.document.get("error"))
        if error:
            lines.append(f"{worker.name} failed: {error.get('type')}: {error.get('message')}")
    return lines
