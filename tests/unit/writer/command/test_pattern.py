"""Numbers in printed lines: what counts, and what never does."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import LedgerError
from ledger.writer.command.pattern import find_numbers, make_finder, to_number


if TYPE_CHECKING:
    from ledger.writer.command.pattern import Row

BAR = " 10%|█    | 10/100 [00:01<00:09,  9.5it/s, loss=0.41, acc=93.1%]"
KERAS = "32/32 ━━━━━━ 1s 5ms/step - accuracy: 0.9 - loss: 0.3 - val_loss: 0.2"
HUGGING_FACE = "{'loss': 0.69, 'grad_norm': 1.2, 'learning_rate': 5e-05, 'epoch': 0.5}"


@pytest.mark.parametrize(
    ("line", "row"),
    [
        ("epoch=3 loss=0.41 val_acc: 0.93", {"epoch": 3, "loss": 0.41, "val_acc": 0.93}),
        ("loss: 0.4", {"loss": 0.4}),
        ("LOSS = -1.5e-3", {"LOSS": -0.0015}),
        ("loss=nan", {"loss": math.nan}),
        ("loss: inf", {"loss": math.inf}),
        ("Epoch 3/10", {"epoch": 3}),
        ("Epoch 3/10 | loss: .5", {"epoch": 3, "loss": 0.5}),
        ("Epoch [3/10], Step [100/500], Loss: 0.45", {"epoch": 3, "step": 100, "Loss": 0.45}),
        ("iteration 7: cost=2", {"step": 7, "cost": 2}),
        ("global_step=12 lr=0.1", {"step": 12, "lr": 0.1}),
        (BAR, {"loss": 0.41, "acc": 93.1}),
        (KERAS, {"accuracy": 0.9, "loss": 0.3, "val_loss": 0.2}),
        (
            HUGGING_FACE,
            {"loss": 0.69, "grad_norm": 1.2, "learning_rate": 5e-05, "epoch": 0.5},
        ),
        ("Train Loss: 0.3 | Val. Loss: 0.1", {"Train_Loss": 0.3, "Val_Loss": 0.1}),
        ("val: loss=0.3 acc=0.9", {"val_loss": 0.3, "val_acc": 0.9}),
        ("[test] f1=0.7", {"test_f1": 0.7}),
        ("train: loss=1 val: loss=2", {"train_loss": 1, "val_loss": 2}),
        ("val: val_loss=0.3", {"val_loss": 0.3}),
        ("Test accuracy: 0.93.", {"Test_accuracy": 0.93}),
        ("2026-02-01 12:30:45,123 INFO root: loss=0.4", {"loss": 0.4}),
        ("INFO:root:loss=0.4", {"loss": 0.4}),
        ("eta: 0:01, loss: 1, time: 3.5, took=2", {"loss": 1}),
        ("mAP@0.5: 0.7", {"mAP@0.5": 0.7}),
        ("loss=0.5 (avg loss=0.6)", {"loss": 0.5, "avg_loss": 0.6}),
        ("loss=0.5 loss=0.7", {"loss": 0.5}),
        ('{"epoch": 2, "loss": 0.5}', {"epoch": 2, "loss": 0.5}),
    ],
)
def test_a_line_with_numbers_is_a_row(line: str, row: Row) -> None:
    found = find_numbers(line)
    assert repr(row) == repr(found)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "loss",
        "loss went down by 0.4",
        "loss: 0.41s",
        "loss: 12:30",
        "loss: 1/3",
        "12:30:45 listening on port: 8080",
        "lr=0.1 batch_size=32 epochs=10 dropout=0.5",
        "Namespace(loss=0.5, lr=0.1, epoch=3)",
        "config: {'lr': 0.1, 'error': 0.5}",
        "Hyperparameters: loss_weight=0.5 score=1",
        "loss_weight=0.5 error_threshold: 0.1",
        "epochs: 10",
        "step 3",
        "5ms/step",
        "time=12:30:01",
        "http://localhost:6006/",
        "C:\\path:0.5",
        "a-loss-of-0.5",
    ],
)
def test_any_other_line_is_none(line: str) -> None:
    assert {} == find_numbers(line)


names = st.sampled_from(["loss", "val_loss", "train/acc", "f1", "top5.error", "Reward"])
floats = st.floats(allow_nan=False)


@given(st.dictionaries(names, floats, min_size=1), st.integers(0, 10**9), st.sampled_from("=:"))
def test_what_is_printed_is_found_exactly(printed: dict[str, float], epoch: int, sign: str) -> None:
    gap = " " if sign == ":" else ""
    text = ", ".join(f"{name}{sign}{gap}{number!r}" for name, number in printed.items())
    assert {"epoch": epoch, **printed} == find_numbers(f"[epoch {epoch}] {text}")


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    for name, number in find_numbers(text).items():
        assert name
        assert isinstance(number, int | float)


@given(st.text(alphabet="los:= 0.1e-,[]epch", max_size=60))
def test_no_text_of_its_own_alphabet_breaks_it(text: str) -> None:
    assert all(isinstance(number, int | float) for number in find_numbers(text).values())


def test_a_line_of_a_megabyte_costs_no_more_than_its_beginning() -> None:
    assert {"loss": 1} == find_numbers("loss=1 " + "a=" * 500_000 + " acc=1")


@pytest.mark.parametrize(
    ("pattern", "line", "row"),
    [
        (r"E(?P<epoch>\d+) (?P<energy>\S+)", "E7 -1.5", {"epoch": 7, "energy": -1.5}),
        (r"(?P<name>\w+)->(?P<value>\S+)", "a->1 b->2.5", {"a": 1, "b": 2.5}),
        (r"(\w+) is (\S+)", "x is 1e3, y is nothing", {}),
        (r"(\w+) is (\S+)", "x is 1e3 and y is 5%", {"x": 1000.0, "y": 5}),
        (r"at (?P<step>\d+): (?P<name>\w) (?P<value>\d)", "at 3: a 5", {"step": 3, "a": 5}),
        (r"(?P<a>\d)?(?P<b>x)", "x", {}),
    ],
)
def test_patterns_take_the_place_of_the_rule(pattern: str, line: str, row: Row) -> None:
    find = make_finder([pattern])
    assert row == find(line)
    assert {} == find("loss: 0.5")


def test_several_patterns_fill_one_row() -> None:
    find = make_finder([r"t=(?P<step>\d+)", r"(\w+)~(\S+)"])
    assert {"step": 4, "a": 1, "b": 2} == find("t=4 a~1 b~2")


@pytest.mark.parametrize("pattern", ["(", "[a", "none", "(one)", "(a)(b)(c)"])
def test_a_pattern_that_can_find_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(LedgerError, match="metric pattern") as caught:
        make_finder([pattern])
    assert repr(pattern) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", 1), ("-2", -2), ("1.0", 1.0), ("5 %", 5), ("x", None), ("", None), (None, None)],
)
def test_a_number_is_whole_where_it_is_written_so(text: str | None, number: float | None) -> None:
    found = to_number(text)
    assert (number, type(number)) == (found, type(found))


def test_a_number_of_a_thousand_digits_is_none() -> None:
    assert to_number("9" * 1000) is None
