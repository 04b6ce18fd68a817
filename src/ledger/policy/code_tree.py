"""The code of a judged tree, as the runs of a ledger name it."""

from __future__ import annotations

import posixpath

from ledger.contract.code_paths import code_paths, is_dvc_pointer
from ledger.contract.manifest import manifest_of


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from ledger.contract.code_paths import CodePaths
    from ledger.contract.manifest import Manifest
    from ledger.policy.ledgers import Ledger
    from ledger.settings import Settings
    from ledger.storage.tree import Tree


def paths_of(ledger: Ledger, tree: Tree, settings: Settings | None = None) -> CodePaths:
    """Return the code paths of the project of ``ledger``, whose pipelines are those of ``tree``.

    ``settings`` are the ones to go by; the ledger's own unless given.
    """
    rules = settings or ledger.settings
    prefix = project_prefix(ledger)
    found = code_paths(prefix, rules.dir, rules.code, rules.require)
    names = (path.rpartition("/")[2] for path in tree.entries() if path.startswith(prefix))
    if not any(name == "dvc.yaml" or is_dvc_pointer(name) for name in names):
        return found
    from ledger.capture.pipeline import pipeline_outs  # noqa: PLC0415  # YAML, only where DVC is

    return found.without(pipeline_outs(tree, prefix))


def project_prefix(ledger: Ledger) -> str:
    """Return where the project of ``ledger`` is in the repository: "" or "sub/dir/"."""
    project = posixpath.dirname(ledger.settings_path)
    return f"{project}/" if project else ""


def manifest_in(
    ledger: Ledger, tree: Tree, object_format: str, settings: Settings | None = None
) -> Manifest:
    """Return the whole code manifest of ``tree`` for the project of ``ledger``."""
    return manifest_of(tree, object_format, paths_of(ledger, tree, settings).lists)


def ids_in(tree: Tree, paths: Collection[str], object_format: str) -> dict[str, str]:
    """Return the content id, as manifests count it, of those of ``paths`` that ``tree`` holds."""
    held = manifest_of(tree, object_format, lambda _path, _mode: True, paths)
    return {path: entry.oid for path, entry in held.entries.items()}
