"""``ledger import``: past work of other tools becomes runs of this ledger."""
# ruff: noqa: N999  # the module of a verb is called as the verb

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.cli import render
from ledger.cli.exit_codes import USAGE
from ledger.errors import LedgerError
from ledger.project import find_project


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ledger.project import Project
    from ledger.sync.importers.sweep import Around, Source

_dry_option = click.option("--dry-run", is_flag=True, help="Only say what would be imported.")
_paths = click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path)
)


@click.group("import")
def command() -> None:
    """Bring past work of other tools into the ledger: each search or study becomes one run.

    Imported runs are marked in every table and cover no change. What is here already is not
    imported again; a source that has changed becomes a new run that follows the earlier one.
    """


@command.command("keras-tuner")
@_paths
@_dry_option
def keras_tuner(paths: tuple[Path, ...], *, dry_run: bool) -> None:
    """Import searches of KerasTuner.

    PATH is a project folder, or a folder of such. A table of kt-masterlog beside a project folder
    gives its curves. KerasTuner is not needed.
    """
    _bring_searches(paths, is_dry=dry_run)


@command.command("kt-masterlog")
@_paths
@_dry_option
def kt_masterlog(paths: tuple[Path, ...], *, dry_run: bool) -> None:
    """Import sweeps of kt-masterlog.

    PATH is a table, its manifest, or a folder with one table. The project folder of the search
    beside a table says what the table lacks.
    """
    _bring_searches(paths, is_dry=dry_run)


@command.command("optuna")
@click.argument("storage", metavar="STORAGE")
@click.option("--study", metavar="NAME", help="Only this study of the storage.")
@_dry_option
def optuna(storage: str, *, study: str | None, dry_run: bool) -> None:
    """Import studies of Optuna.

    STORAGE is the URL of a database, or the path of a SQLite file or of a journal. Optuna must be
    installed: it reads the storage.
    """
    from ledger.sync.importers.optuna import study_sources

    project = find_project([Path.cwd()])
    around = _around(project)
    _bring([lambda: study_sources(storage, study, around)], project, is_dry=dry_run)


def _bring_searches(paths: Iterable[Path], *, is_dry: bool) -> None:
    from ledger.sync.importers.bring import tuner_sources

    project = find_project([Path.cwd()])
    around = _around(project)
    readers = [lambda path=path: tuner_sources(path, around) for path in paths]
    _bring(readers, project, is_dry=is_dry)


def _around(project: Project) -> Around:
    from ledger.sync.importers.sweep import Around

    known, home = os.environ.get("KT_MASTERLOG_REGISTRY_DIR"), os.environ.get("HOME")
    default = Path(home, ".kt-masterlog", "runs") if home else None
    registry = Path(known) if known else default
    return Around(root=project.root, home=Path(home) if home else None, registry=registry)


def _bring(
    readers: Iterable[Callable[[], list[Source]]], project: Project, *, is_dry: bool
) -> None:
    """Import what ``readers`` find, tell what became of it, and end with the documented code."""
    from ledger.sync.importers.bring import bring

    sources: list[Source] = []
    has_failed = False
    for read in readers:
        try:
            sources += read()
        except LedgerError as error:
            render.tell(f"ledger: {error}")
            has_failed = True
    for outcome in bring(sources, project, is_dry=is_dry):
        if outcome.run_id is None:
            render.tell(f"ledger: {outcome.text}")
            has_failed = True
        elif outcome.is_new:
            render.put(outcome.text)
        else:
            render.tell(outcome.text)
    if has_failed:
        sys.exit(USAGE)
