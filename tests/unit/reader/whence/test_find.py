"""From numbers, files, hashes and texts to runs: real folders, real files, the real index."""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ledger.errors import UnknownNameError
from ledger.reader.whence import command_line, find_whence
from make_repo import make_repo
from unit.reader.builders import (
    COMMIT,
    FIRST,
    add_run,
    epochs,
    make_project,
    open_at,
    small_ledger,
)


if TYPE_CHECKING:
    from ledger.reader.answers import Answer
    from ledger.reader.whence import WhenceRow


def asked(root: Path, text: str, limit: int = 10) -> Answer[WhenceRow]:
    return find_whence(open_at(root), text, folder=str(root), limit=limit)


def first(root: Path, text: str) -> WhenceRow:
    return asked(root, text).rows[0]


def name_of(run_id: str) -> str:
    return run_id[16:].rpartition("-")[0]


@pytest.mark.parametrize(
    ("text", "name", "metric", "reading", "number"),
    [
        ("0.931", "small_lr", "val_acc", "best", 0.931),
        ("93.1%", "small_lr", "val_acc", "best", 0.931),
        ("val_acc 93.1", "small_lr", "val_acc", "best", 0.931),
        ("0.885", "baseline", "test_acc", "final", 0.885),
        ("0.89", "baseline", "val_acc", "last", 0.89),
        ("loss 0.40", "small_lr", "loss", "best", 0.4),
        ("VAL ACC 0.9", "baseline", "val_acc", "best", 0.9),
    ],
)
def test_a_number_leads_to_the_value(
    tmp_path: Path, *, text: str, name: str, metric: str, reading: str, number: float
) -> None:
    ids = small_ledger(tmp_path)

    row = first(tmp_path, text)

    assert (row.run_id, row.metric, row.reading) == (ids[name], metric, reading)
    assert row.value == number


def test_the_row_says_where_the_best_was_and_how_to_make_it_again(tmp_path: Path) -> None:
    small_ledger(tmp_path)

    row = first(tmp_path, "0.931")

    assert row.epoch == 3
    assert "val_acc = 0.931 (best, epoch 3)" in row.why
    assert "note.result says 0.931" in row.why
    assert row.data[0][0] == "digits"
    assert row.reproduce.endswith("python train.py")


def test_a_value_on_the_way_is_found_in_the_rows(tmp_path: Path) -> None:
    ids = small_ledger(tmp_path)

    row = first(tmp_path, "val_acc 0.70")

    assert (row.run_id, row.reading, row.epoch) == (ids["small_lr"], "row", 1)


def test_a_stated_metric_is_quoted_as_often_as_the_objective(tmp_path: Path) -> None:
    make_project(tmp_path)
    add_run(tmp_path, "objective", epochs(val_acc=[0.5, 0.8123]))
    later = FIRST + timedelta(minutes=1)
    stated = {"metrics": {"test_acc": 0.8123}, "stated": ["test_acc"], "started": later}
    run_id = add_run(tmp_path, "stated", epochs(val_acc=[0.5, 0.7]), **stated)

    assert first(tmp_path, "0.8123").run_id == run_id


def test_nothing_tells_the_nearest(tmp_path: Path) -> None:
    ids = small_ledger(tmp_path)

    with pytest.raises(UnknownNameError, match=f"nearest: 0.931 val_acc of {ids['small_lr']}"):
        asked(tmp_path, "val_acc 0.957")


def test_nothing_in_an_empty_ledger(tmp_path: Path) -> None:
    make_project(tmp_path)

    with pytest.raises(UnknownNameError, match="holds no run yet"):
        asked(tmp_path, "0.931")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("4f2a9c1", "baseline"),
        ("sha256:1111", "baseline"),
        ("11111111", "baseline"),
        ("baseline", "baseline"),
        ("lr 1e-3", "small_lr"),
        ("optimizer adam", "small_lr"),
        ("lr 0.01 sgd", "baseline"),
        ("the run that diverged", "diverged"),
    ],
)
def test_hashes_and_words(tmp_path: Path, text: str, name: str) -> None:
    ids = small_ledger(tmp_path)

    assert first(tmp_path, text).run_id == ids[name]


def test_the_characters_at_the_end_of_an_id(tmp_path: Path) -> None:
    ids = small_ledger(tmp_path)

    assert first(tmp_path, ids["stopped"][-8:]).run_id == ids["stopped"]
    assert first(tmp_path, ids["stopped"]).run_id == ids["stopped"]


def test_several_that_round_alike_are_told(tmp_path: Path) -> None:
    make_project(tmp_path)
    for place in range(4):
        add_run(
            tmp_path,
            f"run{place}",
            epochs(val_acc=[0.5, 0.9310 + place / 10000]),
            started=FIRST + timedelta(hours=place),
        )

    answer = asked(tmp_path, "0.931")

    assert [warning for warning in answer.warnings if "4 runs round to 0.931" in warning]
    assert len(answer.rows) == 4
    scores = [row.score for row in answer.rows]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_a_retracted_run_is_shown_behind_and_marked(tmp_path: Path) -> None:
    make_project(tmp_path)
    rows = epochs(val_acc=[0.5, 0.931])
    kept = add_run(tmp_path, "kept", rows)
    files = {"retraction.md": b"leaked labels\n"}
    add_run(tmp_path, "leaked", rows, started=FIRST + timedelta(hours=1), files=files)

    one, other = asked(tmp_path, "0.931").rows

    assert (one.run_id, one.retracted, other.retracted) == (kept, False, True)
    assert "retracted" in other.why


