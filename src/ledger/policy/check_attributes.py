"""LED105: git stores files of the ledger as they are, whatever else the repository asks for."""

from __future__ import annotations

from ledger.policy.finding import shell_word
from ledger.policy.mend import from_head, in_project
from ledger.storage.git import join_z, split_z
from ledger.storage.tree import RevisionTree


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ledger.policy.finding import Finding
    from ledger.policy.ledgers import RunFolder
    from ledger.policy.scene import Scene
    from ledger.storage.git import Repository

ATTRIBUTES_NAME = ".gitattributes"
_ASKED = ("text", "filter", "ident", "working-tree-encoding", "eol")
_HARMLESS = frozenset({"unspecified", "unset", "lf"})
_WHY = {
    "filter": "a program decides what git stores",
    "ident": "git would rewrite $Id$ in it",
    "working-tree-encoding": "git would store another encoding",
    "eol": "git would rewrite its line ends",
}


def check_attributes(
    scene: Scene, runs: Iterable[RunFolder], shared: Iterable[str]
) -> Iterator[Finding]:
    """LED105: no attribute makes git store or check out something else than the bytes of a run.

    Asked only where an attributes file changes or the ledger's own is missing; else that file, in
    place since it was checked itself, decides for everything below it.
    """
    if scene.repository is None or not _is_worth_asking(scene):
        return
    if scene.changes is not None and _changes_attributes(scene.changes):
        runs = scene.runs.values()
    asked = [*(run.path_of(name) for run in runs for name in run.files), *shared]
    if not asked:
        return
    words = split_z(_attributes(scene, scene.repository, join_z(asked)))
    told: set[tuple[str, str]] = set()
    binary: set[str] = set()
    for path, attribute, setting in zip(words[0::3], words[1::3], words[2::3], strict=False):
        folder = path.rpartition("/")[0]
        if attribute == "text":  # git tells it first, as it was asked first
            binary.update((path,) if setting == "unset" else ())
            continue
        if attribute == "eol" and path in binary:
            continue  # `-text` of the ledger outdoes an eol from above
        if setting not in _HARMLESS and (folder, attribute) not in told:
            told.add((folder, attribute))
            own = f"{scene.ledger.folder}/{ATTRIBUTES_NAME}"
            message = f"the attribute {attribute}={setting} applies: {_WHY[attribute]}"
            init = in_project(scene, "ledger init")
            fix = f"{init}, then git add -- {shell_word(own)} and the run's files again"
            yield scene.finding("LED105", path, message, fix)


def check_attributes_removed(scene: Scene) -> Iterator[Finding]:
    """LED105: the commit does not take the attributes away from a ledger that still has runs."""
    path = f"{scene.ledger.folder}/{ATTRIBUTES_NAME}"
    if scene.changes is None or scene.changes.get(path) != "D" or not scene.runs:
        return
    message = "the ledger's attributes are removed; without them git may rewrite its files"
    yield scene.finding("LED105", path, message, from_head(path))


def _is_worth_asking(scene: Scene) -> bool:
    own = f"{scene.ledger.folder}/{ATTRIBUTES_NAME}"
    changes: Mapping[str, str] | None = scene.changes
    if changes is None or own not in scene.blobs.entries():
        return True
    return _changes_attributes(changes)


def _changes_attributes(changes: Mapping[str, str]) -> bool:
    return any(path.rpartition("/")[2] == ATTRIBUTES_NAME for path in changes)


def _attributes(scene: Scene, repository: Repository, asked: bytes) -> bytes:
    """Return what git says of the paths ``asked``, by the attributes of the judged tree."""
    how = ("check-attr", "-z", "--stdin")
    commit = scene.blobs.tree.commit if isinstance(scene.blobs.tree, RevisionTree) else None
    if commit is None:
        return repository.git(
            *how, *(("--cached",) if scene.is_staged else ()), *_ASKED, stdin=asked
        )
    from ledger.storage.scratch_index import ScratchIndex  # noqa: PLC0415  # only for a range

    with ScratchIndex(repository, "attributes") as index:
        repository.git("read-tree", commit, env=index.env)
        return repository.git(*how, "--cached", *_ASKED, stdin=asked, env=index.env)
