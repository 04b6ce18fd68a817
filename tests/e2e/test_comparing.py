"""compare, why and retract in a real repository: real runs, real commits, real edits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


TRAIN = """
import sys
import ledger

lr, seed = float(sys.argv[1]), int(sys.argv[2])
parent = sys.argv[3] if len(sys.argv) > 3 else None
config = {"lr": lr, "seed": seed, "model": "mlp"}
with ledger.start(f"lr_{lr}", config=config, objective=("val_acc", "max"), parent=parent) as run:
    for epoch in range(5):
        run.log(epoch=epoch, val_acc=1 - lr / (epoch + 1) - seed / 1000, loss=lr / (epoch + 1))
"""


class Project:
    """A repository with runs of two versions of a script, and one of a dirty third."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.name", "Ada")
        self.git("config", "user.email", "ada@example.com")
        self.script = root / "train.py"
        self.script.write_text(TRAIN, encoding="utf-8")
        self.ledger("init")
        self.commit("one")
        self.base = self.train("0.1", "0")
        self.repeat = self.train("0.1", "1")
        self.script.write_text(TRAIN + "# a second version\n", encoding="utf-8")
        self.commit("two")
        self.better = self.train("0.01", "0", self.base)
        self.script.write_text(TRAIN + "# a third version\n", encoding="utf-8")
        self.dirty = self.train("0.5", "0")

    def git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.root), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def commit(self, message: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "--no-verify", "-m", message)

    def train(self, *arguments: str) -> str:
        known = set(self.root.glob("ledger/2*/*"))
        env = {**os.environ, "LEDGER_QUIET": "1"}
        subprocess.run([sys.executable, "train.py", *arguments], cwd=self.root, check=True, env=env)
        (new,) = set(self.root.glob("ledger/2*/*")) - known
        return new.name

    def ledger(self, *arguments: str, code: int = 0) -> tuple[str, str]:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "ledger", *arguments],
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done.stdout, done.stderr


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("comparing"))


def test_two_runs_show_config_metrics_curves_and_what_git_says(project: Project) -> None:
    out, err = project.ledger("compare", project.base, project.better)

    assert ["lr", "0.1", "->", "0.01"] in [line.split() for line in out.splitlines()]
    best = next(
        line.split() for line in out.splitlines() if line.startswith("val_acc") and "best" in line
    )
    assert best[1:] == ["best", "0.98", "->", "0.998", "0.018", "1.84", "better"]
    assert "curves" in out
    assert " train.py | 1 +" in out
    assert err == ""


def test_the_code_of_a_dirty_run_is_its_snapshot(project: Project) -> None:
    out, _ = project.ledger("compare", project.better, project.dirty, "--patch")

    assert "-# a second version\n+# a third version" in out


def test_the_patch_of_each_run_against_the_first(project: Project) -> None:
    names = [project.base, project.better, project.dirty]
    out, _ = project.ledger("compare", *names, "--patch")
    _, refused = project.ledger("compare", *names, "--patch", "--format", "json", code=2)

    lines = out.splitlines()
    assert [line for line in lines if line.startswith("git diff --stat")] == [
        "git diff --stat, 1 to 2",
        "git diff --stat, 1 to 3",
    ]
    assert lines.index("+# a second version") < lines.index("+# a third version")
    assert "--patch is no part of --format json" in refused


def test_equal_code_has_no_patch_even_when_commits_lie_between(project: Project) -> None:
    """Notes and records are committed with the runs; they are no code."""
    out, err = project.ledger("compare", project.base, project.repeat, "--patch")

    assert "git diff" not in out
    assert f"git holds no code of {project.repeat} that differs from {project.base}'s" in err


