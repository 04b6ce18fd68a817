"""The DVC stage a run happens in: what the pipeline writes is not code, and not dirt."""

from __future__ import annotations

import os

from ledger.capture.dvc_yaml import parse_dvc_yaml
from ledger.contract.code_paths import is_dvc_pointer


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Protocol

    from ledger.capture.dvc_yaml import Node
    from ledger.contract.json_text import Json

    class Readable(Protocol):
        """A tree of files."""

        def entries(self) -> Mapping[str, object]:
            """Return every file of the tree by path."""
            ...

        def read(self, paths: Iterable[str]) -> dict[str, bytes]:
            """Return the bytes of those of ``paths`` that are regular files."""
            ...


_OUT_KEYS = ("outs", "metrics", "plots")


def describe_stage(environ: Mapping[str, str]) -> dict[str, Json] | None:
    """Return the dvc section of run.json, None outside a DVC stage."""
    if not environ.get("DVC_STAGE"):
        return None
    return {
        "stage": environ["DVC_STAGE"],
        "exp_name": environ.get("DVC_EXP_NAME"),
        "baseline_rev": environ.get("DVC_EXP_BASELINE_REV"),
    }


def pipeline_outs(tree: Readable, prefix: str = "") -> frozenset[str]:
    """Return the paths that DVC pipelines and ``.dvc`` files of ``tree`` declare as written.

    Args:
        tree: a working tree, an index or a commit.
        prefix: of the project in it: files elsewhere declare nothing for the project.

    Returns:
        paths of the tree; a file that does not parse declares nothing.
    """
    named = [path for path in tree.entries() if path.startswith(prefix) and _declares(path)]
    outs: set[str] = set()
    for path, data in tree.read(named).items() if named else ():
        try:
            document = parse_dvc_yaml(data, path)
        except ValueError:
            continue
        folder = path.rpartition("/")[0]
        outs.update(os.path.normpath(os.path.join(folder, out)) for out in _declared(document))
    return frozenset(out.replace(os.sep, "/") for out in outs)


def _declares(path: str) -> bool:
    return is_dvc_pointer(path) or path.rpartition("/")[2] == "dvc.yaml"


def _declared(document: Node) -> Iterable[str]:
    if not isinstance(document, dict):
        return
    yield from _paths(document.get("outs"))
    stages = document.get("stages")
    for stage in stages.values() if isinstance(stages, dict) else ():
        if isinstance(stage, dict):
            wdir = stage.get("wdir", "")
            for key in _OUT_KEYS:
                for out in _paths(stage.get(key)):
                    yield os.path.join(wdir, out) if isinstance(wdir, str) else out


def _paths(outs: Node | None) -> Iterable[str]:
    """Yield the paths of a list of outs: texts, ``{path: …}`` or ``{<path>: {options}}``."""
    for out in outs if isinstance(outs, list) else ():
        if isinstance(out, str):
            yield out
        elif isinstance(out, dict):
            path = out.get("path")
            yield from [path] if isinstance(path, str) else out
