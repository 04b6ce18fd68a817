"""What must be taken for a credential, and what must not; one is as bad as the other."""

from __future__ import annotations

import base64
import hashlib
import json
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.contract.config import to_json
from ledger.contract.credentials import (
    CODE,
    PROSE,
    SETTINGS,
    find_secrets,
    is_placeholder,
    is_secret_file,
    style_of,
)
from ledger.contract.leaks import leaks_in
from ledger.contract.redaction import REDACTED, redact, redact_argv, redact_text
from ledger.contract.tripwire import TRIPWIRE


# Put together here, so that no scanner takes this file for a leak.
HEX40 = hashlib.sha256(b"not a secret").hexdigest()[:40]
BASE64 = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYzz0EXAMPL3"
BODY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"
KEY_BEGIN, KEY_END = "-----BEGIN {}" + "PRIVATE KEY-----", "-----END {}" + "PRIVATE KEY-----"
FORMS = {
    "a GitHub token": ["ghp_" + "a1B2" * 9, "gho_" + "a1B2" * 9, "github_pat_" + "A1b2_" * 16],
    "a GitLab token": ["glpat-" + "a1B2-" * 4, "gldt-" + "a1B2" * 5, "glrt-" + "a1_2" * 5],
    "a Slack token": ["xoxb-" + "123456789012-abcDEF", "xapp-" + "1-A0123-456-abcdef"],
    "a Slack webhook": ["https://hooks.slack.com/" + "services/T0AAAAAAA/B0AAAAAAA/abcDEF123456"],
    "an API key (sk-…)": [
        "sk-" + "a1B2" * 12,
        "sk-proj-" + "a1B2" * 12,
        "sk-ant-" + "api03-" + "a1B2" * 20,
    ],
    "a Hugging Face token": ["hf_" + "aB3" * 12],
    "a W&B API key": ["wandb_v1_" + "aB3_" * 19, f'wandb.login(key="{HEX40}"'],
    "a Google API key": ["AIza" + "a1B2_" * 7],
    "a Google token": ["ya29." + "a1B2-" * 8, "GOCSPX-" + "a1B2" * 7],
    "an AWS access key": ["AKIA" + "ABCDEFGH12345678", "ASIA" + "ABCDEFGH12345678"],
    "an Azure key": ["DefaultEndpointsProtocol=https;AccountKey=" + "a1B2" * 21 + "=="],
    "a signed address": ["https://x.example/c?sv=1&sig=" + "a1B2%2B" * 6],
    "an npm token": ["npm_" + "a1B2" * 9],
    "a PyPI token": ["pypi-AgE" + "a1B2-" * 12],
    "a Databricks token": ["dapi" + "0123abcd" * 4],
    "a Stripe key": ["sk_live_" + "a1B2" * 6, "rk_test_" + "a1B2" * 6],
    "a JSON web token": ["eyJ" + "hbGciOiJIUzI1NiJ9.eyJ" + "zdWIiOiIxMjM0In0.a1B2c3D4e5F6"],
    "a bearer token": ["Authorization: Bearer " + "a1B2" * 6, "bearer " + "a1B2c3" * 4],
    "an authorization header": ["Authorization: Basic " + "dXNlcjpwYXNzd29yZDE="],
    "a private key": [
        KEY_BEGIN.format(""),
        KEY_BEGIN.format("OPENSSH ") + f"\n{BODY}\n" + KEY_END.format("OPENSSH "),
        KEY_BEGIN.format("RSA ") + f"\\n{BODY}\\n" + KEY_END.format("RSA "),
    ],
    "a password in an address": [
        "https://me:hunter2x" + "@host/x.git",
        "postgres://me:hunter2x" + "@host:5432/db",
        f"https://{HEX40}" + "@host/x.git",
        "pkg @ git+https://x-token:a1B2c3D4" + "@host/x.git",
    ],
}
CASES = [(kind, text) for kind, texts in FORMS.items() for text in texts]


@pytest.mark.parametrize(("kind", "text"), CASES)
@pytest.mark.parametrize("style", [PROSE, CODE, SETTINGS])
def test_known_form_is_found_in_the_midst_of_any_text(kind: str, text: str, style: str) -> None:
    found = list(find_secrets(f"before\nit is {text} there\n", style))
    assert kind in {secret.kind for secret in found}


