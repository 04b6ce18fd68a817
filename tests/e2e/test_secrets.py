"""Real trainings with credentials wherever people leave them: none reaches what is committed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from make_repo import commit_files, git, make_repo, write_files
from unit.writer.recording import LIMIT_SECONDS, only_run, read_record


# Put together here, so that no scanner takes this file for a leak; each holds the same word.
WORD = "hunter2Zq9" + "secret"
TOKEN = "ghp_" + "a1B2" * 8 + "Zq9x"
ADDRESS = f"https://me:{WORD}" + "@host.example/x"
KEY = (
    "-----BEGIN OPENSSH " + "PRIVATE KEY-----\\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUZq9\\n"
    "-----END OPENSSH " + "PRIVATE KEY-----"
)
SCRIPT = f"""
import argparse, sys
from dataclasses import dataclass
from types import SimpleNamespace

import ledger
import loaded

@dataclass
class Hub:
    api_token: str
    url: str

TOKEN, ADDRESS, WORD = loaded.read()
config = {{
    "lr": 0.1,
    "max_tokens": 4096,
    "pad_token": "<pad>",
    "hub": Hub(WORD, ADDRESS),
    "args": argparse.Namespace(password=WORD, deep=SimpleNamespace(wandb_key=WORD)),
    "services": [{{"name": "db", "dsn": ADDRESS}}, {{"name": "api", "secret": {{"a": WORD}}}}],
    "raw": TOKEN.encode(),
    TOKEN: 1,
    "ssh": loaded.KEY,
    "command": "curl -H 'Authorization: Bearer " + TOKEN + "'",
}}
run = ledger.start(
    "token=" + WORD,
    config=config,
    data=[ADDRESS + "/d.csv?sig=" + WORD, {{"path": "d.csv", "split": {{"token": WORD}}}}],
    tags=["password=" + WORD],
    hypothesis="works with " + TOKEN,
    parent="api_key=" + WORD,
)
with run:
    run.log(epoch=0, loss=1.0, phase="warm-up")
    run.log(epoch=1, loss=0.5, phase="password=" + WORD, api_key=WORD)
    run.final(said="used " + ADDRESS, access_token=WORD, test_loss=0.4)
    run.artifact("model", ADDRESS.replace("https", "s3"))
    run.artifact("token=" + WORD, "d.csv")
    client = loaded.connect(password={WORD!r}, key=loaded.KEY)
"""
LOADED = """
import os
KEY = os.environ["KEY"].replace("\\\\n", "\\n")

def read():
    return os.environ["TOKEN"], os.environ["ADDRESS"], os.environ["WORD"]

