"""What a caller states about a run, as its record holds it; also what is only known at its end."""

from __future__ import annotations

from ledger.contract.json_text import as_list, as_object, encode_number
from ledger.contract.redaction import redact_text, redact_under
from ledger.writer.scalars import legible, plain


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ledger.contract.json_text import Json
    from ledger.writer.record_file import RecordFile


def stated_values(
    metrics: Mapping[str, object], warn_once: Callable[[str, str], None]
) -> dict[str, Json]:
    """Return final ``metrics`` by name; one that is no scalar is told and left out."""
    stated: dict[str, Json] = {}
    for name, item in metrics.items():
        try:
            cell = plain(item)
        except TypeError as error:
            warn_once(f"final {name}", f"{name}: {error}; it is not recorded")
            continue
        if isinstance(cell, str):
            cell = redact_under(str(name), cell)
        stated[legible(name)] = encode_number(cell) if isinstance(cell, float) else cell
    return stated


def state(record: RecordFile, stated: Mapping[str, Json]) -> None:
    """Let ``record`` hold final metrics, by name; those of before keep their values."""
    with record.lock:
        names = {*map(str, as_list(record.document.get("stated"))), *stated}
        merged = as_object(record.document.get("metrics")) | dict(stated)
        record.update({"metrics": merged, "stated": [*sorted(names)]})


def state_artifact(record: RecordFile, name: str, entry: Json) -> None:
    """Let ``record`` hold ``entry``, which describes what the run made, as ``name``."""
    with record.lock:
        known = dict(as_object(record.document.get("artifacts")))
        known[redact_text(legible(name))] = entry
        record.update({"artifacts": known})


class LastSteps:
    """What is still to be stated when the run of ``record`` is about to be sealed."""

    def __init__(self, record: RecordFile) -> None:
        self._record = record
        self._steps: list[Callable[[], None]] = []

    def add(self, step: Callable[[], None]) -> None:
        """Call ``step`` then, after those that were added before it."""
        self._steps.append(step)

    def take(self) -> None:
        """Call all of them, once; what goes wrong is said in the record."""
        while self._steps:
            try:
                self._steps.pop(0)()
            except Exception as error:  # noqa: BLE001  # recorded; a run is sealed in any case
                told = f"a last step was not recorded: {type(error).__name__}: {error}"
                self._record.mark_incomplete("last step", redact_text(told))
