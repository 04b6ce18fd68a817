"""Every form of question but plain rankings: what is answered, and what is said beside it."""

from __future__ import annotations

import shutil
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from ledger.errors import LedgerError, UnknownNameError
from ledger.reader.asking.asked import Asked
from ledger.reader.asking.door import ask_text
from ledger.reader.asking.rank import rank_runs
from ledger.reader.index import open_index
from ledger.reader.question.values import Ranking
from unit.reader.builders import DATA_HASH, FIRST, NOW, add_run, epochs, make_project, open_at


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.contract.json_text import Json
    from ledger.reader.answers import Answer

OTHER_DATA: dict[str, Json] = {"name": "cifar", "path": "data/cifar", "hash": f"sha256:{'ab' * 32}"}


def answer(root: Path, text: str, **options: Any) -> Answer[Any]:
    return ask_text(open_at(root), text, **options).answer


def names(root: Path, text: str) -> list[str]:
    ledger = open_at(root)
    found = ask_text(ledger, text).answer.rows
    return [ledger.load(row.run_id).record.name for row in found]  # type: ignore[attr-defined]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Six runs of two models: seeds of one setting, one on other data, one crashed, one NaN."""
    make_project(tmp_path)
    note = {"Result": ["Better with warmup."], "Next": ["Try without."]}
    for seed, last in ((1, 0.8), (2, 0.9), (3, 0.7)):
        add_run(
            tmp_path,
            f"mlp{seed}",
            epochs(val_acc=[0.1, last], loss=[1.0, 0.5]),
            started=NOW - timedelta(days=seed),
            config={"model": "mlp", "lr": 0.1, "seed": seed},
            random={"seed": seed},
            tags=["baseline", "a b"] if seed == 1 else [],
            note=note if seed == 2 else None,
        )
    add_run(
        tmp_path,
        "wide",
        epochs(val_acc=[0.95, 0.6], loss=[0.4, 0.3]),
        started=FIRST,
        config={"model": "cnn", "lr": "1e-1", "seed": 1, "width": 8},
        random={"seed": 1},
        data=OTHER_DATA,
    )
    add_run(
        tmp_path,
        "lost",
        epochs(val_acc=[0.5]),
        started=FIRST + timedelta(hours=1),
        status="crashed",
        config={"model": "cnn", "lr": 0.2},
        tags=["baseline"],
    )
    add_run(
        tmp_path,
        "nan",
        epochs(val_acc=[float("nan")]),
        started=FIRST + timedelta(hours=2),
        config={"model": "cnn", "lr": 0.2, "seed": 1},
        extra_data=[OTHER_DATA],
    )
    return tmp_path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("best val_acc tag baseline", ["mlp1", "lost"]),
        ("best val_acc tag baseline tag 'a b'", ["mlp1"]),
        ("best val_acc since yesterday", ["mlp1"]),
        ("best val_acc since 2 days ago", ["mlp2", "mlp1"]),
        ("best val_acc until 2026-02-01", ["wide", "lost"]),
        ("best val_acc until 2026-01", []),
        ("best val_acc since 2026-02-02 until 2 days ago", ["mlp2", "mlp3"]),
        ("best val_acc since last week until last week", ["mlp2", "mlp3"]),
        ("best val_acc on data cifar", ["wide"]),
        ("best val_acc on data data/cifar", ["wide"]),
        ("best val_acc on data sha256:abab", ["wide"]),
        ("best val_acc on data abab", ["wide"]),
        (f"best val_acc on data {DATA_HASH[4:12]}", ["mlp2", "mlp1", "mlp3", "lost"]),
        ("best val_acc on data @latest", ["mlp2", "mlp1", "mlp3", "lost"]),
        ("best val_acc on data wide", ["wide"]),
        ("best val_acc on data digits on data cifar", []),
        ("best val_acc per model", ["wide", "mlp2"]),
        ("worst val_acc per model", ["mlp3", "lost"]),
        ("best val_acc per lr", ["wide", "lost"]),
        ("best val_acc per tag", ["wide", "mlp1", "mlp1"]),
        ("best val_acc per loss limit 2", ["wide", "mlp2"]),
        ("best val_acc per model limit 1", ["wide"]),
        ("top 2 by val_acc where note.result contains WARMUP or width = 8", ["wide", "mlp2"]),
        ("best val_acc where note contains without", ["mlp2"]),
        ("best val_acc where note.next != x and status = crashed", ["lost"]),
        (
            "best val_acc where data_hash = 'md5:0123456789abcdef0123456789abcdef.dir' limit 1",
            ["mlp2"],
        ),
        ("best val_acc where duration_s > 94 and objective = val_acc limit 1", ["wide"]),
        ("best val_acc where started < 2026-02-02 and started >= 2026-02-01", ["wide", "lost"]),
        ("best val_acc where started = 2026-02-01", ["wide", "lost"]),
        ("best val_acc where ended > 2026-02-08", ["mlp2", "mlp1"]),
        ("best val_acc where started contains 2026-02-09", ["mlp1"]),
        ("best val_acc where val_acc < 0.85", ["mlp1", "mlp3", "lost"]),
        ("last val_acc where val_acc < 0.85", ["mlp1", "mlp3", "wide", "lost"]),
        ("first val_acc where val_acc > 0.1", ["wide", "lost"]),
    ],
)
def test_clauses_of_a_ranking(root: Path, text: str, expected: list[str]) -> None:
    assert names(root, text) == expected


