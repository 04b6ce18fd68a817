"""Configs of OmegaConf as plain values; it is not imported for it."""

from __future__ import annotations

import sys


_MAX_DEPTH = 60
"""Deeper values are left as they are; a mapping may hold itself."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


def plain(item: object) -> object:
    """Return ``item`` with the configs of OmegaConf in it as mappings and lists, resolved.

    What cannot be resolved stands as it was written: ``???`` for a value that is missing,
    ``${…}`` for one that leads nowhere.
    """
    library = sys.modules.get("omegaconf")
    return _plain(item, library, 0) if hasattr(library, "DictConfig") else item


def _plain(item: object, library: Any, depth: int) -> object:  # noqa: ANN401  # the module
    if depth > _MAX_DEPTH:
        return item
    if isinstance(item, library.DictConfig):
        return _entries(item, list(item), library, depth)
    if isinstance(item, library.ListConfig):
        return list(_entries(item, range(len(item)), library, depth).values())
    if isinstance(item, dict):
        return {key: _plain(below, library, depth + 1) for key, below in item.items()}
    if isinstance(item, list | tuple):
        return [_plain(below, library, depth + 1) for below in item]
    return item


def _entries(item: Any, keys: Iterable[Any], library: Any, depth: int) -> dict[Any, object]:  # noqa: ANN401  # OmegaConf's
    found: dict[Any, object] = {}
    for key in keys:
        try:
            found[key] = _plain(item[key], library, depth + 1)
        except library.errors.OmegaConfBaseException:
            found[key] = library.OmegaConf.to_container(item, resolve=False)[key]
    return found