def test_mean_and_spread_lead_to_all_repeats(tmp_path: Path) -> None:
    make_project(tmp_path)
    scores = {1: 0.927, 2: 0.931, 3: 0.935}
    right = {
        add_run(tmp_path, f"s{seed}", epochs(val_acc=[0.1, score]), config={"seed": seed})
        for seed, score in scores.items()
    }
    add_run(tmp_path, "other", epochs(val_acc=[0.1, 0.931]), config={"lr": 5})

    rows = asked(tmp_path, "0.931 ± 0.004").rows

    assert {row.run_id for row in rows[:3]} == right
    assert "of 3 runs" in rows[0].why[0]


def test_a_file_leads_to_the_run_that_wrote_what_it_holds(tmp_path: Path) -> None:
    make_project(tmp_path)
    old, new = b"first weights", b"second weights"
    ids = []
    for place, content in enumerate((old, new)):
        digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
        artifact = {"path": "outputs/model.pt", "hash": f"md5:{digest}", "bytes": len(content)}
        started = FIRST + timedelta(hours=place)
        ids.append(add_run(tmp_path, f"run{place}", started=started, artifacts={"model": artifact}))
    model = tmp_path / "outputs" / "model.pt"
    model.parent.mkdir()

    assert first(tmp_path, "outputs/model.pt").run_id == ids[1], "the last writer of a lost file"
    model.write_bytes(old)
    assert first(tmp_path, "outputs/model.pt").run_id == ids[0]
    copy = tmp_path / "elsewhere.bin"
    copy.write_bytes(new)
    assert first(tmp_path, "elsewhere.bin").run_id == ids[1]
    pointer = tmp_path / "other.dvc"
    digest = hashlib.md5(old, usedforsecurity=False).hexdigest()
    pointer.write_text(f"outs:\n- md5: {digest}\n  size: 13\n  hash: md5\n  path: other\n")
    assert first(tmp_path, "other.dvc").run_id == ids[0]
    model.write_bytes(b"third weights")
    row = first(tmp_path, "outputs/model.pt")
    assert row.run_id == ids[1]
    assert "but the content is not what that run wrote" in row.why[0]


def test_files_of_a_run_lead_to_it(tmp_path: Path) -> None:
    ids = small_ledger(tmp_path)

    folder = f"ledger/2026-02/{ids['diverged']}"

    for text in (folder, f"{folder}/run.json", f"{folder}/metrics.csv"):
        assert first(tmp_path, text).run_id == ids["diverged"]


def test_a_file_nobody_wrote_is_said_to_be_one(tmp_path: Path) -> None:
    small_ledger(tmp_path)
    (tmp_path / "foreign.bin").write_bytes(b"x")

    with pytest.raises(UnknownNameError, match=r"no run recorded 'foreign\.bin' or what it holds"):
        asked(tmp_path, "foreign.bin")


@pytest.mark.parametrize("text", ["'; DROP TABLE runs; --", "%_%", "select", "\\", "'\"'", "𝔸 ½"])
def test_any_text_is_answered_or_refused(tmp_path: Path, text: str) -> None:
    small_ledger(tmp_path)

    with contextlib.suppress(UnknownNameError):
        asked(tmp_path, text)


def test_the_line_makes_a_dirty_run_again_even_where_the_checkout_removes_its_patch(
    tmp_path: Path,
) -> None:
    root = make_repo(tmp_path, {"train.py": "print('one')\n", "ledger.toml": ""})

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=root, check=True, capture_output=True, text=True)
        return done.stdout

    commit = git("rev-parse", "HEAD").strip()
    (root / "train.py").write_text("print('two')\n")
    patch = git("diff", "--binary", "--full-index").encode()
    run_id = add_run(
        root,
        "dirty",
        files={"changes.patch": patch},
        command={"argv": ["python3", "train.py"], "cwd": "."},
        git={"commit": commit, "branch": "main", "dirty": True, "dirty_paths": []},
    )
    git("add", "--all")
    git("commit", "-qm", "the run")

    line = command_line(open_at(root).load(run_id))
    done = subprocess.run(["sh", "-c", line], cwd=root, capture_output=True, text=True, check=True)

    assert done.stdout == "two\n"


def test_the_line_of_a_clean_run_in_a_folder(tmp_path: Path) -> None:
    make_project(tmp_path)
    command = {"argv": ["python", "train.py", "--name", "a b"], "cwd": "src/x"}
    run_id = add_run(tmp_path, "one", command=command)

    line = command_line(open_at(tmp_path).load(run_id))

    assert line == f"git checkout {COMMIT} && cd src/x && python train.py --name 'a b'"
