"""Every way to make a commit, and every odd thing it can hold, under the native hooks.

One row is one real repository. The oracle: the exit code, exactly these findings at these paths,
and hooks that changed no byte of the index or the working tree. Rows that other modules have
already are named in ``ELSEWHERE``.
"""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from e2e.hook_matrix import NEW, OLD, OLD_ID, Clone, copy, findings, install, make_template, policy
from ledger.contract.note import render_note
from policy.builders import GITATTRIBUTES, Repo, environment, filled_note, write_run


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Act = Callable[[Clone], subprocess.CompletedProcess[bytes]]

TESTS = Path(__file__).parents[1]
OTHER_ID = "2026-02-01_1700_other-bbbbbbbb"
LAST = 42
ELSEWHERE = {
    1: ["e2e/test_hook.py::test_initial_commit_is_judged"],
    2: ["e2e/test_hook.py::test_run_without_note_blocks"],
    3: ["e2e/test_hook.py::test_template_untouched_blocks"],
    4: [
        "e2e/test_hook.py::test_note_fixed_on_disk_only_blocks",
        "e2e/test_hook.py::test_note_bad_on_disk_but_good_in_the_index_passes",
    ],
    6: ["e2e/test_hook.py::test_commit_all_judges_what_it_adds"],
    7: [
        "e2e/test_hook.py::test_commit_path_leaves_a_bad_staged_run_alone",
        "e2e/test_hook.py::test_commit_path_judges_the_path",
    ],
    9: [
        "e2e/test_hook.py::test_commit_from_a_subdirectory",
        "e2e/test_hook.py::test_commit_by_git_dir_and_work_tree",
    ],
    10: [
        "e2e/test_hook.py::test_amend_that_adds_a_bad_run_blocks",
        "e2e/test_hook.py::test_amend_that_mends_a_run_passes",
    ],
    11: ["e2e/test_hook.py::test_deleting_only_the_note_blocks"],
    12: ["e2e/test_hook.py::test_run_that_nobody_has_seen_may_be_removed"],
    13: ["e2e/test_hook.py::test_renaming_a_run_that_others_have_blocks"],
    14: ["e2e/test_hook.py::test_changed_record_blocks_where_others_have_it"],
    16: [
        "e2e/test_hook.py::test_clean_merge_is_judged",
        "e2e/test_hook.py::test_concluded_conflict_is_judged",
    ],
    18: ["e2e/test_hook_stages.py::test_picks_and_rebases_tell_it_too"],
    22: ["e2e/test_hook.py::test_commit_in_a_worktree"],
    27: ["e2e/test_hook.py::test_staged_and_deleted_on_disk_passes"],
    28: [
        "e2e/test_hook.py::test_odd_names_are_told_without_acting_on_the_terminal",
        "e2e/test_hook.py::test_name_that_is_no_utf8_blocks",
    ],
    30: ["e2e/test_hook.py::test_autocrlf_changes_nothing"],
    31: [
        "e2e/test_hook.py::test_note_that_is_a_link_blocks",
        "e2e/test_hook.py::test_executable_bit_blocks",
    ],
    35: [
        "e2e/test_hook.py::test_big_commit_is_judged_whole",
        "e2e/test_hook.py::test_commit_of_new_runs_asks_git_three_times",
    ],
    36: ["e2e/test_hook.py::test_record_that_could_be_read_in_two_ways_blocks"],
    37: [
        "e2e/test_hook.py::test_base_that_is_not_there_cannot_be_judged",
        "e2e/test_hook_stages.py::test_a_shallow_clone_that_cannot_be_judged_is_refused_and_told",
        "e2e/test_hook_stages.py::test_a_forced_push_is_judged_from_where_the_two_part",
    ],
    38: [
        "e2e/test_hook_stages.py::test_every_ref_of_a_push_is_judged",
        "e2e/test_hook_stages.py::test_push_of_a_new_branch",
        "e2e/test_hook_stages.py::test_deleting_a_branch_is_not_judged",
        "e2e/test_hook_stages.py::test_push_of_a_tag",
        "e2e/test_hook_stages.py::test_nothing_to_push",
    ],
    39: [
        "e2e/test_hook_framework.py::test_all_files_judges_the_whole_tree",
        "e2e/test_hook_framework.py::test_a_range_is_judged_as_one",
        "e2e/test_hook_framework.py::test_unstaged_edits_are_put_aside",
        "e2e/test_hook_framework.py::test_a_skipped_hook_judges_nothing",
    ],
    40: [
        "e2e/test_hook.py::test_interpreter_that_is_gone_blocks_with_the_mend",
        "e2e/test_hook.py::test_hook_that_was_there_runs_first",
        "e2e/test_hook.py::test_install_twice_changes_nothing",
        "e2e/test_hook.py::test_uninstall_restores_bytes_and_mode",
    ],
    41: ["e2e/test_hook.py::test_ignored_table_blocks_and_says_so"],
    42: ["e2e/test_hook.py::test_renaming_the_ledger_is_no_way_around"],
}


