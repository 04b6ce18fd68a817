"""What a run made is sent only while it is still what the record says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.capture.data import hash_artifact
from ledger.sync.files import models_of
from unit.reader.builders import add_run, make_project, open_at


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.contract.json_text import Json
    from ledger.sync.files import Model


def model_of(root: Path, path: str, *, content: str | None = None) -> Model:
    make_project(root)
    entry: Json = {"path": path, "hash": content, "bytes": None}
    run_id = add_run(root, "made", artifacts={"model": entry})
    ledger = open_at(root)
    (model,) = models_of(ledger, ledger.load(run_id))
    return model


def test_a_file_with_the_recorded_hash_is_sent(tmp_path: Path) -> None:
    file = tmp_path / "model.bin"
    file.write_bytes(b"weights")

    model = model_of(tmp_path, "model.bin", content=hash_artifact(file)[0])

    assert model.why_not() is None
    assert [(file, "model.bin")] == list(model.files())


def test_a_folder_is_sent_file_by_file_without_links_and_keys(tmp_path: Path) -> None:
    folder = tmp_path / "plots"
    (folder / "late").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "late" / "b.txt").write_text("b")
    (folder / ".env").write_text("TOKEN=x")
    (folder / "link").symlink_to(folder / "a.txt")

    model = model_of(tmp_path, "plots", content=hash_artifact(folder)[0])

    assert model.why_not() is None
    assert ["a.txt", "late/b.txt"] == [place for _, place in model.files()]


@pytest.mark.parametrize(
    ("path", "content", "why"),
    [
        ("gone.bin", "md5:" + "0" * 32, "is missing here"),
        ("other.bin", "md5:" + "0" * 32, "is no longer what the run made"),
        ("other.bin", None, "has no hash in the record"),
        ("s3://bucket/model.bin", None, "is not on this machine"),
        (".env", "md5:" + "0" * 32, "may hold credentials by its name"),
        ("../../../../../../etc/hostname", "md5:" + "0" * 32, "is no longer what the run made"),
        ("/etc/passwd", None, "has no hash in the record"),
    ],
)
def test_another_file_is_not_sent(tmp_path: Path, path: str, content: str | None, why: str) -> None:
    """A record of somebody's branch may name any file of this machine."""
    (tmp_path / "other.bin").write_bytes(b"something else")

    told = model_of(tmp_path, path, content=content).why_not()

    assert told is not None
    assert why in told
