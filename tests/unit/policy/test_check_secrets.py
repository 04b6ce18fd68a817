"""LED107: each kind of credential in each kind of file is found, never shown, and mended."""

from __future__ import annotations

import hashlib
import json
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ledger.contract.metrics import encode_row
from ledger.policy.finding import ERROR, WARN
from ledger.policy.judge import judge_index, judge_staged
from ledger.storage.git import clean_environment, find_repository
from policy.builders import RUN_ID, Repo, environment, filled_note, make_table, write_run
from unit.contract.test_credentials import CASES


if TYPE_CHECKING:
    from ledger.policy.judge import Verdict

FOLDER = f"ledger/2026-02/{RUN_ID}"
ONE_OF_EACH = list({kind: text for kind, text in CASES}.values())  # noqa: C416  # the last of a kind
WORKER = {
    "columns": {},
    "pid": 1,
    "hostname": "h",
    "started": "2026-02-01T16:30:00+00:00",
    "status": "failed",
}
PATCH = """diff --git a/{path} b/{path}
index 1111111..2222222 100644
--- a/{path}
+++ b/{path}
@@ -1 +1 @@
-x = 1
+x = "{text}"
"""


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "repo")
    repo.commit("base")
    write_run(repo.ledger)
    return repo


def staged(repo: Repo) -> Verdict:
    repo.git("add", "-A")
    return judge_staged(find_repository(str(repo.top), clean_environment(environment())), {})


def tracked(repo: Repo) -> Verdict:
    return judge_index(find_repository(str(repo.top), clean_environment(environment())))


def told(verdict: Verdict) -> list[tuple[str, str, int | None]]:
    return [(one.code, one.path, one.line) for one in verdict.findings]


def seal_again(run_dir: Path, *names: str) -> None:
    """Put hash, bytes and rows of the files ``names`` into the record, as the writer does."""
    record = json.loads((run_dir / "run.json").read_text())
    for name in names:
        data = (run_dir / name).read_bytes()
        entry: dict[str, Any] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        if name.endswith(".csv"):
            entry["rows"] = data.count(b"\n") - 1
        record["files"][name] = entry
    (run_dir / "run.json").write_text(json.dumps(record, indent=2) + "\n")


def plant(repo: Repo, name: str, text: str) -> str:
    """Put ``text`` into the run's file ``name``, and return the path where it must be found."""
    run_dir = repo.top / FOLDER
    path = run_dir / name
    if name == "run.json":
        record = json.loads(path.read_text())
        record["config"]["resolved"]["note"] = [{"x": text}]
        path.write_text(json.dumps(record, indent=2) + "\n")
    elif name == "run.md":
        path.write_bytes(filled_note(RUN_ID, Change=f"used {text} here".replace("\n", " ")))
    elif name == "changes.patch":
        path.write_text(PATCH.format(path="src/train.py", text=text.replace("\n", "\n+")))
        seal_again(run_dir, name)
    elif name == "metrics.2.csv":
        path.write_bytes(encode_row(("epoch", "said")) + encode_row((7, f"it is {text}")))
        seal_again(run_dir, name)
    elif name == "worker.rank1.json":
        error = {"type": "ConnectionError", "message": f"cannot reach {text}"}
        path.write_text(json.dumps(WORKER | {"error": error}, indent=2))
        seal_again(run_dir, name)
    elif name.endswith(".json") or name == "config_resolved.yaml":
        path.write_text(json.dumps({"a": {"b": text}}))
    elif name.startswith("environments/"):
        data = f"numpy==2.0\nx @ {text}\n".encode()
        path = repo.ledger / "environments" / f"{hashlib.sha256(data).hexdigest()}.txt"
        path.parent.mkdir()
        path.write_bytes(data)
    else:
        path.write_text(f"# Why\n\nbecause of {text} in it\n")
    return path.relative_to(repo.top).as_posix()


@pytest.mark.parametrize("text", ONE_OF_EACH)
@pytest.mark.parametrize(
    "name",
    [
        "run.json",
        "run.md",
        "changes.patch",
        "metrics.2.csv",
        "config_resolved.yaml",
        "worker.rank1.json",
        "certificate-1.json",
        "retraction.md",
        "decision.md",
        "console.log",
        "environments/x.txt",
    ],
)
def test_each_kind_is_found_in_each_kind_of_file(repo: Repo, name: str, text: str) -> None:
    path = plant(repo, name, text)
    verdict = staged(repo)
    assert {("LED107", path)} == {(one.code, one.path) for one in verdict.findings}
    assert {ERROR} == {one.severity for one in verdict.findings}
    shown = "\n".join(one.to_text() for one in verdict.findings)
    assert not any(word in shown for word in text.split() if len(word) > 19)


def test_text_column_named_like_a_credential_is_found(repo: Repo) -> None:
    rows = ((0, ""), (1, "nan"), (2, "hunter2x"))
    data = encode_row(("epoch", "password")) + b"".join(map(encode_row, rows))
    run_dir = repo.top / FOLDER
    (run_dir / "metrics.2.csv").write_bytes(data)
    seal_again(run_dir, "metrics.2.csv")
    record = json.loads((run_dir / "run.json").read_text())
    record["columns"]["password"] = {"role": "meta"}
    (run_dir / "run.json").write_text(json.dumps(record, indent=2) + "\n")
    assert [("LED107", f"{FOLDER}/metrics.2.csv", 4)] == told(staged(repo))


