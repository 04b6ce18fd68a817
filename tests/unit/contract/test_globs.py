"""Path patterns, against an oracle that tries everything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.contract.globs import compile_globs


SEGMENTS = st.text(st.sampled_from("ab.*?"), min_size=1, max_size=4).filter(lambda s: "**" not in s)
BRACES = st.lists(st.text(st.sampled_from("ab*"), max_size=2), min_size=1, max_size=3).map(
    lambda choices: "{" + ",".join(choices).replace("**", "*") + "}"
)
PATTERNS = st.lists(SEGMENTS | BRACES | st.just("**"), min_size=1, max_size=4).map("/".join)
PATHS = st.lists(
    st.text(st.sampled_from("ab.\n"), min_size=1, max_size=3), min_size=1, max_size=4
).map("/".join)


def expand(pattern: str) -> list[str]:
    """Return the patterns without braces that ``pattern`` stands for."""
    before, brace, rest = pattern.partition("{")
    if not brace:
        return [pattern]
    inside, _, after = rest.partition("}")
    return [before + choice + tail for choice in inside.split(",") for tail in expand(after)]


def segment_matches(pattern: str, text: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(segment_matches(pattern[1:], text[at:]) for at in range(len(text) + 1))
    return bool(text) and pattern[0] in {"?", text[0]} and segment_matches(pattern[1:], text[1:])


def matches(pattern: list[str], path: list[str]) -> bool:
    if not pattern:
        return not path
    if pattern[0] == "**":
        if len(pattern) == 1:
            return bool(path)
        return any(matches(pattern[1:], path[at:]) for at in range(len(path) + 1))
    return bool(path) and segment_matches(pattern[0], path[0]) and matches(pattern[1:], path[1:])


def oracle(pattern: str, path: str) -> bool:
    return any(matches(plain.split("/"), path.split("/")) for plain in expand(pattern))


@given(PATTERNS, PATHS)
def test_pattern_takes_what_the_oracle_takes(pattern: str, path: str) -> None:
    assert oracle(pattern, path) == compile_globs([pattern])(path)


@given(st.lists(PATTERNS, max_size=3), st.lists(PATTERNS, max_size=3), PATHS)
def test_exclusions_win_wherever_they_stand(
    taken: list[str], refused: list[str], path: str
) -> None:
    expected = any(oracle(pattern, path) for pattern in taken) and not any(
        oracle(pattern, path) for pattern in refused
    )
    assert expected == compile_globs([*(f"!{pattern}" for pattern in refused), *taken])(path)


@given(st.text(st.sampled_from("{},a/*!?[]()|\\^$."), max_size=8), PATHS)
def test_no_pattern_crashes(pattern: str, path: str) -> None:
    compile_globs([pattern])(path)


@given(st.text(st.characters(codec="utf-8", exclude_characters="*?{}!/"), min_size=1, max_size=8))
def test_plain_name_takes_itself_only(name: str) -> None:
    is_taken = compile_globs([name])
    assert is_taken(name)
    assert not is_taken(name + "x")
    assert not is_taken("x" + name)


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("**/*.{py,yaml}", "a.py", True),
        ("**/*.{py,yaml}", "a/b/c.yaml", True),
        ("**/*.{py,yaml}", "a.pyc", False),
        ("**/*.{py,yaml}", "a.py\n", False),
        ("*.py", "a/b.py", False),
        ("configs/**", "configs/a/b", True),
        ("configs/**", "configs", False),
        ("configs/**", "configs/new\nline.py", True),
        ("configs/", "configs/a/b", True),
        ("configs/", "myconfigs/a", False),
        ("a?c", "a/c", False),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("[ab].py", "a.py", False),
        ("[ab].py", "[ab].py", True),
        ("a.b", "axb", False),
        ("a}b", "a}b", True),
        ("a,b", "a,b", True),
        ("{a,{b,c}}d", "cd", True),
        ("**", ".hidden/x", True),
        ("**/*.py", "\udcff.py", True),
    ],
)
def test_patterns_of_the_settings(pattern: str, path: str, expected: bool) -> None:  # a table
    assert expected == compile_globs([pattern])(path)


def test_no_patterns_take_nothing() -> None:
    assert not compile_globs([])("a")
    assert not compile_globs(["!a"])("b")


@given(PATTERNS, PATHS)
def test_a_hard_pattern_takes_what_the_oracle_takes(pattern: str, path: str) -> None:
    """Braces around it change nothing but the way it is judged."""
    assert oracle(pattern, path) == compile_globs(["{{{{" + pattern + "}}}}"])(path)


@given(PATTERNS, PATHS)
def test_a_long_path_is_taken_as_the_oracle_takes_it(pattern: str, path: str) -> None:
    long = "c" * 500
    assert oracle(pattern, path) == compile_globs([f"{long}/{pattern}"])(f"{long}/{path}")


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "pattern",
    ["*a" * 25 + "b", "{a,a}" * 40 + "b", "**a" * 25 + "b", "{" * 5000, "{*,*}" * 20 + "b"],
)
def test_no_pattern_takes_for_ever(pattern: str) -> None:
    takes = compile_globs([pattern])
    assert not takes("a" * 200 + "/" + "a" * 200)
    assert not takes("a" * 2000)