def test_a_row_per_key_tells_the_key(root: Path) -> None:
    found = answer(root, "best val_acc per model").rows

    assert [row.to_json()["group"] for row in found] == [{"model": "cnn"}, {"model": "mlp"}]
    assert "group" not in answer(root, "best val_acc").rows[0].to_json()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("runs", ["mlp1", "mlp2", "mlp3", "nan", "lost", "wide"]),
        ("runs where status = crashed", ["lost"]),
        ("runs where note.result contains 'warmup'", ["mlp2"]),
        ("runs where not model = mlp limit 2", ["nan", "lost"]),
        ("runs where seed in (1, 3) and lr = 0.1", ["mlp1", "mlp3", "wide"]),
        ("runs where model = resnet", []),
    ],
)
def test_runs_are_listed_the_newest_first(root: Path, text: str, expected: list[str]) -> None:
    assert names(root, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("count", [({}, 6)]),
        ("count runs where model = resnet", [({}, 0)]),
        ("count by model", [({"model": "cnn"}, 3), ({"model": "mlp"}, 3)]),
        ("count by lr", [({"lr": 0.1}, 4), ({"lr": 0.2}, 2)]),
        ("count by seed where model = cnn", [({"seed": 42}, 2), ({"seed": 1}, 1)]),
        (
            "count by param.seed, model",
            [
                ({"param.seed": 1, "model": "cnn"}, 2),
                ({"param.seed": 1, "model": "mlp"}, 1),
                ({"param.seed": 2, "model": "mlp"}, 1),
                ({"param.seed": 3, "model": "mlp"}, 1),
                ({"param.seed": None, "model": "cnn"}, 1),
            ],
        ),
        ("count by tag limit 2", [({"tag": None}, 4), ({"tag": "baseline"}, 2)]),
        ("count by dirty", [({"dirty": False}, 6)]),
        ("count by data", [({"data": "digits"}, 5), ({"data": "cifar"}, 2)]),
    ],
)
def test_counts(root: Path, text: str, expected: list[tuple[dict[str, Json], int]]) -> None:
    assert [(dict(row.group), row.n) for row in answer(root, text).rows] == expected


def test_the_mean_of_a_metric_by_a_param_over_seeds(root: Path) -> None:
    found = answer(root, "mean val_acc by model over seed where lr = 0.1")

    assert [row.to_json() for row in found.rows] == [
        {
            "group": {"model": "cnn"},
            "n": 1,
            "value": 0.95,
            "mean": 0.95,
            "std": None,
            "min": 0.95,
            "max": 0.95,
        },
        {
            "group": {"model": "mlp"},
            "n": 3,
            "value": pytest.approx(0.8),
            "mean": pytest.approx(0.8),
            "std": pytest.approx(0.1),
            "min": 0.7,
            "max": 0.9,
        },
    ]
    assert (found.verb, found.reading, found.direction, found.left_out) == (
        "mean",
        "best",
        "max",
        0,
    )
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mean last val_acc", 0.7),
        ("median of last val_acc", 0.7),
        ("median val_acc where model = mlp and seed < 3", 0.85),
        ("sum last loss", 1.8),
        ("lowest val_acc", 0.5),
        ("highest last val_acc", 0.9),
        ("std val_acc where model = mlp", 0.1),
        ("mean worst val_acc where model = mlp", 0.1),
        ("mean first val_acc where model = mlp", 0.1),
    ],
)
def test_statistics(root: Path, text: str, expected: float) -> None:
    assert [row.value for row in answer(root, text).rows] == [pytest.approx(expected)]


def test_groups_come_the_better_first_and_by_their_keys_where_nothing_is_better(root: Path) -> None:
    better = answer(root, "mean loss by model").rows
    neither = answer(root, "std loss by model").rows

    assert [row.group["model"] for row in better] == ["cnn", "mlp"]
    assert [row.group["model"] for row in neither] == ["cnn", "mlp"]
    assert [row.group["model"] for row in answer(root, "mean loss max by model").rows] == [
        "mlp",
        "cnn",
    ]


def test_runs_without_a_finite_value_are_no_part_of_a_mean(root: Path) -> None:
    found = answer(root, "mean val_acc by model")

    assert ([row.n for row in found.rows], found.left_out) == ([3, 2], 1)


def test_a_group_that_mixes_settings_is_told_with_the_keys_that_differ(root: Path) -> None:
    found = answer(root, "mean val_acc over seed")

    assert found.warnings == (
        "all runs: its runs also differ in lr, model, width",
        "all runs: seed 1 comes more than once",
    )
    assert answer(root, "mean val_acc").warnings == ()
    assert answer(root, "mean val_acc by lr, model, width over seed").warnings == ()


