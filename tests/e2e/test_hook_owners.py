"""The checks beside every tool that owns the hooks: a bad run is refused, a good one passes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from policy.builders import Repo, environment, filled_note, write_run


if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.slow
PRE_COMMIT = Path(sys.executable).parent / "pre-commit"
LEDGER = (sys.executable, "-I", "-c", "from ledger.cli.main import run; run()")
SAYS = 'echo "$(basename "$0") ran" >> "$(git rev-parse --git-common-dir)/ran"\n'


class Clone(Repo):
    """A repository whose hooks run with the programs of ``bin`` first on PATH."""

    bin: Path | None = None

    def env(self) -> dict[str, str]:
        """Return the environment of a user of the clone."""
        path = os.environ["PATH"]
        if self.bin is not None:
            path = f"{self.bin}{os.pathsep}{path}"
        cache = str(self.top.parent / "cache")
        return environment() | {"PATH": path, "PRE_COMMIT_HOME": cache, "HOME": cache}

    def sh(self, *argv: str, code: int = 0) -> str:
        """Run a command in the clone; return everything it said."""
        done = subprocess.run(
            argv, cwd=self.top, env=self.env(), capture_output=True, text=True, check=False
        )
        assert code == done.returncode, (argv, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def ledger(self, *arguments: str, code: int = 0) -> str:
        return self.sh(*LEDGER, *arguments, code=code)

    def judge(self) -> None:
        """A commit with a bad run is refused, mended it passes; so does one without runs."""
        folder = write_run(self.ledger_dir, note=None)
        self.git("add", "-A")
        said = self.sh("git", "commit", "-m", "bad", code=1)
        assert "LED102" in said
        (folder / "run.md").write_bytes(filled_note(folder.name))
        self.git("add", "-A")
        self.sh("git", "commit", "-m", "good")
        (self.top / "a.txt").write_text("x\n")
        self.git("add", "-A")
        self.sh("git", "commit", "-m", "no run")

    def judge_merge(self) -> None:
        """A merge that brings a bad run is refused."""
        self.git("checkout", "-q", "-b", "side", "HEAD~1")
        write_run(self.ledger_dir, "2026-02-01_1730_other-bbbbbbbb", note=None)
        self.commit("bypassed")
        self.git("checkout", "-q", "main")
        assert "LED102" in self.sh("git", "merge", "--no-edit", "side", code=1)
        self.git("merge", "--abort")

    def judge_push(self) -> None:
        """A push that brings a bad run is refused; a commit names its run."""
        remote = self.top.parent / "remote.git"
        self.git("init", "-q", "--bare", str(remote))
        self.git("remote", "add", "origin", str(remote))
        run_id = "2026-02-01_1830_pushed-dddddddd"
        folder = write_run(self.ledger_dir, run_id)
        self.git("add", "-A")
        self.sh("git", "commit", "-m", "a run")
        assert f"Ledger-Run: {run_id}" in self.git("log", "-1", "--format=%B")
        self.sh("git", "push", "origin", "main")
        (folder / "run.md").write_bytes(b"")
        self.commit("bypassed")
        assert "LED102" in self.sh("git", "push", "origin", "main", code=1)

    @property
    def ledger_dir(self) -> Path:
        return self.top / "ledger"

    def files(self) -> dict[str, bytes | str]:
        """Return every file that belongs to setting up, with its bytes; links by their target."""
        found: dict[str, bytes | str] = {}
        for folder in (self.top / ".git" / "hooks", self.top):
            for path in sorted(folder.rglob("*")):
                name = path.relative_to(self.top).as_posix()
                if name.startswith((".git/", "ledger/")) and folder == self.top:
                    continue
                if path.is_symlink():
                    found[name] = os.readlink(path)
                elif path.is_file():
                    found[name] = path.read_bytes() + bytes([path.stat().st_mode & 0o100])
        return found

    def ran(self) -> list[str]:
        path = self.top / ".git" / "ran"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    clone = Clone(tmp_path / "repo", ledger=False)
    (clone.top / "train.py").write_text("print(1)\n")
    clone.commit("first")
    return clone


def script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def installed_and_gone(clone: Clone) -> None:
    """Setting up judges, is done once, and leaves every byte as it was."""
    before = clone.files()
    clone.ledger("init")
    again = clone.ledger("init")
    assert "nothing to change" in again
    clone.ledger("uninstall")
    after = clone.files()
    for name in ("ledger.toml", ".gitignore"):
        after.pop(name)
    assert before == after
    assert "not installed" in clone.ledger("uninstall")
    clone.ledger("install")
    clone.git("add", "-A")
    clone.sh("git", "commit", "-m", "set up")
    clone.judge()


# ---- hooks without a manager


def test_a_script_that_goes_by_its_own_name_still_does(clone: Clone) -> None:
    script(clone.top / ".git/hooks/pre-commit", f"#!/bin/sh\nset -e\n{SAYS}")
    installed_and_gone(clone)
    assert clone.ran() == ["pre-commit ran"] * 4
    clone.judge_merge()


def test_a_script_of_another_language_runs_first_and_may_refuse(clone: Clone) -> None:
    hook = clone.top / ".git/hooks/pre-commit"
    script(hook, f"#!{sys.executable}\nimport sys\nsys.exit('no commits today')\n")
    clone.ledger("init")
    clone.git("add", "-A")
    assert "no commits today" in clone.sh("git", "commit", "-m", "x", code=1)


@pytest.mark.parametrize(
    "text",
    [
        f"#!/bin/sh\n# ours\n\n{SAYS}exit 0\n",
        f"#!/usr/bin/env bash\nset -euo pipefail\n{SAYS}exec true",
        "#!/bin/sh",
    ],
    ids=["exits", "execs, no final newline", "nothing in it"],
)
def test_tracked_shell_hooks_get_lines_that_any_clone_may_hold(clone: Clone, text: str) -> None:
    script(clone.top / ".githooks/pre-commit", text)
    clone.commit("hooks")
    clone.git("config", "core.hooksPath", ".githooks")
    installed_and_gone(clone)
    clone.judge_merge()
    for path in (clone.top / ".githooks").iterdir():
        assert sys.executable not in path.read_text()


def test_tracked_hook_of_another_language_is_kept_beside(clone: Clone) -> None:
    script(clone.top / ".githooks/pre-commit", f"#!{sys.executable}\nprint('theirs')\n")
    clone.git("config", "core.hooksPath", ".githooks")
    clone.commit("hooks")
    installed_and_gone(clone)


def test_a_clone_that_nobody_set_up_passes_and_says_so(clone: Clone, tmp_path: Path) -> None:
    script(clone.top / ".githooks/pre-commit", f"#!/bin/sh\n{SAYS}")
    clone.git("config", "core.hooksPath", ".githooks")
    clone.ledger("init")
    clone.git("add", "-A")
    clone.sh("git", "commit", "-m", "set up")
    clone.git("clone", "-q", str(clone.top), str(tmp_path / "other"))
    other = Clone.__new__(Clone)
    other.top = tmp_path / "other"
    other.git("config", "core.hooksPath", ".githooks")
    (other.top / "a.txt").write_text("x\n")
    other.git("add", "-A")
    assert "not judged" not in other.sh("git", "commit", "-m", "no run")
    write_run(other.ledger_dir, note=None)
    other.git("add", "-A")
    assert "runs are not judged in this clone" in other.sh("git", "commit", "-m", "a run")
    other.ledger("install")
    assert clone.git("status", "--porcelain") == ""
    write_run(other.ledger_dir, "2026-02-01_1730_other-bbbbbbbb", note=None)
    other.git("add", "-A")
    assert "LED102" in other.sh("git", "commit", "-m", "a run", code=1)


def test_hooks_of_a_worktree_are_those_of_the_repository(clone: Clone, tmp_path: Path) -> None:
    script(clone.top / ".githooks/pre-commit", f"#!/bin/sh\n{SAYS}")
    clone.git("config", "core.hooksPath", ".githooks")
    clone.ledger("init")
    clone.commit("set up")
    clone.git("worktree", "add", "-q", str(tmp_path / "tree"))
    tree = Clone.__new__(Clone)
    tree.top = tmp_path / "tree"
    tree.judge()


def test_shared_hooks_are_judged_once_the_user_calls_the_gate(clone: Clone, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    for name in ("pre-commit", "pre-merge-commit"):
        script(shared / name, "#!/bin/sh\n")
    config = tmp_path / "gitconfig"
    config.write_text(f"[core]\n\thooksPath = {shared}\n")
    env = {"GIT_CONFIG_GLOBAL": str(config)}

    def run(*argv: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            argv,
            cwd=clone.top,
            env=clone.env() | env,
            capture_output=True,
            text=True,
            check=False,
        )

    done = run(*LEDGER, "init")
    assert done.returncode == 2
    assert "created ledger.toml" in done.stderr
    assert "shared" in done.stderr
    (line,) = [part for part in done.stderr.split(": ") if part.startswith('g="$(git')]
    line = line.partition(" — ")[0]
    for name in ("pre-commit", "pre-merge-commit"):
        with (shared / name).open("a") as file:
            file.write(line + "\n")
    assert run(*LEDGER, "init").returncode == 0
    write_run(clone.ledger_dir, note=None)
    clone.git("add", "-A")
    said = run("git", "commit", "-m", "bad")
    assert (said.returncode, "LED102" in said.stderr) == (1, True)
    other = Repo(tmp_path / "unrelated", ledger=False)
    write_run(other.ledger, note=None)
    other.git("add", "-A")
    assert other.ask("commit", "-m", "x", **env).returncode == 0


@pytest.mark.parametrize("hooks_path", [None, ".githooks"])
def test_client_without_the_environment_of_a_shell(clone: Clone, hooks_path: str | None) -> None:
    if hooks_path:
        clone.git("config", "core.hooksPath", hooks_path)
    clone.ledger("init")
    write_run(clone.ledger_dir, note=None)
    clone.git("add", "-A")
    git = shutil.which("git") or "git"
    bare = {key: item for key, item in clone.env().items() if key.startswith("GIT_")}
    bare |= {"PATH": "/usr/bin:/bin", "HOME": str(clone.top.parent)}
    done = subprocess.run(
        [git, "commit", "-m", "x"],
        cwd=clone.top,
        env=bare,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "LED102" in done.stderr) == (1, True), done.stderr


def test_hook_manager_that_writes_the_same_hook_again_loses_nothing(clone: Clone) -> None:
    hook = clone.top / ".git/hooks/pre-commit"
    script(hook, f"#!/bin/sh\n{SAYS}")
    clone.ledger("init")
    script(hook, f"#!/bin/sh\n{SAYS}")
    clone.ledger("init")
    clone.git("add", "-A")
    clone.sh("git", "commit", "-m", "set up")
    clone.judge()
    assert clone.ran() == ["pre-commit ran"] * 4


# ---- the pre-commit framework


FRAMEWORK = """\
repos:
  - repo: local
    hooks:
      - id: says
        name: says
        language: system
        entry: sh -c 'echo framework >> .git/ran'
        always_run: true
        pass_filenames: false
