"""Whether new runs used the code and data that a range of commits brings; pure.

A run covers a changed path when its manifest has the content the path got. Paths that a range did
not touch are never compared, so what others changed meanwhile never counts against a run.
"""

from __future__ import annotations

from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from typing import TypeAlias

    from ledger.contract.manifest import Manifest

    Node: TypeAlias = "str | list[Node] | dict[str, Node]"


def uncovered(
    changed: Mapping[str, Collection[str | None]], manifests: Sequence[Manifest]
) -> list[str]:
    """Return the paths of ``changed`` that no run used as the range left them, sorted.

    Args:
        changed: by path the content ids that count, None where an absent path does: the one in
            head, or also those that commits of the range gave it.
        manifests: of the new runs. Each path is looked for in all of them, so several runs may
            cover a range together.
    """
    return sorted(
        path
        for path, wanted in changed.items()
        if not any(_id_in(manifest, path) in wanted for manifest in manifests)
    )


def _id_in(manifest: Manifest, path: str) -> str | None:
    entry = manifest.entries.get(path)
    return None if entry is None else entry.oid


@value
class Stage:
    """One execution that DVC recorded: a stage of ``dvc.lock``, or all that a ``.dvc`` tracks."""

    outs: Mapping[str, str]
    """MD5 (of a folder with ``.dir``) by path; outs that are recorded otherwise are left out."""
    deps: Mapping[str, str]


def dvc_stages(document: Node) -> dict[str, Stage]:
    """Return the stages of a parsed ``dvc.lock`` by name, or the one of a ``.dvc`` file as ""."""
    if not isinstance(document, dict):
        return {}
    stages = document.get("stages")
    if not isinstance(stages, dict):
        return {"": _stage(document)} if "outs" in document else {}
    return {name: _stage(entry) for name, entry in stages.items() if isinstance(entry, dict)}


def uncovered_stages(
    before: Mapping[str, Stage], versions: Sequence[Mapping[str, Stage]], known: Iterable[str]
) -> list[str]:
    """Return the names of stages with new outs that no run used or made, sorted.

    The outs of a stage come from one execution, so one of them is enough to know it by: metrics
    and plots of a stage are in no record. What a covered stage depends on is covered too.

    Args:
        before: the stages in the merge base.
        versions: the stages in head, and then in further commits of the range that count.
        known: MD5s of data, deps and artifacts of the new runs, with or without ``md5:``.
    """
    if not versions:
        return []
    changed = [name for name, stage in versions[0].items() if _is_new(before.get(name), stage)]
    hashes = {text.removeprefix("md5:") for text in known}
    covered: set[str] = set()
    for version in versions:
        covered |= _covered(version, before, hashes)
    return sorted(name for name in changed if name not in covered)


def _covered(
    version: Mapping[str, Stage], before: Mapping[str, Stage], known: Collection[str]
) -> set[str]:
    hashes = set(known)
    covered: set[str] = set()
    grows = True
    while grows:
        grows = False
        for name, stage in version.items():
            if name not in covered and not hashes.isdisjoint(_new_outs(before.get(name), stage)):
                covered.add(name)
                hashes.update(stage.deps.values())
                grows = True
    return covered


def _is_new(before: Stage | None, after: Stage) -> bool:
    return bool(_new_outs(before, after))


def _new_outs(before: Stage | None, after: Stage) -> set[str]:
    old = before.outs if before else {}
    return {text for path, text in after.outs.items() if old.get(path) != text}


def _stage(entry: dict[str, Node]) -> Stage:
    return Stage(outs=_hashes(entry.get("outs")), deps=_hashes(entry.get("deps")))


def _hashes(items: Node | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict):
            path, text = item.get("path"), item.get("md5")
            if isinstance(path, str) and isinstance(text, str):
                found[path] = text
    return found
