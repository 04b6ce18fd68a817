"""The environment, from metadata and without a subprocess."""

from __future__ import annotations

import hashlib
import platform
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

from ledger.capture.environment import describe_environment, installed_packages


if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def install(site: Path, name: str, metadata: bytes | None) -> None:
    folder = site / f"{name}.dist-info"
    folder.mkdir(parents=True)
    if metadata is not None:
        (folder / "METADATA").write_bytes(metadata)


def test_the_environment_is_that_of_this_process() -> None:
    facts = describe_environment({})
    assert (platform.python_version(), platform.platform()) == (facts.python, facts.platform)
    assert any(package.startswith("numpy==") for package in facts.packages)
    section = facts.to_json("ledger/environments/x.txt")
    assert f"sha256:{hashlib.sha256(facts.freeze).hexdigest()}" == section["pip_freeze_hash"]
    assert "ledger/environments/x.txt" == section["pip_freeze_path"]
    assert facts.freeze.decode().splitlines() == list(facts.packages)


def test_packages_are_sorted_and_the_first_on_the_path_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "a", "zz-1.0", b"Name: ZZ\nVersion: 1.0\n")
    install(tmp_path / "a", "my_lib-2.0", b"Name: my_lib\nVersion: 2.0\n")
    install(tmp_path / "b", "my_lib-1.0", b"Name: my-lib\nVersion: 1.0\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "a"), str(tmp_path / "b")])
    assert ("my_lib==2.0", "ZZ==1.0") == installed_packages(tuple(sys.path))


def test_the_rest_of_an_uninstall_harms_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "~umpy-1.0", None)
    install(tmp_path, "latin-1.0", b"Name: latin\nVersion: 1.0\nAuthor: \xff\n")
    install(tmp_path, "good-1.0", b"Name: good\nVersion: 1.0\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert "good==1.0" in installed_packages(tuple(sys.path))


def test_nothing_is_imported_for_it() -> None:
    before = {name for name in sys.modules if name.partition(".")[0] in {"torch", "numpy", "pip"}}
    describe_environment({})
    assert before == {n for n in sys.modules if n.partition(".")[0] in {"torch", "numpy", "pip"}}


def test_an_imported_torch_names_the_gpus() -> None:
    cuda = SimpleNamespace(
        is_available=lambda: True, device_count=lambda: 2, get_device_name=lambda n: f"GPU {n}"
    )
    torch = SimpleNamespace(cuda=cuda, version=SimpleNamespace(cuda="12.4"))
    section = describe_environment({"torch": torch}).to_json(None)
    assert ("12.4", ["GPU 0", "GPU 1"]) == (section["cuda"], section["gpu"])
