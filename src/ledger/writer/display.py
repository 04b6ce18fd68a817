"""What a notebook shows of a run."""

from __future__ import annotations

from html import escape

from ledger.contract.json_text import as_object


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ledger.contract.json_text import Json

MAX_METRICS = 12


def run_html(document: Mapping[str, Json], folder: Path) -> str:
    """Return a small table of the run; what a record says is never markup.

    Args:
        document: its record as it stands.
        folder: where its files are.
    """
    git, timestamp = as_object(document.get("git")), as_object(document.get("timestamp"))
    objective = as_object(document.get("objective"))
    state = {True: ", with changes", None: ", changes not told yet"}.get(git.get("dirty"), "")  # type: ignore[arg-type]  # anything else is False
    metrics = [
        (name, number)
        for name, number in as_object(document.get("metrics")).items()
        if name != "training_time_hours"
    ]
    rows: list[tuple[str, object]] = [
        ("status", document.get("status")),
        ("started", timestamp.get("start")),
        ("ended", timestamp.get("end")),
        ("commit", f"{str(git['commit'])[:10]}{state}" if git.get("commit") else None),
        ("objective", " ".join(str(part) for part in objective.values())),
        *metrics[:MAX_METRICS],
        ("folder", folder),
    ]
    shown = "".join(
        f"<tr><th>{escape(str(name))}</th><td>{escape(str(cell))}</td></tr>"
        for name, cell in rows
        if cell not in {None, ""}
    )
    return f"<table><caption>{escape(str(document.get('run_id')))}</caption>{shown}</table>"
