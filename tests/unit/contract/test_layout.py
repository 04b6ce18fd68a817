"""Names and places of the ledger."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.contract.layout import (
    check_run_id,
    encode_token,
    is_frozen_file,
    is_metrics_table,
    is_month,
    is_table,
    is_temporary,
    make_run_id,
    month_of,
    slug,
    table_name,
    table_order,
    table_worker,
    why_illegal,
    worker_file,
    worker_of,
)
from ledger.errors import LedgerError


STARTED = datetime(2026, 2, 1, 16, 30, 59, tzinfo=UTC)


@given(st.text(), st.binary(min_size=5, max_size=9), st.datetimes(min_value=datetime(1970, 1, 1)))  # noqa: DTZ001  # hypothesis wants naive bounds
def test_run_id_of_any_name_is_legal(name: str, random: bytes, started: datetime) -> None:
    assert why_illegal(make_run_id(name, started, encode_token(random))) is None


@given(st.text())
def test_slug_is_short_and_stays_itself(name: str) -> None:
    made = slug(name)
    assert 1 <= len(made) <= 60
    assert made == slug(made)


def test_run_id_is_start_name_and_token() -> None:
    assert "2026-02-01_1630_ablation_lr-k3f9q2xa" == make_run_id("ablation lr", STARTED, "k3f9q2xa")


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("", "run"),
        ("...", "run"),
        ("日本", "run"),
        ("Größe", "Groe"),
        ("naïve", "naive"),
        ("a/b\\c", "a_b_c"),
        ("a..b", "a.b"),
        ("lr=0.1", "lr_0.1"),
        ("-rf", "rf"),
        ("x" * 99, "x" * 60),
    ],
)
def test_slug_keeps_what_an_id_may_hold(name: str, made: str) -> None:
    assert made == slug(name)


@given(st.binary(min_size=5, max_size=5), st.binary(min_size=5, max_size=5))
def test_tokens_are_base32_and_differ_where_the_bytes_differ(one: bytes, other: bytes) -> None:
    token = encode_token(one)
    assert 8 == len(token)
    assert set(token) <= set("abcdefghijklmnopqrstuvwxyz234567")
    assert (one == other) == (token == encode_token(other))


@pytest.mark.parametrize(
    "run_id", ["a", "A1", "0", "a" * 128, "my-run_1.2", "console", "com10", "nul-1", "auxiliary.x"]
)
def test_legal_ids_are_kept_verbatim(run_id: str) -> None:
    assert run_id == check_run_id(run_id)


@pytest.mark.parametrize(
    "run_id",
    [
        "",
        "a" * 129,
        ".a",
        "-a",
        "_a",
        "a.",
        "a..b",
        "..",
        "a/b",
        "a\\b",
        "a b",
        "a\n",
        "ä",
        "a:b",
        "con",
        "NUL",
        "Com1",
        "lpt9.txt",
        "aux.tar.gz",
        "prn",
    ],
)
def test_illegal_ids_are_refused_with_a_hint(run_id: str) -> None:
    with pytest.raises(LedgerError, match="cannot be a run id") as caught:
        check_run_id(run_id)
    assert caught.value.hint


def test_month_is_the_one_of_the_start() -> None:
    assert "2026-02" == month_of(STARTED)
    assert is_month(month_of(STARTED))


@pytest.mark.parametrize("name", ["2026-2", "2026-02-01", "code", "2026-02\n", "٢٠٢٦-02", ""])
def test_other_folders_are_no_months(name: str) -> None:
    assert not is_month(name)


@pytest.mark.parametrize("name", ["metrics.csv", "metrics.2.csv", "metrics.rank1.csv"])
def test_metrics_tables(name: str) -> None:
    assert is_metrics_table(name)
    assert is_table(name)


@pytest.mark.parametrize("name", ["trials.csv", "trials.w1.csv"])
def test_trials_are_tables_but_no_metrics(name: str) -> None:
    assert is_table(name)
    assert not is_metrics_table(name)


@pytest.mark.parametrize(
    "name", ["metrics.json", "mymetrics.csv", "trialsx.csv", ".metrics.csv.1.tmp"]
)
def test_other_files_are_no_tables(name: str) -> None:
    assert not is_table(name)


@pytest.mark.parametrize(
    "name",
    [
        "run.json",
        "metrics.csv",
        "metrics.console.csv",
        "trials.csv",
        "trials.w1.csv",
        "worker.w1.json",
        "changes.patch",
    ],
)
def test_record_files_freeze(name: str) -> None:
    assert is_frozen_file(name)


@pytest.mark.parametrize(
    "name", ["run.md", "retraction.md", "decision.md", "certificate-1.json", "notes.txt"]
)
def test_what_may_be_edited_or_added_later_does_not_freeze(name: str) -> None:
    assert not is_frozen_file(name)


def test_tables_are_in_the_order_they_were_opened() -> None:
    names = ["metrics.10.csv", "metrics.csv", "metrics.2.csv"]
    assert ["metrics.csv", "metrics.2.csv", "metrics.10.csv"] == sorted(names, key=table_order)


def test_tables_of_workers_come_after_the_owners_in_natural_order() -> None:
    names = ["metrics.csv", "metrics.2.csv", "metrics.child2.csv", "metrics.child2.2.csv"]
    names += ["metrics.child10.csv", "metrics.console.csv"]
    assert names == sorted(set(names), key=table_order)


@pytest.mark.parametrize("name", ["metrics.².csv", "metrics.rank1.csv", "metrics.1.2.csv", "", "a"])
def test_any_name_of_a_table_has_a_place(name: str) -> None:
    assert name == table_order(name)[-1]


@pytest.mark.parametrize(
    ("name", "worker"),
    [
        ("metrics.csv", ""),
        ("metrics.2.csv", ""),
        ("metrics.console.csv", "console"),
        ("metrics.child2.3.csv", "child2"),
    ],
)
def test_a_table_tells_its_worker(name: str, worker: str) -> None:
    assert worker == table_worker(name)


@pytest.mark.parametrize(("worker", "n"), [("", 1), ("", 2), ("child2", 1), ("child2", 12)])
def test_the_name_of_a_table_tells_whose_it_is(worker: str, n: int) -> None:
    name = table_name(worker, n)
    assert is_metrics_table(name)
    assert worker == table_worker(name)


def test_the_name_of_a_workers_file_tells_the_worker() -> None:
    assert "child2" == worker_of(worker_file("child2"))


@pytest.mark.parametrize(
    "name", ["worker.json", "worker..json", "worker.a.b.json", "worker.1.json"]
)
def test_what_is_not_named_like_a_workers_file_is_none(name: str) -> None:
    assert worker_of(name) is None


def test_temporary_files_are_ours_and_the_file_managers() -> None:
    assert is_temporary(".run.json.4711.tmp")
    assert is_temporary(".DS_Store")
    assert not is_temporary("run.tmp")
    assert not is_temporary(".gitignore")


def test_contract_costs_a_hook_no_heavy_import() -> None:
    """Start-up is a feature: a module list, not milliseconds."""
    heavy = {
        "argparse",
        "asyncio",
        "dataclasses",
        "importlib.metadata",
        "inspect",
        "logging",
        "subprocess",
        "typing",
        "unicodedata",
    }
    program = (
        "from ledger.contract import columns, config, direction, globs, json_text, layout;"
        " from ledger.contract import manifest, metrics, note, record, redaction, shape;"
        " from ledger.storage import files, git, tree; import ledger.settings; print(*sys.modules)"
    )
    paths = [path for path in sys.path if path]
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {paths!r}; {program}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert set() == heavy & set(done.stdout.split())
