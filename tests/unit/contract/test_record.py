"""run.json: the strict reader and the writer's bytes."""

from __future__ import annotations

import json
from copy import deepcopy

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.contract.record import encode_record, parse_record, record_schema
from ledger.contract.record_shape import KEY_ORDER, STATUSES
from ledger.errors import MalformedError


COMMIT = "1" * 40
SHA256 = "0123456789abcdef" * 4
# In the order of docs/format.md.
FULL = {
    "schema_version": 1,
    "run_id": "2026-02-01_1630_ablation_lr-k3f9q2xa",
    "name": "ablation lr",
    "tags": ["ablation", "lr"],
    "parent": None,
    "project": "moons",
    "status": "finished",
    "sessions": [
        {
            "start": "2026-02-01T16:30:00+00:00",
            "end": "2026-02-01T16:31:00+00:00",
            "pid": 4711,
            "pid_start": "88",
            "boot_id": "b",
            "hostname": "h",
            "heartbeat": "2026-02-01T16:30:59+00:00",
        }
    ],
    "command": {"argv": ["python", "train.py"], "cwd": "."},
    "timestamp": {"start": "2026-02-01T16:30:00+00:00", "end": "2026-02-01T16:31:00+00:00"},
    "git": {
        "commit": COMMIT,
        "base": None,
        "branch": "main",
        "remote": "https://example.com/a.git",
        "dirty": True,
        "dirty_paths": [{"path": "train.py", "status": "M", "loaded": True}],
        "omitted": [],
        "code": "sha256:" + SHA256,
        "snapshot": None,
    },
    "config": {
        "path": "config.yaml",
        "hash": "sha256:" + SHA256,
        "variant": "sha256:" + SHA256,
        "resolved": {"lr": 0.01, "model": {"units": 8}},
    },
    "data": {
        "name": "moons",
        "path": "data/moons",
        "hash": "md5:0123456789abcdef0123456789abcdef.dir",
        "split": {"train": 400},
        "bytes": 10,
        "n_files": 1,
        "source": "dvc",
    },
    "extra_data": [],
    "environment": {"python": "3.11.9", "gpu": None},
    "random": {"seed": 1, "torch_seed": None},
    "metrics": {"loss": "nan", "acc": 0.9, "training_time_hours": 0.1},
    "stated": ["acc"],
    "summary": {
        "loss": {
            "last": "nan",
            "min": 0.5,
            "min_at": 1,
            "max": 0.7,
            "max_at": 0,
            "n": 3,
            "n_nonfinite": 1,
        }
    },
    "artifacts": {
        "model": {"path": "outputs/m", "hash": None, "bytes": 3},
        "plot": "outputs/p.png",
    },
    "columns": {
        "epoch": {"role": "index"},
        "loss": {"role": "metric", "goal": "min", "unit": "nat"},
    },
    "objective": {"metric": "acc", "goal": "max"},
    "note": {"template": SHA256},
    "files": {"metrics.csv": {"sha256": SHA256, "rows": 3, "bytes": 40}},
    "ledger_version": "0.1.0",
}
MINIMAL_KEYS = (
    "run_id",
    "timestamp",
    "git",
    "config",
    "data",
    "environment",
    "random",
    "metrics",
    "artifacts",
)
MINIMAL = {
    "run_id": "my-run",
    "timestamp": {"start": "2026-02-01T16:30:00Z"},
    "git": {"commit": COMMIT},
    "config": {},
    "data": None,
    "environment": {},
    "random": {},
    "metrics": {"acc": 0.9},
    "artifacts": {"model": "outputs/model.pt"},
}
TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def record_bytes(document: object) -> bytes:
    return json.dumps(document).encode()


def changed(path: str, value: object) -> dict[str, object]:
    """Return the full record with ``value`` at the dotted ``path``."""
    document = deepcopy(FULL)
    *folders, last = path.split(".")
    below: dict[str, object] = document
    for folder in folders:
        below = below.setdefault(folder, {})  # type: ignore[assignment]  # objects all the way
    below[last] = value
    return document


