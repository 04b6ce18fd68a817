"""What a process runs, in real processes: modules, links, archives, tools, other repositories."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from make_repo import commit_files, git, make_repo, write_files
from unit.capture.code_runs import SCRIPT, added_ids, captured, dirty_paths, manifest_of
from unit.writer.recording import make_project, only_run, read_record, run_dirs


if TYPE_CHECKING:
    from pathlib import Path

ALLOW = ("-c", "protocol.file.allow=always")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = make_project(tmp_path)
    commit_files(folder, {"train.py": SCRIPT})
    return folder


def loading(line: str) -> str:
    return f"{line}\n{SCRIPT}"


# -- what git leaves out


def test_a_loaded_module_that_git_ignores_is_told_and_no_dirt(project: Path) -> None:
    """Versions and stubs are generated and ignored everywhere: dirt would block every commit."""
    files = {"train.py": loading("import _version"), ".gitignore": "_version.py\n__pycache__/\n"}
    commit_files(project, files)
    write_files(project, {"_version.py": "V = 1\n", "scratch.py": "1\n"})
    section = captured(project, warns=True)
    assert (False, []) == (section["dirty"], section["dirty_paths"])
    assert ["_version.py"] == section["omitted"]
    assert ["loaded, but ignored by git or of another repository: _version.py"] == (
        section["warnings"]
    )
    assert "_version.py" not in manifest_of(project, section).entries


def test_an_ignored_module_that_the_settings_exclude_is_nothing(project: Path) -> None:
    files = {
        "train.py": loading("import _version"),
        ".gitignore": "_version.py\n__pycache__/\n",
        "ledger.toml": 'code = ["**/*.py", "!**/_version.py"]\n',
    }
    commit_files(project, files)
    write_files(project, {"_version.py": "V = 1\n"})
    assert "omitted" not in captured(project)


def test_an_ignored_file_that_is_tracked_all_the_same_is_tracked(project: Path) -> None:
    commit_files(project, {".gitignore": "extra.py\n__pycache__/\n", "extra.py": "E = 1\n"})
    commit_files(project, {"train.py": loading("import extra")})
    assert captured(project)["dirty"] is False
    write_files(project, {"extra.py": "E = 2\n"})
    assert {"extra.py": ("M", True)} == dirty_paths(captured(project))


def test_what_is_only_meant_to_be_added_and_loaded_is_dirty(project: Path) -> None:
    commit_files(project, {"train.py": loading("import extra")})
    write_files(project, {"extra.py": "E = 1\n"})
    git(project, "add", "--intent-to-add", "extra.py")
    section = captured(project)
    assert {"extra.py": ("?", True)} == dirty_paths(section)
    assert "E = 1\n" == git(project, "show", f"{section['snapshot']}:extra.py")


def test_a_gigabyte_that_git_does_not_track_is_named_and_not_read(project: Path) -> None:
    commit_files(project, {"train.py": SCRIPT})
    with (project / "vocab.json").open("wb") as file:
        file.truncate(1 << 30)
    section = captured(project, argv=["train.py", "--vocab", "vocab.json"])
    assert (["vocab.json"], False, None) == (
        section["omitted"],
        section["dirty"],
        section["snapshot"],
    )


def test_a_large_tracked_file_that_changed_is_hashed_and_copied_nowhere(project: Path) -> None:
    commit_files(project, {"vocab.json": b"0" * 11_000_000})
    write_files(project, {"vocab.json": b"1" * 11_000_000, "src/model.py": "WIDTH = 4\n"})
    section = captured(project)
    assert {"vocab.json": ("M", False), "src/model.py": ("M", False)} == dirty_paths(section)
    assert ["vocab.json"] == section["omitted"]
    oid = git(project, "hash-object", "vocab.json").strip()
    assert oid == manifest_of(project, section).entries["vocab.json"].oid
    assert added_ids(project)["vocab.json"] == added_ids(project, section["snapshot"])["vocab.json"]
    with pytest.raises(subprocess.CalledProcessError):
        git(project, "cat-file", "-e", oid)


# -- other repositories


def test_an_untracked_module_of_a_submodule_makes_it_dirty(project: Path, tmp_path: Path) -> None:
    inner = make_repo(tmp_path, {"net.py": "1\n"}, name="inner")
    git(project, *ALLOW, "submodule", "--quiet", "add", str(inner), "vendor")
    git(project, "commit", "--quiet", "-m", "vendor")
    commit_files(project, {"train.py": loading("import vendor.net")})
    write_files(project, {"vendor/scratch.py": "1\n"})
    assert captured(project)["dirty"] is False
    commit_files(project, {"train.py": loading("import vendor.scratch")})
    assert {"vendor": ("S", False)} == dirty_paths(captured(project))


def test_a_submodule_that_is_not_checked_out_is_what_the_commit_says(
    project: Path, tmp_path: Path
) -> None:
    inner = make_repo(tmp_path, {"net.py": "1\n"}, name="inner")
    git(project, *ALLOW, "submodule", "--quiet", "add", str(inner), "vendor")
    git(project, "commit", "--quiet", "-m", "vendor")
    code = captured(project)["code"]
    git(project, "submodule", "--quiet", "deinit", "--force", "vendor")
    section = captured(project)
    assert (False, code) == (section["dirty"], section["code"])


def test_a_project_inside_a_submodule_is_its_own(project: Path, tmp_path: Path) -> None:
    inner = make_project(tmp_path, {"train.py": SCRIPT}, name="inner")
    git(project, *ALLOW, "submodule", "--quiet", "add", str(inner), "app")
    git(project, "commit", "--quiet", "-m", "app")
    section = captured(project / "app")
    assert (git(inner, "rev-parse", "HEAD").strip(), False) == (section["commit"], section["dirty"])
    write_files(project, {"app/train.py": SCRIPT + "\n", "src/model.py": "edited\n"})
    assert {"train.py": ("M", True)} == dirty_paths(captured(project / "app"))
    assert [] == run_dirs(project)


def test_a_repository_inside_this_one_is_named(project: Path) -> None:
    make_repo(project, {"lib.py": "1\n"}, name="inner")
    commit_files(project, {"train.py": loading("import inner.lib")})
    section = captured(project, warns=True)
    assert (["inner/lib.py"], False) == (section["omitted"], section["dirty"])


def test_a_module_of_another_repository_elsewhere_is_not_ours(
    project: Path, tmp_path: Path
) -> None:
    make_repo(tmp_path, {"lib.py": "1\n"}, name="other")
    write_files(tmp_path, {"other/lib.py": "2\n"})
    line = f"import sys; sys.path.insert(0, {str(tmp_path / 'other')!r}); import lib"
    commit_files(project, {"train.py": loading(line)})
    section = captured(project)
    assert section["dirty"] is False
    assert "omitted" not in section


# -- scripts


def test_a_linked_script_is_its_link_and_its_target(project: Path) -> None:
    (project / "run.py").symlink_to("src/real.py")
    write_files(project, {"src/real.py": SCRIPT})
    git(project, "add", "run.py", "src/real.py")
    git(project, "commit", "--quiet", "-m", "link")
    assert captured(project, path="run.py")["dirty"] is False
    write_files(project, {"src/real.py": SCRIPT + "\n"})
    assert {"src/real.py": ("M", True)} == dirty_paths(captured(project, path="run.py"))


def test_an_untracked_link_to_a_tracked_script_is_dirty_as_a_link(project: Path) -> None:
    (project / "run.py").symlink_to("train.py")
    section = captured(project, path="run.py")
    assert {"run.py": ("?", True)} == dirty_paths(section)
    assert "120000" == manifest_of(project, section).entries["run.py"].mode


def test_a_folder_reached_by_a_link_is_where_it_really_is(project: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(project)
    write_files(project, {"extra.py": "1\n"})
    commit_files(project, {"train.py": loading("import extra")})
    section = captured(project, argv=[str(tmp_path / "link/train.py")], cwd=tmp_path)
    assert {"extra.py": ("?", True)} == dirty_paths(section)


def test_a_script_linked_from_elsewhere_belongs_to_where_it_stands(
    project: Path, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/train").symlink_to(project / "train.py")
    section = captured(project, argv=[str(tmp_path / "bin/train")], cwd=tmp_path)
    assert (git(project, "rev-parse", "HEAD").strip(), False) == (
        section["commit"],
        section["dirty"],
    )


@pytest.mark.parametrize("is_linked", [False, True])
def test_a_script_of_no_or_another_repository_cannot_be_told(
    project: Path, tmp_path: Path, is_linked: bool
) -> None:
    write_files(tmp_path, {"elsewhere/other.py": SCRIPT})
    path = tmp_path / "elsewhere/other.py"
    if is_linked:
        (project / "run.py").symlink_to(path)
        git(project, "add", "run.py")
        git(project, "commit", "--quiet", "-m", "link")
        path = project / "run.py"
    section = captured(project, argv=[str(path)])
    assert section["dirty"] is None
    assert f"the program {path} is no file of this repository" == section["dirty_reason"]


def test_a_script_that_removes_itself_is_what_it_was(project: Path) -> None:
    line = "import os; os.unlink(__file__)"
    commit_files(project, {"train.py": SCRIPT + line})
    assert captured(project)["dirty"] is False
    commit_files(project, {"train.py": loading(line)})
    section = captured(project)
    assert (None, {"train.py": ("D", False)}) == (section["dirty"], dirty_paths(section))


# -- ways to run


@pytest.fixture
def package(project: Path) -> Path:
    commit_files(project, {"pkg/__init__.py": "", "pkg/train.py": loading("import pkg.net")})
    write_files(project, {"pkg/net.py": "1\n", "scratch.py": "1\n"})
    return project


def test_a_module_of_a_package_is_a_script(package: Path) -> None:
    section = captured(package, argv=["-m", "pkg.train"])
    assert {"pkg/net.py": ("?", True)} == dirty_paths(section)


def test_what_is_given_on_the_command_line_runs_all_that_is_there(package: Path) -> None:
    section = captured(package, argv=["-c", "import pkg.train"])
    assert {"pkg/net.py": ("?", True), "scratch.py": ("?", True)} == dirty_paths(section)


@pytest.mark.parametrize("argv", [["-"], []])
def test_what_is_piped_in_cannot_be_told(package: Path, argv: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, *argv], cwd=package, input=SCRIPT, text=True, check=True, timeout=60
    )
    assert 0 == done.returncode
    section = read_record(only_run(package))["git"]
    assert (None, {"pkg/net.py", "scratch.py"}) == (section["dirty"], set(dirty_paths(section)))


def test_what_is_typed_cannot_be_told(project: Path) -> None:
    typed = "import ledger\nrun = ledger.start('typed')\nrun.finish()\nexit()\n"
    subprocess.run(
        [sys.executable, "-i"],
        cwd=project,
        input=typed,
        text=True,
        check=True,
        timeout=60,
        capture_output=True,
    )
    section = read_record(only_run(project))["git"]
    assert section["dirty"] is None
    assert "typed" in section["dirty_reason"]


@pytest.mark.parametrize(
    "how",
    [
        "import runpy; runpy.run_path('part.py')",
        "exec(compile(open('part.py').read(), 'part.py', 'exec'))",
    ],
    ids=["runpy", "exec"],
)
def test_a_file_that_runs_without_being_imported_is_seen_on_the_stack(
    project: Path, how: str
) -> None:
    commit_files(project, {"train.py": how + "\n"})
    write_files(project, {"part.py": SCRIPT})
    assert {"part.py": ("?", True)} == dirty_paths(captured(project))


def test_a_module_in_an_archive_is_the_archive(project: Path) -> None:
    line = "import sys; sys.path.insert(0, 'lib.zip'); import zipped"
    patterns = 'code = ["**/*.{py,zip}"]\n'
    commit_files(project, {"train.py": loading(line), "ledger.toml": patterns})
    with zipfile.ZipFile(project / "lib.zip", "w") as archive:
        archive.writestr("zipped.py", "1\n")
    assert {"lib.zip": ("?", True)} == dirty_paths(captured(project))


def test_a_test_runner_is_no_program_of_ours(project: Path) -> None:
    test = "import ledger, extra\ndef test_it():\n    ledger.start('run').finish()\n"
    commit_files(project, {"test_it.py": test})
    write_files(project, {"extra.py": "1\n", "scratch.py": "1\n"})
    section = captured(project, argv=["-m", "pytest", "-q", "-p", "no:cacheprovider"])
    assert {"extra.py": ("?", True)} == dirty_paths(section)


def test_a_debugger_is_no_program_of_ours(project: Path) -> None:
    write_files(project, {"train.py": SCRIPT + "\n"})
    section = captured(project, argv=["-m", "cProfile", "-o", "/dev/null", "train.py"])
    assert {"train.py": ("M", True)} == dirty_paths(section)
