"""A run's record as rows: run, summary of every metric, params, data and artifacts."""

from __future__ import annotations

import math

from ledger.contract.json_text import as_list, as_object, as_text, decode_number
from ledger.errors import MalformedError
from ledger.reader.facts import data_sections, kinds, params, seed_of
from ledger.reader.stats import finite, is_guessed, run_stats, stated_stats
from ledger.reader.times import parse_time


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ledger.contract.json_text import Json
    from ledger.reader.index.tables import Row, Rows
    from ledger.reader.ledger import Ledger, StoredRun
    from ledger.reader.stats import Stat

_MAX_WHOLE = 2**63 - 1


def record_rows(ledger: Ledger, run: StoredRun) -> tuple[Rows, MalformedError | None]:
    """Return the rows of ``run`` by table, and what is wrong with its tables if they were read."""
    problem = None
    columns = as_object(run.record.document.get("columns"))
    sealed = as_object(run.record.document.get("summary")) if run.is_sealed else None
    if sealed:
        summary = _sealed_rows(run, sealed, columns)
    else:
        try:
            stats = run_stats(ledger, run)
        except MalformedError as error:
            problem, stats = error, stated_stats(run)
        stated = run.record.stated
        summary = [_summary_row(stat, columns, is_stated=stat.metric in stated) for stat in stats]
    rows: Rows = {
        "runs": [_run_row(ledger, run)],
        "summary": summary,
        "params": [(run.run_id, key, *kinds(item)) for key, item in params(run.record).items()],
        "data": list(_data_rows(run)),
        "artifacts": list(_artifact_rows(run)),
    }
    return rows, problem


def _sealed_rows(
    run: StoredRun, summary: Mapping[str, Json], columns: Mapping[str, Json]
) -> list[Row]:
    """Return what ``run_stats`` says of a sealed run, which is what most of ten thousand are."""
    run_id, numbers, stated = run.run_id, run.record.metrics, run.record.stated
    is_by_epoch = "epoch" in columns
    rows: list[Row] = []
    for metric, item in summary.items():
        entry = as_object(item)
        last = decode_number(entry.get("last"))
        is_stated = metric in stated
        rows.append(
            (
                run_id,
                metric,
                _double(last),
                _double(numbers.get(metric, last)) if is_stated else _double(last),
                _double(finite(decode_number(entry.get("min")))),
                _whole(entry.get("min_at")),
                _double(finite(decode_number(entry.get("max")))),
                _whole(entry.get("max_at")),
                _whole(entry.get("n")) or 0,
                _whole(entry.get("n_nonfinite")) or 0,
                is_by_epoch,
                is_stated,
                as_text(as_object(columns.get(metric)).get("goal")),
            )
        )
    if len(numbers) > len(rows) or not numbers.keys() <= summary.keys():
        rows += [
            _summary_row(stat, columns, is_stated=stat.metric in stated)
            for stat in stated_stats(run)
            if stat.metric not in summary
        ]
    return rows


def _run_row(ledger: Ledger, run: StoredRun) -> Row:
    document, record = run.record.document, run.record
    git, environment = record.git, as_object(document["environment"])
    config, error = as_object(document["config"]), as_object(document.get("error"))
    objective, goal = record.objective or (None, None)
    sessions = as_list(document.get("sessions"))
    ended = parse_time(record.ended) if record.ended else None
    return (
        run.run_id,
        record.name,
        as_text(document.get("project")),
        ledger.status(run),
        run.started.replace(tzinfo=None),
        None if ended is None else ended.replace(tzinfo=None),
        None if ended is None else max(0.0, (ended - run.started).total_seconds()),
        as_text(git.get("commit")),
        as_text(git.get("branch")),
        record.is_dirty,
        record.parent,
        _json_list(record.tags),
        _whole(seed_of(record)),
        objective,
        goal,
        as_text(config.get("hash")),
        as_text(config.get("variant")),
        next((as_text(section.get("hash")) for section in data_sections(record)), None),
        as_text(git.get("code")),
        _command(document),
        as_text(environment.get("python")),
        as_text(environment.get("platform")),
        _said(environment.get("gpu")),
        as_text(environment.get("pip_freeze_hash")),
        as_text(as_object(sessions[-1]).get("hostname")) if sessions else None,
        _error(error) if error else None,
        as_text(as_object(document.get("imported_from")).get("tool")),
        run.is_retracted,
        run.is_sealed,
        run.is_incomplete,
        is_guessed(run),
        run.path,
        _json_list(run.names),
        record.started,
        record.ended,
    )


def _summary_row(stat: Stat, columns: Mapping[str, Json], *, is_stated: bool) -> Row:
    return (
        stat.run_id,
        stat.metric,
        _double(stat.last),
        _double(stat.final),
        _double(stat.low),
        _whole(stat.low_at),
        _double(stat.high),
        _whole(stat.high_at),
        stat.n,
        stat.n_nonfinite,
        stat.is_by_epoch,
        is_stated,
        as_text(as_object(columns.get(stat.metric)).get("goal")),
    )


def _data_rows(run: StoredRun) -> Iterator[Row]:
    sections = [run.record.document.get("data"), *as_list(run.record.document.get("extra_data"))]
    for place, section in enumerate(map(as_object, sections)):
        if section:
            yield (
                run.run_id,
                *(as_text(section.get(key)) for key in ("name", "path", "hash")),
                *(_whole(section.get(key)) for key in ("bytes", "n_files")),
                as_text(section.get("source")),
                _said(section.get("split")),
                place > 0,
            )


def _artifact_rows(run: StoredRun) -> Iterator[Row]:
    for name, entry in as_object(run.record.document["artifacts"]).items():
        if isinstance(entry, str):
            yield run.run_id, name, entry, None, None
        else:
            about = as_object(entry)
            path, content = as_text(about.get("path")), as_text(about.get("hash"))
            yield run.run_id, name, path, content, _whole(about.get("bytes"))


def _command(document: dict[str, Json] | object) -> str | None:
    argv = as_list(as_object(as_object(document).get("command")).get("argv"))  # type: ignore[arg-type]  # a record
    if not argv:
        return None
    from shlex import join  # noqa: PLC0415  # only where a record has a command

    return join(text for text in map(as_text, argv) if text is not None)


def _error(error: dict[str, Json]) -> str:
    parts = (as_text(error.get("type")), as_text(error.get("message")))
    return ": ".join(part for part in parts if part)


def _said(item: Json) -> str | None:
    """Return ``item`` as text; what is no text as JSON, sorted."""
    if item is None or isinstance(item, str):
        return item
    import json  # noqa: PLC0415  # rare

    return json.dumps(item, ensure_ascii=False, sort_keys=True)


def _json_list(texts: tuple[str, ...]) -> str:
    if not texts:
        return "[]"
    joined = '","'.join(texts)
    if joined.isprintable() and "\\" not in joined and joined.count('"') == 2 * len(texts) - 2:
        return f'["{joined}"]'
    import json  # noqa: PLC0415  # rare

    return json.dumps(texts)


def _double(number: float | None) -> float | None:
    """Return ``number`` as a float; an integer beyond every float is infinite."""
    if number.__class__ is not int:
        return number
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _whole(item: Json) -> int | None:
    if item.__class__ is not int:
        return None
    return item if -_MAX_WHOLE <= item <= _MAX_WHOLE else None
