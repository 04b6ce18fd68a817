from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from ledger.capture.data_tree import HashedFile, digest_of, encode_data_manifest, measure


if TYPE_CHECKING:
    from pathlib import Path


names = st.text(st.characters(blacklist_characters="\0"), min_size=1)
files = st.builds(
    lambda relpath, number: HashedFile(relpath=relpath, md5=f"{number:032x}", bytes=number),
    names,
    st.integers(0, 2**60),
)


def decode(text: str) -> tuple[HashedFile, ...]:
    """Read a data manifest as docs/format.md describes it."""
    rows = [line.split("  ", 2) for line in text.split("\n")[:-1]]
    return tuple(
        HashedFile(relpath=json.loads(name) if name[0] == '"' else name, md5=md5, bytes=int(size))
        for md5, size, name in rows
    )


@given(st.lists(files).map(tuple))
def test_manifest_keeps_every_name_on_one_line(entries: tuple[HashedFile, ...]) -> None:
    text = encode_data_manifest(entries)
    assert entries == decode(text)
    assert len(entries) == len(text.splitlines())
    text.encode("utf-8")


def test_files_are_sorted_by_their_path_as_one_string(tmp_path: Path) -> None:
    """DVC does so: ``b-c`` and ``b.c`` go before ``b/c``."""
    for name in ("b/c", "b.c", "b-c", "B"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = digest_of(measure(str(tmp_path), [])).files
    assert found is not None
    assert ["B", "b-c", "b.c", "b/c"] == [file.relpath for file in found]


def test_many_names_are_shortened_in_a_warning(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"link{number}").symlink_to(tmp_path)
    warnings: list[str] = []
    measure(str(tmp_path), warnings)
    assert warnings[0].endswith("link0, link1, link2 and 2 more")
