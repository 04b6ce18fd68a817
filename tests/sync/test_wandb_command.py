"""``ledger sync wandb`` on the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest


pytest.importorskip("wandb")

from unit.reader.builders import add_run, epochs


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Invoke = Callable[..., tuple[int, str, str]]

pytestmark = [pytest.mark.filterwarnings("default"), pytest.mark.timeout(300)]


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WANDB_API_KEY", "WANDB_PROJECT", "WANDB_ENTITY", "WANDB_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WANDB_MODE", "offline")


def test_the_command_line_sends_and_tells(
    root: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    run_id = add_run(root, "told", epochs(loss=[0.5]))

    code, out, told = invoke("sync", "wandb", "--all", "--format", "json")

    (row,) = json.loads(out)["rows"]
    assert (0, "", run_id, "sent") == (code, told, row["run_id"], row["state"])
    _, out, _ = invoke("sync", "wandb", run_id, "--format", "json")
    assert ["unchanged"] == [each["state"] for each in json.loads(out)["rows"]]


def test_without_a_key_it_is_told_in_one_line(
    root: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    monkeypatch.delenv("WANDB_MODE")
    run_id = add_run(root, "keyless", epochs(loss=[0.5]))

    code, out, told = invoke("sync", "wandb", run_id)

    assert (2, "") == (code, out)
    assert "ledger: no key of Weights & Biases is known here (run `wandb login`" in told
    assert 1 == len(told.splitlines())


def test_a_project_that_cannot_be_called_so_is_told(
    root: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    run_id = add_run(root, "named", epochs(loss=[0.5]))

    code, _, told = invoke("sync", "wandb", run_id, "--project", "a/b")

    assert 2 == code
    assert "'a/b' cannot be a project of Weights & Biases" in told


def test_a_tracker_that_is_switched_off_is_told(
    root: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    """wandb would take everything, keep nothing, and call it a success."""
    monkeypatch.chdir(root)
    monkeypatch.setenv("WANDB_MODE", "disabled")

    code, _, told = invoke("sync", "wandb", add_run(root, "off", epochs(loss=[0.5])))

    assert 2 == code
    assert "WANDB_MODE is disabled: nothing would be sent" in told
