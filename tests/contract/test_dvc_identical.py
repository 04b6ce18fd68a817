"""Our data hashes are the ones that the real ``dvc`` records."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import unicodedata
from typing import TYPE_CHECKING

import pytest

from ledger.capture.data import describe_data, hash_artifact
from ledger.capture.data_tree import measure
from ledger.capture.dvc_files import entry_in, entry_of
from make_repo import make_repo, write_files


if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytest.importorskip("dvc")
pytestmark = [pytest.mark.contract, pytest.mark.slow]

NFC, NFD = (unicodedata.normalize(form, "é") for form in ("NFC", "NFD"))

FILES: dict[str, bytes] = {
    ".dvcignore": b"# ours\n*.log\n!kept.log\n/filtered/tmp/\n",
    "plain.csv": b"a,b\n1,2\n",
    "empty.csv": b"",
    "crlf.csv": b"a,b\r\n1,2\r\n",
    "large.bin": bytes(range(256)) * 5000,
    f"r\u00e9sum\u00e9 {NFD} with space.csv": b"x",
    "nested/a": b"1",
    "nested/b/c/d": b"2",
    "nested/b.c": b"3",
    "nested/b-c/d": b"4",
    f"names/{NFC}.txt": b"composed",
    f"names/{NFD}.txt": b"decomposed",
    "names/with space": b"1",
    "names/\u65e5\u672c/\U0001f600": b"1",
    'names/quote"back\\slash\n': b"1",
    "hidden/.secret": b"1",
    "hidden/.folder/x": b"2",
    "crlf/unix": b"1\n2\n",
    "crlf/dos": b"1\r\n2\r\n",
    "links/a": b"1",
    "links/real/b": b"2",
    "outside": b"3",
    "hollow/a": b"1",
    "filtered/tmp/x": b"left out",
    "filtered/deep/tmp/x": b"1",
    "filtered/x.log": b"left out",
    "filtered/kept.log": b"1",
    "filtered/.git/config": b"left out",
    "filtered/.hg/x": b"left out",
    "inner/.dvcignore": b"!x.log\n/data/only\n\\*.tmp\nraw/\n!data/keep/raw/\n",
    "inner/data/x.log": b"taken back",
    "inner/data/y.log": b"left out",
    "inner/data/only": b"left out",
    "inner/data/a/only": b"1",
    "inner/data/a.tmp": b"1",
    "inner/data/raw/a": b"left out",
    "inner/data/keep/raw/a": b"1",
    "project/ledger.toml": b"",
    "project/data/train/a": b"1",
    "project/data/train/.dvc/config": b"",
    "project/data/other/b": b"2",
    "mixed/small": b"1",
    "mixed/large": bytes(3 << 20),
    "mixed/larger": bytes(5 << 20) + b"1",
    **{f"many/{i % 7}/{i:04}.txt": str(i).encode() for i in range(1000)},
}
ADDED = (
    "plain.csv",
    "empty.csv",
    "crlf.csv",
    "large.bin",
    f"r\u00e9sum\u00e9 {NFD} with space.csv",
    "nested",
    "names",
    "hidden",
    "crlf",
    "links",
    "hollow",
    "filtered",
    "inner/data",
    "project/data",
    "mixed",
    "many",
    "link.csv",
)
PIPELINE = """
stages:
  relative:
    cmd: cp in.txt out.txt
    wdir: inner/work
    deps: [in.txt, ../../linked]
    outs: [out.txt]
  many:
    foreach: [one, two]
    do:
      cmd: echo ${item} > ${item}.txt
      outs: [{"${item}.txt": {cache: false}}]
"""


def run_dvc(repo: Path, *arguments: str) -> None:
    done = subprocess.run(  # list arguments, no shell
        [sys.executable, "-m", "dvc", *arguments],
        cwd=repo,
        env={**os.environ, "DVC_NO_ANALYTICS": "1", "DVC_SITE_CACHE_DIR": str(repo / ".dvc/site")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository in which DVC tracks every case, and has run a pipeline."""
    root = make_repo(tmp_path_factory.mktemp("dvc"))
    run_dvc(root, "init", "--quiet")
    write_files(root, {**FILES, "inner/work/in.txt": "x", "dvc.yaml": PIPELINE})
    (root / "links/to-file").symlink_to("../outside")
    (root / "links/to-folder").symlink_to("real")
    (root / "link.csv").symlink_to("outside")
    (root / "linked").symlink_to("nested")
    (root / "hollow/empty/deeper").mkdir(parents=True)
    run_dvc(root, "repro", "--quiet")
    run_dvc(root, "add", "--quiet", *ADDED)
    return root