class Row(NamedTuple):
    """One case: what is done, and what must come of it."""

    number: int
    name: str
    found: list[str]
    code: int
    act: Act


ROWS: list[Row] = []


def row(number: int, name: str, *found: str, code: int | None = None) -> Callable[[Act], Act]:
    """Add a case; it ends with 1 where something is found, unless ``code`` says otherwise."""

    def add(act: Act) -> Act:
        expected = code if code is not None else int(bool(found))
        ROWS.append(Row(number, name, sorted(found), expected, act))
        return act

    return add


# ---- what is staged, and how


def _partly(clone: Clone, answers: str) -> subprocess.CompletedProcess[bytes]:
    note = clone.old / "run.md"
    text = note.read_text()
    note.write_text(
        text.replace("Hypothesis: as expected.", "").replace("Risk/Anomaly: as", "Risk: not as")
    )
    how = ["git", "add", "-p"]
    subprocess.run(
        how,
        cwd=clone.top,
        env=environment(),
        input=answers.encode(),
        check=True,
        capture_output=True,
    )
    return clone.commit_now()


@row(5, "the bad half of a note is added", f"LED102 {OLD}/run.md")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    return _partly(clone, "y\nn\n")


@row(5, "the good half of a note is added")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    return _partly(clone, "n\ny\n")


@row(8, "commit -i takes what is staged along", f"LED102 {NEW}/run.md")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    clone.bad()
    (clone.top / "train.py").write_text("lr = 0.7\n")
    return clone.commit_now("-i", "train.py")


@row(9, "git -C from elsewhere", f"LED102 {NEW}/run.md")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    clone.bad()
    return clone.ask("-C", str(clone.top), "commit", "-m", "x", cwd=clone.top.parent)


@row(10, "amend without a change", "told LED102", code=0)
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    clone.bad()
    clone.bypass()
    return clone.ask("commit", "-q", "--amend", "--no-edit", "--reset-author")


# ---- what others have seen


@row(12, "a published run is removed", f"LED103 {OLD}/metrics.csv", f"LED103 {OLD}/run.json")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    clone.git("rm", "-rq", OLD)
    return clone.commit_now()


@row(
    13,
    "a published run is moved and changed",
    f"LED103 {OLD}/metrics.csv",
    f"LED103 {OLD}/run.json",
    f"LED104 ledger/2026-02/{OTHER_ID}/run.json",
)
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    clone.git("mv", OLD, f"ledger/2026-02/{OTHER_ID}")
    record = clone.top / "ledger/2026-02" / OTHER_ID / "run.json"
    record.write_text(record.read_text().replace('"lr": 0.1', '"lr": 0.5'))
    clone.add()
    return clone.commit_now()


def _table(change: Callable[[list[bytes]], list[bytes]]) -> Act:
    def act(clone: Clone) -> subprocess.CompletedProcess[bytes]:
        path = clone.old / "metrics.csv"
        path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))
        clone.add()
        return clone.commit_now()

    return act