"""


@pytest.fixture
def framework(clone: Clone) -> Clone:
    """A clone with a pre-commit config and pre-commit on PATH."""
    if not PRE_COMMIT.exists():
        pytest.skip("the extra `hooks` is not installed")
    clone.bin = PRE_COMMIT.parent
    (clone.top / ".pre-commit-config.yaml").write_text(FRAMEWORK)
    clone.commit("framework")
    return clone


def test_beside_pre_commit_installed_before(framework: Clone) -> None:
    framework.sh("pre-commit", "install")
    installed_and_gone(framework)
    assert framework.ran() == ["framework"] * 4
    framework.judge_merge()
    framework.judge_push()


@pytest.mark.parametrize("n_times", [1, 2])
def test_beside_pre_commit_installed_after(framework: Clone, n_times: int) -> None:
    framework.ledger("init")
    for _ in range(n_times):
        framework.sh("pre-commit", "install")
    assert "nothing to change" in framework.ledger("init")
    framework.git("add", "-A")
    framework.sh("git", "commit", "-m", "set up")
    framework.judge()
    assert framework.ran() == ["framework"] * 4
    framework.ledger("uninstall")
    hooks = framework.top / ".git/hooks"
    assert [path.name for path in hooks.iterdir() if "sample" not in path.name] == ["pre-commit"]


def test_entry_in_the_config_is_the_only_judge(framework: Clone) -> None:
    framework.ledger("install", "--pre-commit")
    framework.sh("pre-commit", "install")
    framework.ledger("init")
    names = {path.name for path in (framework.top / ".git/hooks").iterdir()}
    assert "pre-commit.before-ledger" not in names
    framework.git("add", "-A")
    framework.sh("git", "commit", "-m", "set up")
    framework.judge()


# ---- tools from npm, the real ones


def npm(folder: Path, packages: Mapping[str, str]) -> Path:
    """Install ``packages`` for this session; return the folder of their programs."""
    modules = folder / "node_modules"
    if not (modules / ".bin").exists():
        program = shutil.which("npm")
        if program is None:
            pytest.skip("no npm here: husky and lefthook are NOT tested")
        wanted = [f"{name}@{version}" for name, version in packages.items()]
        argv = [program, "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(folder)]
        env = {**os.environ, "HUSKY": "0", "HUSKY_SKIP_INSTALL": "1", "LEFTHOOK": "0", "CI": "1"}
        folder.mkdir(parents=True, exist_ok=True)
        try:
            done = subprocess.run(
                [*argv, *wanted], env=env, capture_output=True, check=False, timeout=100
            )
        except subprocess.TimeoutExpired:
            pytest.skip("npm does not answer: husky and lefthook are NOT tested")
        if done.returncode:
            pytest.skip(f"npm cannot install {wanted}: {done.stderr.decode()[-300:]}: NOT tested")
    return modules


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder under which each version of a tool gets a folder of its own."""
    return tmp_path_factory.mktemp("node")


