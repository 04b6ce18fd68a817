"""Judging from where a person stands: what is staged, or the runs on the disk."""

from __future__ import annotations

import os
from pathlib import Path

from ledger.errors import NoLedgerError
from ledger.policy.judge import judge_staged, judge_tree
from ledger.policy.ledgers import Ledger
from ledger.policy.locate import tracked_ledgers
from ledger.policy.reading import Blobs
from ledger.project import find_project
from ledger.storage.git import clean_environment, find_repository, hook_environment
from ledger.storage.tree import IndexTree


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.policy.judge import Verdict
    from ledger.project import Project
    from ledger.storage.git import Repository


def judge_here(
    folder: Path, environ: Mapping[str, str], runs: Sequence[str], *, is_staged: bool
) -> Verdict:
    """Return the verdict on what is staged, or on runs on the disk.

    All ledgers of the repository are judged: the ones whose settings git tracks, and that of the
    project which ``folder`` lies in.

    Args:
        folder: where the person stands.
        environ: the environment of the process.
        runs: ids or beginnings of ids; empty for all.
        is_staged: judge the next commit, by the index that git's own variables name.

    Raises:
        NoLedgerError: no ledger, or nothing can be staged because there is no repository.
        UnknownNameError: one of ``runs`` names no run, or several.
    """
    if is_staged:
        return judge_staged(find_repository(str(folder), hook_environment(environ)), environ)
    repository = _repository(str(folder), clean_environment(environ))
    if repository is None:
        project = find_project([folder])
        return judge_tree(str(project.root), [ledger_of(project, project.root)], None, runs)
    ledgers = tracked_ledgers(repository, Blobs(IndexTree(repository)))
    try:
        ledgers.append(ledger_of(find_project([folder]), Path(repository.top)))
    except NoLedgerError:
        if not ledgers:
            raise
    unique = {ledger.folder: ledger for ledger in ledgers}
    return judge_tree(repository.top, list(unique.values()), repository, runs)


def ledger_of(project: Project, top: Path) -> Ledger:
    """Return the ledger of ``project`` with paths relative to ``top``."""
    root, real_top = project.root.resolve(), top.resolve()
    return Ledger(
        folder=_inside(root / project.settings.dir, real_top),
        settings=project.settings,
        settings_path=_inside(root / project.settings_path.name, real_top),
    )


def _inside(path: Path, top: Path) -> str:
    return os.path.relpath(path, top).replace(os.sep, "/")


def _repository(folder: str, env: Mapping[str, str]) -> Repository | None:
    try:
        return find_repository(folder, env)
    except NoLedgerError:
        return None
