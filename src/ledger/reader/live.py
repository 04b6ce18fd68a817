"""What the git directory holds of a project's runs: second homes, shared files, an index."""

from __future__ import annotations

import os
from pathlib import Path

from ledger.capture.live import folder_here, live_homes
from ledger.contract.layout import SHARED_STORE
from ledger.storage.git import find_places


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.project import Project


def live_runs(project: Project) -> dict[str, str]:
    """Return {folder relative to the project, with ``/``: second home} of the project's live runs.

    No git process is started: with no run live, this costs one look at a folder.
    """
    root = os.path.realpath(project.root)
    places = find_places(root)
    if places is None:
        return {}
    top, _, common_dir = places
    ledger_dir = Path(root, project.settings.dir)
    found: dict[str, str] = {}
    for live, where in live_homes(os.path.join(common_dir, "ledger")):
        run_dir = folder_here(where, top, ledger_dir)
        if run_dir is not None:
            found[run_dir.relative_to(root).as_posix()] = os.fspath(live)
    return found


def shared_store(project: Project) -> str | None:
    """Return the folder that holds the project's shared files once more, None without git."""
    places = find_places(os.fspath(project.root))
    return None if places is None else os.path.join(places[2], "ledger", SHARED_STORE)


def index_folder(project: Project, common_dir: str | None = None, view: str = "") -> str | None:
    """Return the folder for the index of the project's runs, None without git.

    Each worktree has one of its own: what it sees changes on its own.

    Args:
        project: whose runs.
        common_dir: the git directory, where it is known; else it is looked for.
        view: what is asked, where that is not the files here: each has an index of its own, so
            that none is made anew because another was asked in between.
    """
    root = os.path.realpath(project.root)
    places = find_places(root) if common_dir is None else ("", "", common_dir)
    if places is None:
        return None
    import hashlib  # noqa: PLC0415  # only readers ask

    place = f"{root}\0{project.settings.dir}" + (f"\0{view}" if view else "")
    digest = hashlib.sha256(place.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return os.path.join(places[2], "ledger", "index", digest)