def husky(clone: Clone, node: Path, version: str) -> Path:
    """Give the clone the package husky; its program is first on PATH."""
    modules = npm(node / f"husky{version}", {"husky": version})
    (clone.top / "node_modules").symlink_to(modules)
    exclude = clone.top / ".git/info/exclude"
    exclude.parent.mkdir(exist_ok=True)
    exclude.write_text("/node_modules\n")
    clone.bin = modules / ".bin"
    (clone.top / "package.json").write_text('{"devDependencies": {"husky": "*"}}\n')
    return modules


def test_husky_9_installed_before(clone: Clone, node: Path) -> None:
    husky(clone, node, "9")
    (clone.top / ".husky").mkdir()
    (clone.top / ".husky/pre-commit").write_text("echo theirs >> .git/ran")
    clone.sh("husky")
    clone.commit("husky")
    installed_and_gone(clone)
    assert clone.ran() == ["theirs"] * 3
    clone.sh("husky")  # what `npm install` does in every clone
    clone.judge_merge()
    clone.judge_push()


def test_husky_9_installed_after(clone: Clone, node: Path) -> None:
    husky(clone, node, "9")
    (clone.top / ".husky").mkdir()
    (clone.top / ".husky/pre-commit").write_text("echo theirs >> .git/ran\n")
    clone.commit("husky")
    clone.ledger("init")
    write_run(clone.ledger_dir, "2026-02-01_1730_early-cccccccc", note=None)
    clone.git("add", "-A")
    assert "LED102" in clone.sh("git", "commit", "-m", "before npm install", code=1)
    clone.sh("husky")
    assert "LED102" in clone.sh("git", "commit", "-m", "after", code=1)
    assert "nothing to change" in clone.ledger("init")


