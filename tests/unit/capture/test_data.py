from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.capture import data_check
from ledger.capture.data import DataFacts, describe_data, hash_artifact
from plain_user import as_plain_user


ABC_MD5 = "900150983cd24fb0d6963f7d28e17f72"
"""Of ``abc``: RFC 1321, A.5."""
EMPTY_FOLDER_MD5 = "d751713988987e9331980363e24189ce"
"""Of ``[]``: what DVC records for a folder without files."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    (root / ".git").mkdir(parents=True)
    monkeypatch.chdir(root)
    return root


def track(path: Path, md5: str, **fields: object) -> None:
    """Write ``<path>.dvc`` as DVC 3 does."""
    lines = [f"- md5: {md5}", *(f"  {key}: {item}" for key, item in fields.items())]
    text = "\n".join(["outs:", *lines, "  hash: md5", f"  path: {path.name}", ""])
    Path(f"{path}.dvc").write_text(text)


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def test_untracked_file_has_the_md5_of_its_bytes(project: Path) -> None:
    (project / "raw").mkdir()
    (project / "raw/d.csv").write_bytes(b"abc")

    facts = describe_data("raw/d.csv", project_root=project, split={"train": 0.8})

    expected = {
        "name": "d.csv",
        "path": "raw/d.csv",
        "hash": f"md5:{ABC_MD5}",
        "split": {"train": 0.8},
        "bytes": 3,
        "n_files": 1,
        "source": "computed",
    }
    assert expected == facts.to_json()
    assert list(expected) == list(facts.to_json())
    assert facts.warnings == ()
    assert facts.manifest is None


def test_untracked_folder_has_a_dir_hash_and_a_manifest(project: Path) -> None:
    (project / "data/sub").mkdir(parents=True)
    (project / "data/b").write_bytes(b"")
    (project / "data/sub/a").write_bytes(b"abc")

    facts = describe_data(project / "data", project_root=project, name="digits")

    assert (
        facts.hash
        == "md5:"
        + md5(
            b'[{"md5": "d41d8cd98f00b204e9800998ecf8427e", "relpath": "b"},'
            b' {"md5": "900150983cd24fb0d6963f7d28e17f72", "relpath": "sub/a"}]'
        )
        + ".dir"
    )
    assert facts.manifest == f"{md5(b'')}  0  b\n{ABC_MD5}  3  sub/a\n"
    assert ("digits", "data", 3, 2) == (facts.name, facts.path, facts.bytes, facts.n_files)


def test_path_outside_the_project_is_absolute(project: Path, tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere.csv"
    outside.write_text("x")
    assert str(outside) == describe_data("../elsewhere.csv", project_root=project).path


def test_project_reached_by_a_link_still_gives_relative_paths(
    project: Path, tmp_path: Path
) -> None:
    (project / "d").write_text("x")
    (tmp_path / "link").symlink_to(project)
    assert describe_data("d", project_root=tmp_path / "link").path == "d"


def test_small_tracked_file_is_verified(project: Path) -> None:
    (project / "d").write_bytes(b"abc")
    track(project / "d", ABC_MD5, size=3)

    facts = describe_data("d", project_root=project)

    assert (f"md5:{ABC_MD5}", "verified", ()) == (facts.hash, facts.source, facts.warnings)


def test_edit_that_keeps_the_size_of_small_data_is_seen(project: Path) -> None:
    (project / "d").write_bytes(b"abd")
    track(project / "d", ABC_MD5, size=3)

    facts = describe_data("d", project_root=project)

    assert (f"md5:{md5(b'abd')}", "computed") == (facts.hash, facts.source)
    assert "is not the data that" in facts.warnings[0]


@pytest.fixture
def _everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_check, "VERIFY_LIMIT_BYTES", -1)


@pytest.mark.usefixtures("_everything_is_large")
def test_large_tracked_file_of_the_recorded_size_is_believed(project: Path) -> None:
    (project / "d").write_bytes(b"abd")
    track(project / "d", ABC_MD5, size=3)

    facts = describe_data("d", project_root=project)

    assert (f"md5:{ABC_MD5}", "dvc", 3, ()) == (
        facts.hash,
        facts.source,
        facts.bytes,
        facts.warnings,
    )


@pytest.mark.usefixtures("_everything_is_large")
@pytest.mark.parametrize(
    "recorded", [{"size": 4}, {}, {"size": "many"}, {"size": 3, "nfiles": 1}], ids=str
)
def test_large_tracked_data_is_read_when_the_record_does_not_fit(
    project: Path, recorded: dict[str, object]
) -> None:
    (project / "d").write_bytes(b"abd")
    track(project / "d", EMPTY_FOLDER_MD5 + ".dir" if "nfiles" in recorded else ABC_MD5, **recorded)

    facts = describe_data("d", project_root=project)

    assert (f"md5:{md5(b'abd')}", "computed") == (facts.hash, facts.source)
    assert len(facts.warnings) == 1


@pytest.mark.usefixtures("_everything_is_large")
@pytest.mark.parametrize(
    ("recorded", "source"),
    [
        ({"size": 3, "nfiles": 1}, "dvc"),
        ({"size": 3}, "dvc"),
        ({"size": 3, "nfiles": 2}, "computed"),
    ],
    ids=str,
)
def test_large_tracked_folder_needs_the_recorded_count(
    project: Path, recorded: dict[str, object], source: str
) -> None:
    (project / "d").mkdir()
    (project / "d/a").write_bytes(b"abc")
    track(project / "d", EMPTY_FOLDER_MD5 + ".dir", **recorded)
    assert source == describe_data("d", project_root=project).source


def test_recorded_data_that_is_absent_has_the_recorded_hash(project: Path) -> None:
    track(project / "d", EMPTY_FOLDER_MD5 + ".dir", size=7, nfiles=2)

    facts = describe_data("d", project_root=project)

    assert (f"md5:{EMPTY_FOLDER_MD5}.dir", 7, 2, "dvc") == (
        facts.hash,
        facts.bytes,
        facts.n_files,
        facts.source,
    )
    assert "is not in the workspace" in facts.warnings[0]


def test_dvc_file_stands_for_its_output(project: Path) -> None:
    (project / "raw").mkdir()
    (project / "raw/d").write_bytes(b"abc")
    track(project / "raw/d", ABC_MD5, size=3)

    facts = describe_data("raw/d.dvc", project_root=project)

    assert ("d", "raw/d", "verified") == (facts.name, facts.path, facts.source)


def test_unreadable_dvc_file_is_not_hashed_in_place_of_its_data(project: Path) -> None:
    (project / "d.dvc").write_text("[")

    facts = describe_data("d.dvc", project_root=project)

    assert (None, "d.dvc") == (facts.hash, facts.path)
    assert "not a readable DVC file" in facts.warnings[0]


def test_record_of_dvc_2_is_not_compared(project: Path) -> None:
    (project / "d").write_bytes(b"abc")
    (project / "d.dvc").write_text(f"outs:\n- md5: {ABC_MD5}\n  size: 3\n  path: d\n")

    facts = describe_data("d", project_root=project)

    assert (f"md5:{ABC_MD5}", "computed") == (facts.hash, facts.source)
    assert "DVC 2" in facts.warnings[0]


def test_file_inside_a_tracked_folder_has_its_own_hash(project: Path) -> None:
    (project / "d").mkdir()
    (project / "d/a").write_bytes(b"abc")
    track(project / "d", EMPTY_FOLDER_MD5 + ".dir", size=3, nfiles=1)

    facts = describe_data("d/a", project_root=project)

    assert (f"md5:{ABC_MD5}", "computed", ()) == (facts.hash, facts.source, facts.warnings)


def test_unreadable_record_is_passed_over_with_a_warning(project: Path) -> None:
    (project / "d").write_bytes(b"abc")
    (project / "d.dvc").write_bytes(b"outs: \xff")

    facts = describe_data("d", project_root=project)

    assert (f"md5:{ABC_MD5}", "computed") == (facts.hash, facts.source)
    assert facts.warnings[0].startswith("ignored: ")


def test_no_path_is_a_warning(project: Path) -> None:
    facts = describe_data(None, project_root=project)
    assert ("data", "", None) == (facts.name, facts.path, facts.hash)
    assert facts.warnings == ("no data path was given",)


def test_address_is_recorded_without_its_secrets(project: Path) -> None:
    address = "https://me:secret@host:8/bucket/d.csv?X-Amz-Signature=abc#part"
    facts = describe_data(address, project_root=project)
    assert ("d.csv", "https://host:8/bucket/d.csv", None) == (facts.name, facts.path, facts.hash)
    assert "secret" not in repr(facts)


@pytest.mark.parametrize("path", ["absent", "nul\0byte", "x" * 5000, "absent.dvc"], ids=range(4))
def test_path_that_does_not_exist_is_a_warning(project: Path, path: str) -> None:
    facts = describe_data(path, project_root=project)
    assert (None, path, "computed") == (facts.hash, facts.path, facts.source)
    assert facts.warnings[0].startswith("not hashed: ")


def test_pipe_is_a_warning_and_does_not_block(project: Path) -> None:
    os.mkfifo(project / "pipe")
    (project / "d").mkdir()
    os.mkfifo(project / "d/pipe")
    for path in ("pipe", "d"):
        facts = describe_data(path, project_root=project)
        assert facts.hash is None
        assert "not a regular file" in facts.warnings[0]


def test_socket_is_a_warning(project: Path) -> None:
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind("socket")
        assert describe_data("socket", project_root=project).hash is None


def test_link_without_target_in_a_folder_leaves_it_without_hash(project: Path) -> None:
    """DVC refuses such a folder; a hash of the rest would be the hash of other data."""
    (project / "d").mkdir()
    (project / "d/a").write_text("x")
    (project / "d/gone").symlink_to("nowhere")
    facts = describe_data("d", project_root=project)
    assert facts.hash is None
    assert "gone" in facts.warnings[0]


def test_link_to_a_folder_in_a_folder_is_left_out_with_a_warning(project: Path) -> None:
    (project / "d").mkdir()
    (project / "d/loop").symlink_to(".")
    facts = describe_data("d", project_root=project)
    assert (f"md5:{EMPTY_FOLDER_MD5}.dir", 0) == (facts.hash, facts.n_files)
    assert "left out, as DVC does: loop" in facts.warnings[0]
    assert "no files" in facts.warnings[1]


def test_link_to_a_folder_given_as_data_is_followed(project: Path) -> None:
    (project / "real").mkdir()
    (project / "real/a").write_bytes(b"abc")
    (project / "d").symlink_to("real")
    linked = describe_data("d", project_root=project)
    assert linked.hash == describe_data("real", project_root=project).hash
    assert linked.path == "d"


@pytest.mark.skipif(sys.platform == "darwin", reason="its file systems take UTF-8 names only")
def test_names_that_are_not_utf8_keep_the_hash_stable_and_the_record_utf8(project: Path) -> None:
    folder = os.fsencode(project) + b"/d\xff"
    os.mkdir(folder)
    Path(os.fsdecode(folder + b"/\xfe.txt")).write_bytes(b"abc")

    first, second = (describe_data(os.fsdecode(folder), project_root=project) for _ in range(2))

    listing = f'[{{"md5": "{ABC_MD5}", "relpath": "\\udcfe.txt"}}]'
    assert first == second
    assert f"md5:{md5(listing.encode())}.dir" == first.hash
    assert first.path == "d\\udcff"
    assert f'{ABC_MD5}  3  "\\udcfe.txt"\n' == first.manifest
    assert "not UTF-8" in first.warnings[0]
    repr(first).encode("utf-8")


@pytest.mark.parametrize("spelling", ["d", "./d/", "../project/d", "d/../d"])
def test_spelling_of_the_path_does_not_matter(project: Path, spelling: str) -> None:
    (project / "d").mkdir()
    (project / "d/a").write_bytes(b"abc")
    track(project / "d", EMPTY_FOLDER_MD5 + ".dir")
    assert describe_data("d", project_root=project) == describe_data(spelling, project_root=project)


def test_unreadable_file_or_folder_is_a_warning(project: Path) -> None:
    (project / "d/closed").mkdir(parents=True)
    (project / "d/secret").write_text("x")
    (project / "d/secret").chmod(0)
    script = (
        "import sys; from ledger.capture.data import describe_data\n"
        "for path in ('d/secret', 'd'):\n"
        "    facts = describe_data(path, project_root=sys.argv[1])\n"
        "    print(facts.hash, 'Permission denied' in facts.warnings[0])\n"
    )
    done = as_plain_user(script, str(project))
    assert ["None True", "None True"] == done.stdout.splitlines(), done.stderr


def test_yaml_and_pathspec_are_loaded_only_when_needed(project: Path) -> None:
    (project / ".dvcignore").write_text("# as dvc init writes it\n")
    (project / "d").mkdir()
    code = (
        "import sys; from ledger.capture.data import describe_data;"
        "describe_data('d', project_root='.');"
        "print({'yaml', 'pathspec', 'dvc', 'typing', 'dataclasses'} & set(sys.modules))"
    )
    done = subprocess.run(  # list arguments, no shell
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(Path(data_check.__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "set()\n" == done.stdout


def test_facts_are_a_value(project: Path) -> None:
    facts = describe_data(None, project_root=project)
    assert isinstance(facts, DataFacts)
    with pytest.raises(AttributeError, match="frozen"):
        facts.name = "other"  # type: ignore[misc]  # the point


def test_artifact_has_hash_and_bytes(project: Path) -> None:
    (project / "model.pt").write_bytes(b"abc")
    (project / "saved").mkdir()
    assert (f"md5:{ABC_MD5}", 3) == hash_artifact(project / "model.pt")
    assert (f"md5:{EMPTY_FOLDER_MD5}.dir", 0) == hash_artifact("saved")


def test_artifact_that_cannot_be_read_has_neither(project: Path) -> None:
    os.mkfifo(project / "pipe")
    assert (None, None) == hash_artifact("absent")
    assert (None, None) == hash_artifact("pipe")
