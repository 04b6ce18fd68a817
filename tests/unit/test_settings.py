"""Settings of one project."""

from __future__ import annotations

import re

import pytest

from ledger.contract.globs import compile_globs
from ledger.errors import LedgerError
from ledger.settings import Settings, parse_settings


def own(text: str) -> Settings | None:
    return parse_settings(text.encode(), "ledger.toml")


def shared(text: str) -> Settings | None:
    return parse_settings(text.encode(), "/x/pyproject.toml")


def test_everything_has_a_default() -> None:
    assert Settings() == own("")
    assert "ledger" == Settings().dir
    assert {} == Settings().metrics
    assert ("seed", "random_seed") == tuple(Settings().seed_keys)


def test_given_settings_are_read() -> None:
    assert Settings(
        dir="runs/here", code=("src/**", "!x"), metrics={"val_acc": "max"}, seed_keys=("rng",)
    ) == own(
        'dir = "runs/here"\ncode = ["src/**", "!x"]\n'
        'metrics = {val_acc = "max"}\nseed_keys = ["rng"]\n'
    )
    assert Settings(dirty="reconstructible", require=("*.lock",), max_table_mb=0.5) == own(
        'dirty = "reconstructible"\nrequire = {when = ["*.lock"]}\nmax_table_mb = 0.5\n'
    )


def test_pyproject_has_them_in_its_table() -> None:
    assert Settings(dir="runs") == shared('[project]\nname = "x"\n[tool.ledger]\ndir = "runs"\n')
    assert Settings() == shared("[tool.ledger]\n")


@pytest.mark.parametrize(
    "text",
    ["", "[tool.other]\n", '[project]\nname = "experiment-ledger"\n', "tool = 1  # ledger\n"],
)
def test_pyproject_without_the_table_has_none(text: str) -> None:
    assert shared(text) is None


def test_pyproject_of_somebody_else_is_not_judged() -> None:
    assert shared("this is not TOML") is None


@pytest.mark.parametrize(
    ("text", "folder"),
    [("./ledger/", "ledger"), ("a//b/./c", "a/b/c"), (".ledger", ".ledger"), ("a..b", "a..b")],
)
def test_folder_is_written_as_git_names_it(text: str, folder: str) -> None:
    assert Settings(dir=folder) == own(f'dir = "{text}"')


@pytest.mark.parametrize(
    "text",
    [
        'dir = ""',
        'dir = "."',
        'dir = "/tmp/x"',
        'dir = "../x"',
        'dir = "a/../../x"',
        'dir = ".git/x"',
        "dir = 'a\\b'",
        "dir = 1",
        'code = "src"',
        "code = [1]",
        'metrics = ["val_acc"]',
        'metrics = {val_acc = "best"}',
        'metrics = {val_acc = ["max"]}',
        "metrics = {val_acc = 1}",
        'seed_keys = "seed"',
        'dirty = "allow"',
        'dirty = ["covered"]',
        'require = ["*.lock"]',
        'require = {when = "*.lock"}',
        "require = {unless = []}",
        "max_table_mb = 0",
        "max_table_mb = true",
        "max_table_mb = inf",
        'unknown = "x"',
        'dirr = "x"',
        "not toml",
        "dir = 'a'\ndir = 'b'",
    ],
)
def test_wrong_setting_is_told_with_the_file_and_what_to_do(text: str) -> None:
    with pytest.raises(LedgerError) as caught:
        own(text)
    assert "ledger.toml" == caught.value.path
    assert caught.value.hint
    assert 2 == caught.value.exit_code


def test_table_that_is_no_table_is_told() -> None:
    with pytest.raises(LedgerError, match="not a table"):
        shared('[tool]\nledger = "x"\n')


def test_bytes_that_are_not_utf8_are_told() -> None:
    with pytest.raises(LedgerError, match="is not TOML"):
        parse_settings(b'dir = "\xff"', "ledger.toml")


@pytest.mark.parametrize(
    ("path", "is_code"),
    [
        ("train.py", True),
        ("src/deep/model.pyi", True),
        ("configs/base.yaml", True),
        ("pyproject.toml", True),
        ("nb/explore.ipynb", True),
        ("run.sh", True),
        ("kernels/op.cu", True),
        ("docs/conf.py", False),
        ("tests/test_a.py", False),
        (".github/workflows/ci.yml", False),
        ("dvc.lock", False),
        ("sub/dvc.lock", False),
        ("README.md", False),
        ("data/x.csv", False),
        ("model.pt", False),
        ("src/tests_helper.py", True),
    ],
)
def test_default_code_paths(path: str, is_code: bool) -> None:  # a table
    assert is_code == compile_globs(Settings().code)(path)


def test_weights_are_read_by_stage() -> None:
    settings = own("[severity]\nLED102 = 'warn'\nLED107 = { tree = 'off', staged = 'error' }\n")
    assert settings is not None
    assert {
        "LED102": {"staged": "warn", "range": "warn", "tree": "warn"},
        "LED107": {"staged": "error", "tree": "off"},
    } == settings.severity


def test_what_covers_is_read() -> None:
    text = (
        "[require]\nwhen = ['a']\nignore = ['b']\naccept = ['finished']\nmode = 'fresh'\n"
        "skip = ['label']\n"
    )
    assert own(text) == Settings(
        require=("a",),
        require_ignore=("b",),
        require_accept=("finished",),
        require_mode="fresh",
        require_skip=("label",),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("severity = { LED1020 = 'warn' }", "did you mean LED102"),
        ("severity = { led102 = 'warn' }", "did you mean LED102"),
        ("severity = { note = 'warn' }", "known are LED100"),
        ("severity = { LED000 = 'warn' }", "never green"),
        ("severity = { LED102 = 'warning' }", "error, warn, notice, off"),
        ("severity = { LED102 = { hook = 'warn' } }", "staged, range, tree"),
        ("severity = { LED102 = { range = [] } }", "error, warn, notice, off"),
        ("severity = 1", "a table of code"),
        ("require = { mode = 'new' }", "history or fresh"),
        ("require = { mode = [] }", "history or fresh"),
        ("require = { accept = ['done'] }", "finished, failed"),
        ("require = { skip = 'label' }", "a list of strings"),
        ("require = { unless = [] }", "when, ignore, accept, skip, mode"),
        ("require_mode = 'fresh'", "unknown setting 'require_mode'"),
        ("a = " + "[" * 100_000, "is not TOML"),
        ("a = " + "9" * 5000, "is not TOML"),
    ],
)
def test_what_no_policy_can_say_is_refused(text: str, said: str) -> None:
    with pytest.raises(LedgerError, match=re.escape(said)):
        own(text)


def test_codes_are_those_of_the_catalogue() -> None:
    from ledger.policy.catalogue import RULES
    from ledger.settings import CODES

    assert [*CODES] == [code for code in RULES if code != "LED000"]


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        "a." * 50_000 + "b = 1",
        "x = '" + "a" * 1_100_000 + "'",
        "'" + "k" * 500_000 + "' = 1",
        "code = [" + "'a*b'," * 100_000 + "]",
        "[severity]\n" + "k" * 500_000 + " = 'off'",
        "dir = '" + "a" * 300 + "'",
        'dir = "a\\u0000b"',
        'dir = "a\\nb"',
        "dir = '--git-dir=x'",
    ],
    ids=range(9),
)
def test_settings_of_a_stranger_are_refused_in_a_few_words(text: str) -> None:
    with pytest.raises(LedgerError) as caught:
        parse_settings(text.encode(), "ledger.toml")
    assert len(str(caught.value)) < 500