def test_full_record_reencodes_to_the_same_bytes() -> None:
    data = encode_record(FULL)
    assert data == encode_record(parse_record(data).document)


@given(
    st.dictionaries(TEXT.filter(lambda key: key not in KEY_ORDER), JSON, max_size=3),
    st.dictionaries(TEXT, JSON, max_size=3),
    st.permutations(list(FULL)),
)
def test_records_with_unknown_keys_survive_a_rewrite(
    unknown: dict[str, object], config: dict[str, object], order: list[str]
) -> None:
    document = {key: FULL[key] for key in order} | unknown
    document["config"] = {"resolved": config, "unknown": unknown}
    data = encode_record(document)
    assert document == parse_record(data).document
    assert data == encode_record(parse_record(data).document)


def test_known_keys_come_in_the_order_of_the_format_and_unknown_ones_last() -> None:
    shuffled = {"zeta": 1, **dict(reversed(FULL.items()))}
    assert [*FULL, "zeta"] == list(json.loads(encode_record(shuffled)))


def test_minimal_record_written_by_hand_is_valid() -> None:
    record = parse_record(record_bytes(MINIMAL))
    assert "my-run" == record.run_id
    assert "my-run" == record.name
    assert "finished" == record.status
    assert record.is_dirty is None
    assert record.dirty_paths is None
    assert record.ended is None
    assert {"acc": 0.9} == record.metrics


@pytest.mark.parametrize("key", MINIMAL_KEYS)
def test_record_without_one_of_the_well_known_block_is_malformed(key: str) -> None:
    without = {name: item for name, item in MINIMAL.items() if name != key}
    with pytest.raises(MalformedError) as caught:
        parse_record(record_bytes(without))
    assert key == caught.value.field


def test_typed_access_says_what_the_file_says() -> None:
    record = parse_record(encode_record(FULL))
    assert "ablation lr" == record.name
    assert ("ablation", "lr") == record.tags
    assert "2026-02-01T16:30:00+00:00" == record.started
    assert "2026-02-01T16:31:00+00:00" == record.ended
    assert record.is_dirty is True
    assert [("train.py", "M", True)] == [
        (path.path, path.status, path.loaded) for path in record.dirty_paths or ()
    ]
    assert {"lr": 0.01, "model": {"units": 8}} == record.config
    assert frozenset({"acc"}) == record.stated
    assert ("acc", "max") == record.objective
    assert SHA256 == record.template
    assert not record.is_imported
    assert FULL["environment"] == record["environment"]
    assert ["acc", "loss", "training_time_hours"] == sorted(record.metrics)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("schema_version", 0),
        ("schema_version", "1"),
        ("schema_version", True),
        ("run_id", ""),
        ("run_id", "../x"),
        ("run_id", "a b"),
        ("run_id", None),
        ("status", "done"),
        ("tags", "a"),
        ("timestamp", "2026-02-01"),
        ("timestamp.start", "yesterday"),
        ("timestamp.start", "2026-13-01T00:00:00Z"),
        ("timestamp.start", "2026-02-30T00:00:00Z"),
        ("timestamp.start", "2026-02-01T24:00:00Z"),
        ("timestamp.start", "2026-02-01T00:60:00Z"),
        ("timestamp.start", "0000-02-01T00:00:00Z"),
        ("timestamp.start", "２０２６-02-01T00:00:00Z"),
        ("timestamp.start", "2026-02-01T00:00:00+99:00"),
        ("timestamp.start", None),
        ("timestamp.end", "2025-02-29T00:00:00Z"),
        ("git.commit", "main"),
        ("git.dirty", "no"),
        ("git.code", "md5:0"),
        ("config.hash", "abc"),
        ("config.resolved", []),
        ("data.bytes", -1),
        ("metrics", []),
        ("columns.loss", "metric"),
        ("columns.loss.goal", "best"),
        ("objective.goal", "best"),
        ("summary.loss.n", 1.5),
        ("summary.loss.min", "low"),
        ("artifacts.model", 1),
        ("artifacts.model", {"hash": None}),
        ("files.metrics", {"sha256": "x", "bytes": 1}),
        ("note.template", "x"),
        ("command.argv", "python"),
        ("imported_from", {}),
    ],
)
def test_value_of_the_wrong_kind_is_malformed_and_named(path: str, value: object) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_record(record_bytes(changed(path, value)))
    assert caught.value.field is not None
    assert caught.value.field.startswith(path)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("timestamp.start", "2026-02-01T16:30:00.123456+01:00"),
        ("timestamp.start", "2024-02-29T23:59:59Z"),
        ("timestamp.start", "2000-02-29 00:00"),
        ("timestamp.end", None),
        ("git.commit", "a" * 64),
        ("git.dirty", None),
        ("git.branch", None),
        ("git.dirty_paths", None),
        ("columns.loss.role", "role-of-a-newer-writer"),
        ("data", None),
        ("data.hash", "md5:0123456789abcdef0123456789abcdef"),
        ("error", {"type": "E", "message": "m", "traceback_tail": ["a"]}),
        ("objective", None),
        ("imported_from", {"tool": "mlflow", "uri": "x", "id": "1", "digest": "d"}),
        ("sweep", {"tuner": "random", "n_trials": 3}),
        ("dvc", {"stage": "train", "deps": {"data": "0"}}),
        ("thinned", {"metrics.csv": {"path": "p", "sha256": SHA256, "rows": 1, "bytes": 2}}),
        ("incomplete", "disk full"),
        *[("status", status) for status in STATUSES],
    ],
)
def test_everything_the_format_allows_is_read(path: str, value: object) -> None:
    """An optional key or role may be added without a new schema version."""
    document = changed(path, value)
    assert document == parse_record(record_bytes(document)).document