for _name, _change in {
    "cut": lambda lines: lines[:-1],
    "continued": lambda lines: [*lines, b"3,4.5,0.1,0.2\n"],
    "reordered": lambda lines: [lines[0], *reversed(lines[1:])],
}.items():
    _all = [f"LED103 {OLD}/metrics.csv", f"LED104 {OLD}/metrics.csv", f"LED104 {OLD}/run.json"]
    row(14, f"a published table is {_name}", *_all)(_table(_change))


@row(15, "the note of a published run is edited")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    (clone.old / "run.md").write_bytes(filled_note(OLD_ID, Next="more of it"))
    clone.add()
    return clone.commit_now()


# ---- merges


def _bad_side(clone: Clone) -> None:
    clone.side(lambda: write_run(clone.ledger, note=None))


@row(16, "a fast forward runs no check")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    _bad_side(clone)
    return clone.ask("merge", "-q", "--ff-only", "side")


@row(16, "a merge that is committed by hand", f"LED102 {NEW}/run.md")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    _bad_side(clone)
    clone.git("merge", "-q", "--no-commit", "--no-ff", "side")
    return clone.commit_now()


@row(16, "a squash", f"LED102 {NEW}/run.md")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    _bad_side(clone)
    clone.git("merge", "-q", "--squash", "side")
    return clone.commit_now()


@row(16, "an octopus", f"LED102 {NEW}/run.md", code=1)
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    _bad_side(clone)
    clone.side(lambda: clone.edit("a.txt"), "second")
    clone.edit("b.txt")
    clone.bypass()
    return clone.ask("merge", "--no-edit", "side", "second")


@row(16, "ours takes nothing of the bad side")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    _bad_side(clone)
    return clone.ask("merge", "-q", "--no-edit", "-s", "ours", "side")


@row(16, "an evil merge", f"LED103 {OLD}/run.json")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    clone.side(lambda: clone.edit("a.txt"))
    clone.git("merge", "-q", "--no-commit", "--no-ff", "side")
    record = clone.old / "run.json"
    record.write_text(record.read_text().replace('"seed": 42', '"seed": 43'))
    clone.add()
    return clone.commit_now()


def _same_id(clone: Clone) -> None:
    clone.side(lambda: write_run(clone.ledger, tags=["theirs"]))
    clone.write(tags=["ours"])
    clone.bypass()
    assert clone.ask("merge", "--no-edit", "side").returncode == 1


@row(17, "one id on both sides is a conflict that git holds on to", code=128)
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    _same_id(clone)
    return clone.commit_now()


@row(17, "one of both is chosen")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    _same_id(clone)
    clone.git("checkout", "--theirs", NEW)
    clone.add()
    return clone.commit_now()


# ---- commits that are made again


def _rebase(clone: Clone, todo: str) -> subprocess.CompletedProcess[bytes]:
    clone.bad()
    clone.bypass()
    env = {"GIT_SEQUENCE_EDITOR": f"sed -i {todo}", "GIT_EDITOR": "true"}
    return clone.ask("rebase", "-q", "-i", "HEAD~1", **env)


@row(18, "reword", "told LED102", code=0)
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    return _rebase(clone, "1s/^pick/reword/")


@row(18, "a squash in a rebase", "told LED102", code=0)
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    clone.bad()
    clone.bypass()
    clone.edit()
    clone.bypass("fixup! bypassed")
    env = {"GIT_SEQUENCE_EDITOR": "true", "GIT_EDITOR": "true"}
    return clone.ask("rebase", "-q", "-i", "--autosquash", "HEAD~2", **env)


@row(18, "an edit in a rebase that adds a bad run", f"LED102 {NEW}/run.md")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    clone.edit()
    clone.bypass()
    env = {"GIT_SEQUENCE_EDITOR": "sed -i 1s/^pick/edit/"}
    clone.git("rebase", "-q", "-i", "HEAD~1", **env)
    clone.bad()
    return clone.ask("commit", "-q", "--amend", "--no-edit")


@row(18, "a revert of a published run", "told LED103", code=0)
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    clone.write()
    clone.git("config", "ledger.base", clone.bypass())
    return clone.ask("revert", "--no-edit", "HEAD")


