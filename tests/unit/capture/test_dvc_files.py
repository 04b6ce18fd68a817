from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.capture.dvc_files import DvcEntry, entry_in, entry_of, workspace_root


if TYPE_CHECKING:
    from pathlib import Path


MD5 = "401b30e3b8b5d629635a5c613cdb7919"
OTHER = "b026324c6904b2a9cb4b88d6d61c81d1"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    root = tmp_path / "repo"
    (root / ".dvc").mkdir(parents=True)
    return root


def write_lock(folder: Path, **stages: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    bodies = "".join(f"  {name}:\n    cmd: echo\n{body}" for name, body in stages.items())
    (folder / "dvc.lock").write_text(f"schema: '2.0'\nstages:\n{bodies}")


def listed(key: str, path: str, md5: str = MD5) -> str:
    return f"    {key}:\n    - path: {path}\n      hash: md5\n      md5: {md5}\n      size: 2\n"


def test_dvc_file_beside_the_path_is_its_record(repo: Path) -> None:
    text = f"outs:\n- md5: {MD5}.dir\n  size: 2\n  nfiles: 1\n  hash: md5\n  path: d\n"
    (repo / "d.dvc").write_text(text)

    expected = DvcEntry(
        path=str(repo / "d"),
        where=str(repo / "d.dvc"),
        hash=f"md5:{MD5}.dir",
        bytes=2,
        n_files=1,
        is_raw=True,
    )
    assert expected == entry_of(str(repo / "d"), [])
    assert expected == entry_in(str(repo / "d.dvc"))


def test_md5_of_digits_only_is_text(repo: Path) -> None:
    digits = "12345678901234567890123456789012"
    (repo / "d.dvc").write_text(f"outs:\n- md5: {digits}\n  hash: md5\n  path: d\n")
    assert f"md5:{digits}" == entry_in(str(repo / "d.dvc")).hash


def test_wdir_of_a_dvc_file_is_applied(repo: Path) -> None:
    (repo / "sub").mkdir()
    text = f"wdir: ..\nouts:\n- md5: {MD5}\n  hash: md5\n  path: d\n"
    (repo / "sub/d.dvc").write_text(text)
    assert str(repo / "d") == entry_in(str(repo / "sub/d.dvc")).path
    assert entry_of(str(repo / "sub/d"), []) is None


def test_missing_hash_key_is_dvc_2(repo: Path) -> None:
    (repo / "d.dvc").write_text(f"outs:\n- md5: {MD5}\n  path: d\n")
    assert entry_in(str(repo / "d.dvc")).is_raw is False


def test_nearest_lock_upwards_owns_the_path(repo: Path) -> None:
    write_lock(repo, far=listed("outs", "sub/deep/d", OTHER))
    write_lock(repo / "sub", near=listed("deps", "deep/d"))
    found = entry_of(str(repo / "sub/deep/d"), [])
    assert found is not None
    assert (f"md5:{MD5}", str(repo / "sub/dvc.lock")) == (found.hash, found.where)


def test_lock_above_the_root_is_not_asked(repo: Path) -> None:
    write_lock(repo.parent, far=listed("outs", "repo/d"))
    assert entry_of(str(repo / "d"), []) is None


def test_output_goes_before_the_dependency_of_an_older_run(repo: Path) -> None:
    write_lock(repo, a=listed("deps", "d", OTHER), b=listed("outs", "d"))
    found = entry_of(str(repo / "d"), [])
    assert found is not None
    assert f"md5:{MD5}" == found.hash


@pytest.mark.parametrize(
    ("pipeline", "stage"),
    [
        ("stages: {s: {cmd: x, wdir: w}}", "s"),
        ("stages: {s: {foreach: [1], do: {cmd: x, wdir: w}}}", "s@1"),
        ("stages: {s: {matrix: {k: [1]}, cmd: x, wdir: w}}", "s@1"),
    ],
)
def test_paths_of_a_lock_are_relative_to_the_working_folder(
    repo: Path, pipeline: str, stage: str
) -> None:
    (repo / "dvc.yaml").write_text(pipeline)
    write_lock(repo, **{stage: listed("outs", "d")})
    assert entry_of(str(repo / "w/d"), []) is not None
    assert entry_of(str(repo / "d"), []) is None


def test_stage_with_a_templated_working_folder_records_nothing(repo: Path) -> None:
    (repo / "dvc.yaml").write_text("stages: {s: {foreach: [w], do: {cmd: x, wdir: '${item}'}}}")
    write_lock(repo, **{"s@w": listed("outs", "d")})
    assert entry_of(str(repo / "d"), []) is None


def test_aliases_in_a_pipeline_without_wdir_do_no_harm(repo: Path) -> None:
    (repo / "dvc.yaml").write_text("stages: {a: &a {cmd: x}, b: *a}")
    write_lock(repo, a=listed("outs", "d"))
    assert entry_of(str(repo / "d"), []) is not None


@pytest.mark.parametrize(
    "body",
    [
        "    outs: none\n",
        "    outs:\n    - d\n",
        "    outs:\n    - {path: d}\n",
        "    outs:\n    - {path: d, md5: ../../etc}\n",
        f"    outs:\n    - {{path: 's3://d', md5: {MD5}}}\n",
        "    outs:\n    - [[d]]\n    ? [a]\n    : b\n",
    ],
)
def test_shapes_that_dvc_does_not_write_record_nothing(repo: Path, body: str) -> None:
    write_lock(repo, s=body)
    assert entry_of(str(repo / "d"), []) is None


@pytest.mark.parametrize(
    "content",
    [
        b"outs: [",
        b"outs: \xff",
        b"a: &a [1]\nb: *a\n",
        b"[" * 100_000,
        b"- " * 100_000,
        b"x" * (16 * 1024 * 1024 + 1),
    ],
    ids=["torn", "not-utf8", "alias", "deep-flow", "deep-block", "huge"],
)
def test_file_that_is_no_plain_yaml_is_passed_over_with_one_warning(
    repo: Path, content: bytes
) -> None:
    (repo / "d.dvc").write_bytes(content)
    write_lock(repo, s=listed("outs", "d"))
    warnings: list[str] = []

    found = entry_of(str(repo / "d"), warnings)

    assert found is not None
    assert str(repo / "dvc.lock") == found.where
    assert 1 == len(warnings)
    with pytest.raises(ValueError, match=r"d\.dvc"):
        entry_in(str(repo / "d.dvc"))


@pytest.mark.parametrize("content", ["", "# nothing\n", "outs: []\n", "just text\n"])
def test_dvc_file_without_output_has_no_record(repo: Path, content: str) -> None:
    (repo / "d.dvc").write_text(content)
    assert entry_of(str(repo / "d"), []) is None
    with pytest.raises(ValueError, match="records no md5"):
        entry_in(str(repo / "d.dvc"))


def test_root_is_the_nearest_dvc_folder_then_the_nearest_git(tmp_path: Path) -> None:
    (tmp_path / "a/.dvc").mkdir(parents=True)
    (tmp_path / "a/b/.git").mkdir(parents=True)
    (tmp_path / "c/.git").mkdir(parents=True)
    assert str(tmp_path / "a") == workspace_root(str(tmp_path / "a/b/data"))
    assert str(tmp_path / "c") == workspace_root(str(tmp_path / "c/d/data"))
    assert str(tmp_path) == workspace_root(str(tmp_path / "a"))
