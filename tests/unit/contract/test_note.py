"""run.md: the template and its parser."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.contract.note import (
    PROMPTS,
    SECTIONS,
    accept,
    fill_section,
    note_hash,
    parse_note,
    render_note,
)
from ledger.errors import MalformedError


TEMPLATE = render_note("r1", {})
# What a person may write in a section: anything but a heading, a prompt, or automatic text.
LINES = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="\n\r\ufeff"), min_size=1, max_size=20)
    .map(str.strip)
    .filter(bool)
    .filter(lambda line: line[0] not in "#[")
    .filter(lambda line: not line.lower().startswith(("next", "risk"))),
    min_size=1,
    max_size=3,
)


def note(text: str) -> bytes:
    return text.encode()


def test_template_is_the_published_one() -> None:
    headings = [line for line in TEMPLATE.decode().split("\n") if line.startswith("#")]
    assert [
        "# Run: r1",
        "## Hypothesis",
        "## Change",
        "## Result",
        "## Next",
        "## Risk/Anomaly",
    ] == headings


def test_template_has_every_heading_a_prompt_and_nothing_filled() -> None:
    parsed = parse_note(TEMPLATE)
    assert () == parsed.missing
    assert SECTIONS == tuple(section.name for section in parsed.unfilled)
    assert not parsed.is_complete
    assert all(prompt.startswith("[") and prompt.endswith("]") for prompt in PROMPTS.values())
    assert all(prompt.encode() in TEMPLATE for prompt in PROMPTS.values())


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(SECTIONS, LINES)))
def test_rendered_lines_are_parsed_again(filled: dict[str, list[str]]) -> None:
    parsed = parse_note(render_note("r1", filled))
    assert () == parsed.missing
    assert set(SECTIONS) - set(filled) == {section.name for section in parsed.unfilled}
    for name, lines in filled.items():
        assert "\n".join(lines) == parsed.sections[name].text


@given(
    st.sampled_from(SECTIONS),
    LINES,
    st.fixed_dictionaries({}, optional=dict.fromkeys(SECTIONS, LINES)),
)
def test_filling_one_section_leaves_the_others_alone(
    name: str, lines: list[str], filled: dict[str, list[str]]
) -> None:
    before = parse_note(render_note("r1", filled))
    after = parse_note(fill_section(render_note("r1", filled), name, lines))
    assert "\n".join(lines) == after.sections[name].text
    for other in SECTIONS:
        if other != name:
            assert before.sections[other].text == after.sections[other].text


@given(st.sampled_from(SECTIONS), LINES)
def test_filling_a_section_gives_the_template_with_these_lines(name: str, lines: list[str]) -> None:
    assert render_note("r1", {name: lines}) == fill_section(TEMPLATE, name, lines)


def test_missing_heading_is_added_at_the_end() -> None:
    data = fill_section(note("# Run: r1\n\n## Hypothesis\n\nx\n"), "Next", ["y"])
    assert b"# Run: r1\n\n## Hypothesis\n\nx\n\n## Next\n\ny\n" == data


def test_filling_drops_nothing_when_a_heading_stands_twice() -> None:
    data = note("## Result\n\na\n\n## Next\n\nb\n\n## Result\n\nc\n")
    filled = fill_section(data, "Result", ["new"])
    assert b"## Result\n\nnew\n\n## Next\n\nb\n\n## Result\n\nc\n" == filled


def test_filling_keeps_the_bytes_of_the_other_sections() -> None:
    data = note("intro\x0ctext\n## Hypothesis\n  a\u2028b  \n\n## Change\nold\n## Result\n\ttail\n")
    assert note(
        "intro\x0ctext\n## Hypothesis\n  a\u2028b  \n\n## Change\n\nnew\n\n## Result\n\ttail\n"
    ) == fill_section(data, "Change", ["new"])


@pytest.mark.parametrize("text", ["none", "forgotten", "-", ".", "See: other-run", "1"])
def test_any_line_of_a_person_fills_a_section(text: str) -> None:
    assert parse_note(render_note("r1", {"Next": [text]})).sections["Next"].is_filled


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([], id="nothing"),
        pytest.param(["", "   ", "\t"], id="blank"),
        pytest.param([PROMPTS["Next"]], id="prompt"),
        pytest.param([f"  {PROMPTS['Next']}  "], id="indented-prompt"),
        pytest.param(["[auto] from the record"], id="automatic"),
        pytest.param([PROMPTS["Next"], "", "[auto] a", "[auto] b"], id="all-of-it"),
        pytest.param(["[auto]"], id="automatic-and-empty"),
    ],
)
def test_section_without_a_line_of_a_person_is_unfilled(lines: list[str]) -> None:
    section = parse_note(note("## Next\n" + "\n".join(lines) + "\n")).sections["Next"]
    assert not section.is_filled


@pytest.mark.parametrize(
    "line",
    [
        "[autoencoder] is better",
        "[auto]matic differentiation",
        "it said [auto] x",
        PROMPTS["Change"],
        "[What follows]",
    ],
)
def test_only_the_prompt_of_the_section_and_automatic_lines_are_no_content(line: str) -> None:
    assert parse_note(note(f"## Next\n{line}\n")).sections["Next"].is_filled


def test_one_line_of_a_person_beside_automatic_ones_is_enough() -> None:
    section = parse_note(note("## Next\n[auto] a\nb\n[auto] c\n")).sections["Next"]
    assert section.is_filled
    assert "[auto] a\nb\n[auto] c" == section.text


def test_accepting_makes_automatic_lines_a_persons_own() -> None:
    data = render_note("r1", {name: ["[auto] a", "b [auto] c"] for name in SECTIONS})
    assert render_note("r1", {name: ["a", "b [auto] c"] for name in SECTIONS}) == accept(data)


@pytest.mark.parametrize("line", ["[auto] x", "  [auto] x", "\t[auto] x", "[auto]matic"])
def test_accepted_note_has_nothing_left_to_accept(line: str) -> None:
    assert parse_note(accept(note(f"## Next\n{line}\n"))).sections["Next"].is_filled


def test_accepting_keeps_every_other_byte() -> None:
    assert note("a\u2028b\r\n  c\x0c\nd\n") == accept(note("a\u2028b\r\n  c\x0c\n[auto] d\n"))


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("# Hypothesis", "Hypothesis"),
        ("### Hypothesis", "Hypothesis"),
        ("## HYPOTHESIS", "Hypothesis"),
        ("## change", "Change"),
        ("## Risk/Anomalies", "Risk/Anomaly"),
        ("### risk/anomaly", "Risk/Anomaly"),
        ("Next", "Next"),
        ("Risk/Anomaly", "Risk/Anomaly"),
        ("Risk/Anomalies", "Risk/Anomaly"),
        ("## Result ##", "Result"),
        ("## Result   ", "Result"),
        ("## Next:", "Next"),
        ("  ## Next", "Next"),
    ],
)
def test_headings_people_write_are_found(heading: str, name: str) -> None:
    parsed = parse_note(note(f"# Run: x\n\n{heading}\r\ncontent\r\n"))
    assert [name] == [section.name for section in parsed.sections.values() if section.is_filled]
    assert 3 == parsed.sections[name].line


@pytest.mark.parametrize("line", ["Hypothesis", "Result", "##Result", "next year", "####### Next"])
def test_other_lines_are_no_headings(line: str) -> None:
    assert {} == parse_note(note(line + "\nx\n")).sections


def test_title_and_text_before_the_first_heading_are_not_judged() -> None:
    filled = {name: ["x"] for name in SECTIONS}
    body = render_note("r1", filled).split(b"\n", 1)[1]
    assert parse_note(b"# Something else\n\nfree text\n" + body).is_complete


def test_missing_headings_are_told() -> None:
    parsed = parse_note(note("## Hypothesis\nx\n## Next\ny\n"))
    assert ("Change", "Result", "Risk/Anomaly") == parsed.missing
    assert not parsed.is_complete


def test_references_to_other_notes_are_found() -> None:
    text = "## Change\nSee: run-a\n## Next\n  see:run-b  \nSee: two words\n[auto] See: run-c\n"
    assert ("run-a", "run-b") == parse_note(note(text)).see


def test_byte_order_mark_does_not_hide_the_first_heading() -> None:
    assert parse_note(b"\xef\xbb\xbf## Next\nx\n").sections["Next"].is_filled


def test_empty_note_lacks_everything() -> None:
    assert SECTIONS == parse_note(b"").missing


@pytest.mark.parametrize(
    "read",
    [parse_note, accept, lambda data: fill_section(data, "Next", ["x"])],
    ids=["parse", "accept", "fill"],
)
def test_note_that_is_not_utf8_is_malformed_and_the_line_is_named(read: object) -> None:
    with pytest.raises(MalformedError) as caught:
        read(b"## Next\nx\n\xff\n")  # type: ignore[operator]  # one of the three above
    assert 3 == caught.value.line


@pytest.mark.parametrize(
    "line",
    [
        "# a" + " " * 20_000 + "b",
        "# " + "#" * 20_000 + "b",
        "# " + "# " * 10_000 + "b",
        "see:" + " " * 20_000 + "a b",
    ],
    ids=["spaces", "hashes", "both", "see"],
)
def test_hostile_line_costs_no_more_than_its_length(line: str) -> None:
    """The hook reads notes of other people; a regular expression once took hours for one line."""
    assert {} == parse_note(note(line + "\n")).sections


def test_hash_of_a_note_is_the_sha256_of_its_bytes() -> None:
    assert "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" == note_hash(b"")


@given(
    st.lists(
        st.sampled_from(
            [b"## Next", b"Next", b"#", b" ", b"\n", b"\r", b"[auto] ", b"x", b"\xff", b"See: a"]
        ),
        max_size=12,
    ).map(b"".join)
)
def test_any_bytes_are_a_note_or_malformed(data: bytes) -> None:
    try:
        parse_note(data)
    except MalformedError:
        return
    assert parse_note(fill_section(data, "Next", ["y"])).sections["Next"].is_filled
    assert set(parse_note(data).sections) <= set(parse_note(accept(data)).sections)