@row(18, "am runs no hook of a commit")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    _bad_side(clone)
    patch = clone.top.parent / "side.patch"
    patch.write_text(clone.git("format-patch", "-1", "--stdout", "side"))
    return clone.ask("am", "-q", str(patch))


@row(19, "-n is told, and the range finds it", f"LED102 {NEW}/run.md")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    clone.bad()
    done = clone.commit_now("-n")
    assert (done.returncode, findings(done)) == (0, ["told LED102"])
    return policy(clone, "--range", "published", "HEAD")


# ---- where the commit is made


@row(20, "a detached HEAD", f"LED102 {NEW}/run.md")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    clone.git("checkout", "-q", "--detach")
    clone.bad()
    return clone.commit_now()


@row(21, "an orphan branch", f"LED102 {NEW}/run.md")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    clone.git("checkout", "-q", "--orphan", "fresh")
    clone.bad()
    return clone.commit_now()


@row(22, "commit -a below the top of a worktree", f"LED102 {OLD}/run.md")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    tree = clone.top.parent / "tree"
    clone.git("worktree", "add", "-q", "-b", "other", str(tree))
    (tree / OLD / "run.md").write_bytes(render_note(OLD_ID, {}))
    return clone.ask("commit", "-qam", "x", cwd=tree / OLD)


@row(23, "a submodule with a ledger", f"LED102 {NEW}/run.md")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    outer = Repo(clone.top.parent / "outer", ledger=False)
    outer.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(clone.top), "in")
    inner = Clone(outer.top / "in")
    install(inner)
    install(outer)
    assert outer.ask("commit", "-qm", "the submodule").returncode == 0
    inner.bad()
    return inner.commit_now()


@row(23, "a submodule inside of a project with a ledger")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    inner = Repo(clone.top.parent / "inner", ledger=False)
    inner.commit("x")
    clone.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner.top), "lib")
    clone.write()
    return clone.commit_now()


def _sparse(*how: str) -> Act:
    def act(clone: Clone) -> subprocess.CompletedProcess[bytes]:
        (clone.top / "src").mkdir()
        clone.edit("src/a.py")
        clone.bypass()
        clone.git("sparse-checkout", "set", *how)
        assert not clone.old.exists()
        clone.edit("src/a.py", "b\n")
        assert clone.commit_now().returncode == 0
        clone.git("rm", "-q", "--cached", "--sparse", f"{OLD}/run.md")
        return clone.commit_now()

    return act


for _how in (("--cone", "src"), ("--no-cone", "/src/"), ("--cone", "--sparse-index", "src")):
    row(24, f"a sparse checkout {' '.join(_how)}", f"LED102 {OLD}/run.md")(_sparse(*_how))


@row(25, "what the index is told to overlook is not judged")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    clone.git("update-index", "--assume-unchanged", f"{OLD}/run.json")
    clone.git("update-index", "--skip-worktree", f"{OLD}/run.md")
    (clone.old / "run.json").write_text("{")
    (clone.old / "run.md").unlink()
    clone.edit()
    clone.write()
    return clone.commit_now()


@row(26, "a run that is only meant to be added")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    write_run(clone.ledger, note=None)
    clone.git("add", "-N", "ledger")
    clone.edit()
    return clone.commit_now()


# ---- names, attributes, modes


_GOOD_NAMES = (" a space.md", "-dash.md", "caf\u00e9.md", "cafe\u0301s.md", "n" * 190 + ".md")
_BAD_NAMES = {
    "q'uo\"te.md": "q'uo\"te.md",
    "tab\t.md": "tab\\x09.md",
    "line\nbreak.md": "line\\x0abreak.md",
    "glob*[x]?.md": "glob*[x]?.md",
    ":(top)magic.md": ":(top)magic.md",
    "n" * 240 + ".md": "n" * 240 + ".md",
    "CON.md": "CON.md",
    "end .": "end .",
}
"""As they are, and as they are told."""


def _named(names: Iterable[str]) -> Act:
    def act(clone: Clone) -> subprocess.CompletedProcess[bytes]:
        folder = clone.write()
        for name in names:
            (folder / name).write_text("x\n")
        clone.add()
        return clone.commit_now()

    return act