def test_husky_8(clone: Clone, node: Path) -> None:
    husky(clone, node, "8")
    clone.sh("husky", "install")
    clone.sh("husky", "add", ".husky/pre-commit", "echo theirs >> .git/ran")
    clone.commit("husky")
    installed_and_gone(clone)
    assert clone.ran() == ["theirs"] * 3
    clone.judge_merge()


def test_husky_4(clone: Clone, node: Path) -> None:
    modules = husky(clone, node, "4")
    package = {"husky": {"hooks": {"pre-commit": "echo theirs >> .git/ran"}}}
    (clone.top / "package.json").write_text(json.dumps(package))
    (clone.top / "node_modules").unlink()
    shutil.copytree(modules, clone.top / "node_modules", symlinks=True)
    clone.commit("husky")
    as_npm = (
        "env",
        "-u",
        "CI",
        f"INIT_CWD={clone.top}",
        "npm_config_user_agent=npm/10.0.0 node/v20",
    )
    clone.sh(*as_npm, "node", "node_modules/husky/husky.js", "install")
    assert (clone.top / ".git/hooks/pre-commit").exists()
    installed_and_gone(clone)
    assert clone.ran() == ["theirs"] * 4


_SAYS = "echo theirs >> .git/ran"
LEFTHOOK = {
    "commands": f"pre-commit:\n  parallel: true\n  commands:\n    says:\n      run: {_SAYS}\n",
    "jobs": f"# ours\npre-commit:\n  jobs:\n    - name: says\n      run: {_SAYS}\n\n# end\n",
    "no final newline": f"pre-push:\n  parallel: true\ncommit-msg:\n  jobs:\n    - run: {_SAYS}",
    "nothing": "",
}