@pytest.mark.parametrize("document", [[], None, "x", 1])
def test_record_that_is_no_object_is_malformed(document: object) -> None:
    with pytest.raises(MalformedError):
        parse_record(record_bytes(document))


def test_newer_schema_version_says_so_before_anything_else() -> None:
    with pytest.raises(MalformedError, match="format 2") as caught:
        parse_record(b'{"schema_version": 2, "run_id": {"new": "meaning"}}')
    assert "schema_version" == caught.value.field
    assert "upgrade" in caught.value.hint


@pytest.mark.parametrize(
    "poison", [b'{"x": NaN}', b'{"x": 1, "x": 2}', rb'"\ud800"', b"[" * 70 + b"]" * 70, b"1e400"]
)
def test_strictness_reaches_into_unknown_keys(poison: bytes) -> None:
    data = encode_record(FULL)[:-3] + b',\n  "unknown": ' + poison + b"\n}\n"
    with pytest.raises(MalformedError) as caught:
        parse_record(data)
    assert (caught.value.field or "").startswith("unknown")


def test_full_record_is_valid_by_the_published_schema() -> None:
    schema = json.loads(json.dumps(record_schema()))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(FULL)
    jsonschema.Draft202012Validator(schema).validate(MINIMAL)


def test_published_schema_refuses_what_the_reader_refuses() -> None:
    validator = jsonschema.Draft202012Validator(record_schema())
    assert not validator.is_valid(changed("timestamp.start", "yesterday"))
    assert not validator.is_valid(changed("status", "done"))
    assert not validator.is_valid({})


@given(st.sampled_from([*FULL, "columns.loss", "summary.loss", "git.dirty_paths"]), JSON)
def test_any_value_of_any_section_is_read_or_malformed(path: str, value: object) -> None:
    try:
        record = parse_record(record_bytes(changed(path, value)))
    except MalformedError:
        return
    said = [getattr(record, name) for name in dir(type(record)) if not name.startswith("_")]
    assert said
    assert encode_record(record.document)
