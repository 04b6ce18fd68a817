"""A reader of the log that an offline run of Weights & Biases leaves.

Seven bytes of head, then records in LevelDB's framing: blocks of 32 KiB, each fragment led by
checksum, length and kind (whole, first, middle, last). A record is a protobuf message of wandb's.
"""

from __future__ import annotations

import json
import struct
import time
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HEAD = b":W&B"
_HEAD_SIZE = 7
_BLOCK = 32768
_FRAGMENT = struct.Struct("<IHB")
_WHOLE, _LAST = 1, 4
_LIMIT_S = 30.0


class Logged:
    """What one log holds."""

    def __init__(self, path: Path) -> None:
        self.records = _whole(path)
        self.run = next(each.run for each in self.records if each.HasField("run"))
        self.history = [
            _items(each.history.item) for each in self.records if each.HasField("history")
        ]
        self.summary: dict[str, Any] = {}
        for each in self.records:
            if each.HasField("summary"):
                self.summary |= _items(each.summary.update)
        self.exit_code = next(each.exit.exit_code for each in self.records if each.HasField("exit"))

    @property
    def config(self) -> dict[str, Any]:
        """The config, nested as it was given."""
        return {each.key: json.loads(each.value_json) for each in self.run.config.update}

    @property
    def kinds(self) -> set[str]:
        """Which kinds of record there are."""
        return {each.WhichOneof("record_type") for each in self.records}

    @property
    def axes(self) -> dict[str, str]:
        """The column that each metric, or ``*``, is drawn over."""
        metrics = [each.metric for each in self.records if each.HasField("metric")]
        return {
            each.name or each.glob_name: each.step_metric for each in metrics if each.step_metric
        }

    @property
    def files(self) -> set[str]:
        """Names of the files that are to be sent."""
        named = (each.files.files for each in self.records if each.HasField("files"))
        return {file.path for files in named for file in files}


def _whole(path: Path) -> list[Any]:
    """Return the records once the last is there: wandb's own process writes them a moment later."""
    deadline = time.monotonic() + _LIMIT_S
    while True:
        records = list(_records(path.read_bytes()))
        if any(each.HasField("exit") for each in records) or time.monotonic() > deadline:
            return records
        time.sleep(0.02)


def _records(data: bytes) -> Iterator[Any]:
    from wandb.proto.wandb_internal_pb2 import Record

    assert data.startswith(_HEAD)
    at, held = _HEAD_SIZE, b""
    while at + _FRAGMENT.size <= len(data):
        left = _BLOCK - at % _BLOCK
        if left < _FRAGMENT.size:
            at += left
            continue
        _, size, kind = _FRAGMENT.unpack_from(data, at)
        at += _FRAGMENT.size
        held += data[at : at + size]
        at += size
        if kind in {_WHOLE, _LAST}:
            record = Record()
            record.ParseFromString(held)
            yield record
            held = b""


def _items(items: Any) -> dict[str, Any]:
    return {each.key or ".".join(each.nested_key): json.loads(each.value_json) for each in items}