@pytest.mark.parametrize(
    ("name", "version"), [*((name, "2") for name in LEFTHOOK), ("commands", "1")]
)
def test_lefthook_installed_before(clone: Clone, node: Path, name: str, version: str) -> None:
    text = LEFTHOOK[name]
    clone.bin = npm(node / f"lefthook{version}", {"lefthook": version}) / ".bin"
    config = clone.top / "lefthook.yml"
    config.write_text(text)
    os.utime(config, (1e9, 1e9))  # it takes a config of the same second for the one it knows
    clone.commit("lefthook")
    clone.sh("lefthook", "install", "--force")
    installed_and_gone(clone)
    clone.sh("lefthook", "install")
    clone.judge_merge()
    clone.judge_push()
    assert bool(clone.ran()) == bool(text)


def test_lefthook_installed_after(clone: Clone, node: Path) -> None:
    clone.bin = npm(node / "lefthook2", {"lefthook": "2"}) / ".bin"
    (clone.top / "lefthook.yml").write_text(LEFTHOOK["commands"])
    clone.commit("lefthook")
    clone.ledger("init")
    write_run(clone.ledger_dir, "2026-02-01_1730_early-cccccccc", note=None)
    clone.git("add", "-A")
    assert "LED102" in clone.sh("git", "commit", "-m", "before lefthook install", code=1)
    clone.sh("lefthook", "install")
    assert "LED102" in clone.sh("git", "commit", "-m", "after", code=1)
    clone.ledger("uninstall")
    names = {path.name for path in (clone.top / ".git/hooks").iterdir()}
    assert "pre-commit.old" not in names
    assert (clone.top / "lefthook.yml").read_text() == LEFTHOOK["commands"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("lefthook.toml", "[pre-commit.commands.says]\nrun = 'true'\n"),
        ("lefthook.yml", "pre-commit: {commands: {says: {run: 'true'}}}\n"),
        ("lefthook.yml", "pre-commit: &anchor\n  - a\n"),
    ],
)
def test_lefthook_config_that_cannot_be_extended_is_left_and_told(
    clone: Clone, name: str, text: str
) -> None:
    (clone.top / name).write_text(text)
    clone.commit("lefthook")
    said = clone.ledger("init", code=2)
    assert "add to the commands of pre-commit and pre-merge-commit" in said
    assert (clone.top / name).read_text() == text
