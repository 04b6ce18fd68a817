"""Golden run folders of every format version: they are read for ever, and never edited.

A change of the format adds a folder here; a test that fails means that records which people have
committed years ago would be read differently.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import jsonschema
import pytest

from ledger.contract.columns import columns_of
from ledger.contract.config import config_hash, variant_hash
from ledger.contract.json_text import as_list, as_object, encode_number
from ledger.contract.metrics import Table, decode_table, summarise, whole_lines
from ledger.contract.note import note_hash, parse_note
from ledger.contract.record import RunRecord, encode_record, parse_record, record_schema
from ledger.contract.redaction import holds_secret
from ledger.contract.trials import decode_trials, sum_up
from ledger.contract.worker import encode_worker, in_order, parse_worker


pytestmark = pytest.mark.contract

GOLDEN = Path(__file__).parent / "golden"
# Add lines; never change one.
DIGESTS = {
    "v1/failed/metrics.csv": "1dab5f4c44ecdebe59028a78995f93f20c0e0281bc146e5c64098e3ad7427980",
    "v1/failed/run.json": "f2ecd7412dc6487d987cbf95a7dd739e0a3770266074d4256fdffb41746a43b8",
    "v1/failed/run.md": "40b28299a79125827e04d3f8ef5deb7cf0929cf548c7af3ff15660b9981079c7",
    "v1/finished/changes.patch": "92c7e2f74cacd59fb66aefffeb764115096882cb58593baefd9a118093c8b690",
    "v1/finished/metrics.csv": "75e0d19769850517c7806f5297779ca919075b09297d4e48acabf5c487b1f05c",
    "v1/finished/run.json": "7cb13d93122e7bc8a1d42b27bbde71ffa07d7da8356d95bf48470cf7e9de1124",
    "v1/finished/run.md": "fa32f1a4fea2d111b4cd59d960836a25b6e8223f639d1060459cbd2974df8f33",
    "v1/joined/metrics.child2.csv": "984ad2974f52b2586368d7a590c1a4ccb1ca699bd3e67d74bcbc64d6f770c534",  # noqa: E501
    "v1/joined/metrics.console.csv": "ddd9b72092d6f03b5bd8b80caf3fd9aa7827d8fd94c051b00d0f10bc248f8852",  # noqa: E501
    "v1/joined/metrics.csv": "017706499416f63eb80337ecb881a41b0355a9b2168f1aed76c0ddf3cd186702",
    "v1/joined/run.json": "1ac40472ac32a00cf197b9e57c0469ec9d45d35833ad3e3a907163f795dd502c",
    "v1/joined/run.md": "bcb6e138ff7692bef3e16be08bfa6d56a1032ae0d0e76847452129c104c263bc",
    "v1/joined/worker.child.json": "16c196c6dd659553050e264d4b642e5b302789f6ac33b9ca10a7ae58b6659e60",  # noqa: E501
    "v1/joined/worker.child2.json": "f0f1593e4fb17d6d5e11ee4a35ea1cafcd65a139e800f9fd9871865882e43b1e",  # noqa: E501
    "v1/minimal/metrics.csv": "a0d89b98fad6dffb83d7ea97dd1950078186bb9a7a2e5513b60b3998f5cbde74",
    "v1/minimal/run.json": "871b0645119d9bd78bc18848a0c00904536a145a83e20aaa92bc3f0e27701434",
    "v1/minimal/run.md": "9a5b4e55d4ae745aca99782d7df15a393f3e4cc4d13609069fc40993fd0d8a4f",
    "v1/sweep/metrics.csv": "677216ff66824cc93da9230a563a54bc1a1d91f3a8e001f3bad687e541b81ced",
    "v1/sweep/run.json": "8bba572d27c803ab89402893d5808dc72ac294a39d28432d9e2bb12a5c44c625",
    "v1/sweep/run.md": "fdcff0aed0332611643a05e439a4bb0b9c7e6938d4d49a84b302adbca8cfd414",
    "v1/sweep/trials.csv": "ac5458ba9ccb43d7bfeb613d2d31165e762e53c7583f5336c73982a60bcb02c6",
    "v1/notebook/cells.py": "0bf6bacdbd1e72350f419c95ef15311f108f1f1ec3a55a634cae4b6bdd38301c",
    "v1/notebook/metrics.csv": "2920a0ce4314318cb9ea819b95d6dba4ee3f4e7be7484011a0f8ad11b9babd2e",
    "v1/notebook/run.json": "2416018c4af0df2fe63d4f1a2ac1a1d2a150f2faa2c3ebd8cc3569b3da278632",
    "v1/notebook/run.md": "bd259c1171a8939a91177aac68afddb6ed892b3089ea3fe8256a67140c050c4a",
    "v1/thinned/metrics.csv": "e198c8706407481cc6aaa6bab5a3461cc519958c0e71507fe54a14280b4628d9",
    "v1/thinned/run.json": "f6dbf5aaa581f2e3e1c1681989a4e1d6fc11f453b441c00d714789df257bb7e6",
    "v1/thinned/run.md": "ce928baac1c52c65b1b338c0bb5ad13f971ebd660b4b0dc6e203359f29b9fdc6",
}
FOLDERS = sorted({str(Path(name).parent) for name in DIGESTS})
WRITTEN_BY_US = [folder for folder in FOLDERS if not folder.endswith("/minimal")]


def record(folder: str) -> RunRecord:
    return parse_record((GOLDEN / folder / "run.json").read_bytes())


def tables(folder: str) -> list[Table]:
    return in_order(
        {
            path.name: decode_table(path.read_bytes())
            for path in (GOLDEN / folder).glob("metrics*.csv")
        }
    )


def summary(folder: str) -> dict[str, object]:
    found = tables(folder)
    columns = columns_of(
        record(folder).document, [name for table in found for name in table.header]
    )
    return {name: item.to_json() for name, item in summarise(found, columns).items()}


def test_golden_files_are_never_edited() -> None:
    digests = {
        path.relative_to(GOLDEN).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in GOLDEN.rglob("*")
        if path.is_file()
    }
    assert DIGESTS == digests


@pytest.mark.parametrize("folder", FOLDERS)
def test_record_is_read(folder: str) -> None:
    assert json.loads((GOLDEN / folder / "run.json").read_bytes()) == record(folder).document


@pytest.mark.parametrize("folder", FOLDERS)
def test_record_is_valid_by_the_published_schema(folder: str) -> None:
    jsonschema.Draft202012Validator(record_schema()).validate(record(folder).document)


@pytest.mark.parametrize("folder", WRITTEN_BY_US)
def test_record_is_written_again_with_the_same_bytes(folder: str) -> None:
    assert (GOLDEN / folder / "run.json").read_bytes() == encode_record(record(folder).document)


@pytest.mark.parametrize("folder", [f for f in WRITTEN_BY_US if not f.endswith("/thinned")])
def test_summary_is_what_the_rows_say(folder: str) -> None:
    assert record(folder)["summary"] == summary(folder)


@pytest.mark.parametrize("folder", WRITTEN_BY_US)
def test_unstated_metrics_are_the_last_values_of_the_rows(folder: str) -> None:
    made = record(folder)
    for name, number in as_object(made["metrics"]).items():
        if name not in made.stated and name != "training_time_hours":
            assert number == as_object(summary(folder)[name])["last"], name


@pytest.mark.parametrize("folder", WRITTEN_BY_US)
def test_hashes_rows_and_bytes_are_those_of_the_files(folder: str) -> None:
    for name, entry in as_object(record(folder)["files"]).items():
        data = (GOLDEN / folder / name).read_bytes()
        assert data == whole_lines(data)
        n_rows = len(decode_table(data).rows) if name.endswith(".csv") else None
        assert {
            "sha256": hashlib.sha256(data).hexdigest(),
            "rows": n_rows,
            "bytes": len(data),
        } == entry


@pytest.mark.parametrize("folder", WRITTEN_BY_US)
def test_hashes_of_the_config_are_those_of_its_values(folder: str) -> None:
    config = as_object(record(folder)["config"])
    resolved = config["resolved"]
    assert (config["hash"], config["variant"]) == (config_hash(resolved), variant_hash(resolved))


@pytest.mark.parametrize("folder", FOLDERS)
def test_record_and_note_hold_no_secret(folder: str) -> None:
    for name in ("run.json", "run.md"):
        assert not holds_secret((GOLDEN / folder / name).read_text(encoding="utf-8"))


# -- what a reader gets to see of each, value by value


def test_finished_run_reads_as_ever() -> None:
    made = record("v1/finished")
    assert "2026-02-01_1630_moons_lr_drop-k3f9q2xa" == made.run_id
    assert ("moons lr drop", "finished", ("moons", "größe")) == (made.name, made.status, made.tags)
    assert "2026-01-31_0915_moons_lr-abcdefgh" == made.parent
    assert ("val_acc", "max") == made.objective
    assert made.is_dirty is True
    assert [("train.py", "M", True), ("new file.py", "?", True)] == [
        (path.path, path.status, path.loaded) for path in made.dirty_paths or ()
    ]
    assert {"test_acc"} == made.stated
    assert {
        "loss": 0.25,
        "val_acc": 0.9,
        "metric.time": 0.28,
        "is_best": 0.0,
        "test_acc": 0.89,
        "training_time_hours": 0.0017361111111111112,
    } == made.metrics


def test_trials_read_as_ever() -> None:
    trials = decode_trials((GOLDEN / "v1/sweep/trials.csv").read_bytes())
    assert [
        ("0000", "finished", 0.5, None),
        ("0001", "failed", None, None),
        ("0002", "finished", 0.25, "0000"),
    ] == [(each.trial_id, each.status, each.score, each.parent) for each in trials]
    assert {"lr": "0.1", "param.parent": "2"} == trials[2].params
    sweep = as_object(record("v1/sweep")["sweep"])
    assert sum_up(trials, "min").items() <= sweep.items()


def test_finished_table_reads_as_ever() -> None:
    (table,) = tables("v1/finished")
    assert 'a, "b"' == table.rows[0][5]
    assert "C:\\new\nline" == table.rows[1][5]
    assert "0.30000000000000004" == table.rows[2][6]
    assert ["2", "299", "3.760", "", "", "", "", "0.9", "", ""] == table.rows[3]


def test_finished_note_is_complete_and_touched_by_a_person() -> None:
    data = (GOLDEN / "v1/finished/run.md").read_bytes()
    note = parse_note(data)
    assert note.is_complete
    assert ("2026-01-31_0915_moons_lr-abcdefgh",) == note.see
    assert record("v1/finished").template != note_hash(data)


def test_what_ran_in_a_kernel_reads_as_ever() -> None:
    notebook = as_object(record("v1/notebook")["notebook"])
    assert ("fit.ipynb", 4, False) == (
        notebook["path"],
        notebook["n_executed"],
        notebook["as_saved"],
    )
    assert 2 == len(as_list(notebook["differences"]))
    cells = (GOLDEN / "v1/notebook/cells.py").read_text(encoding="utf-8")
    assert 4 == cells.count("\n# %% In [")
    assert "\n# %% In [2]\nlr = 0.2\n" in cells


def test_workers_read_as_ever() -> None:
    folder = GOLDEN / "v1/joined"
    for name in ("child", "child2"):
        data = (folder / f"worker.{name}.json").read_bytes()
        made = parse_worker(name, data)
        assert "finished" == made.status
        assert data == encode_worker(made.document)
    assert {"Hypothesis": ["it joins"]} == parse_worker(
        "child", (folder / "worker.child.json").read_bytes()
    ).note


def test_tables_of_workers_read_as_ever() -> None:
    """Rows of two processes stay two; what the console has of a logged metric does not count."""
    assert ["epoch,time,loss", "epoch,time,loss", "step,time,throughput"] == [
        ",".join(table.header) for table in tables("v1/joined")
    ]
    assert {
        "loss": 0.75,
        "throughput": 120.5,
        "test_acc": 0.9,
        "training_time_hours": 0.001389,
    } == record("v1/joined").metrics
    assert (3, 0.25, 1) == tuple(
        as_object(summary("v1/joined")["loss"])[key] for key in ("n", "min", "min_at")
    )


def test_failed_run_reads_as_ever() -> None:
    made = record("v1/failed")
    assert ("failed", None, None) == (made.status, made.is_dirty, made.dirty_paths)
    assert made.objective is None
    assert 2 == len(as_list(made["sessions"]))
    assert "FloatingPointError" == as_object(made["error"])["type"]
    assert "nan" == encode_number(made.metrics["loss"])


def test_failed_note_waits_and_is_untouched() -> None:
    data = (GOLDEN / "v1/failed/run.md").read_bytes()
    note = parse_note(data)
    assert () == note.missing
    assert 5 == len(note.unfilled)
    assert record("v1/failed").template == note_hash(data)


def test_record_written_by_hand_reads_as_ever() -> None:
    made = record("v1/minimal")
    assert ("baseline-by-hand", "baseline-by-hand", "finished") == (
        made.run_id,
        made.name,
        made.status,
    )
    assert made.is_dirty is False
    assert {"val_acc": 0.75, "diverged": float("inf")} == made.metrics
    assert {"lr": 0.1, "optimizer": "sgd"} == made.config
    assert ["val_acc"] == list(summary("v1/minimal"))


def test_note_written_by_hand_is_complete() -> None:
    assert parse_note((GOLDEN / "v1/minimal/run.md").read_bytes()).is_complete


def test_thinned_run_reads_as_ever() -> None:
    made = record("v1/thinned")
    entry = as_object(as_object(made["thinned"])["metrics.csv"])
    assert ("outputs/2026-11-26_0100_long_run-k3f9q2xa/metrics.csv", 120) == (
        entry["path"],
        entry["rows"],
    )
    artifact = as_object(as_object(made["artifacts"])["metrics_full"])
    assert (entry["path"], entry["bytes"]) == (artifact["path"], artifact["bytes"])
    assert 8 == as_object(as_object(made["files"])["metrics.csv"])["rows"]


def test_thinned_rows_say_the_same_extremes_and_last_values() -> None:
    whole, rows = as_object(record("v1/thinned")["summary"]), summary("v1/thinned")
    for name in ("loss", "acc"):
        for key in ("last", "min", "min_at", "max", "max_at"):
            assert as_object(whole[name])[key] == as_object(rows[name])[key]  # type: ignore[arg-type]
    assert (120, 1) == tuple(as_object(whole["loss"])[key] for key in ("n", "n_nonfinite"))