@pytest.mark.parametrize(("kind", "text"), CASES)
def test_known_form_is_redacted_as_a_whole(kind: str, text: str) -> None:  # noqa: ARG001  # the id
    clean = redact_text(f"before {text} after")
    assert not list(find_secrets(clean))
    assert BODY not in clean
    assert "before" in clean
    assert clean.endswith(" after")


@pytest.mark.parametrize(
    ("style", "text"),
    [
        (CODE, 'api_key = "a1B2c3D4"'),
        (CODE, "client.login(token='a1B2c3D4')"),
        (CODE, "db = connect(password='correct-horse')"),
        (CODE, "PASSWORD = 'hunter2'"),
        (CODE, 'os.environ["WANDB_API_KEY"] = "' + HEX40 + '"'),
        (CODE, 'os.environ.setdefault("WANDB_API_KEY", "' + HEX40 + '")'),
        (CODE, '"    API_KEY = \\"a1B2c3D4\\"\\n",'),  # a cell of a notebook
        (CODE, '{"aws_secret_access_key": "' + BASE64 + '"}'),
        (CODE, 'Options(secret_key => "a1B2c3D4")'),
        (SETTINGS, "password: correct-horse"),
        (SETTINGS, "  db_password: hunter2x  # mine"),
        (SETTINGS, "export HF_TOKEN=a1B2c3D4"),
        (SETTINGS, "aws_secret_access_key = " + BASE64),
        (SETTINGS, "- API_KEY=a1B2c3D4"),
        (SETTINGS, "python train.py --api-key a1B2c3D4"),
        (SETTINGS, "token = 'a1B2c3D4'"),
        (PROSE, "used password=hunter2x for it"),
        (PROSE, "the password: hunter2x"),
        (PROSE, "X-Api-Key: a1B2c3D4"),
        (PROSE, "run with --hf-token a1B2c3D4"),
        (PROSE, 'called with {"api_key": "a1B2c3D4"}'),
        (PROSE, "api_key=" + "abcdefgh" * 4),
        (PROSE, "AWS_SECRET_ACCESS_KEY=" + BASE64),
        (PROSE, "token: 0b4e7d9a-1c2d-4e5f-8a9b-0c1d2e3f4a5b"),
    ],
)
def test_given_credential_is_found(style: str, text: str) -> None:
    assert list(find_secrets(f"x = 1\n{text}\ny = 2\n", style))


HARMLESS = [
    hashlib.sha256(b"x").hexdigest()[:32],
    HEX40,
    hashlib.sha256(b"x").hexdigest(),
    "sha256:" + hashlib.sha256(b"x").hexdigest(),
    f"commit {HEX40} on main",
    "0b4e7d9a-1c2d-4e5f-8a9b-0c1d2e3f4a5b",
    base64.b64encode(b"a small picture, say").decode(),
    "data:image/png;base64," + base64.b64encode(bytes(range(48))).decode(),
    "token_ids=[101, 2023, 102]",
    "max_tokens=4096, n_tokens=1234567",
    'pad_token="<pad>", eos_token: "</s>"',
    'mask_token = "[MASK_0123]"',
    "tokenizer=bert-base-uncased-v2",
    "tokenizer: meta-llama/Llama-3.1-8B",
    "password: null",
    "password=None, token=None",
    "password: required",
    "password: forgotten1",
    "api_key=OPENAI_API_KEY",
    'api_key: "WANDB_API_KEY_2"',
    'api_key: "${oc.env:API_KEY_V2}"',
    "token=$HF_TOKEN",
    'publicKeyToken="1fc8b3b9a1e18e3b"',
    'token = "<your-token-1234>"',
    'password: "{{ vault.password1 }}"',
    f"api_key={REDACTED}, password: {REDACTED}",
    f"--api-key {REDACTED}",
    f"https://{REDACTED}@host/x",
    "lr=0.1, key=value, seed=42, sort_key=name1234",
    "credentials: ~/.config/gcloud/key1.json",
    "secret: /run/secrets/db_1",
    "private_key: keys/deploy2.pem",
    "https://host.example/path?page=2&sort=asc",
    "https://user@host.example/x.git",
    "ssh://git@host.example/x.git and git@host.example:x.git",
    "postgres://user:password@localhost/db",
    "https://$USER:$TOKEN@host/x",
    "http://localhost:8080/@me",
    "unexpected token: x at line 12",
    "KeyError: 'token'",
    "secret: 0.123456789",
    "token: 2026-02-01T10:00",
    "Bearer of bad news, authorization required",
    "Authorization: Bearer $TOKEN",
    "sk-learn-style-estimators-in-a-pipeline, disk-usage-of-the-cluster-2024",
    "sk-toggleable__label-arrow",
    "task-based-asia-east1 region",
    "eyJust.a.sentence.with.dots.that.is.quite.long",
    "api/v1/keyboard, monkey patch, keyword_args",
    "the secret of good training is patience12",
    "passed 12345678 samples, compass=north1234",
    "glossary-of-all-the-terms-used-in-here",
    "key: a1B2c3D4e5F6",
    "ledger/2026-02/2026-02-01_1630_token_pruning-k3f9q2xa/run.json",
]