def test_without_manifests_git_tells_the_code_and_nothing_else(
    project: Project, tmp_path: Path
) -> None:
    """Records and notes were committed between the two commits as well."""
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", str(project.root), str(copy)], check=True)
    held = [copy / "ledger" / "code", copy / ".git" / "ledger"]
    subprocess.run(["rm", "-r", *map(str, held)], check=True)

    done = subprocess.run(
        [sys.executable, "-P", "-m", "ledger", "compare", project.base, project.better],
        cwd=copy,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split("git diff --stat\n")[1].splitlines() == [
        " train.py | 1 +",
        " 1 file changed, 1 insertion(+)",
    ]
    assert done.stderr.count("its code manifest is not in the ledger") == 2


def test_all_shows_what_is_equal_too(project: Project) -> None:
    out, _ = project.ledger("compare", project.base, project.better, "--all")
    many = ["compare", project.base, project.better, project.repeat, "--all", "--format", "csv"]
    csv, _ = project.ledger(*many)

    assert ["model", "mlp", "->", "mlp"] in [line.split() for line in out.splitlines()]
    assert any(line.split()[:1] == ["pytest"] for line in out.splitlines())
    assert "config,model,,mlp,mlp,mlp" in csv.splitlines()


def test_without_commits_the_manifests_still_tell(project: Project, tmp_path: Path) -> None:
    """A copy of the files alone: no history, no snapshot."""
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", str(project.root), str(copy)], check=True)
    subprocess.run(["rm", "-rf", str(copy / ".git")], check=True)

    done = subprocess.run(
        [sys.executable, "-P", "-m", "ledger", "compare", project.better, project.dirty, "--patch"],
        cwd=copy,
        capture_output=True,
        text=True,
        check=True,
    )

    assert "path:train.py" in done.stdout
    assert "git diff" not in done.stdout
    assert f"git holds no code of {project.dirty}" in done.stderr


def test_many_runs_have_a_column_each_in_the_order_named(project: Project) -> None:
    names = [project.better, project.base, project.dirty]

    out, _ = project.ledger("compare", *names)
    csv, _ = project.ledger("compare", *names, "--format", "csv")
    answer = json.loads(project.ledger("compare", *names, "--format", "json")[0])

    assert ["lr", "0.01", "0.1", "0.5"] in [line.split() for line in out.splitlines()]
    assert csv.splitlines()[0] == f"section,key,reading,{','.join(names)}"
    row = next(row for row in answer["rows"] if (row["key"], row["reading"]) == ("val_acc", "best"))
    assert row["values"] == [0.998, 0.98, 0.9]
    assert row["better"] == [None, False, False]
    best = next(line for line in out.splitlines() if line.startswith("val_acc") and "best" in line)
    assert "0.98 (-1.80 % worse)" in best
    assert (
        project.ledger("query", f"compare {' '.join(names)}")[0].splitlines()[1]
        == out.splitlines()[1]
    )


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["@latest"], "1 run cannot be compared (name 2 to 20 runs)"),
        (["@latest"] * 21, "21 runs cannot be compared"),
        (["lr_0.5", "lr_0.01", "@latest"], "is named twice"),
    ],
)
def test_too_few_too_many_and_the_same_are_refused(
    project: Project, names: list[str], said: str
) -> None:
    assert said in project.ledger("compare", *names, code=2)[1]


def test_a_run_against_the_working_tree(project: Project) -> None:
    project.ledger("note", project.better, "--result", "a note is of a run, not of files")
    same, told = project.ledger("compare", project.dirty, "--working")
    differs, _ = project.ledger("compare", project.better, "--working", "--patch")

    assert "code         same" in same
    assert "path:train.py" in differs
    assert "metrics" not in differs
    assert "curves" not in differs
    assert "note" not in differs
    assert "-# a second version\n+# a third version" in differs
    assert "the config is not compared" in told
    assert project.git("status", "--porcelain", "--", "train.py") == " M train.py\n"


def test_why_names_the_parent_the_changes_and_the_spread(project: Project) -> None:
    out, _ = project.ledger("why", project.better)
    found = json.loads(project.ledger("why", project.better, "--format", "json")[0])["rows"][0]

    assert found["parent"] == project.base
    assert found["how"] == "its recorded parent"
    assert found["changed"] == {"config": ["lr 0.1 -> 0.01"], "code": ["train.py changed"]}
    assert found["n_repeats"] == 2
    assert "2 things changed at once; their effects cannot be told apart" in out
    assert "more than twice the spread of 2 repeats" in out


def test_why_without_a_parent_says_which_run_it_took(project: Project) -> None:
    found = json.loads(project.ledger("why", project.repeat, "--format", "json")[0])["rows"][0]

    assert found["parent"] == project.base
    assert found["how"] == "no parent is recorded; the last run of the same name"
    assert found["changed"] == {"config": ["seed 0 -> 1"]}
    assert found["verdict"].startswith(
        "one thing changed: config, seed 0 -> 1; val_acc -0.001, worse"
    )
    assert "no run is earlier" in project.ledger("why", project.base, code=1)[1]


def test_a_retracted_run_stays_and_answers_no_more(tmp_path: Path) -> None:
    project = Project(tmp_path)

    assert "add --why" in project.ledger("retract", "lr_0.5", "--why", " ", code=2)[1]
    assert "Missing option '--why'" in project.ledger("retract", "lr_0.5", code=2)[1]
    project.ledger("retract", "lr_0.5", "--why", "a wrong learning rate")
    assert (
        "was retracted before" in project.ledger("retract", project.dirty, "--why", "x", code=2)[1]
    )
    out, err = project.ledger("query", "best val_acc")
    assert project.dirty not in out
    assert "1 left out" in err
    assert "retracted  a wrong learning rate" in project.ledger("show", project.dirty)[0]
    text = next(project.root.glob("ledger/*/*/retraction.md")).read_text(encoding="utf-8")
    assert text.startswith(
        f"# Retracted: {project.dirty}\n\na wrong learning rate\n\n- by: Ada <ada@example.com>"
    )
    project.commit("retract")
    assert "LED103" not in project.ledger("check", "--all", code=1)[0]