def test_a_mean_of_last_values_needs_no_direction(root: Path) -> None:
    add_run(root, "s", epochs(score=[1.0, 2.0]), objective=None)

    found = answer(root, "mean last score")

    assert (found.rows[0].value, found.direction) == (2.0, None)
    with pytest.raises(LedgerError, match="nothing says whether") as caught:
        answer(root, "mean score")
    assert caught.value.exit_code == 2


def test_two_runs_are_compared(root: Path) -> None:
    found = ask_text(open_at(root), "compare mlp1 @best:val_acc")

    assert found.comparison is not None
    assert found.answer.verb == "compare"
    assert {row.key for row in found.answer.rows} >= {"model", "width"}  # type: ignore[attr-defined]


def test_retracted_runs_answer_only_when_asked(root: Path) -> None:
    add_run(
        root,
        "wrong",
        epochs(val_acc=[0.999]),
        files={"retraction.md": b"leak\n"},
        started=FIRST - timedelta(days=1),
    )

    for text in ("best val_acc", "runs", "count", "mean val_acc"):
        assert answer(root, text).left_out == (2 if "val_acc" in text else 1)
        assert answer(root, text, with_retracted=True).left_out == int("val_acc" in text)
    assert names(root, "best val_acc limit 1") == ["wide"]
    assert answer(root, "best val_acc", with_retracted=True).rows[0].value == 0.999
    assert answer(root, "count", with_retracted=True).rows[0].n == 7


def test_the_direction_is_that_of_the_runs_asked_about(tmp_path: Path) -> None:
    make_project(tmp_path)
    add_run(tmp_path, "up", epochs(score=[1.0, 2.0]), objective=("score", "max"), tags=["a"])
    add_run(tmp_path, "down", epochs(score=[3.0, 4.0]), objective=("score", "min"), tags=["b"])

    assert answer(tmp_path, "best score tag a").rows[0].value == 2.0
    assert answer(tmp_path, "best score tag b").rows[0].value == 3.0
    with pytest.raises(LedgerError, match="disagree"):
        answer(tmp_path, "best score")


@pytest.mark.parametrize(
    ("text", "word", "hint"),
    [
        ("best val_ac tag baseline", "val_ac", "did you mean val_acc?"),
        ("best val_acc where modle = mlp", "modle", "did you mean model"),
        ("runs tag base", "base", "did you mean baseline?"),
        ("count by modell", "modell", "did you mean model"),
        ("best val_acc on data cifarr", "cifarr", "did you mean cifar or data/cifar?"),
        (
            "best val_acc where note.resultt contains x",
            "note.resultt",
            "did you mean note.result or",
        ),
        ("mean val_acc by lr over sed", "sed", "did you mean seed"),
    ],
)
def test_an_unknown_name_is_pointed_at(root: Path, text: str, word: str, hint: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        answer(root, text)

    _, shown, mark, _ = str(caught.value).split("\n")
    at = mark.index("^")
    assert shown[at : at + mark.count("^")] == word
    assert caught.value.hint.startswith(hint)


@pytest.mark.parametrize("text", ["runs", "trials", "count", "mean loss", "best loss where x = 1"])
def test_an_empty_ledger_says_how_to_record_the_first_run(tmp_path: Path, text: str) -> None:
    make_project(tmp_path)

    with pytest.raises(UnknownNameError, match=r"ledger\.start"):
        answer(tmp_path, text)


def test_what_is_left_out_is_named_for_a_few_and_counted_for_the_rest(tmp_path: Path) -> None:
    make_project(tmp_path)
    for place in range(8):
        add_run(tmp_path, f"r{place}", epochs(val_acc=[float("nan")]))

    lines = answer(tmp_path, "best val_acc").warnings

    assert len(lines) == 6
    assert lines[-1] == "and 3 more left out, their val_acc is not finite"


@pytest.mark.parametrize("how", ["gone", "broken"])
def test_a_run_that_changes_after_it_was_ranked_is_left_out_and_told(
    tmp_path: Path, how: str
) -> None:
    make_project(tmp_path)
    for place, name in enumerate(("first", "second", "third")):
        add_run(tmp_path, name, epochs(val_acc=[0.9 - place / 10]))
    ledger = open_at(tmp_path)
    asked = Asked(ledger=ledger, index=open_index(ledger), text="best val_acc")
    (best,) = (tmp_path / "ledger").glob("*/*_first-*")
    if how == "gone":
        shutil.rmtree(best)
    else:
        (best / "run.json").write_text("{")

    found = rank_runs(asked, Ranking(verb="best", metric="val_acc"))

    assert [(1, 0.8), (2, 0.7)] == [(row.rank, round(row.value, 1)) for row in found.rows]
    assert found.left_out == 1
    assert [best.name in line for line in found.warnings if "changed while" in line] == [True]