@pytest.mark.parametrize("path", ADDED)
def test_hash_size_and_count_are_those_of_dvc_add(repo: Path, path: str) -> None:
    recorded = entry_in(str(repo / f"{path}.dvc"))
    content = measure(str(repo / path), [])
    assert (recorded.hash, recorded.bytes) == hash_artifact(repo / path)
    assert (recorded.bytes, recorded.n_files or 1) == (content.bytes, content.n_files or 1)


@pytest.mark.parametrize("path", ADDED)
def test_tracked_data_is_verified(repo: Path, path: str) -> None:
    facts = describe_data(repo / path, project_root=repo)
    assert ("verified", path) == (facts.source, facts.path)


@pytest.mark.parametrize(
    "path", ["inner/work/in.txt", "inner/work/out.txt", "linked", "one.txt", "two.txt"]
)
def test_lock_entry_is_found_and_verified(repo: Path, path: str) -> None:
    recorded = entry_of(str(repo / path), [])
    assert recorded is not None
    assert recorded.where == str(repo / "dvc.lock")
    assert recorded.is_raw
    facts = describe_data(repo / path, project_root=repo)
    assert ("verified", recorded.hash, ()) == (facts.source, facts.hash, facts.warnings)


def test_hash_is_the_same_without_a_dvc_project(repo: Path, tmp_path: Path) -> None:
    copy = make_repo(tmp_path)
    write_files(copy, {name: text for name, text in FILES.items() if name.startswith("inner/")})
    write_files(copy, {".dvcignore": FILES[".dvcignore"]})
    facts = describe_data(copy / "inner/data", project_root=copy)
    assert "computed" == facts.source
    assert entry_in(str(repo / "inner/data.dvc")).hash == facts.hash


NAMES = ("a", "b", "ab", "a b", "x.log", "d[1]", "*c", "#h", "!n", ".dot")
LINES = (
    *("*.log", "!*.log", "a", "/a", "a/", "!a", "!a/", "a/b", "!a/b", "/a/b/", "**/b", "!**/b"),
    *("a/**", "!a/**", "a/**/b", "*", "!*", "*/", "!*/", "/*", "?", "[ab]", "[!a]", "d[1]", "d*"),
    *("\\*c", "/\\*c", "\\#h", "#h", "\\!n", "!\\!n", " a ", "a b", "/", "//", "**", "**/", "a["),
    *(".*", "!.dvcignore", "data", "data/*", "!data/a", "/data/a/", "**/a/b", "a//b", "!/"),
)
ORACLE = """
import json, os, sys
from dvc.fs import localfs
from dvc.ignore import DvcIgnoreFilter

answers = []
for root in sys.argv[1:]:
    data = os.path.join(root, "data")
    rules = DvcIgnoreFilter(localfs, root)
    found = []
    for folder, _, names in rules.walk(localfs, data):
        found += [os.path.relpath(os.path.join(folder, name), data) for name in names]
    answers.append(None if rules.is_ignored_dir(data) else sorted(found))
print(json.dumps(answers))
"""


def random_workspace(root: Path, source: random.Random) -> None:
    """Write some files, and rule files at several levels, below ``root``."""
    files: dict[str, str] = {".dvc/config": ""}
    for _ in range(25):
        parts = source.choices(NAMES, k=source.randint(1, 3))
        taken = any(other.startswith(f"data/{'/'.join(parts)}/") for other in files)
        above = {"/".join(("data", *parts[:depth])) for depth in range(len(parts))}
        if not taken and not above & files.keys():
            files["/".join(("data", *parts))] = ""
    folders = ["", *{f"{name.rpartition('/')[0]}/" for name in files if name.startswith("data")}]
    for folder in source.sample(sorted(folders), k=min(2, len(folders))):
        lines = source.choices(LINES, k=source.randint(1, 4))
        files[f"{folder}.dvcignore"] = "\n".join(lines)
    write_files(root, files)


def ours(root: Path) -> list[str] | None:
    warnings: list[str] = []
    content: Mapping[str, int] | None = measure(str(root / "data"), warnings).files
    is_refused = any("leave it out of DVC" in warning for warning in warnings)
    return None if is_refused else sorted(content or ())


def test_ignore_rules_decide_like_dvc_on_random_workspaces(tmp_path: Path) -> None:
    source = random.Random(20260201)  # the same cases every time
    roots = [tmp_path / str(number) for number in range(400)]
    for root in roots:
        random_workspace(root, source)

    done = subprocess.run(  # list arguments, no shell
        [sys.executable, "-c", ORACLE, *map(str, roots)],
        capture_output=True,
        text=True,
        check=True,
    )

    for root, theirs in zip(roots, json.loads(done.stdout), strict=True):
        assert theirs == ours(root), {
            str(path.relative_to(root)): path.read_text() for path in root.rglob(".dvcignore")
        }
