"""Pull requests of strangers under the real command line, in every form it answers in.

The oracle: the documented exit code, the codes and paths, forms that parse, a log of which a
runner obeys only what we wrote, and nothing of the tree executed.
"""

from __future__ import annotations

import json
import os
import re
import xml.etree.ElementTree as ET  # what we wrote ourselves
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ci import commands
from ci import hostile_trees as hostile
from policy.builders import filled_note, make_table


if TYPE_CHECKING:
    from collections.abc import Mapping


MONTH, BASE_RUN = hostile.MONTH, hostile.BASE_RUN
FORMS = ("text", "json", "github", "gitlab", "sarif", "junit")
pytestmark = pytest.mark.timeout(110)

INJECTION = "\n::error::forged\r\n##[error]forged\x1b[2J\u202e%0A::warning::forged`|<img src=x>@all"
SAFE_ID = "2026-02-03_1000_{}-cccccccc"
NULL, ONES = "0" * 64, "1" * 40


def text_of(name: str, before: str, after: str) -> dict[str, bytes]:
    """Return a run whose record holds ``after`` in place of ``before``."""
    files = hostile.run_files(SAFE_ID.format(name))
    path = f"{MONTH}/{SAFE_ID.format(name)}/run.json"
    assert before.encode() in files[path]
    return files | {path: files[path].replace(before.encode(), after.encode("utf-8"), 1)}


def record_of(name: str, data: bytes) -> dict[str, Any]:
    run_id = SAFE_ID.format(name)
    return hostile.run_files(run_id) | {f"{MONTH}/{run_id}/run.json": data}


def changed(name: str, /, **changes: object) -> dict[str, Any]:
    return hostile.run_files(SAFE_ID.format(name), **changes)


def beside(name: str, file: str, given: object) -> dict[str, Any]:
    run_id = SAFE_ID.format(name)
    return hostile.run_files(run_id) | {f"{MONTH}/{run_id}/{file}": given}


def facts(name: str) -> dict[str, Any]:
    document: dict[str, Any] = hostile.document(SAFE_ID.format(name))
    return document


def plain(name: str) -> bytes:
    data: bytes = hostile.record(SAFE_ID.format(name))
    return data