@pytest.mark.parametrize("text", HARMLESS)
@pytest.mark.parametrize("style", [PROSE, CODE, SETTINGS])
def test_harmless_text_is_left_alone(text: str, style: str) -> None:
    told = [(secret.kind, text[secret.start : secret.end]) for secret in find_secrets(text, style)]
    assert [] == told


@pytest.mark.parametrize(
    "text",
    [
        "login(token=token_v2, password=cfg.db1.password)",
        "self.api_key = api_key_2024",
        "password = getpass1()",
        "token = tokens[12345678]",
        "if token == 'a1B2c3D4': pass",
        'parser.add_argument("--password", help="of the database, 8 letters")',
        'tokens = ["classification_0", "regression_1"]',
        'words = ["password", "password_lock_time_in_days"]',
        'ref = "git://[repo[:]][ref@]host/path"',
    ],
)
def test_expression_in_code_is_left_alone(text: str) -> None:
    assert [] == list(find_secrets(text, CODE))


@pytest.mark.parametrize(
    "text",
    [
        "token: !secret hub1_token",
        "password: *db_password_1",
        "api_key: ${{ secrets.API_KEY2 }}",
        "token=$(cat ~/.token1234)",
        "token: secrets.HUB_TOKEN1",
        "hidden_secret: no",
        "token: regression",
    ],
)
def test_reference_in_settings_is_left_alone(text: str) -> None:
    assert [] == list(find_secrets(text, SETTINGS))


@pytest.mark.parametrize(("kind", "text"), CASES)
def test_tripwire_is_in_every_form(kind: str, text: str) -> None:
    import re

    assert re.search(TRIPWIRE, text.lower()), kind
    assert re.search(TRIPWIRE, re.sub("[0-9]", "", text.lower())), kind


@pytest.mark.parametrize(
    ("path", "style"),
    [
        ("train.py", CODE),
        ("src/a/b.ipynb", CODE),
        ("conf/db.yaml", SETTINGS),
        ("run.sh", SETTINGS),
        (".env.local", SETTINGS),
        ("Dockerfile", PROSE),
        ("run.md", PROSE),
    ],
)
def test_style_goes_by_the_name_of_the_file(path: str, style: str) -> None:
    assert style == style_of(path)


@pytest.mark.parametrize(
    "path", ["A/.ENV", "Credentials.JSON", "x.P12", ".netrc", "conf/secrets.yaml", "kaggle.json"]
)
def test_file_of_credentials_in_any_case(path: str) -> None:
    assert is_secret_file(path)


@pytest.mark.parametrize(
    "text", ["", "<x>", "${A}", "$HOME", "{{ a }}", "changeme", "xxxx", "****"]
)
def test_placeholder(text: str) -> None:
    assert is_placeholder(text)


@pytest.mark.parametrize("text", ["hunter2", "$ecret123", "!pass1", "%41bc", "correct-horse"])
def test_password_is_no_placeholder(text: str) -> None:
    assert not is_placeholder(text)


SECRETS = st.sampled_from([text for _, text in CASES]) | st.text(
    st.characters(min_codepoint=33, max_codepoint=126), min_size=6, max_size=40
)
KEYS = st.sampled_from(
    ["api_key", "password", "lr", "note", "db.password", "HF_TOKEN", "pad_token", "token", "x y"]
)
LEAVES = SECRETS | SECRETS.map(lambda text: f"x = 1; password={text} and token: {text}")
CONFIGS = st.recursive(
    LEAVES | LEAVES.map(str.encode) | st.integers() | st.none() | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(KEYS | SECRETS, inner, max_size=3)
        | st.dictionaries(st.sampled_from(["api_key", "a"]), inner, max_size=2).map(
            lambda fields: SimpleNamespace(**fields)
        )
    ),
    max_leaves=8,
)


