"""The YAML of DVC's files as nested dicts and lists, safe to read whatever the file holds."""

from __future__ import annotations

from ledger.capture.regular_file import read_whole


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    from yaml.events import Event

    Node: TypeAlias = "str | list[Node] | dict[str, Node]"

MAX_BYTES = 16 * 1024 * 1024
"""Larger files are not read."""

MAX_DEPTH = 64
"""Deepest nesting, as in run.json. libyaml takes quadratic time in the depth of ``[[[[``."""


def read_dvc_yaml(path: str) -> Node:
    """Return the first document of the YAML file ``path``; an empty file is an empty dict.

    Every scalar stays the text it is written with: a hash of digits only is no number here. It is
    built from parser events because the ready-made C loader recurses, and dies of a segmentation
    fault on deep nesting; this is also about five times faster.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not YAML, too large, nested too deep, or uses aliases, which DVC never
            writes and which make a small file expand without end.
    """
    return parse_dvc_yaml(read_whole(path, limit_bytes=MAX_BYTES), path)


def parse_dvc_yaml(raw: bytes, path: str) -> Node:
    """Return the first document of ``raw``, the bytes of the YAML file ``path``.

    Raises:
        ValueError: as ``read_dvc_yaml``.
    """
    import yaml  # noqa: PLC0415  # 20 ms that most runs do not need

    if len(raw) > MAX_BYTES:
        message = f"{path} has {len(raw)} bytes, more than the {MAX_BYTES} we read"
        raise ValueError(message)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _build(yaml.parse(raw, Loader=loader))
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())
        message = f"{path} is not a readable DVC file: {reason}"
        raise ValueError(message) from error


def _build(events: Iterable[Event]) -> Node:
    from yaml import events as kind  # noqa: PLC0415  # see read_dvc_yaml

    open_nodes: list[list[Node]] = [[]]
    for event in events:
        if isinstance(event, kind.AliasEvent):
            message = "aliases are not read"
            raise ValueError(message)  # noqa: TRY004  # about the file, not about a caller's type
        if isinstance(event, kind.ScalarEvent):
            open_nodes[-1].append(event.value)
        elif isinstance(event, kind.CollectionStartEvent):
            open_nodes.append([])
            if len(open_nodes) > MAX_DEPTH:
                message = f"nested more than {MAX_DEPTH} deep"
                raise ValueError(message)
        elif isinstance(event, kind.CollectionEndEvent):
            items = open_nodes.pop()
            is_mapping = isinstance(event, kind.MappingEndEvent)
            open_nodes[-1].append(_mapping(items) if is_mapping else items)
    return open_nodes[0][0] if open_nodes[0] else {}


def _mapping(items: list[Node]) -> dict[str, Node]:
    pairs = zip(items[::2], items[1::2], strict=True)
    return {key: node for key, node in pairs if isinstance(key, str)}
