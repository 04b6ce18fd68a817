"""LED104: the summary and the metrics of a record are what its tables say."""

from __future__ import annotations

from ledger.contract.columns import columns_of
from ledger.contract.json_text import as_object, encode_number
from ledger.contract.layout import RECORD_NAME, is_metrics_table, table_order
from ledger.contract.metrics import summarise
from ledger.contract.worker import in_order
from ledger.errors import MalformedError
from ledger.policy.evidence import line_of
from ledger.policy.mend import restore


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ledger.contract.json_text import Json
    from ledger.contract.metrics import Summary
    from ledger.contract.record import RunRecord
    from ledger.policy.evidence import Evidence
    from ledger.policy.finding import Finding
    from ledger.policy.scene import Scene

_THINNED = ("last", "min", "max")


def check_numbers(scene: Scene, evidence: Evidence) -> Iterator[Finding]:
    """LED104: summary and unstated metrics, computed again from the sealed tables, are the same.

    Numbers are compared exactly: both sides are the shortest text of one double. Stated metrics
    are the caller's word. A thinned table keeps only the last value and the extremes.
    """
    record, run = evidence.record, evidence.run
    if record is None or not evidence.is_sealed or evidence.is_imported or evidence.rows_as_told:
        return
    by_name = {name: it for name, it in evidence.tables.items() if is_metrics_table(name)}
    if any(is_metrics_table(name) for name in evidence.flaws):
        return  # LED111 tells; what is left of the tables sums up to something else
    tables = in_order(by_name)
    headers = [name for table in tables for name in table.header]
    data = evidence.data[RECORD_NAME]
    try:
        computed = summarise(tables, columns_of(record.document, headers))
    except MalformedError as error:
        message = f"{error.field}: {error.message}"
        path = run.path_of(min(by_name, key=table_order))
        fix = restore(scene, run, path)
        yield scene.finding("LED111", path, message, fix, run_id=run.run_id)
        return
    wrong = [*_summary(record, computed), *_metrics(record, computed)]
    if wrong:
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        section = wrong[0].partition(".")[0]
        yield scene.finding(
            "LED104",
            run.path_of(RECORD_NAME),
            f"{wrong[0]}{more}",
            restore(scene, run, run.path_of(RECORD_NAME)),
            run_id=run.run_id,
            line=line_of(data, section),
        )


def _summary(record: RunRecord, computed: Mapping[str, Summary]) -> Iterator[str]:
    if "summary" not in record.document:
        return
    recorded = as_object(record.document["summary"])
    keys = _THINNED if record.document.get("thinned") else None
    for name, summary in computed.items():
        if name not in recorded:
            yield f"summary.{name} is missing, the rows have {summary.n} values"
            continue
        entry = as_object(recorded[name])
        for key, number in summary.to_json().items():
            if (keys is None or key in keys) and not _is_same(entry.get(key), number):
                yield f"summary.{name}.{key} is {entry.get(key)}, the rows say {number}"
    for name in recorded:
        if name not in computed:
            yield f"summary.{name} is there, no row has a value for it"


def _metrics(record: RunRecord, computed: Mapping[str, Summary]) -> Iterator[str]:
    metrics = as_object(record.document["metrics"])
    is_ours = "columns" in record.document
    for name, summary in computed.items():
        if name in record.stated:
            continue
        last = encode_number(summary.last)
        if name in metrics and not _is_same(metrics[name], last):
            yield f"metrics.{name} is {metrics[name]}, the last row says {last}"
        elif name not in metrics and is_ours:
            yield f"metrics.{name} is missing, the last row says {last}"


def _is_same(recorded: Json, computed: Json) -> bool:
    # JSON has one kind of number, Python two; a boolean is neither
    return recorded == computed and isinstance(recorded, bool) == isinstance(computed, bool)
