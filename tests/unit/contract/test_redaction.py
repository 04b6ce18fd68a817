"""What looks like a credential, and how it is kept out of everything that is committed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.contract.json_text import dump_json
from ledger.contract.redaction import (
    REDACTED,
    holds_secret,
    is_secret_file,
    is_secret_key,
    redact,
    redact_argv,
    redact_text,
    strip_user_info,
)


# Put together here, so that no scanner takes this file for a leak.
GITHUB = "ghp_" + "a1B2" * 9
AWS = "AKIA" + "ABCDEFGH12345678"
HUGGING_FACE = "hf_" + "aB3" * 12
KNOWN_FORMS = [
    GITHUB,
    AWS,
    HUGGING_FACE,
    "github_pat_" + "a" * 40,
    "glpat-" + "a" * 20,
    "xoxb-" + "1234567890-abc",
    "sk-" + "a" * 40,
    "AIza" + "a" * 35,
    "-----BEGIN RSA " + "PRIVATE KEY-----",
]


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "passwd",
        "PASSWORD",
        "db_password",
        "db.password",
        "db-password",
        "dbPassword",
        "pwd",
        "secret",
        "client_secret",
        "clientSecret",
        "api_key",
        "apikey",
        "apiKey",
        "API_KEY",
        "openai_api_key",
        "OPENAI_API_KEY",
        "wandb_key",
        "WANDB_API_KEY",
        "token",
        "TOKEN",
        "HF_TOKEN",
        "hf_token",
        "GITHUB_TOKEN",
        "auth_token",
        "accessToken",
        "access_token",
        "refresh_token",
        "api_token",
        "bot_token",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "secret_key",
        "private_key",
        "credentials",
        "bearer",
    ],
)
def test_key_of_a_credential(key: str) -> None:
    assert is_secret_key(key)


@pytest.mark.parametrize(
    "key",
    [
        "n_tokens",
        "tokens",
        "num_tokens",
        "tokenizer",
        "tokenizer_name",
        "max_token",
        "max_tokens",
        "token_type",
        "token_type_ids",
        "pad_token",
        "eos_token",
        "bos_token",
        "cls_token",
        "sep_token",
        "unk_token",
        "mask_token",
        "special_token",
        "padToken",
        "key",
        "keys",
        "monkey",
        "keyword",
        "key_dim",
        "n_keys",
        "query_key_value",
        "secretary",
        "author",
        "bearing",
        "pass",
        "n_passes",
        "compass",
        "lr",
        "sort_key",
        "",
    ],
)
def test_key_of_a_hyperparameter(key: str) -> None:
    assert not is_secret_key(key)


@pytest.mark.parametrize("secret", KNOWN_FORMS)
def test_known_forms_are_taken_out_of_any_text(secret: str) -> None:
    assert f"before {REDACTED} after" == redact_text(f"before {secret} after").replace(
        f"{REDACTED}-", REDACTED
    )
    assert holds_secret(f"x = '{secret}'")


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("https://user:pw@host/x", f"https://{REDACTED}@host/x"),
        ("https://user@host/x", f"https://{REDACTED}@host/x"),
        ("https://user:p@ss@host/x", f"https://{REDACTED}@host/x"),
        (
            "postgres+psycopg://u:p@h:5432/db?a=b@c",
            f"postgres+psycopg://{REDACTED}@h:5432/db?a=b@c",
        ),
        ("see https://host/x, mail a@b", "see https://host/x, mail a@b"),
        ("https://host/a@b", "https://host/a@b"),
        ("git@host:path", "git@host:path"),
        ("a: //b@c", "a: //b@c"),
    ],
)
def test_user_info_of_urls_is_taken_out(text: str, redacted: str) -> None:
    assert redacted == redact_text(text)


@pytest.mark.parametrize(
    ("url", "stripped"),
    [
        ("https://user:pw@host/x.git", "https://host/x.git"),
        ("https://oauth2:p@w@host/x.git", "https://host/x.git"),
        ("https://host/x.git", "https://host/x.git"),
        ("git@host:x.git", "git@host:x.git"),
        ("/srv/x.git", "/srv/x.git"),
    ],
)
def test_remote_is_kept_without_credentials(url: str, stripped: str) -> None:
    assert stripped == strip_user_info(url)


@pytest.mark.parametrize("value", ["hunter2", 12345678, 1.5, ["a", "b"], {"user": "u", "x": "y"}])
def test_whatever_stands_under_a_secret_key_is_redacted(value: object) -> None:
    assert {"db": [{"password": REDACTED}]} == redact({"db": [{"password": value}]})


@pytest.mark.parametrize("value", [None, "", True, False])
def test_absence_of_a_credential_is_kept(value: object) -> None:
    assert {"password": value} == redact({"password": value})


def test_config_is_otherwise_kept_with_its_order() -> None:
    config = {"lr": 0.1, "max_token": 5, "pad_token": "<pad>", "b": [1, None, True, {"x": "y"}]}
    assert list(config.items()) == list(redact(config).items())


def test_known_forms_are_redacted_under_any_key() -> None:
    assert {"note": [REDACTED]} == redact({"note": [GITHUB]})


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["api_key", "lr", "n_tokens"]), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_redacting_twice_changes_nothing_more(item: object) -> None:
    assert redact(item) == redact(redact(item))


@pytest.mark.parametrize(
    ("argv", "redacted"),
    [
        (["--api-key", "abc"], ["--api-key", REDACTED]),
        (["--api-key=abc"], [f"--api-key={REDACTED}"]),
        (["token=abc"], [f"token={REDACTED}"]),
        (["+db.password=abc"], [f"+db.password={REDACTED}"]),
        (["--hf-token", "abc", "--lr", "0.1"], ["--hf-token", REDACTED, "--lr", "0.1"]),
        (["--token", "--verbose"], ["--token", "--verbose"]),
        (["--max-token", "5"], ["--max-token", "5"]),
        (["--url", "https://u:p@h/"], ["--url", f"https://{REDACTED}@h/"]),
        (["--url=https://u:p@h/"], [f"--url=https://{REDACTED}@h/"]),
        ([GITHUB], [REDACTED]),
        (["--x", "api_key"], ["--x", "api_key"]),
        ([], []),
    ],
)
def test_command_line_is_redacted(argv: list[str], redacted: list[str]) -> None:
    assert redacted == redact_argv(argv)


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        "a/.env.local",
        "x.pem",
        "deploy/x.key",
        "id_rsa",
        ".ssh/id_ed25519",
        "aws_credentials",
        "a/credentials.json",
    ],
)
def test_file_of_credentials(path: str) -> None:
    assert is_secret_file(path)


@pytest.mark.parametrize(
    "path", ["train.py", "env.py", "keys.py", "valid_x.py", "a.keys", "monkey"]
)
def test_file_of_code(path: str) -> None:
    assert not is_secret_file(path)


@pytest.mark.parametrize(
    "line",
    [
        'api_key = "abcdef123456"',
        "  password: 'correct-horse'",
        '{"client_secret": "abcdef123456"}',
        'OPENAI_API_KEY="abcdef123456"',
        "--token='abcdef123456'",
    ],
)
def test_line_that_assigns_a_credential(line: str) -> None:
    assert holds_secret(f"x = 1\n{line}\ny = 2\n")


@pytest.mark.parametrize(
    "line",
    [
        'api_key = os.environ["OPENAI_API_KEY"]',
        "password = getpass()",
        'password = ""',
        'tokenizer = "bert-base-uncased"',
        'pad_token = "<|padding|>"',
        'token = "<your-token-here>"',
        "api_key: '${oc.env:API_KEY}'",
        'password: "{{ vault.password }}"',
        'help="the password to use"',
        "",
    ],
)
def test_line_of_ordinary_code(line: str) -> None:
    assert not holds_secret(line)


@given(st.sampled_from(["api_key", "password", "HF_TOKEN"]), st.text(max_size=30))
def test_redacted_record_holds_no_secret(key: str, secret: str) -> None:
    """The check for secrets must not report our own redaction."""
    assert not holds_secret(dump_json(redact({"config": {key: "x" + secret}})).decode())


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a" * 300_000, id="letters"),
        pytest.param("a-" * 150_000, id="dashes"),
        pytest.param("a." * 150_000, id="dots"),
        pytest.param("a=" * 150_000, id="equals"),
        pytest.param("a " * 150_000, id="words"),
        pytest.param("-" * 300_000, id="rule"),
        pytest.param("x" + " " * 300_000, id="spaces"),
        pytest.param("-----BEGIN " + "A " * 150_000, id="begin"),
        pytest.param("http://" + "a:" * 150_000, id="url"),
        pytest.param("a://" * 75_000, id="urls"),
    ],
)
def test_long_text_costs_no_more_than_its_length(text: str) -> None:
    """A patch may hold a megabyte on one line; a regular expression once took minutes for it."""
    assert not holds_secret(text)
    assert redact_text(text) == text
