"""Code manifests: which content each code path had."""

from __future__ import annotations

import contextlib
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.contract.manifest import Entry, Manifest, decode_manifest, manifest_hash
from ledger.errors import MalformedError


OID = "0123456789abcdef0123456789abcdef01234567"
MODES = ("100644", "100755", "120000", "160000")
PATHS = (
    st.binary(min_size=1, max_size=12)
    .filter(lambda raw: b"\0" not in raw)
    .map(lambda raw: raw.decode("utf-8", "surrogateescape"))
)


def manifest(*paths: str) -> Manifest:
    return Manifest(
        object_format="sha1", entries={path: Entry(mode="100644", oid=OID) for path in paths}
    )


@given(
    st.dictionaries(PATHS, st.sampled_from(MODES), max_size=6), st.sampled_from(["sha1", "sha256"])
)
def test_manifests_survive_the_file(modes: dict[str, str], object_format: str) -> None:
    oid = "ab" * (20 if object_format == "sha1" else 32)
    made = Manifest(
        object_format=object_format,
        entries={path: Entry(mode=mode, oid=oid) for path, mode in modes.items()},
    )
    decoded = decode_manifest(made.encode())
    assert made == decoded
    assert made.encode() == decoded.encode()


@given(st.lists(PATHS, unique=True, max_size=6))
def test_order_of_capture_does_not_change_the_bytes(paths: list[str]) -> None:
    assert manifest(*paths).encode() == manifest(*reversed(paths)).encode()


@given(st.lists(PATHS, unique=True, max_size=6))
def test_entries_are_sorted_by_the_bytes_of_their_paths(paths: list[str]) -> None:
    raw = [
        path.encode("utf-8", "surrogateescape")
        for path in decode_manifest(manifest(*paths).encode()).entries
    ]
    assert sorted(raw) == raw


def test_manifest_is_the_object_format_and_one_line_per_path() -> None:
    assert (
        f"sha1\n100644 {OID}\ta.py\n100644 {OID}\tb c/ä.py\n".encode()
        == manifest("b c/ä.py", "a.py").encode()
    )


@pytest.mark.parametrize(
    "path", ["a\tb", "a\nb", '"a"', "a\\b", "\udcff", "-a", " a ", "a*b", "\x7f", "a\u2028b", '"']
)
def test_weird_path_is_one_line(path: str) -> None:
    data = manifest(path).encode()
    assert 2 == len(data.splitlines()) == data.count(b"\n") or "\u2028" in path
    assert [path] == list(decode_manifest(data).entries)


def test_empty_manifest_is_its_first_line() -> None:
    assert b"sha256\n" == Manifest(object_format="sha256", entries={}).encode()


def test_hash_is_named_by_its_algorithm() -> None:
    assert "sha256:" + hashlib.sha256(b"sha1\n").hexdigest() == manifest_hash(b"sha1\n")


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", 1),
        (b"md5\n", 1),
        (b"sha1", 1),
        (f"sha1\n100644 {OID}\ta".encode(), 1),
        (b"sha1\n\n", 2),
        (f"sha1\n100644 {OID} a\n".encode(), 2),
        (f"sha1\n100644 {OID}\t\n".encode(), 2),
        (f"sha1\n100644 {OID}\ta\n100644 {OID}\n".encode(), 3),
        (b"sha1\n100644 xyz\ta\n", 2),
        (f"sha1\nfile {OID}\ta\n".encode(), 2),
        (f"sha256\n100644 {OID}\ta\n".encode(), 2),
        (f"sha1\n100644 {OID}\ta\n100644 {OID}\ta\n".encode(), 3),
        (f'sha1\n100644 {OID}\t"a\n'.encode(), 2),
        (f'sha1\n100644 {OID}\t"a"b\n'.encode(), 2),
        (b"<<<<<<< HEAD\nsha1\n", 1),
        (b"sha1\n<<<<<<< HEAD\n", 2),
    ],
)
def test_malformed_line_is_named(data: bytes, line: int) -> None:
    with pytest.raises(MalformedError) as caught:
        decode_manifest(data)
    assert line == caught.value.line


def test_manifest_that_is_not_utf8_is_malformed() -> None:
    with pytest.raises(MalformedError):
        decode_manifest(b"sha1\n100644 " + OID.encode() + b"\t\xff\n")


@given(st.binary(max_size=30).map(lambda tail: b"sha1\n100644 " + OID.encode() + b"\t" + tail))
def test_any_bytes_are_a_manifest_or_malformed(data: bytes) -> None:
    with contextlib.suppress(MalformedError):
        assert decode_manifest(data) == decode_manifest(decode_manifest(data).encode())