row(28, "odd names that travel")(_named(_GOOD_NAMES))
row(28, "names that do not", *(f"LED105 {NEW}/{name}" for name in _BAD_NAMES.values()))(
    _named(_BAD_NAMES)
)


@row(29, "names that only case tells apart", f"LED105 {NEW}/log.txt")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    folder = clone.write()
    for name in ("log.txt", "Log.txt"):
        (folder / name).write_text("x\n")
    clone.add()
    return clone.commit_now()


def _attributes(line: str) -> Act:
    def act(clone: Clone) -> subprocess.CompletedProcess[bytes]:
        clone.write()
        clone.edit("ledger/.gitattributes", f"{GITATTRIBUTES}{line}\n")
        return clone.commit_now()

    return act


for _line, _path in {
    "*.csv filter=lfs": "metrics.csv",
    "*.json working-tree-encoding=UTF-16": "run.json",
    "*.csv text eol=crlf": "metrics.csv",
}.items():
    row(30, _line, f"LED105 {OLD}/{_path}", f"LED105 {NEW}/{_path}")(_attributes(_line))
row(30, "export-ignore is no harm")(_attributes("*.csv export-ignore"))


@row(30, "an attribute above the ledger does not reach it")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    clone.edit(".gitattributes", "*.csv text eol=crlf\n*.json filter=lfs\n")
    clone.write()
    return clone.commit_now()


@row(30, "a pointer in place of a table", f"LED104 {NEW}/metrics.csv", f"LED104 {NEW}/run.json")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 9\n"
    (clone.write() / "metrics.csv").write_text(pointer)
    clone.add()
    return clone.commit_now()


@row(31, "a run that is a link to a folder", f"LED105 {NEW}")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    (clone.top / NEW).symlink_to(clone.top.parent)
    clone.add()
    return clone.commit_now()


@row(31, "a run that is a repository", f"LED105 {NEW}")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    head = clone.git("rev-parse", "HEAD").strip()
    clone.git("update-index", "--add", "--cacheinfo", f"160000,{head},{NEW}")
    return clone.commit_now()


# ---- git set up in other ways


@row(32, "a user's own settings and leftovers", f"LED102 {NEW}/run.md")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    config = clone.top.parent / "gitconfig"
    config.write_text(
        "[color]\nui = always\n[diff]\nexternal = false\nnoprefix = true\nrenames = copies\n"
        "ignoreSubmodules = all\nrelative = true\n[core]\nquotePath = false\npager = false\n"
        "[status]\nshort = true\n[log]\nshowSignature = true\n"
    )
    clone.bad()
    leftovers = {"GIT_EXTERNAL_DIFF": "false", "GIT_DIFF_OPTS": "-u0", "GIT_PAGER": "false"}
    leftovers |= {"GIT_LITERAL_PATHSPECS": "1", "LANG": "de_DE.UTF-8", "LC_ALL": "de_DE.UTF-8"}
    return clone.commit_now(GIT_CONFIG_GLOBAL=str(config), **leftovers)


def _configured(*commands: tuple[str, ...]) -> Act:
    def act(clone: Clone) -> subprocess.CompletedProcess[bytes]:
        for command in commands:
            clone.git(*command)
        clone.bad()
        return clone.commit_now()

    return act


row(33, "a split index", f"LED102 {NEW}/run.md")(_configured(("update-index", "--split-index")))
row(33, "an index of version 4, a cache and a monitor", f"LED102 {NEW}/run.md")(
    _configured(
        ("update-index", "--index-version", "4"),
        ("update-index", "--untracked-cache"),
        ("config", "core.fsmonitor", "false"),
    )
)


@row(33, "ids of sha256", f"LED102 {NEW}/run.md")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    other = Clone(clone.top.parent / "sha256")
    clone.git("init", "-q", "--object-format=sha256", str(other.top))
    install(other)
    (other.top / "ledger.toml").write_text('dir = "ledger"\n')
    other.ledger.mkdir()
    (other.ledger / ".gitattributes").write_text(GITATTRIBUTES)
    other.bad()
    return other.commit_now()


