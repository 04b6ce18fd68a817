"""Numbers, words, hashes and dates of a question."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.reader.whence.affinity import affinity, named
from ledger.reader.whence.asked import MAX_CUES, parse_asked
from ledger.reader.whence.number import OF_METRICS, ranges_of, spreads_of


NUMBERS = st.floats(-1e9, 1e9).filter(lambda x: x == 0 or abs(x) > 1e-200)


def fits(printed: str, number: float, *, is_percent: bool = False) -> float:
    """Return the quality with which ``number`` is what was printed, 0 where it is not."""
    ranges = ranges_of(printed, is_percent=is_percent)
    found = (r.quality for r in ranges if r.places & OF_METRICS and r.low <= number <= r.high)
    return max(found, default=0.0)


@given(number=NUMBERS, digits=st.integers(0, 8))
def test_a_number_fits_what_it_is_printed_as(number: float, digits: int) -> None:
    assert fits(f"{number:.{digits}f}", number) > 0.3


@given(number=NUMBERS, digits=st.integers(0, 8))
def test_scientific_notation_fits_too(number: float, digits: int) -> None:
    assert fits(f"{number:.{digits}e}", number) > 0.3


@given(number=st.floats(0, 1), digits=st.integers(0, 4))
def test_a_share_fits_its_percent(number: float, digits: int) -> None:
    shown = f"{number * 100:.{digits}f}"

    assert fits(shown, number, is_percent=True) > 0.3 or number * 100 != number / 0.01


@given(number=NUMBERS, digits=st.integers(1, 6))
def test_what_is_a_unit_away_does_not_fit(number: float, digits: int) -> None:
    shown = f"{number:.{digits}f}"
    away = float(shown) + 1.02 * 10.0**-digits * (1 if number >= 0 else -1)

    ranges = [r for r in ranges_of(shown) if r.how != "truncated" and r.quality > 0.85]
    near = [r for r in ranges if abs(r.low - number) <= 10.0**-digits]

    assert not any(r.low <= away <= r.high for r in near)


@pytest.mark.parametrize(
    ("printed", "number", "is_fit"),
    [
        ("0.931", 0.9305, True),  # half up
        ("0.930", 0.9305, True),  # half to even
        ("0.931", 0.93049, False),
        ("0.931", 0.93151, True),  # cut off
        ("0.931", 0.93201, False),
        ("93.1", 0.9312, True),
        ("93.1", 93.14, True),
        ("1,234.5", 1234.52, True),
        ("0,931", 0.9312, True),
        ("-1.2e-3", -0.00121, True),
        ("-1.2e-3", 0.00121, False),
        ("3", 0.03, False),
        (".5", 0.5, True),
        ("1e3", 1400.0, True),
    ],
)
def test_rounding(printed: str, number: float, *, is_fit: bool) -> None:
    assert (fits(printed, number) > 0) is is_fit


def test_rounding_goes_before_cutting_and_a_plain_share_before_a_percent_unsaid() -> None:
    assert fits("0.931", 0.9312) > fits("0.931", 0.9318) > 0
    assert fits("93.1", 93.12) > fits("93.1", 0.9312) > 0
    assert fits("93.1", 0.9312, is_percent=True) > fits("93.1", 93.12, is_percent=True) > 0


@pytest.mark.parametrize("text", ["1e999", "9" * 60, "0.0e-999", "abc", ""])
def test_what_is_no_float_stands_for_nothing(text: str) -> None:
    assert ranges_of(text) == () or text == "0.0e-999"


def test_mean_and_spread_are_of_one_scale() -> None:
    found = spreads_of("93.1", "0.4", is_percent=True)

    assert (found[0].mean.low, found[0].spread.high) == (0.9305, 0.0045)
    assert spreads_of("93.1", "0.0", is_percent=False) == ()


@pytest.mark.parametrize(
    "text",
    ["0.931 ± 0.004", "0.931±0.004", "0.931 +/- 0.004", r"$0.931 \pm 0.004$", "93.1% ± 0.4%"],
)
def test_every_way_to_write_a_spread(text: str) -> None:
    (cue,) = parse_asked(text).numbers

    assert cue.spreads[0].mean.low == 0.9305


def test_a_row_of_a_table() -> None:
    asked = parse_asked("Table 4: ResNet-50, lr 1e-3, seed 3: 93.1 val_acc on cifar10")

    found = {cue.text: cue.near for cue in asked.numbers if not cue.is_named_only}
    assert found == {"1e-3": ("lr",), "3": ("seed",), "93.1": ("val_acc", "cifar10")}
    words = [word.text for word in asked.words]
    assert words == ["ResNet-50", "lr", "seed", "val_acc", "cifar10"]


def test_a_number_after_a_colon_is_named_by_what_stands_before() -> None:
    (cue,) = parse_asked("val_acc: 0.931").numbers

    assert cue.near == ("val_acc",)


@pytest.mark.parametrize(
    ("text", "prefixes"),
    [
        ("4f2a9c1", ["4f2a9c1"]),
        ("4F2A9C1", ["4f2a9c1"]),
        ("md5:0123456789abcdef0123456789abcdef.dir", ["0123456789abcdef0123456789abcdef"]),
        ("the model sha256:abcd", ["abcd"]),
        ("commit 4f2a9c1 of main", ["4f2a9c1"]),
        ("beef for all", []),
        ("abc", []),
        ("12345678", ["12345678"]),
    ],
)
def test_hashes(text: str, prefixes: list[str]) -> None:
    assert [cue.prefix for cue in parse_asked(text).hashes] == prefixes


def test_dates_are_days_or_months() -> None:
    day, month = parse_asked("from 2026-02-01 or 2025-12, not 2026-13").dates

    ends = [each.isoformat()[:10] for each in (day.start, day.end, month.start, month.end)]
    assert ends == ["2026-02-01", "2026-02-02", "2025-12-01", "2026-01-01"]


@given(text=st.text(max_size=300))
def test_any_text_is_taken_apart(text: str) -> None:
    asked = parse_asked(text)

    cues = (*asked.numbers, *asked.words, *asked.hashes, *asked.dates)
    assert sorted(cue.cue for cue in cues) == list(range(asked.n_cues))
    assert asked.n_cues <= MAX_CUES + 3


@pytest.mark.parametrize(
    ("words", "names", "meant"),
    [
        (["acc"], ["val_acc", "loss"], "val_acc"),
        (["accuracy"], ["acc", "loss"], "acc"),
        (["val", "acc"], ["acc", "val_acc", "test_acc"], "val_acc"),
        (["validation", "accuracy"], ["test_acc", "val_acc"], "val_acc"),
        (["bs"], ["batch_size", "beta"], "batch_size"),
        (["lr"], ["optimizer.lr", "lr_decay"], "optimizer.lr"),
        (["learning", "rate"], ["optimizer.lr", "wd"], "optimizer.lr"),
        (["VAL_ACC"], ["val_acc", "acc"], "val_acc"),
        (["lr"], ["optimizer.learning_rate", "layers"], "optimizer.learning_rate"),
    ],
)
def test_words_mean_names(words: list[str], names: list[str], meant: str) -> None:
    found = named(words, names)

    assert max(found, key=lambda name: found[name]) == meant
    assert found[meant] == 1.0


def test_words_that_say_nothing_mean_no_name() -> None:
    assert named(["transformer"], ["val_acc", "lr"]) == {}
    assert affinity([], "val_acc") == 0.0
