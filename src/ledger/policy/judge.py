"""Runs every check that a stage asks for, and returns what was found."""

from __future__ import annotations

import hashlib
import os

from ledger.contract.layout import RECORD_NAME
from ledger.errors import GitError, NoLedgerError, UnknownNameError
from ledger.policy.catalogue import STAGED, TREE
from ledger.policy.check_attributes import check_attributes, check_attributes_removed
from ledger.policy.check_config import check_config
from ledger.policy.check_dirty import check_dirty
from ledger.policy.check_files import (
    check_environment,
    check_files,
    check_ignored,
    check_manifest,
    check_place,
    check_shared,
)
from ledger.policy.check_frozen import check_frozen
from ledger.policy.check_note import check_note
from ledger.policy.check_numbers import check_numbers
from ledger.policy.check_place import (
    check_links,
    check_portable,
    check_shared_modes,
    check_unique,
    shared_paths,
)
from ledger.policy.check_record import check_readable, check_sealed
from ledger.policy.check_removed import check_removed
from ledger.policy.check_secrets import check_secrets, check_shared_secrets
from ledger.policy.check_unchanged import check_unchanged
from ledger.policy.evidence import gather, wanted_paths
from ledger.policy.finding import ERROR, OFF, by_weight, is_blocking, shell_word
from ledger.policy.ledgers import run_folders, touched
from ledger.policy.locate import staged_ledgers, tracked_ledgers
from ledger.policy.parents import Parents, merge_heads
from ledger.policy.reading import Blobs
from ledger.policy.scene import Scene
from ledger.storage.tree import IndexTree, RevisionTree, WorkTree, staged_changes
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ledger.policy.finding import Finding
    from ledger.policy.ledgers import Ledger, RunFolder
    from ledger.storage.git import Repository
    from ledger.storage.tree import TreeEntry

_AT_ONCE = 256
"""Runs whose files are held in memory together; one git process for each such lot."""

_RUN_CHECKS = (
    ("LED111", check_readable),
    ("LED112", check_sealed),
    ("LED105", check_portable),
    ("LED104", check_place),
    ("LED104", check_files),
    ("LED104", check_manifest),
    ("LED104", check_environment),
    ("LED104", check_numbers),
    ("LED104", check_config),
    ("LED102", check_note),
    ("LED101", check_dirty),
    ("LED107", check_secrets),
    ("LED101", check_unchanged),
)


@value
class Verdict:
    """What the checks said of ``n_runs`` runs."""

    findings: tuple[Finding, ...]
    n_runs: int
    n_changes: int = 0
    """Paths that differ from HEAD, of the ledger or not; 0 where everything is judged."""
    waived: tuple[tuple[str, Finding], ...] = ()
    """(kind of opt-out, what it took out of the findings)."""
    content: str = ""
    """Hash of what a commit changes, by which it is known again; empty at the other stages."""

    @property
    def is_blocked(self) -> bool:
        """Whether something must be mended first."""
        return is_blocking(self.findings)

    @property
    def word(self) -> str:
        """The verdict as answers hold it: fail when something must be mended, else pass."""
        return "fail" if self.is_blocked else "pass"

    def to_text(self) -> str:
        """Return one line: how many runs were judged, and what came of it."""
        n_errors = sum(finding.severity == ERROR for finding in self.findings)
        runs = f"{self.n_runs} run{'' if self.n_runs == 1 else 's'} judged"
        others = len(self.findings) - n_errors
        return f"ledger: {runs}: {n_errors} to mend" + (f", {others} to know" if others else "")


def judge_staged(
    repository: Repository, environ: Mapping[str, str], changes: Mapping[str, str] | None = None
) -> Verdict:
    """Return the verdict on what the next commit would hold.

    ``changes`` are its {path: status letter} against HEAD where they are known already.

    Three git processes (two lists, one for all contents) when it only adds runs; none of the index
    is read when nothing is staged.

    Raises:
        LedgerError: it cannot be judged: git fails, or settings do not parse.
    """
    blobs = Blobs(IndexTree(repository))
    if changes is None:
        changes = changes_of_index(repository, blobs)
    if not changes:
        return Verdict(findings=(), n_runs=0)
    parents = Parents(repository, merge_heads(repository.git_dir, environ))
    return judge_changes(repository, blobs, changes, parents)


def judge_changes(
    repository: Repository,
    blobs: Blobs,
    changes: Mapping[str, str],
    parents: Parents,
    before: str = "HEAD",
) -> Verdict:
    """Return the verdict on one commit, made or about to be.

    Args:
        repository: where it is.
        blobs: what the commit holds.
        changes: {path: status letter} against its first parent.
        parents: its further parents.
        before: its first parent.

    Raises:
        LedgerError: it cannot be judged: git fails, or settings do not parse.
    """
    ledgers = staged_ledgers(repository, blobs, changes, before)
    found: list[Finding] = []
    n_runs = 0
    for ledger in ledgers:
        scene = Scene(
            stage=STAGED,
            ledger=ledger,
            blobs=blobs,
            runs=run_folders(ledger, blobs.entries()),
            code=blobs,
            repository=repository,
            changes=changes,
            parents=parents if parents.commits else None,
        )
        runs = touched(scene.runs, ledger, changes)
        n_runs += len(runs)
        found += [*check_frozen(scene), *check_removed(scene), *check_attributes_removed(scene)]
        found += judge_runs(scene, runs)
    return Verdict(
        findings=by_weight(found),
        n_runs=n_runs,
        n_changes=len(changes),
        content=content_of({path: blobs.entries().get(path) for path in changes}),
    )


