"""Configs of any kind as JSON, and the two hashes that say which configs are the same."""

from __future__ import annotations

import hashlib

from ledger.contract.json_text import dump_canonical, encode_number
from ledger.settings import SEED_KEYS


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.contract.json_text import Json

_MAX_DEPTH = 60
_NAMESPACES = frozenset({"Namespace", "SimpleNamespace"})


def to_json(item: object, depth: int = 0) -> Json:
    """Return ``item`` as JSON: the one conversion that configs are stored and hashed in.

    Mappings keep their order and get text keys; sets are sorted by their JSON; paths, enums,
    times and bytes become text; scalars of array libraries plain numbers; dataclasses and
    namespaces objects; non-finite floats "nan", "inf", "-inf". Anything else is the name of its
    type, never an address that differs from run to run.
    """
    if item is None or isinstance(item, bool | int | str):
        return _plain(item)
    if isinstance(item, float):
        return encode_number(float(item))
    if depth > _MAX_DEPTH:
        return f"<nested over {_MAX_DEPTH} levels>"
    if isinstance(item, list | tuple):
        return [to_json(entry, depth + 1) for entry in item]
    if isinstance(item, set | frozenset):
        return sorted((to_json(entry, depth + 1) for entry in item), key=dump_canonical)
    return _container_or_scalar(item, depth)


def config_hash(config: Json) -> str:
    """Return ``sha256:<64 hex>`` over the canonical JSON of ``config``; key order is no matter."""
    return "sha256:" + hashlib.sha256(dump_canonical(config)).hexdigest()


def variant_hash(config: Json, seed_keys: Iterable[str] = SEED_KEYS) -> str:
    """Return the hash of ``config`` less its seeds: repeats over seeds share it."""
    return config_hash(_without_seeds(config, frozenset(seed_keys)))


def flatten(config: Json, prefix: str = "") -> dict[str, Json]:
    """Return the leaves of ``config`` by dotted path; an empty object or a list is a leaf.

    A key that holds a dot is quoted, so that ``{"a.b": 1}`` and ``{"a": {"b": 1}}`` differ.
    """
    if not isinstance(config, dict) or (not config and prefix):
        return {prefix: config} if prefix else {}
    flat: dict[str, Json] = {}
    for key, item in config.items():
        step = f'"{key}"' if "." in key else key
        flat |= flatten(item, f"{prefix}.{step}" if prefix else step)
    return flat


def _plain(item: bool | int | str | None) -> Json:  # noqa: FBT001  # a value, not a switch
    if isinstance(item, str):
        return str.__str__(item).encode("utf-8", "replace").decode("utf-8")
    return item if item is None or isinstance(item, bool) else int(item)


def _container_or_scalar(item: object, depth: int) -> Json:
    if isinstance(item, bytes | bytearray):
        return bytes(item).decode("utf-8", "backslashreplace")
    if isinstance(item, type):
        return f"{item.__module__}.{item.__qualname__}"
    if hasattr(item, "items") and hasattr(item, "keys"):
        return {_key(key): to_json(below, depth + 1) for key, below in item.items()}
    fields = getattr(item, "__dataclass_fields__", None)
    if isinstance(fields, dict):
        return {name: to_json(getattr(item, name), depth + 1) for name in fields}
    # tolist first: the item() of an array of one element is no array any more
    for method in ("tolist", "item", "isoformat", "__fspath__"):
        convert = getattr(item, method, None)
        if callable(convert):
            try:
                converted = convert()
            except (TypeError, ValueError, RuntimeError):
                continue
            return to_json(converted, depth + 1)
    return _named(item, depth)


def _named(item: object, depth: int) -> Json:
    kind = type(item)
    if _NAMESPACES & {base.__name__ for base in kind.__mro__}:
        return to_json(vars(item), depth + 1)
    if hasattr(kind, "_value2member_map_"):
        return to_json(getattr(item, "value", None), depth + 1)
    if hasattr(item, "__iter__") and hasattr(item, "__len__"):
        return [to_json(entry, depth + 1) for entry in item]
    named = item if hasattr(item, "__qualname__") else kind
    return f"{named.__module__}.{named.__qualname__}"


def _key(key: object) -> str:
    converted = to_json(key)
    return converted if isinstance(converted, str) else dump_canonical(converted).decode("ascii")


def _without_seeds(config: Json, seed_keys: frozenset[str]) -> Json:
    if isinstance(config, dict):
        return {
            key: _without_seeds(item, seed_keys)
            for key, item in config.items()
            if key not in seed_keys and not key.endswith("_seed")
        }
    if isinstance(config, list):
        return [_without_seeds(item, seed_keys) for item in config]
    return config
