"""``ledger doctor``: everything that could make recording fail silently, area by area."""

from __future__ import annotations

import sys

from ledger.errors import LedgerError
from ledger.setup.doctor.git import check_mirrors, check_private, check_space
from ledger.setup.doctor.hooks import check_hooks
from ledger.setup.doctor.ledger import check_ledger
from ledger.setup.doctor.problem import AREAS, Problem, some
from ledger.setup.doctor.runs import check_runs
from ledger.setup.doctor.tools import check_git, check_python, check_shadows
from ledger.setup.garbage import SNAPSHOT, drop, find_garbage
from ledger.setup.samples import below_top
from ledger.setup.whereabouts import snapshot_times
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.contract.json_text import Json
    from ledger.setup.place import Place
_OLD_S = 14 * 86400.0


@value
class Health:
    """What a look found, and what was mended."""

    problems: tuple[Problem, ...]
    mended: tuple[Problem, ...] = ()
    failed: tuple[str, ...] = ()
    """Why something could not be mended, one line each."""

    @property
    def is_healthy(self) -> bool:
        """Whether nothing is left to do."""
        return not self.problems

    def to_json(self) -> dict[str, Json]:
        """Return the answer as ``--format json`` gives it."""
        return {
            "answer_version": 1,
            "verb": "doctor",
            "healthy": self.is_healthy,
            "problems": [problem.to_json() for problem in self.problems],
            "mended": [problem.to_json() for problem in self.mended],
            "warnings": [*self.failed],
        }

    def to_lines(self) -> list[str]:
        """Return the lines for a person: each problem, and each area without one."""
        lines = [f"mended: {problem.title} ({problem.where})" for problem in self.mended]
        for area in AREAS:
            found = [problem for problem in self.problems if problem.area == area]
            lines += [line for problem in found for line in problem.to_lines()]
            lines += [] if found else [f"{area}: fine"]
        return lines


def examine(place: Place, interpreter: str, now: float) -> list[Problem]:
    """Return what is wrong at ``place``, area by area.

    Args:
        place: the repository and its projects.
        interpreter: absolute path of the Python that mended hooks will run.
        now: seconds since the epoch.
    """
    return [*_problems(place, interpreter, now)]


def mend(place: Place, interpreter: str, now: float) -> Health:
    """Mend what can be mended without taking anything from anybody, and look again."""
    before = examine(place, interpreter, now)
    failed = []
    for problem in before:
        if problem.mend is not None:
            try:
                problem.mend()
            except (LedgerError, OSError) as error:
                failed.append(f"{problem.title}: {error}")
    after = examine(place, interpreter, now)
    left = {(problem.area, problem.title, problem.where) for problem in after}
    mended = [one for one in before if (one.area, one.title, one.where) not in left]
    return Health(problems=tuple(after), mended=tuple(mended), failed=tuple(failed))


def _problems(place: Place, interpreter: str, now: float) -> Iterator[Problem]:
    repository = place.repository
    yield from check_python(sys.version_info[:2], sys.executable)
    yield from check_git(repository.top, repository.env)
    roots = [below_top(repository, project.root) for project in place.projects]
    yield from check_shadows(repository, ["" if root == "." else root for root in roots])
    yield from map(_broken_settings, place.broken)
    yield from check_private(repository)
    yield from check_space(
        [repository.common_dir, *(str(project.root) for project in place.projects)]
    )
    yield from check_mirrors(repository)
    for project in place.projects:
        yield from check_ledger(repository, project, now)
    yield from check_hooks(repository, interpreter)
    for project in place.projects:
        yield from check_runs(repository, project, now)
    yield from _check_snapshots(place, now)


def _broken_settings(error: LedgerError) -> Problem:
    return Problem(
        area="settings",
        title=error.message,
        where=str(error.path),
        why="no run is recorded there, and no commit is judged",
        fix=error.hint,
    )


def _check_snapshots(place: Place, now: float) -> Iterator[Problem]:
    repository = place.repository
    garbage = find_garbage(repository, place.ledgers, now)
    made = snapshot_times(repository)
    # every committed run leaves one behind: that is no problem until they gather
    found = [
        one
        for one in garbage
        if one.kind == SNAPSHOT and (one.is_stray or now - made.get(one.name, now) > _OLD_S)
    ]
    if found:
        names = [one.name for one in found]
        yield Problem(
            area="snapshots",
            title=f"{len(found)} snapshot{'s' if len(found) > 1 else ''} of code that nobody needs",
            where=some(names),
            why="they keep objects that git would free",
            fix="ledger gc",
            mend=lambda: drop(repository, found),
        )
