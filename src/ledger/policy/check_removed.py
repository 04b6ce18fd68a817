"""LED104: a commit takes away no shared file that a run which stays in it names."""

from __future__ import annotations

from ledger.contract.json_text import parse_json
from ledger.contract.layout import RECORD_NAME, SHARED_FOLDERS
from ledger.contract.shared import shared_names
from ledger.errors import MalformedError
from ledger.policy.mend import from_head


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.policy.finding import Finding
    from ledger.policy.scene import Scene

_AT_ONCE = 256
_SHOWN = 3


def check_removed(scene: Scene) -> Iterator[Finding]:
    """LED104: no manifest or package list is removed while a run names it.

    Records are read only where such a file is removed; a run that goes with it needs it no more.
    """
    places = tuple(f"{scene.ledger.folder}/{name}/" for name in SHARED_FOLDERS)
    gone = {
        path
        for path, status in (scene.changes or {}).items()
        if status == "D" and path.startswith(places)
    }
    if not gone:
        return
    users: dict[str, list[str]] = {}
    for run_id, named in _named(scene):
        for path in gone.intersection(named):
            users.setdefault(path, []).append(run_id)
    for path, runs in sorted(users.items()):
        more = f" and {len(runs) - _SHOWN} more" if len(runs) > _SHOWN else ""
        message = f"the file is removed, and is needed by {', '.join(runs[:_SHOWN])}{more}"
        yield scene.finding("LED104", path, message, from_head(path))


def _named(scene: Scene) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield (run id, paths of the shared files its record names) of every run of the ledger."""
    runs = [run for run in scene.runs.values() if RECORD_NAME in run.files]
    for start in range(0, len(runs), _AT_ONCE):
        lot = {run.path_of(RECORD_NAME): run.run_id for run in runs[start : start + _AT_ONCE]}
        scene.blobs.load(lot)
        for path, run_id in lot.items():
            data = scene.blobs.get(path)
            try:
                names = shared_names(parse_json(data)) if data is not None else []
            except MalformedError:
                names = []  # a record that does not parse names nothing; LED111 tells of it
            yield run_id, [f"{scene.ledger.folder}/{name}" for name in names]
        scene.blobs.drop(lot)