@given(CONFIGS)
def test_what_redaction_writes_is_never_found(config: object) -> None:
    """The check must not report our own redaction, whatever a config holds."""
    clean = redact(to_json({"config": {"resolved": config}, "name": config}))
    assert [] == [leak.kind for leak in leaks_in(clean)]
    for line in json.dumps(clean, indent=1).splitlines():
        assert [] == [s.kind for s in find_secrets(line, CODE)]


@given(st.lists(LEAVES | st.sampled_from(["--api-key", "--x", "+db.password=", "a"]), max_size=5))
def test_what_redaction_leaves_of_a_command_line_is_never_found(argv: list[str]) -> None:
    assert [] == [leak.kind for leak in leaks_in({"command": {"argv": redact_argv(argv)}})]


@given(LEAVES)
def test_redacting_a_text_twice_changes_nothing_more(text: str) -> None:
    assert redact_text(text) == redact_text(redact_text(text))


@pytest.mark.parametrize(
    ("argv", "redacted"),
    [
        (["+password=a1B2"], [f"+password={REDACTED}"]),
        (["++db.password=a1B2"], [f"++db.password={REDACTED}"]),
        (["db={password:a1B2,user:me}"], [f"db={{password:{REDACTED},user:me}}"]),
        (["-H", "X-Api-Key: a1B2c3D4"], ["-H", f"X-Api-Key: {REDACTED}"]),
        (["-c", 'login(token="a1B2c3D4")'], ["-c", f"login(token={REDACTED})"]),
        (['{"password": "a1B2c3"}'], [f'{{"password": "{REDACTED}"}}']),
    ],
)
def test_further_forms_of_a_command_line(argv: list[str], redacted: list[str]) -> None:
    assert redacted == redact_argv(argv)


def test_two_keys_that_look_the_same_when_redacted_are_both_kept() -> None:
    first, second = "ghp_" + "a1B2" * 9, "ghp_" + "c3D4" * 9
    assert {REDACTED: 1, f"{REDACTED} 2": 2} == redact({first: 1, second: 2})


@pytest.mark.parametrize(("key", "text"), [("role_token", "<|user|>"), ("tag_token", "[CLS]")])
def test_word_of_a_tokenizer_is_kept(key: str, text: str) -> None:
    assert {key: text} == redact({key: text})
    assert [] == list(leaks_in({"config": {key: text}}))


@pytest.mark.parametrize("section", ["metrics", "artifacts", "columns"])
def test_name_of_a_metric_or_an_artifact_is_no_key_of_a_credential(section: str) -> None:
    assert [] == list(leaks_in({section: {"token": "outputs/x", "password": 5, "secret": "nan"}}))


@pytest.mark.parametrize("item", ["hunter2", 12345678, ["a"], {"user": "u"}])
def test_whatever_stands_under_a_key_in_a_config_is_told(item: object) -> None:
    document = {"config": {"resolved": {"db": [{"password": item}]}}}
    assert ["the value of password"] == [leak.kind for leak in leaks_in(document)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("eyJ-" * 75_000, id="web tokens"),
        pytest.param("sk-" * 100_000, id="keys"),
        pytest.param("token: " * 45_000, id="colons"),
        pytest.param("--token " * 40_000, id="flags"),
        pytest.param("password" + " " * 300_000, id="blanks"),
        pytest.param('"token" , ' * 30_000, id="pairs"),
        pytest.param("authorization: basic " * 15_000, id="headers"),
        pytest.param("https://a:b" * 30_000 + "@", id="addresses"),
        pytest.param("- token\n" * 40_000, id="lines"),
        pytest.param("glab-" * 60_000, id="vendors"),
    ],
)
def test_long_text_that_may_hold_one_costs_no_more_than_its_length(text: str) -> None:
    """The limit of a test is what would end it: a square of the length takes hours."""
    for style in (PROSE, CODE, SETTINGS):
        list(find_secrets(text, style))


def test_many_beginnings_of_keys_cost_no_more_than_their_length() -> None:
    text = KEY_BEGIN.format("") * 10_000
    assert 10_000 == len(list(find_secrets(text)))