def connect(password, key):
    raise ConnectionError(f"cannot reach {os.environ['ADDRESS']} with password={password}: {key}")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a repository with settings, scripts, data and a remote that has a password."""
    files = {"ledger.toml": "", "d.csv": "1\n", "train.py": SCRIPT, "loaded.py": LOADED}
    project = make_repo(tmp_path, {**files, ".gitignore": "__pycache__/\n"}).resolve()
    git(project, "remote", "add", "origin", f"https://me:{WORD}" + f"@host/x?private_token={WORD}")
    return project


def train(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "train.py", *arguments],
        cwd=project,
        env={**os.environ, "TOKEN": TOKEN, "ADDRESS": ADDRESS, "WORD": WORD, "KEY": KEY},
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )


def leaked(project: Path) -> list[str]:
    """Return the files of the ledger, and the places in git, that hold what all secrets share."""
    files = [path for path in (project / "ledger").rglob("*") if path.is_file()]
    found = [str(path) for path in files if b"Zq9" in path.read_bytes() or "Zq9" in str(path)]
    listed = git(project, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)")
    committed = git(project, "rev-list", "--objects", "--no-object-names", "main").split()
    for oid in set(listed.split()) - set(committed):
        done = subprocess.run(
            ["git", "cat-file", "-p", oid], cwd=project, capture_output=True, check=True
        )
        found += [f"object {oid}"] if b"Zq9" in done.stdout else []
    return found


def test_nothing_of_a_training_full_of_secrets_is_written(project: Path) -> None:
    commit_files(project, {"train.py": SCRIPT})
    argv = (
        *("--api-key", WORD, f"--hf-token={WORD}", f"token={WORD}", f"db.password={WORD}"),
        *(f"+db.password={WORD}", f"db={{password:{WORD}}}", f"--url={ADDRESS}", TOKEN),
        *("-H", f"X-Api-Key: {WORD}", f'{{"client_secret": "{WORD}"}}'),
    )
    done = train(project, *argv)
    assert "ConnectionError" in done.stderr
    assert [] == leaked(project)
    record = read_record(only_run(project))
    assert "failed" == record["status"]
    assert "host.example/x" in record["config"]["resolved"]["hub"]["url"]
    assert {"lr": 0.1, "max_tokens": 4096, "pad_token": "<pad>"}.items() <= record["config"][
        "resolved"
    ].items()
    assert "https://host/x?private_token=<redacted>" == record["git"]["remote"]
    assert {"path": "s3://host.example/x", "hash": None, "bytes": None} == record["artifacts"][
        "model"
    ]
    assert "https://host.example/x/d.csv" == record["data"]["path"]
    assert any("connect(password=<redacted>" in t for t in record["error"]["traceback_tail"])
    assert 20 >= len(record["error"]["traceback_tail"])
    check = subprocess.run(
        [sys.executable, "-m", "ledger", "check", "--format", "json"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(check.stdout)["findings"]
    assert "LED107" not in {one["code"] for one in found}


def test_nothing_of_a_command_full_of_secrets_is_written(project: Path) -> None:
    """Under ``ledger run``: what it prints is scanned for numbers, its last lines are recorded."""
    lines = (
        "import sys",
        f"print('loss=0.5 password={WORD}')",
        f"print('token: {TOKEN}', file=sys.stderr)",
        f"sys.exit('cannot reach {ADDRESS}')",
    )
    commit_files(project, {"plain.py": "\n".join(lines)})
    done = subprocess.run(
        [
            *(sys.executable, "-m", "ledger", "run", "--name", f"token={WORD}"),
            *("-m", f"works with {TOKEN}", "--", sys.executable, "plain.py"),
            *("--api-key", WORD, f"db.password={WORD}"),
        ],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert 1 == done.returncode
    assert [] == leaked(project)
    record = read_record(only_run(project))
    assert 0.5 == record["metrics"]["loss"]
    assert "cannot reach https://<redacted>@host.example/x" in record["error"]["traceback_tail"]


NAMES = {
    ".env": f"API_KEY={WORD}\n",
    "conf/id_rsa": KEY.replace("\\n", "\n"),
    "deploy.pem": KEY.replace("\\n", "\n"),
    "credentials.json": json.dumps({"user": "me", "pw": WORD}),
    "conf/db.yaml": f"db:\n  password: {WORD}\n",
    "conf/hub.ini": f"[hub]\ntoken = {WORD}\n",
    "setup.sh": f"export HF_TOKEN={WORD}\n",
    "hub.py": f'client.login(token="{WORD}")\n',
    "store.py": f'URL = "{ADDRESS}"\n',
    "nb.ipynb": json.dumps(
        {"cells": [{"cell_type": "code", "source": [f'API_KEY = "{WORD}"\n'], "outputs": []}]},
        indent=1,
    ),
}
READING = """
import sys
import ledger
with ledger.start("reads", config={"files": len(sys.argv)}) as run:
    run.log(epoch=0, loss=1.0)
"""


@pytest.mark.parametrize("is_tracked", [True, False], ids=["tracked", "loaded untracked"])
def test_no_file_of_secrets_enters_patch_or_snapshot(project: Path, is_tracked: bool) -> None:
    """Neither as a loose object of git, which `git gc` would keep for weeks."""
    settings = 'code = ["**", "!d.csv"]\n'
    before = dict.fromkeys(NAMES, "") if is_tracked else {}
    commit_files(project, {"ledger.toml": settings, "train.py": READING, **before})
    write_files(project, {**NAMES, "loaded.py": "X = 2\n"})
    done = train(project, "loaded.py", *NAMES)
    assert 0 == done.returncode, done.stderr
    run_dir = only_run(project)
    section = read_record(run_dir)["git"]
    assert set(NAMES) == set(section["omitted"])
    assert {*NAMES, "loaded.py"} == {entry["path"] for entry in section["dirty_paths"]}
    patch = (run_dir / "changes.patch").read_text()
    assert "+X = 2" in patch
    assert ["diff --git a/loaded.py b/loaded.py"] == [
        line for line in patch.splitlines() if line.startswith("diff ")
    ]
    assert [] == leaked(project)
    assert "X = 2\n" == git(project, "show", f"{section['snapshot']}:loaded.py")
    for path in NAMES:
        listed = git(project, "ls-tree", section["snapshot"], path)
        assert is_tracked == bool(listed)
        assert not is_tracked or "" == git(project, "show", f"{section['snapshot']}:{path}")
