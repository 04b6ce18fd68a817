"""MLflow that cannot be used: one line, exit code 2, and nothing half marked."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest


mlflow = pytest.importorskip("mlflow")

import ledger  # noqa: E402  # behind the skip
from sync.conftest import free_port  # noqa: E402
from unit.reader.builders import add_run, epochs  # noqa: E402


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Invoke = Callable[..., tuple[int, str, str]]

pytestmark = [pytest.mark.filterwarnings("default"), pytest.mark.timeout(300)]
TOKEN = "s3cr3tT0ken"


@pytest.fixture
def run_id(root: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(root)
    return add_run(root, "small", epochs(loss=[0.5, 0.4]))


def test_a_server_that_is_down_is_one_line_without_the_password(
    run_id: str, invoke: Invoke
) -> None:
    address = f"http://me:{TOKEN}@127.0.0.1:{free_port()}"

    code, out, told = invoke("sync", "mlflow", run_id, "--tracking-uri", address)

    assert (2, "") == (code, out)
    assert 1 == len(told.splitlines())
    assert "it does not answer" in told
    assert "--tracking-uri" in told
    assert TOKEN not in told


@pytest.mark.parametrize("address", ["foo://somewhere", "http://", "sqlite:///{file}/x.db"])
def test_a_wrong_address_is_one_line(
    run_id: str, invoke: Invoke, address: str, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_text("no folder")

    code, out, told = invoke("sync", "mlflow", run_id, "--tracking-uri", address.format(file=file))

    assert (2, "") == (code, out)
    assert [] == [line for line in told.splitlines() if "cannot be used" not in line]


def test_no_server_named_is_one_line(
    run_id: str, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)

    code, _, told = invoke("sync", "mlflow", run_id)

    hint = "(give --tracking-uri, or set MLFLOW_TRACKING_URI)"
    assert (2, f"ledger: no MLflow server is named {hint}\n") == (code, told)


def test_a_training_goes_on_where_nothing_can_be_sent(
    run_id: str, capfd: pytest.CaptureFixture[str]
) -> None:
    sent = ledger.log_to_mlflow(run_id, tracking_uri=f"http://127.0.0.1:{free_port()}")

    told = capfd.readouterr().err
    assert sent is None
    assert told.startswith("ledger: nothing was sent to MLflow: MLflow at http://127.0.0.1:")
    assert 1 == len(told.splitlines())


def test_the_environment_is_as_it_was(run_id: str, invoke: Invoke) -> None:
    before = dict(os.environ)

    invoke("sync", "mlflow", run_id, "--tracking-uri", f"http://127.0.0.1:{free_port()}")

    assert before == dict(os.environ)


def test_a_database_in_a_file_has_its_artifacts_beside_it_and_says_nothing(
    run_id: str, root: Path, tmp_path: Path
) -> None:
    """MLflow's own place for them would be the folder where somebody happens to stand."""
    store = tmp_path / "store"
    store.mkdir()
    address = f"sqlite:///{store}/own.db"
    command = [sys.executable, "-m", "ledger", "sync", "mlflow", run_id, "--tracking-uri", address]

    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)

    assert "" == done.stderr
    assert not (root / "mlruns").exists()
    assert ["run.json"] == [each.name for each in (store / "mlruns").rglob("run.json")]


def test_two_syncs_at_once_make_one_run(run_id: str, root: Path, tmp_path: Path) -> None:
    """A file of SQLite is a server too: the second must not stumble over one half made."""
    address = f"sqlite:///{tmp_path}/own.db"
    command = [sys.executable, "-m", "ledger", "sync", "mlflow", run_id, "--tracking-uri", address]
    both = [
        subprocess.Popen(
            command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]

    done = [(each.communicate(timeout=280), each.returncode) for each in both]

    assert [0, 0] == [code for _, code in done], done
    (found,) = mlflow.MlflowClient(address).search_runs(["1"])
    assert run_id == found.info.run_name
    assert 1 == sum(" sent " in out for (out, _), _ in done)
