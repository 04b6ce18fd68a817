"""What the verb does: finds the sources in what was given, and brings each into the ledger."""

from __future__ import annotations

from ledger.errors import LedgerError
from ledger.reader.foreign.found import find_table
from ledger.sync.importers import keras_tuner, masterlog
from ledger.sync.importers.store import Store
from ledger.sync.importers.sweep import Source, shown_uri
from ledger.sync.importers.tuner_files import projects_in, read_search
from ledger.value import value
from ledger.writer.claim import find_folder


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ledger.project import Project
    from ledger.reader.foreign.found import FoundTable
    from ledger.sync.importers.store import Plan
    from ledger.sync.importers.sweep import Around


@value
class Outcome:
    """What became of one source, or of something given that is none."""

    text: str
    """One line."""
    run_id: str | None
    """The run that holds it; None where there is none."""
    is_new: bool = False


def tuner_sources(given: Path, around: Around) -> list[Source]:
    """Return the searches of KerasTuner, and of kt-masterlog around it, in ``given``.

    Args:
        given: a project folder, a folder of them, a table of kt-masterlog, its manifest, or the
            folder of one table.
        around: what is known of this machine.

    Raises:
        LedgerError: there is none.
    """
    projects = projects_in(given) if given.is_dir() else []
    if not projects:
        found = _found_table(given)
        project = masterlog.project_of(found)
        return [_with_table(found.path if project is None else project, given, around)]
    sources = []
    for project in projects:
        table = masterlog.table_of(project)
        if table is not None:
            sources.append(_with_table(project, table, around))
        else:
            sources.append(_alone(project, shown_uri(project, around)))
    return sources


def bring(
    sources: Iterable[Source], project: Project, *, is_dry: bool = False
) -> Iterator[Outcome]:
    """Import ``sources`` one by one, yielding what became of each; a bad one stops no other.

    Args:
        sources: what to import.
        project: whose ledger takes it.
        is_dry: to write nothing.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    store = Store(project)
    for source in sources:
        try:
            sweep = source.read()
            recorded = sweep.recorded_as
            if recorded is not None and find_folder(project.ledger_dir, recorded) is not None:
                told = f"{source.shown}: was recorded as {recorded} while it ran"
                yield Outcome(text=f"{told}; nothing is imported", run_id=recorded)
                continue
            plan = store.plan(sweep)
            if plan.is_new and not is_dry:
                store.put(plan)
        except LedgerError as error:
            yield Outcome(text=str(error), run_id=None)
            continue
        if plan.is_new:
            yield Outcome(text=_described(plan, is_dry=is_dry), run_id=plan.run_id, is_new=True)
        else:
            told = f"{source.shown}: is here as {plan.run_id}; nothing is imported"
            yield Outcome(text=told, run_id=plan.run_id)


def _found_table(given: Path) -> FoundTable:
    """Return the table in ``given``; what is none was not meant as a table alone."""
    try:
        return find_table(given)
    except LedgerError as error:
        if given.is_file():
            raise
        is_folder = given.is_dir()
        message = f"no search of KerasTuner, and {error.message}" if is_folder else error.message
        hint = "give a project folder (with oracle.json), a folder of such, or a kt-masterlog table"
        raise LedgerError(message, hint=hint, path=given) from error


def _with_table(shown: Path, table: Path, around: Around) -> Source:
    """Return the source of a table of kt-masterlog, called by the project or table ``shown``."""
    uri = shown_uri(shown, around)
    return Source(shown=uri, read=lambda: masterlog.read_table(table, uri, around.registry))


def _alone(project: Path, uri: str) -> Source:
    """Return the source of a project folder of KerasTuner."""
    return Source(shown=uri, read=lambda: keras_tuner.sweep_of(read_search(project), uri))


def _described(plan: Plan, *, is_dry: bool) -> str:
    sweep = plan.sweep
    n_failed = sum(trial.status == "failed" for trial in sweep.trials)
    failed = f" ({n_failed} failed)" if n_failed else ""
    after = f", follows {plan.parent.run_id}" if plan.parent else ""
    done = "would import" if is_dry else "imported"
    goal = f", {' '.join(reversed(sweep.objective))}" if sweep.objective else ""
    return (
        f"{done} {sweep.uri} as {plan.run_id}: "
        f"{len(sweep.trials)} trials{failed}, {len(sweep.rows)} rows{goal}{after}"
    )
