"""``ledger query``: what each form prints, where, and with which exit code."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from ledger.cli.main import main
from unit.reader.builders import FIRST, add_run, epochs, make_project


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Return a function that runs ``ledger query`` beside four runs of two models."""
    make_project(tmp_path)
    for place, (model, seed, best) in enumerate(
        (("mlp", 1, 0.8), ("mlp", 2, 0.9), ("cnn", 1, 0.85), ("cnn", 1, float("nan")))
    ):
        add_run(
            tmp_path,
            f"{model}{place}",
            epochs(val_acc=[0.5, best] if best == best else [best]),  # noqa: PLR0124  # NaN
            started=FIRST + timedelta(hours=place),
            config={"model": model, "seed": seed, "lr": 0.1 if place < 3 else None},
            random={"seed": seed},
        )
    monkeypatch.chdir(tmp_path)

    def invoke(*words: str) -> tuple[int, str, str]:
        from ledger.cli import main as module

        monkeypatch.setattr("sys.argv", ["ledger", "query", *words])
        with pytest.raises(SystemExit) as caught:
            module.run()
        captured = capsys.readouterr()
        return int(str(caught.value.code)), captured.out, captured.err

    return invoke


def test_a_count_is_a_table(ask: Ask) -> None:
    code, out, err = ask("count by model, lr")

    assert (code, err) == (0, "")
    assert out == ("model   lr  runs\nmlp    0.1     2\ncnn    0.1     1\ncnn    N/A     1\n")


def test_a_mean_says_of_which_values_it_is(ask: Ask) -> None:
    code, out, err = ask("mean val_acc by model over seed")

    assert code == 0
    assert out == (
        "model  n  mean        std   min   max\n"
        "mlp    2  0.85  0.0707107   0.8   0.9\n"
        "cnn    1  0.85             0.85  0.85\n"
    )
    assert err == (
        "ledger: of the best value (max) of val_acc of each run\n"
        "ledger: 1 left out: no finite val_acc, or retracted\n"
    )


def test_another_statistic_has_a_column_of_its_own(ask: Ask) -> None:
    _, out, _ = ask("median last val_acc", "--format", "csv")

    header, row = csv.reader(io.StringIO(out))
    assert header == ["n", "median", "mean", "std", "min", "max"]
    assert float(row[1]) == 0.85


def test_a_ranking_per_key_shows_the_key_among_the_params(ask: Ask) -> None:
    code, out, _ = ask("best val_acc per model", "--format", "json")

    rows = json.loads(out)["rows"]
    assert code == 0
    assert [(row["group"], row["value"]) for row in rows] == [
        ({"model": "mlp"}, 0.9),
        ({"model": "cnn"}, 0.85),
    ]


def test_runs_are_printed_as_ls_prints_them(ask: Ask) -> None:
    code, out, err = ask("runs where model = mlp", "--format", "csv")

    assert (code, err) == (0, "")
    assert [row["name"] for row in csv.DictReader(io.StringIO(out))] == ["mlp1", "mlp0"]


def test_two_runs_are_compared_as_compare_does(ask: Ask) -> None:
    code, out, err = ask("compare mlp0 mlp1")

    assert (code, err) == (0, "")
    assert out == CliRunner().invoke(main, ["compare", "mlp0", "mlp1"]).stdout


def test_words_need_no_quotes_around_them(ask: Ask) -> None:
    assert ask("best", "val_acc", "where", "model", "=", "cnn")[0] == 0


def test_an_answer_without_rows_is_exit_1(ask: Ask) -> None:
    code, out, err = ask("runs where model = resnet")

    assert (code, out) == (1, "")
    assert err == "ledger: no run answers the question (see `ledger ls`)\n"


def test_a_count_of_none_is_an_answer(ask: Ask) -> None:
    assert ask("count where model = resnet") == (0, "runs\n   0\n", "")


def test_a_trial_ranking_without_sweeps_is_an_empty_answer(ask: Ask) -> None:
    assert ask("best val_acc per trial")[0] == 1
    assert ask("trials")[0] == 1


def test_a_mistake_is_pointed_at_with_exit_2(ask: Ask) -> None:
    code, out, err = ask("best val_acc were model = cnn")

    assert (code, out) == (2, "")
    assert err == (
        "ledger: cannot read the question at 'were'\n"
        "  best val_acc were model = cnn\n"
        "               ^^^^\n"
        "  (did you mean 'where'?)\n"
    )


def test_an_unknown_name_is_pointed_at_with_exit_1(ask: Ask) -> None:
    code, out, err = ask("best val_acc where modle = cnn")

    assert (code, out) == (1, "")
    assert err == (
        "ledger: no field, param or metric is called 'modle'\n"
        "  best val_acc where modle = cnn\n"
        "                     ^^^^^\n"
        "  (did you mean model?)\n"
    )


def test_markdown_and_json_hold_the_same_rows(ask: Ask) -> None:
    document = json.loads(ask("count by model", "--format", "json")[1])

    assert document["verb"] == "count"
    assert document["rows"] == [
        {"group": {"model": "cnn"}, "n": 2},
        {"group": {"model": "mlp"}, "n": 2},
    ]
    assert ask("count by model", "--format", "md")[1] == (
        "| model | runs |\n| --- | ---: |\n| cnn | 2 |\n| mlp | 2 |\n"
    )


def test_retracted_runs_answer_with_the_option(ask: Ask, tmp_path: Path) -> None:
    folder = next(tmp_path.glob("ledger/*/*_mlp1-*"))
    (folder / "retraction.md").write_text("leak", encoding="utf-8")

    assert "0.9" not in ask("best val_acc", "--format", "csv")[1]
    assert "0.9" in ask("best val_acc", "--retracted", "--format", "csv")[1]
    assert ask("runs")[2] == "ledger: 1 left out: retracted\n"


def test_a_ranking_per_field_shows_the_field(ask: Ask) -> None:
    header, row = csv.reader(io.StringIO(ask("best val_acc per tag", "--format", "csv")[1]))
    assert (header[-1], row[-1]) == ("group.tag", "")
    header, *rows = csv.reader(io.StringIO(ask("best val_acc per model", "--format", "csv")[1]))
    assert (header[-1], [row[-1] for row in rows]) == ("group.model", ["mlp", "cnn"])
    table = ask("best val_acc per branch")[1].splitlines()
    assert table[0].split()[:3] == ["rank", "branch", "run"]
    assert table[1].split()[:2] == ["1", "main"]


def test_a_ranking_of_trials_shows_the_trial(ask: Ask, tmp_path: Path) -> None:
    rows = [
        {"trial_id": name, "epoch": 0, "val_acc": 0.9 + place / 100}
        for place, name in enumerate("ab")
    ]
    add_run(tmp_path, "sweep", rows)  # type: ignore[arg-type]

    table = ask("best val_acc per trial")[1].splitlines()

    assert table[0].split()[:4] == ["rank", "run", "trial", "val_acc"]
    assert [line.split()[2] for line in table[1:]] == ["b", "a"]
    assert ask("best val_acc")[1].splitlines()[1].split()[2] == "b"
