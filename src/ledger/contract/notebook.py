"""Notebooks as code: only the sources of their code cells make a run what it is."""

from __future__ import annotations

import json


def code_of(path: str, data: bytes) -> bytes:
    """Return what of the file ``path`` counts as its content: for a notebook its code cells.

    Running a notebook rewrites outputs and counters; that is not a change of code. A notebook that
    does not parse counts as it stands.
    """
    if not path.endswith(".ipynb"):
        return data
    sources = code_cells(data)
    if sources is None:
        return data
    return json.dumps(sources, ensure_ascii=False).encode("utf-8", "surrogatepass")


def code_cells(data: bytes) -> list[str] | None:
    """Return the sources of the code cells of a notebook, None where it does not parse."""
    try:
        cells = json.loads(data)["cells"]
        return [_source(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _source(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)
