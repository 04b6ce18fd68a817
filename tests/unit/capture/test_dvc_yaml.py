from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ledger.capture.dvc_yaml import MAX_DEPTH, read_dvc_yaml


if TYPE_CHECKING:
    from pathlib import Path


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=5)
nodes = st.recursive(
    words, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3)
)


@given(nodes)
def test_text_lists_and_dicts_come_back(
    tmp_path_factory: pytest.TempPathFactory, node: object
) -> None:
    path = tmp_path_factory.getbasetemp() / "round_trip.yaml"
    text = yaml.safe_dump(node, allow_unicode=True, default_flow_style=False)
    path.write_text(text, encoding="utf-8")
    if "*id001" not in text:
        assert node == read_dvc_yaml(str(path))


def test_scalars_stay_text(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("a: 010\nb: 2020-01-01\nc: on\nd:\ne: '1'\n")
    expected = {"a": "010", "b": "2020-01-01", "c": "on", "d": "", "e": "1"}
    assert expected == read_dvc_yaml(str(tmp_path / "f"))


def test_empty_file_is_an_empty_dict(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    assert {} == read_dvc_yaml(str(tmp_path / "f"))


def test_depth_has_a_limit(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1))
    read_dvc_yaml(str(tmp_path / "f"))
    (tmp_path / "f").write_text("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    with pytest.raises(ValueError, match="nested more than"):
        read_dvc_yaml(str(tmp_path / "f"))


def test_expanding_file_is_refused_before_it_expands(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 60)]
    (tmp_path / "f").write_text("\n".join(lines))
    with pytest.raises(ValueError, match="aliases are not read"):
        read_dvc_yaml(str(tmp_path / "f"))