def content_of(changes: Mapping[str, TreeEntry | None]) -> str:
    """Return a hash of what a commit makes of each path that it changes; None removes it."""
    hashed = hashlib.sha256()
    for path in sorted(changes):
        entry = changes[path]
        facts = f"{entry.mode} {entry.oid}" if entry else ""
        hashed.update(os.fsencode(f"{path}\0{facts}\0"))
    return hashed.hexdigest()


def judge_index(repository: Repository) -> Verdict:
    """Return the verdict on every run that git tracks, staged changes included.

    Raises:
        LedgerError: it cannot be judged: git fails, settings do not parse, or there is no ledger.
    """
    return _judge_tracked(repository, Blobs(IndexTree(repository)))


def judge_revision(repository: Repository, commit: str) -> Verdict:
    """Return the verdict on every run that ``commit`` holds.

    Raises:
        LedgerError: it cannot be judged: git fails, settings do not parse, or there is no ledger.
    """
    return _judge_tracked(repository, Blobs(RevisionTree(repository, commit)))


def _judge_tracked(repository: Repository, blobs: Blobs) -> Verdict:
    ledgers = tracked_ledgers(repository, blobs)
    if not ledgers:
        message = "git tracks no ledger here"
        raise NoLedgerError(
            message, hint="run `ledger init` and git add what it wrote", path=repository.top
        )
    return _verdict([_tree_scene(one, blobs, blobs, repository) for one in ledgers], None)


def judge_tree(
    top: str,
    ledgers: Sequence[Ledger],
    repository: Repository | None,
    wanted: Sequence[str] = (),
) -> Verdict:
    """Return the verdict on the runs on the disk.

    Args:
        top: the folder that the ledgers' paths are relative to.
        ledgers: the ledgers to judge.
        repository: whose index holds the code; None outside of git.
        wanted: run ids or unique beginnings of them; empty for all runs.

    Raises:
        UnknownNameError: one of ``wanted`` names no run, or several.
    """
    scenes = []
    for ledger in ledgers:
        blobs = Blobs(WorkTree(top, os.path.join(top, ledger.folder)))
        code = Blobs(IndexTree(repository)) if repository is not None else None
        scenes.append(_tree_scene(ledger, blobs, code, repository))
    chosen = _choose(scenes, wanted) if wanted else None
    return _verdict(scenes, chosen)


def changes_of_index(repository: Repository, blobs: Blobs) -> dict[str, str]:
    """Return {path: status letter} of the index against HEAD; before any commit all is new."""
    try:
        return staged_changes(repository, "HEAD")
    except GitError:
        if repository.ask("rev-parse", "--quiet", "--verify", "HEAD^{commit}").code == 0:
            raise
        return dict.fromkeys(blobs.entries(), "A")


def _tree_scene(
    ledger: Ledger, blobs: Blobs, code: Blobs | None, repository: Repository | None
) -> Scene:
    return Scene(
        stage=TREE,
        ledger=ledger,
        blobs=blobs,
        runs=run_folders(ledger, blobs.entries()),
        code=code,
        repository=repository,
    )


def _verdict(scenes: Sequence[Scene], chosen: set[str] | None) -> Verdict:
    found: list[Finding] = []
    n_runs = 0
    for scene in scenes:
        runs = [run for run in scene.runs.values() if chosen is None or run.path in chosen]
        n_runs += len(runs)
        found += judge_runs(scene, runs)
    return Verdict(findings=by_weight(found), n_runs=n_runs)


def judge_runs(scene: Scene, runs: Sequence[RunFolder]) -> Iterator[Finding]:
    """Yield the findings of every check on ``runs`` that the stage has a weight for."""
    shared = shared_paths(scene)
    for start in range(0, len(runs) or 1, _AT_ONCE):
        lot = runs[start : start + _AT_ONCE]
        paths = [path for run in lot for path in wanted_paths(run)]
        scene.blobs.load([*shared, *paths])
        for run in lot:
            evidence = gather(run, scene.blobs)
            for code, check in _RUN_CHECKS:
                if scene.weight(code) not in {None, OFF}:
                    yield from check(scene, evidence)
        scene.blobs.drop(paths)
    yield from check_ignored(scene, runs)
    yield from check_unique(scene, runs)
    yield from check_shared(scene, shared)
    yield from check_shared_modes(scene, shared)
    yield from check_links(scene)
    yield from check_shared_secrets(scene, shared)
    yield from check_attributes(scene, runs, shared)
    yield from _misplaced(scene)


def _misplaced(scene: Scene) -> Iterator[Finding]:
    """LED104: a record that stands outside of a month folder is a run nobody will see."""
    prefix = scene.ledger.folder + "/"
    paths = scene.blobs.entries() if scene.changes is None else scene.changes
    for path in paths:
        if path.startswith(prefix) and path.endswith("/" + RECORD_NAME):
            folder = path[: -len(RECORD_NAME) - 1]
            if folder not in scene.runs and path in scene.blobs.entries():
                message = "the run does not stand in a month folder, so nothing reads it"
                fix = f"git mv -- {shell_word(folder)} {shell_word(prefix)}YYYY-MM/"
                yield scene.finding("LED104", path, message, fix)


def _choose(scenes: Iterable[Scene], wanted: Iterable[str]) -> set[str]:
    runs = [run for scene in scenes for run in scene.runs.values()]
    chosen = set()
    for name in wanted:
        fits = [run for run in runs if run.run_id == name] or [
            run for run in runs if run.run_id.startswith(name)
        ]
        if len(fits) != 1:
            ids = ", ".join(sorted(run.run_id for run in fits)[:5])
            message = f"{name!r} begins {len(fits)} runs: {ids}" if fits else f"no run {name!r}"
            hint = "write more of the id" if fits else "see `ledger ls`"
            raise UnknownNameError(message, hint=hint)
        chosen.add(fits[0].path)
    return chosen
