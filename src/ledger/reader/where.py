"""Where a question is asked: the files here, a commit, branches, every branch, another clone."""

from __future__ import annotations

import os

from ledger.errors import LedgerError
from ledger.project import find_project
from ledger.reader.ledger import open_ledger
from ledger.storage.bare import find_bare


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from ledger.reader.asker import Asker
    from ledger.reader.ledger import Ledger
    from ledger.reader.revision import Revision


def open_place(
    start: Path,
    *,
    refs: Sequence[str] = (),
    at: str | None = None,
    all_refs: bool = False,
    now: datetime,
) -> Ledger:
    """Return the ledger that a question is asked of; nothing is checked out, nothing is fetched.

    Without ``refs``, ``at`` and ``all_refs`` it is that of the files of the project around
    ``start``, or in a bare repository the one that its HEAD holds.

    Args:
        start: a folder of the project, or a bare repository.
        refs: branches, remote-tracking branches or tags; a run that several hold counts once.
        at: a commit as git names it; ``main:models/digits`` names the project's folder too.
        all_refs: the working tree, every branch, remote-tracking branch and tag.
        now: the moment the statuses are told for, UTC.

    Raises:
        NoLedgerError: no repository, no project there, or none in that commit.
        LedgerError: no such branch or commit, or several ways to choose at once.
    """
    if (len(refs) > 0) + (at is not None) + all_refs > 1:
        message = "a question is asked of branches, of one commit, or of everything"
        raise LedgerError(message, hint="choose one of --ref, --at and --all-refs")
    is_bare = find_bare(os.fspath(start)) is not None
    if not (refs or at is not None or all_refs or is_bare):
        return open_ledger(find_project([start]), now)
    return _open_commits(start, refs, at, now, all_refs=all_refs)


def _open_commits(
    start: Path, refs: Sequence[str], at: str | None, now: datetime, *, all_refs: bool
) -> Ledger:
    # what only these need, a question about the files does not load
    from ledger.reader.asker import asker_at  # noqa: PLC0415
    from ledger.reader.everywhere import ledger_of_branches, ledger_of_everything  # noqa: PLC0415
    from ledger.reader.revision import revision_at, revisions_of  # noqa: PLC0415

    asker = asker_at(start, needs_files=all_refs)
    if all_refs:
        return ledger_of_everything(asker, now)
    if not refs:
        return _ledger_of_commit(
            asker, revision_at(asker.objects, "HEAD" if at is None else at), now
        )
    revisions = revisions_of(asker.repository, refs)
    if len(revisions) == 1:
        return _ledger_of_commit(asker, revisions[0], now)
    return ledger_of_branches(asker, revisions, now)


def _ledger_of_commit(asker: Asker, revision: Revision, now: datetime) -> Ledger:
    from ledger.reader.asker import COMMITS  # noqa: PLC0415  # as above
    from ledger.reader.git_source import GitSource  # noqa: PLC0415
    from ledger.reader.tree_project import ledger_tree  # noqa: PLC0415

    project = asker.project_of(revision)
    source = GitSource(
        asker.objects,
        ledger_tree(asker.objects, revision, project.ledger_path),
        project.settings.dir,
        label=revision.label,
        store=asker.store,
    )
    return asker.ledger(asker.as_project(project, revision), source, now, COMMITS)