FILE = {"sha256": NULL, "rows": 1, "bytes": 1}
# what one run of a head is, and where which code is told: of its record unless a file is named
RUNS: dict[str, tuple[dict[str, Any], set[tuple[str, str]]]] = {
    "twice": (
        text_of("twice", '"dirty": false', '"dirty": true, "dirty": false'),
        {("LED111", "run.json")},
    ),
    "nan": (text_of("nan", '"lr": 0.1', '"lr": NaN'), {("LED111", "run.json")}),
    "infinite": (text_of("infinite", '"lr": 0.1', '"lr": -1e999'), {("LED111", "run.json")}),
    "deep": (
        text_of("deep", '"lr": 0.1', '"lr": ' + "[" * 200_000 + "]" * 200_000),
        {("LED111", "run.json")},
    ),
    "unclosed": (record_of("unclosed", b'{"a":' * 200_000), {("LED111", "run.json")}),
    "digits": (
        text_of("digits", '"lr": 0.1', '"lr": ' + "9" * 5000),
        {("LED111", "run.json")},
    ),
    "surrogate": (
        text_of("surrogate", '"name": "demo"', '"name": "\\ud800"'),
        {("LED111", "run.json")},
    ),
    "bom": (record_of("bom", b"\xef\xbb\xbf" + plain("bom")), {("LED111", "run.json")}),
    "utf16": (
        record_of("utf16", plain("utf16").decode().encode("utf-16")),
        {("LED111", "run.json")},
    ),
    "empty": (record_of("empty", b""), {("LED111", "run.json")}),
    "nul": (record_of("nul", b"\0" * 1000), {("LED111", "run.json")}),
    "id_traversal": (
        changed("id_traversal", run_id="../../../etc/passwd"),
        {("LED111", "run.json")},
    ),
    "id_injection": (changed("id_injection", run_id=INJECTION), {("LED111", "run.json")}),
    "key_injection": (
        changed("key_injection", summary={INJECTION: 1}),
        {("LED111", "run.json")},
    ),
    "start_injection": (
        changed("start_injection", timestamp={"start": INJECTION}),
        {("LED111", "run.json")},
    ),
    "names": (
        changed("names", name=INJECTION, tags=[INJECTION], command={"argv": [INJECTION]}),
        set(),
    ),
    "config_keys": (
        changed("config_keys", config={"resolved": {INJECTION: INJECTION, "GITHUB_OUTPUT": "x"}}),
        set(),
    ),
    "sealed_traversal": (
        changed("sealed_traversal", files=facts("x")["files"] | {"../../../../etc/passwd": FILE}),
        {("LED104", "run.json")},
    ),
    "sealed_injection": (
        changed("sealed_injection", files=facts("x")["files"] | {INJECTION: FILE}),
        {("LED104", INJECTION)},
    ),
    "code_traversal": (
        changed("code_traversal", git=facts("x")["git"] | {"code": "sha256:../../etc/passwd"}),
        {("LED111", "run.json")},
    ),
    "paths_elsewhere": (
        changed(
            "paths_elsewhere",
            artifacts={"model": {"path": "/etc/passwd"}, INJECTION: "../../../../etc/shadow"},
            config={"resolved": None, "resolved_path": "../../../../etc/passwd"},
            environment={"pip_freeze_path": "/etc/passwd"},
        ),
        set(),
    ),
    "freeze_traversal": (
        changed("freeze_traversal", environment={"pip_freeze_hash": "sha256:../../run"}),
        {("LED104", "ledger/environments/../../run.txt")},
    ),
    "thinned_traversal": (
        changed("thinned_traversal", thinned={"metrics.csv": {"path": "/etc/passwd", **FILE}}),
        set(),
    ),
    "edited": (
        changed("edited", metrics=facts("x")["metrics"] | {"val_acc": 0.999}),
        {("LED104", "run.json")},
    ),
    "edited_summary": (
        changed(
            "edited_summary",
            summary=facts("x")["summary"]
            | {"val_acc": facts("x")["summary"]["val_acc"] | {"max": 1.0}},
        ),
        {("LED104", "run.json")},
    ),
    "note_link": (
        beside("note_link", "run.md", (hostile.LINK, b"/etc/passwd")),
        {("LED105", "run.md")},
    ),
    "table_link": (
        beside("table_link", "metrics.csv", (hostile.LINK, b"/dev/zero")),
        {("LED104", "run.json"), ("LED105", "metrics.csv")},
    ),
    "gitlink": (beside("gitlink", "sub", (hostile.GITLINK, ONES)), {("LED105", "sub")}),
    "cases": (
        beside("cases", "RUN.MD", b"x"),
        {("LED105", "run.md")},
    ),
    "not_utf8": (beside("not_utf8", "\udcff\udcfe.txt", b"x"), {("LED105", "\udcff\udcfe.txt")}),
    "file_injection": (
        beside("file_injection", f"x{INJECTION}.txt", b"x"),
        {("LED105", f"x{INJECTION}.txt")},
    ),
    "command": (beside("command", "::error::forged", b"x"), {("LED105", "::error::forged")}),
    "note_injection": (
        beside(
            "note_injection",
            "run.md",
            filled_note(SAFE_ID.format("note_injection"), Hypothesis=INJECTION, Result=INJECTION)
            + f"\nSee: {INJECTION.split(maxsplit=1)[0]}\nSee: ::error::forged\n".encode(),
        ),
        {("LED102", "run.md")},
    ),
    "table_injection": (
        beside("table_injection", "metrics.csv", b"epoch,::error::forged\n0,##[error]forged\n"),
        {("LED104", "metrics.csv"), ("LED104", "run.json")},
    ),
    "note_line": (
        beside("note_line", "run.md", filled_note("x") + b"a" * 2_000_000),
        {("LED105", "run.md")},
    ),
    "table_line": (
        beside("table_line", "metrics.csv", make_table() + b"3,1.0," + b"1" * 3_000_000 + b",1\n"),
        {("LED104", "metrics.csv"), ("LED104", "run.json")},
    ),
    "folder_link": (
        {f"{MONTH}/{SAFE_ID.format('folder_link')}": (hostile.LINK, b"/etc")},
        {("LED105", "")},
    ),
    "folder_gitlink": (
        {f"{MONTH}/{SAFE_ID.format('folder_gitlink')}": (hostile.GITLINK, ONES)},
        {("LED105", "")},
    ),
}
# ids that no folder can have where it is told from others by it
FOLDERS = {
    "option": "--upload-pack=touch RAN",
    "injection": f"x{INJECTION}",
    "bytes": "2026-02-03_1000_\udcff-cccccccc",
    "upper": BASE_RUN.upper(),
    "shell": "$(touch RAN)&`touch RAN`",
}


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return hostile.Trees.begin(tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module")
def crowd(trees: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what every form, both hooks and the files of a step say of all bad runs at once."""
    files: dict[str, Any] = {}
    for given, _ in RUNS.values():
        files |= given
    for run_id in FOLDERS.values():
        others = hostile.run_files("other").items()
        files |= {path.replace("/other/", f"/{run_id}/"): data for path, data in others}
    message = f"x\n\nLedger-Skip: {INJECTION.splitlines()[1]} ##[error]forged \x1b[2J\u202e\n"
    head = trees.head(files | {"train.py": b"lr = 2\n"}, message=message)
    folder = tmp_path_factory.mktemp("step")
    said: dict[str, Any] = {"folder": folder}
    given = {"GITHUB_OUTPUT": str(folder / "out"), "GITHUB_STEP_SUMMARY": str(folder / "summary")}
    for form in FORMS:
        arguments = ["ci", "--base", "main", "--head", head, "--format", form]
        if form == "github":
            arguments += ["--report", str(folder / "report.md")]
        said[form] = trees.ledger(*arguments, **given)
    trees.git("read-tree", head)
    for stage in ("--staged", "--all"):
        said[stage] = trees.ledger(stage, module="ledger.policy")
    return said


def findings(crowd: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(crowd["json"].stdout)["findings"]
    return found


def escaped(path: str) -> str:
    """Return ``path`` as JSON answers hold it."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


@pytest.mark.parametrize("name", RUNS)
def test_each_run_is_told_by_its_codes_and_paths(crowd: dict[str, Any], name: str) -> None:
    folder = f"{MONTH}/{SAFE_ID.format(name)}"
    wanted = {
        (code, escaped(path if path.startswith("ledger/") else f"{folder}/{path}".rstrip("/")))
        for code, path in RUNS[name][1]
    }
    found = [
        one
        for one in findings(crowd)
        if one["run_id"] == SAFE_ID.format(name) or one["path"].startswith(folder)
    ]
    assert wanted == {(one["code"], one["path"]) for one in found}, found
    assert {"error"} >= {one["severity"] for one in found}


@pytest.mark.parametrize("name", FOLDERS)
def test_each_illegal_name_is_told(crowd: dict[str, Any], name: str) -> None:
    path = escaped(f"{MONTH}/{FOLDERS[name]}")
    assert ("LED105", path) in {(one["code"], one["path"]) for one in findings(crowd)}


@pytest.mark.parametrize("form", [*FORMS, "--staged", "--all"])
def test_every_form_ends_with_findings_and_is_safe_to_show(
    crowd: dict[str, Any], form: str
) -> None:
    done = crowd[form]
    assert 1 == done.returncode, done.stderr
    out, err = done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
    assert all(line.isprintable() for line in (*out.split("\n"), *err.split("\n")))
    assert "Traceback" not in err
    assert "root:" not in out + err, "the contents of /etc/passwd"
    assert [] == commands.obeyed(err)
    if form != "github":
        assert [] == commands.obeyed(out)


def test_a_runner_obeys_only_annotations_that_we_wrote(crowd: dict[str, Any]) -> None:
    out = crowd["github"].stdout.decode("utf-8")
    obeyed = commands.obeyed(out)
    *lines, last = out.strip().split("\n")
    assert len(lines) == len(obeyed) == 11
    assert {"error", "notice"} == {name for name, _, _ in obeyed}
    assert re.fullmatch(r"ledger: \d+ more, which GitHub would not show here", last)
    for name, properties, data in obeyed:
        assert set(properties) <= {"file", "line", "title"}
        assert re.match(r"LED1\d\d |opt-out", properties["title"]), (name, data)
        assert data.count("\n") <= 1, "only ours, before what mends it"


def test_the_opt_out_is_told_as_text(crowd: dict[str, Any]) -> None:
    (waiver,) = json.loads(crowd["json"].stdout)["waived"]
    assert waiver["text"].startswith("::error::forged")
    assert ["train.py"] == [one["path"] for one in waiver["findings"]]


def test_outputs_of_a_step_are_the_four_documented_ones(crowd: dict[str, Any]) -> None:
    values = commands.parse_values((crowd["folder"] / "out").read_text(encoding="utf-8"))
    assert {"verdict", "n-findings", "n-new-runs", "report"} == set(values)
    assert "fail" == values["verdict"]
    assert str(len(findings(crowd))) == values["n-findings"]
    assert values["n-new-runs"].isdigit()
    assert str(crowd["folder"] / "report.md") == values["report"]


@pytest.mark.parametrize(("name", "limit"), [("summary", 1_048_576), ("report.md", 65_536)])
def test_reports_render_nothing_of_a_stranger(crowd: dict[str, Any], name: str, limit: int) -> None:
    data = (crowd["folder"] / name).read_bytes()
    text = data.decode("utf-8")
    assert 0 < len(data) <= limit
    assert all(line.isprintable() for line in text.split("\n"))
    assert not re.search(r"<img|(?<![\w/.])@all|^::|##\[", text, re.MULTILINE)
    assert "root:" not in text


def test_forms_for_programs_parse_and_agree(crowd: dict[str, Any]) -> None:
    told = sorted(one["code"] for one in findings(crowd))
    issues = json.loads(crowd["gitlab"].stdout)
    assert told == sorted(one["check_name"] for one in issues)
    assert len(issues) == len({one["fingerprint"] for one in issues})
    (run,) = json.loads(crowd["sarif"].stdout)["runs"]
    results = [one["ruleId"] for one in run["results"] if not one.get("suppressions")]
    assert told == sorted(results)
    suite = ET.fromstring(crowd["junit"].stdout).find("testsuite")  # noqa: S314  # ours
    assert suite is not None
    assert str(sum(one["severity"] == "error" for one in findings(crowd))) == suite.get("failures")


def judged(trees: Any, head: str, **env: str) -> tuple[int, dict[str, Any]]:
    done = trees.ledger("ci", "--base", "main", "--head", head, "--format", "json", **env)
    assert b"Traceback" not in done.stderr
    assert len(done.stdout) < 100_000
    return done.returncode, json.loads(done.stdout)


SETTINGS: dict[str, dict[str, Any]] = {
    "unknown_key": {"ledger.toml": b'"\\n::error::forged" = 1\n'},
    "not_toml": {"ledger.toml": b"= = ="},
    "not_utf8": {"ledger.toml": b"\xff\xfed\0"},
    "deep": {"ledger.toml": b"severity = " + b"[" * 100_000},
    "long_key": {"ledger.toml": b"k." * 100_000 + b"k = 1"},
    "many_bytes": {"ledger.toml": b"x = '" + b"a" * 10_000_000 + b"'"},
    "link": {"ledger.toml": (hostile.LINK, b"/etc/passwd")},
    "gitlink": {"ledger.toml": (hostile.GITLINK, ONES)},
    "outside": {"ledger.toml": b"dir = '../../elsewhere'"},
    "option": {"ledger.toml": b"dir = '--git-dir=/tmp'"},
    "nul": {"x/ledger.toml": b'dir = "a\\u0000b"'},
    "shared": {"x/pyproject.toml": b"[tool.ledger]\nledger = '" + b"a" * 1_000_000 + b"'\n"},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_of_a_stranger_cannot_be_judged(trees: Any, name: str) -> None:
    code, answer = judged(trees, trees.head(SETTINGS[name]))
    assert 2 == code
    assert "cannot judge" == answer["verdict"]
    (finding,) = answer["findings"]
    assert "LED000" == finding["code"]
    (path,) = SETTINGS[name]
    assert finding["message"].startswith(f"{path}: ")


CODE: dict[str, dict[str, Any]] = {
    "pattern": {"x/ledger.toml": b'code = ["' + b"*a" * 25 + b'b"]', "x/" + "a" * 200: b""},
    "choices": {"x/ledger.toml": b'code = ["' + b"{a,a}" * 40 + b'b"]', "x/" + "a" * 200: b""},
    "aliases": {
        "dvc.lock": b"a: &a [x,x]\n"
        + b"".join(b"%c: &%c [*%c,*%c]\n" % (n + 1, n + 1, n, n) for n in range(97, 120)),
    },
    "deep_yaml": {"data.dvc": b"outs: " + b"[" * 200_000},
    "tag": {"data.dvc": b"!!python/object/apply:os.system ['touch RAN']\n"},
    "stages": {"dvc.lock": b"stages: {a: {outs: [{path: ../../../etc, md5: '\\0'}]}}\n"},
    "notebook": {"docs/x.ipynb": b"[" * 200_000},
    "projects": {f"p{number}/ledger.toml": b"" for number in range(50)},
}


@pytest.mark.parametrize("name", CODE)
def test_code_of_a_stranger_is_only_compared(trees: Any, name: str) -> None:
    code, answer = judged(trees, trees.head(CODE[name]))
    assert code in {0, 1}
    assert {"LED100"} >= {one["code"] for one in answer["findings"]}
    assert not (trees.top / "RAN").exists()


@pytest.mark.parametrize("name", ["..", ".", ".git", ".GIT", "a/b"])
def test_a_tree_that_git_would_not_make_is_never_green(trees: Any, name: str) -> None:
    run = trees.tree(
        {
            "run.json": (hostile.FILE, trees.blob(hostile.record("x", run_id="x"))),
            "run.md": (hostile.FILE, trees.blob(filled_note("x"))),
        }
    )
    month = trees.tree({name: (hostile.TREE, run)})
    ledger = trees.tree({"2026-02": (hostile.TREE, month)})
    settings = trees.git("rev-parse", "main:ledger.toml")
    tree = trees.tree({"ledger": (hostile.TREE, ledger), "ledger.toml": (hostile.FILE, settings)})
    code, answer = judged(trees, trees.head_of_tree(tree))
    assert code in {1, 2}
    assert answer["verdict"] in {"fail", "cannot judge"}


RUNS_IF_READ = "import os; open(os.environ['MARK'], 'a').write(__file__)\n"
MODULES = (
    "json.py", "ledger.py", "click.py", "sitecustomize.py", "usercustomize.py", "conftest.py",
    "duckdb/__init__.py", "ledger/__init__.py", "ledger/__main__.py", "ledger/policy/__init__.py",
    "yaml.py", "os.py", "re.py", "encodings/__init__.py",
)  # fmt: skip


def test_nothing_of_the_tree_is_executed(trees: Any, tmp_path: Path) -> None:
    """It is checked out, and the working folder is its top, as on every CI."""
    mark, copy = tmp_path / "mark", trees.copy(tmp_path)
    shell = b"#!/bin/sh\necho $0 >> $MARK\n"
    config = f'[core]\n\tfsmonitor = touch {mark}\n\thooksPath = hooks\n[filter "x"]\n'.encode()
    hooks = ("post-index-change", "reference-transaction", "pre-commit", "fsmonitor-watchman")
    head = copy.head(
        {path: RUNS_IF_READ.encode() for path in MODULES}
        | {
            f"{folder}/{name}": (hostile.EXECUTABLE, shell)
            for name in hooks
            for folder in ("hooks", ".githooks", ".git-hooks")
        }
        | {
            ".gitattributes": b"* filter=x diff=x merge=x\n",
            ".gitconfig": config + f"\tclean = touch {mark}\n".encode(),
            ".gitmodules": f'[submodule "x"]\n\tpath = x\n\turl = ext::touch {mark}\n'.encode(),
            "x": (hostile.GITLINK, ONES),
            "x.pth": f"import os; os.system('touch {mark}')\n".encode(),
            "pyproject.toml": b"[tool.pytest]\naddopts = '-p evil'\n[tool.ledger]\n",
            ".env": f"PYTHONPATH={tmp_path}\n".encode(),
        }
        | hostile.run_files(SAFE_ID.format("new")),
    )
    copy.git("checkout", "--quiet", "--force", head)
    for arguments in (("--staged",), ("--all",)):
        done = copy.ledger(*arguments, module="ledger.policy", MARK=str(mark))
        assert done.returncode in {0, 1}, done.stderr
    for form in ("json", "github"):
        arguments = ("ci", "--base", "main", "--format", form, "--report", str(tmp_path / "r.md"))
        done = copy.ledger(*arguments, MARK=str(mark))
        assert 1 == done.returncode, done.stderr
    assert not mark.exists(), mark.read_text()


def test_a_repository_in_a_folder_of_the_tree_is_not_judged(trees: Any, tmp_path: Path) -> None:
    """Its hooks and settings are a stranger's, and so would be the verdict."""
    copy, mark = trees.copy(tmp_path), tmp_path / "mark"
    config = b"[core]\n\trepositoryformatversion = 0\n\tbare = true\n\thooksPath = hooks\n"
    files: dict[str, Any] = {f"sub/{name}/x": b"" for name in ("refs/heads", "objects/pack")}
    files |= {"sub/HEAD": b"ref: refs/heads/main\n", "sub/config": config}
    for place in (copy.top / ".git" / "objects").rglob("*"):
        if place.is_file():
            files[f"sub/{place.relative_to(copy.top / '.git')}"] = place.read_bytes()
    main = copy.git("rev-parse", "main")
    files["sub/refs/heads/main"] = main.encode() + b"\n"
    for name in ("post-index-change", "reference-transaction"):
        files[f"sub/hooks/{name}"] = (hostile.EXECUTABLE, b"#!/bin/sh\ntouch $MARK\n")
    copy.git("checkout", "--quiet", "--force", copy.head(files))
    for module, *arguments in (
        ("ledger", "ci", "--base", "main"),
        ("ledger", "ci", "--base", main, "--format", "github"),
        ("ledger.policy", "--all"),
    ):
        done = hostile.run_module(copy.top / "sub", module, *arguments, MARK=str(mark))
        assert 2 == done.returncode, done.stdout
        assert "sub" in (done.stdout + done.stderr).decode()
    assert not mark.exists()


@pytest.mark.parametrize(
    ("option", "name"),
    [
        ("--base", "--upload-pack=touch RAN"),
        ("--base", "-x"),
        ("--head", "--output=RAN"),
        ("--head", "x\n::error::forged\r##[error]forged"),
        ("--head", "main\0x" if os.name == "nt" else "main:train.py"),
        ("--base", "@{upstream"),
        ("--base", "a" * 5000),
    ],
    ids=range(7),
)
def test_a_name_of_no_commit_is_told(trees: Any, option: str, name: str) -> None:
    """It is the documented exit code in the form that was asked for, whatever the name is."""
    other = ("--base", "main") if option == "--head" else ()
    done = trees.ledger("ci", *other, f"{option}={name}", "--format", "github")
    assert 2 == done.returncode, done.stderr
    ((kind, properties, _),) = commands.obeyed((done.stdout + done.stderr).decode())
    assert ("error", "LED000 cannot judge") == (kind, properties["title"])
    assert not (trees.top / "RAN").exists()


def test_a_branch_that_is_called_like_an_option_is_judged(trees: Any, tmp_path: Path) -> None:
    copy = trees.copy(tmp_path)
    copy.git("update-ref", "refs/heads/--output=RAN", copy.head({"docs/x.md": b"x\n"}))
    done = copy.ledger("ci", "--base=main", "--head=--output=RAN", "--format", "json")
    assert 0 == done.returncode, done.stderr
    assert not (copy.top / "RAN").exists()


def test_thousands_of_findings_stay_within_what_is_documented(trees: Any, tmp_path: Path) -> None:
    files = {f"{MONTH}/{SAFE_ID.format(number)}/run.json": b"{}" for number in range(3000)}
    head = trees.head(files)
    summary, report = tmp_path / "summary", tmp_path / "report.md"
    arguments = ("ci", "--base", "main", "--head", head, "--format", "github")
    done = trees.ledger(*arguments, "--report", str(report), GITHUB_STEP_SUMMARY=str(summary))
    assert 1 == done.returncode, done.stderr
    assert 10 == len(commands.obeyed(done.stdout.decode()))
    assert summary.stat().st_size < 1_048_576
    assert report.stat().st_size <= 65_536


@pytest.mark.slow
def test_a_record_of_a_hundred_megabytes_is_a_finding(trees: Any) -> None:
    path = f"{MONTH}/{SAFE_ID.format('huge')}/run.json"
    files = hostile.run_files(SAFE_ID.format("huge")) | {path: b"\0" * 100_000_000}
    code, answer = judged(trees, trees.head(files))
    assert 1 == code
    told = {(one["code"], one["path"]) for one in answer["findings"]}
    assert {("LED105", path), ("LED111", path)} == told