def test_table_of_numbers_under_a_name_of_a_credential_is_fine(repo: Repo) -> None:
    write_run(repo.ledger, table=make_table(metrics=("token", "secret")), objective=...)
    assert [] == told(staged(repo))


def test_own_run_id_that_is_a_credential_is_found_in_the_record(repo: Repo) -> None:
    run_id = "hf_" + "aB3" * 12
    write_run(repo.ledger, run_id)
    found = staged(repo).findings
    assert ("LED107", f"ledger/2026-02/{run_id}/run.json") in {(f.code, f.path) for f in found}


def test_record_that_does_not_parse_is_still_looked_through(repo: Repo) -> None:
    path = repo.top / FOLDER / "run.json"
    path.write_text('{"config": {"password": "hunter2x"},\n')
    assert {"LED107", "LED111"} <= {one.code for one in staged(repo).findings}


def test_what_a_commit_does_not_bring_is_not_judged_again(repo: Repo) -> None:
    """A record that others have cannot be mended; its note must stay editable."""
    path = plant(repo, "run.json", "https://me:hunter2x" + "@host/x")
    repo.commit("with it")
    note = repo.top / FOLDER / "run.md"
    note.write_bytes(note.read_bytes() + b"\nmore\n")
    assert [] == told(staged(repo))
    (finding,) = tracked(repo).findings
    assert ("LED107", path, WARN) == (finding.code, finding.path, finding.severity)
    assert "history" in finding.fix
    assert not tracked(repo).is_blocked


def test_what_a_merge_brings_is_the_other_branchs(repo: Repo) -> None:
    plant(repo, "run.md", "password=hunter2x")
    repo.git("stash", "-u", "-q")
    repo.git("checkout", "-q", "-b", "other")
    repo.git("stash", "pop", "-q")
    repo.commit("theirs")
    repo.git("checkout", "-q", "main")
    repo.git("commit", "-q", "--allow-empty", "-m", "ours")
    repo.git("merge", "-q", "--no-commit", "--no-ff", "other")
    repository = find_repository(str(repo.top), clean_environment(environment()))
    assert [] == told(judge_staged(repository, {}))


def test_file_of_credentials_in_the_runs_folder_is_found_by_its_name(repo: Repo) -> None:
    (repo.top / FOLDER / "credentials.json").write_text("{}")
    assert ("LED107", f"{FOLDER}/credentials.json", None) in told(staged(repo))


def test_at_most_five_places_of_a_file_are_told(repo: Repo) -> None:
    (repo.top / FOLDER / "console.log").write_text("password=hunter2x\n" * 40)
    assert [1, 2, 3, 4, 5] == [line for _, _, line in told(staged(repo))]


@pytest.mark.parametrize(
    "name", ["run.json", "run.md", "retraction.md", "certificate-1.json", "console.log"]
)
def test_the_mend_works_as_it_is_told(repo: Repo, name: str) -> None:
    secret = "https://me:hunter2x" + "@host/x"
    path = repo.top / plant(repo, name, secret)
    (finding,) = staged(repo).findings
    assert f"write <redacted> in its place in {finding.path}" in finding.fix
    path.write_text(path.read_text().replace(secret, "<redacted>"))
    run_mend(repo, finding.fix.partition(", then ")[2])
    assert [] == told(verdict_of_index(repo))


@pytest.mark.parametrize("name", ["changes.patch", "metrics.2.csv", "worker.rank1.json"])
def test_the_mend_of_a_sealed_file_works_as_it_is_told(repo: Repo, name: str) -> None:
    secret = "https://me:hunter2x" + "@host/x"
    path = repo.top / plant(repo, name, secret)
    (finding,) = staged(repo).findings
    assert "its new sha256 and bytes under `files`" in finding.fix
    path.write_text(path.read_text().replace(secret, "<redacted>"))
    seal_again(repo.top / FOLDER, name)
    run_mend(repo, finding.fix.partition(", then ")[2].partition(";")[0])
    assert [] == told(verdict_of_index(repo))


def test_a_run_can_be_left_out_as_it_is_told(repo: Repo) -> None:
    plant(repo, "changes.patch", "https://me:hunter2x" + "@host/x")
    (finding,) = staged(repo).findings
    run_mend(repo, finding.fix.partition("leave the run out: ")[2])
    assert [] == told(verdict_of_index(repo))
    assert (repo.top / FOLDER / "run.json").exists()


def run_mend(repo: Repo, command: str) -> None:
    done = subprocess.run(
        shlex.split(command), cwd=repo.top, env=environment(), capture_output=True, check=False
    )
    assert done.returncode == 0, (command, done.stderr)


def verdict_of_index(repo: Repo) -> Verdict:
    return judge_staged(find_repository(str(repo.top), clean_environment(environment())), {})
