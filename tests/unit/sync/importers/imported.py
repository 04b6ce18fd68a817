"""A project to import into, and what is found in it afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from click.testing import CliRunner

from ledger.cli.main import main
from ledger.contract.metrics import decode_table
from ledger.contract.record import parse_record
from ledger.contract.trials import decode_trials


if TYPE_CHECKING:
    from click.testing import Result

    from ledger.contract.record import RunRecord
    from ledger.contract.trials import Trial


def run_import(*words: str | Path) -> Result:
    """Return what ``ledger import`` did in the working folder."""
    return CliRunner().invoke(main, ["import", *map(str, words)])


def run_dirs(project: Path) -> list[Path]:
    """Return the folders of all runs of ``project``."""
    return sorted(path for path in (project / "ledger").glob("*/*") if path.is_dir())


def only_run(project: Path) -> Path:
    """Return the folder of the only run."""
    (found,) = run_dirs(project)
    return found


def record_in(run_dir: Path) -> RunRecord:
    """Return the record in ``run_dir``, as the strict reader takes it."""
    return parse_record((run_dir / "run.json").read_bytes())


def rows_in(run_dir: Path) -> list[dict[str, str]]:
    """Return the rows of metrics.csv by column."""
    table = decode_table((run_dir / "metrics.csv").read_bytes())
    return [dict(zip(table.header, row, strict=True)) for row in table.rows]


def trials_in(run_dir: Path) -> dict[str, Trial]:
    """Return the trials by id."""
    found = decode_trials((run_dir / "trials.csv").read_bytes())
    return {trial.trial_id: trial for trial in found}
