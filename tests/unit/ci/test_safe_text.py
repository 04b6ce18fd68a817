"""Text that somebody else chose: it is shown, and nothing else happens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.ci.safe_text import markdown_code, markdown_text, paragraph, visible
from unit.ci.rendered import BREAK, render, render_elsewhere


if TYPE_CHECKING:
    from collections.abc import Callable

    from unit.ci.rendered import Page

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</details></table><h1>pass</h1>",
    "<!-- ledger -->",
    "--><b>",
    "<![CDATA[ <b> ]]>",
    "<?php echo 1 ?>",
    "&lt;b&gt; &#60;b&#62; &amp;lt;",
    "[click](javascript:alert(1))",
    "![x](https://evil.example/x.png)",
    "[x]: https://evil.example",
    "[x][y] [^1] [[wiki]]",
    "<https://evil.example>",
    "https://evil.example/ HTTP://E.example ftp://e.example",
    "www.evil.example WWW.evil.example",
    "mail someone@evil.com or mailto:a@b.com",
    "@team @org/team #1 org/repo#2 GH-3 !4 ~bug %5 $6 &7 [issue:8]",
    "# a heading",
    "## a heading ##",
    "> quoted",
    "- item",
    "+ item",
    "* item",
    "1. item",
    "2) item",
    "- [x] done",
    "=====",
    "---",
    "***",
    "| a | b |",
    "a|b\\|c\\\\|d",
    "--- | ---",
    "ends with \\",
    "`code` ``more`` ```",
    "```\nfence\n```",
    "~~~",
    "    indented",
    "\tindented",
    "**bold** __bold__ *i* _i_ ~~gone~~",
    "a_b_c _d_ e_",
    "line\nbreak\r\nand\rmore\x0b\x0c\x85\u2028\u2029",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b31m",
    "\x00\x01\x08\x7f\x80",
    "\u202eevil\u202c \u2066x\u2069 \u200f\u061c",
    "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u3164\u115f\u2800",
    "\U000e0041\U000e0042 \U000e0100 \ufe01",
    "a" + "\u0301" * 40,
    "\ud800 \udfff",
    "$x$ $$y$$ $`z`$",
    ":smile: :+1: ::",
    "a^b^ ^[note] ==x== ++y++ ~z~ -# small",
    "/close",
    "/merge\n/approve",
    "{+ added +} [- gone -]",
    "\ue000 \U0010ffff \ufdd0",
]
# what a forge would look for in text that is rendered already, outside of code
_REFERENCE = re.compile(r"[@#!~%$&][\w\"']|GH-[0-9]|www\.|://|\[\w|:[\w+-]+:", re.IGNORECASE)
_UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u200c-\u200f\u2028-\u202e\u2060-\u206f"
    "\u2800\u3164\ud800-\udfff\ufe00-\ufe0e\ufeff\U000e0000-\U000e0fff]"
)


def _alphabet() -> st.SearchStrategy[str]:
    sign = st.sampled_from(list("\\`*_{}[]()<>#+-=.!|~&@:;/$%^\"'\n\t w1a\u202e\u0301\x1b"))
    return st.lists(
        st.one_of(sign, st.sampled_from([*ATTACKS, "www.", "://", "&#", "-->"]), st.characters()),
        max_size=30,
    ).map("".join)


def _check(text: str) -> None:
    expected = visible(text).strip(" ")
    assert "\n" not in expected
    assert _UNSEEN.search(expected) is None
    for shown in (markdown_text(text), markdown_code(text)):
        assert set('|$^"\n\r`*[]~\\') & set(shown) == set()
        assert "<!--" not in shown
    assert not markdown_text(text).startswith(tuple("-+:=#/>"))
    for parse in (render, render_elsewhere):
        _check_rendered(text, expected, parse)


def _check_rendered(text: str, expected: str, render: Callable[[str], Page]) -> None:
    in_text = render(f"{markdown_text(text)}\n")
    assert in_text.tags in (["p", "/p"], [])
    assert in_text.text.replace(BREAK, "").strip() == expected
    assert _REFERENCE.search(in_text.text) is None
    in_code = render(f"x {markdown_code(text)}\n")
    assert in_code.tags == (["p", "code", "/code", "/p"] if expected else ["p", "/p"])
    assert in_code.text.replace(BREAK, "").strip() == f"x {expected}".strip()
    cells = f"| a | b |\n| - | - |\n| {markdown_text(text)} | {markdown_code(text)} |\n"
    of_cells = render(cells).tags
    assert (of_cells.count("tr"), of_cells.count("td")) == (2, 2)
    assert set(of_cells) <= _WITH_CELLS
    folded = render(f"<details><summary>{markdown_code(text)}</summary>\n\ny\n\n</details>\n")
    assert set(folded.tags) <= {
        *("details", "/details", "summary", "/summary", "code", "/code", "p", "/p"),
    }
    assert folded.text.replace(BREAK, "").split() == [*expected.split(), "y"]
    assert [] == [*in_text.comments, *in_code.comments, *folded.comments]


_WITH_CELLS = {
    f"{slash}{tag}"
    for slash in ("", "/")
    for tag in ("table", "thead", "tbody", "tr", "th", "td", "code")
}


@pytest.mark.parametrize("text", ATTACKS)
def test_an_attack_is_shown_as_what_it_is(text: str) -> None:
    _check(text)


@given(_alphabet())
def test_any_text_is_shown_as_what_it_is(text: str) -> None:
    _check(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain-id_1.2 is kept: 3 %, a+b", "plain-id_1.2 is kept: 3 %, a+b"),
        ("2026-02-01_1630_digits-k3f9q2xa", "2026-02-01_1630_digits-k3f9q2xa"),
        ("é 漢字 ▁▄█ 🎉", "é 漢字 ▁▄█ 🎉"),
        ("é", "é"),
        ("a\x1b[0m", "a\\x1b[0m"),
        ("\u202e", "\\u202e"),
        ("\U000e0041", "\\U000e0041"),
        ("\u3164", "\\u3164"),
        ("e" + "\u0301" * 5, "e" + "\u0301" * 3 + "\\u0301" * 2),
    ],
)
def test_what_can_be_seen_is_kept_and_the_rest_is_spelled_out(text: str, expected: str) -> None:
    assert expected == visible(text)


def test_a_line_of_a_mebibyte_is_cut() -> None:
    text = "\x1b" * (1 << 20)

    assert visible(text, 10) == "\\x1b" * 9 + "…"
    assert len(markdown_text(text)) < 12 * 500


def test_ids_stay_readable_in_the_markdown_itself() -> None:
    run_id = "2026-02-01_1630_digits-k3f9q2xa"

    assert markdown_code(run_id) == f"<code>{run_id}</code>"
    assert markdown_code("") == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("\n\n one\ntwo \n\nthree", "one two"),
        ("one", "one"),
    ],
)
def test_a_paragraph_ends_at_a_blank_line(text: str, expected: str) -> None:
    assert expected == paragraph(text)


@pytest.mark.parametrize("text", ["[a](https://b.example)", "a@b.com", "https://b.example"])
def test_the_renderer_of_these_tests_makes_links_of_what_is_left_as_it_is(text: str) -> None:
    assert "a href" in render(text).tags
