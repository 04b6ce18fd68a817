"""The real kt-masterlog: what runs of it without TensorFlow, its configuration and its registry."""

from __future__ import annotations

import dataclasses
import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import ledger
from ledger.integrations import masterlog
from ledger.integrations.tuning import TunerConfig
from unit.writer.recording import ledger_command


if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

# the package itself imports TensorFlow; to be found is not to be imported
PACKAGE = importlib.util.find_spec("kt_masterlog")
REASON = (
    "kt-masterlog is not installed: "
    "pip install --no-deps --ignore-requires-python --target DIR, and DIR in PYTHONPATH"
)
pytestmark = pytest.mark.skipif(PACKAGE is None, reason=REASON)


def module(name: str) -> ModuleType:
    """Return a module of the package, which imports nothing but the standard library."""
    assert PACKAGE is not None
    assert PACKAGE.origin is not None
    path = Path(PACKAGE.origin).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"theirs_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = found  # dataclasses look their module up
    spec.loader.exec_module(found)
    return found


@pytest.fixture
def theirs(request: pytest.FixtureRequest) -> Iterator[Any]:
    yield module(request.param)
    sys.modules.pop(f"theirs_{request.param}", None)
    assert "tensorflow" not in sys.modules


@pytest.mark.parametrize("theirs", ["config"], indirect=True)
def test_a_configuration_they_wrote_is_one_of_ours(tmp_path: Path, theirs: Any) -> None:
    known = {"strategy": "hyperband", "max_trials": 7, "strategy_kwargs": {"factor": 4}}
    config = theirs.TunerConfig(project_name="moons", objective_metric="val_auc", **known)
    config.to_json(str(tmp_path / "theirs.json"))
    ours = TunerConfig.from_json(tmp_path / "theirs.json")
    told = ours.to_dict()
    assert told.pop("seed") is None
    assert told.items() <= config.to_dict().items()

    defaults = theirs.TunerConfig(project_name="moons").to_dict()
    own = TunerConfig(project_name="moons", early_stop_monitor="val_loss").to_dict()
    assert {name: item for name, item in own.items() if name != "seed"}.items() <= defaults.items()


@pytest.mark.parametrize("theirs", ["registry"], indirect=True)
def test_our_manifest_is_theirs_and_theirs_opens_in_ours(project: Path, theirs: Any) -> None:
    table = project / "moons_master_log.csv"
    table.write_text("trial_id,epoch,lr,val_loss\n00,1,0.1,0.5\n00,2,0.1,0.25\n01,1,0.2,0.75\n")
    run_id = theirs.register_run("moons", table)
    theirs.update_run_status(run_id, "completed")
    manifest = theirs.registry_dir() / f"{run_id}.json"

    answer = ledger_command(
        project, "query", "--csv", str(manifest), "best val_loss", "--format", "csv"
    )
    assert answer.returncode == 0, answer.stderr
    assert "0.25" in answer.stdout
    shown = ledger_command(project, "show", "--csv", str(manifest), "@latest")
    assert shown.returncode == 0, shown.stderr
    assert "moons" in shown.stdout

    with ledger.start("sweep") as run:
        environ = {masterlog.FOLDER: str(theirs.registry_dir())}
        ours = masterlog.announce(run.id, run.dir / "metrics.csv", environ)
    assert ours is not None
    theirs.update_run_status(ours.run_id, "failed")
    facts = theirs.json.loads(ours.path.read_text())
    assert facts.keys() == {field.name for field in dataclasses.fields(theirs.RunManifest)}
    assert facts["status"] == "failed"