@row(34, "an index that somebody else holds", code=128)
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    clone.bad()
    (clone.top / ".git/index.lock").touch()
    return clone.commit_now()


# ---- records that nobody should read


def _record(change: Callable[[bytes], bytes]) -> Act:
    def act(clone: Clone) -> subprocess.CompletedProcess[bytes]:
        path = clone.write() / "run.json"
        path.write_bytes(change(path.read_bytes()))
        clone.add()
        return clone.commit_now()

    return act


for _name, _bytes in {
    "UTF-16": lambda data: data.decode().encode("utf-16"),
    "nothing": lambda _: b"",
    "200,000 levels": lambda _: b'{"a":' * 200_000 + b"1" + b"}" * 200_000,
}.items():
    row(36, f"a record of {_name}", f"LED111 {NEW}/run.json")(_record(_bytes))
_big = _record(lambda data: data + b" " * 20_000_000)
row(36, "a record of 20 MB", f"LED105 {NEW}/run.json", f"LED111 {NEW}/run.json")(_big)


# ---- histories that are not all here


@row(37, "a shallow clone", f"LED102 {NEW}/run.md")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    clone.edit()
    clone.bypass()
    return _cloned(clone, "--depth=1")


@row(37, "a clone without contents", f"LED102 {NEW}/run.md")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    clone.git("config", "uploadpack.allowFilter", "true")
    return _cloned(clone, "--filter=blob:none", "--no-checkout")


def _cloned(clone: Clone, *how: str) -> subprocess.CompletedProcess[bytes]:
    other = Clone(clone.top.parent / "clone")
    clone.git("clone", "-q", *how, f"file://{clone.top.resolve()}", str(other.top))
    other.git("reset", "-q", "--hard")
    install(other)
    other.bad()
    return other.commit_now()


@row(37, "a range whose base is not here", code=2)
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    return policy(clone, "--range", "0" * 40, "HEAD")


@row(37, "a range of histories that never met", code=2)
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    clone.git("checkout", "-q", "--orphan", "apart")
    clone.bypass()
    return policy(clone, "--range", "main", "apart")


@row(41, "a ledger that git ignores is not in the commit")
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    clone.edit(".gitignore", "/ledger/\n")
    write_run(clone.ledger, note=None)
    clone.add()
    return clone.commit_now()


@row(
    42,
    "a ledger that nobody has seen is moved by its settings",
    f"LED103 {OLD}/metrics.csv",
    f"LED103 {OLD}/run.json",
    code=0,
)
def _(clone: Clone) -> subprocess.CompletedProcess[bytes]:
    clone.git("config", "--unset", "ledger.base")
    clone.git("mv", "ledger", "runs")
    clone.edit("ledger.toml", 'dir = "runs"\n')
    write_run(clone.top / "runs")
    clone.add()
    return clone.commit_now()


# ---- the table


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("matrix"))


@pytest.mark.parametrize("case", ROWS, ids=[f"{one.number} {one.name}" for one in ROWS])
def test_hooks_judge(template: Path, tmp_path: Path, case: Row) -> None:
    clone = copy(template, tmp_path)
    done = case.act(clone)
    assert (case.code, case.found) == (done.returncode, findings(done)), done.stderr.decode()
    assert clone.wrote() == ""


def test_every_case_is_here_or_elsewhere() -> None:
    assert set(range(1, LAST + 1)) == {one.number for one in ROWS} | set(ELSEWHERE)
    functions: dict[str, set[str]] = {}
    for named in (name for names in ELSEWHERE.values() for name in names):
        path, _, function = named.partition("::")
        if path not in functions:
            body = ast.parse((TESTS / path).read_text(encoding="utf-8")).body
            functions[path] = {one.name for one in body if isinstance(one, ast.FunctionDef)}
        assert function in functions[path], named


def test_the_watch_sees_a_hook_that_writes(template: Path, tmp_path: Path) -> None:
    clone = copy(template, tmp_path)
    (clone.top / ".git/hooks/pre-commit").write_text("#!/bin/sh\ntouch new\n")
    clone.edit()
    clone.commit_now()
    assert "differ" in clone.wrote() or "EOF" in clone.wrote()
