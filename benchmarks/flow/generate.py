"""Histories from a seed: honest days with all the mess of a real repository, and some cheating."""

from __future__ import annotations

import random

from project import CODE_FILES, NOTEBOOK, SAYS_NOTHING
from step import History, Step


CHEATING = 0.3
"""How often an episode that commits a run has something wrong in it."""
FOUNDED = 0.7
"""How often the project has a run on main before the story begins, as all but new ones have."""
_FORGERIES = [
    "value",
    "row_added",
    "row_removed",
    "value_and_hash",
    "summary",
    "metric",
    "config",
    "rows",
    "flag",
    "clean",
    "paths",
    "fewer_paths",
    "manifest",
    "link",
    "executable",
]
_BAD_NOTES = ("half", "auto", "empty", "headless", "secret", "untouched", "removed")


class Diary:
    """Writes one history, an episode after the other.

    Attributes:
        steps: so far.
        labels: of the runs so far, those of colleagues left out.
        branches: that exist when every step did what it says.
    """

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.steps: list[Step] = []
        self.labels: list[str] = []
        self.branches: list[str] = []
        self.committed: list[str] = []
        self._count = 0

    def add(self, line: str) -> None:
        """Add a step as it is spelled."""
        first, *words = line.split()
        self.steps.append(Step(first, tuple(words)))

    def number(self) -> int:
        """Return a number that no step of this history has yet."""
        self._count += 1
        return self._count + 3

    def label(self) -> str:
        """Return the label of a new run."""
        self.labels.append(f"r{len(self.labels) + 1}")
        return self.labels[-1]

    def maybe(self, chance: float) -> bool:
        """Return True as often as ``chance`` says."""
        return self.rng.random() < chance

    def pick(self, *choices: str) -> str:
        """Return one of ``choices``."""
        return self.rng.choice(choices)


def generate(seed: int, index: int) -> History:
    """Return the history number ``index`` of ``seed``; the same for the same two, always."""
    rng = random.Random(f"{seed}/{index}")  # a story, no secret
    diary = Diary(rng)
    if diary.maybe(FOUNDED):
        label = diary.label()
        for line in (f"run {label} train.py 3", f"note {label} written", "stage all", "commit"):
            diary.add(line)
        diary.add("push")
    episodes = list(_EPISODES)
    for _ in range(rng.randint(2, 5)):
        rng.choices(episodes, weights=list(_EPISODES.values()))[0](diary)
        if diary.maybe(0.3):
            _noise(diary)
    return tuple(diary.steps)


def _noise(diary: Diary) -> None:
    """Something that should make no difference."""
    what = diary.pick("scratch", "touch", "ls", "save", "readme", "plots")
    number = diary.number()
    diary.add(
        {
            "scratch": f"scratch {number}",
            "touch": f"touch {diary.pick(*CODE_FILES)}",
            "ls": "ls",
            "save": f"save_notebook {number}",
            "readme": f"edit README.md top {number}",
            "plots": f"edit src/plots.py {diary.pick('top', 'bottom')} {number}",
        }[what]
    )


def _edit(diary: Diary) -> None:
    for _ in range(diary.rng.randint(1, 2)):
        number = diary.number()
        what = diary.rng.choices(("edit", "module", "rename", "remove"), weights=(12, 2, 1, 1))[0]
        where = diary.pick("top", "bottom")
        path = diary.pick("train.py", "src/model.py", "config.json", SAYS_NOTHING)
        diary.add(
            {
                "edit": f"edit {path} {where} {number}",
                "module": f"module {number}",
                "rename": f"rename {diary.pick('git', 'hand')}",
                "remove": "remove src/plots.py",
            }[what]
        )


def _train(diary: Diary) -> str:
    label = diary.label()
    if diary.maybe(0.15):
        diary.add(f"record {label} {diary.rng.randint(1, 4)} {diary.rng.choice((0, 0, 0, 3))}")
        return label
    how = "fail" if diary.maybe(0.08) else "run"
    diary.add(f"{how} {label} train.py {diary.rng.randint(0, 4)}")
    return label


def _commit_well(diary: Diary, *labels: str) -> None:
    """Write the notes, stage, commit; or cheat on the way."""
    cheat = diary.maybe(CHEATING)
    kinds = ("forgery", "forgery", "note", "code", "staging", "bypass")
    kind = diary.pick(*kinds) if cheat else ""
    for label in labels:
        if kind == "note" and label == labels[-1]:
            _bad_note(diary, label)
        elif diary.maybe(0.1):
            diary.add(f"accept {label}")
        else:
            diary.add(f"note {label} {diary.pick('written', 'written', 'short', 'deep')}")
    if kind == "forgery":
        diary.add(f"forge {diary.rng.choice(_FORGERIES)} {labels[-1]}")
    elif kind == "code":
        diary.add(f"edit {diary.pick('train.py', 'src/model.py')} top {diary.number()}")
    elif kind == "staging":
        _stage_badly(diary, labels[-1])
    if kind == "bypass":
        _pass_by(diary, labels[-1])
    elif kind != "staging":
        _stage(diary)
    diary.committed += labels


def _stage(diary: Diary) -> None:
    how = diary.rng.choices(
        ("all", "code first", "both", "a", "ledger commit"), weights=(6, 1, 1, 1, 2)
    )[0]
    if how == "code first":
        for line in ("stage code", "commit", "stage ledger", "commit"):
            diary.add(line)
    elif how == "both":
        for line in ("stage code", "stage ledger", "commit"):
            diary.add(line)
    elif how == "ledger commit":
        diary.add("evening notes")
    elif how == "a":
        for line in ("stage all", "commit -a"):
            diary.add(line)
    else:
        diary.add("stage all")
        diary.add("commit")


def _pass_by(diary: Diary, label: str) -> None:
    """Commit what no hook would let through without asking one."""
    if diary.maybe(0.5):
        diary.add(f"note {label} {diary.pick('half', 'auto', 'empty')}")
    else:
        diary.add(f"forge {diary.rng.choice(_FORGERIES)} {label}")
    diary.add("stage all")
    diary.add("bypass")


def _stage_badly(diary: Diary, label: str) -> None:
    how = diary.pick("ledger", "run", "half", "ignored", "code later")
    if how == "ledger":
        diary.add("stage ledger")
    elif how == "run":
        diary.add("stage code")
        diary.add(f"stage_run {label}")
    elif how == "half":
        diary.add("stage ledger")
        diary.add("stage_half train.py")
    elif how == "ignored":
        diary.add("ignore_tables")
        diary.add("stage all")
    else:
        diary.add("stage ledger")
        diary.add("commit")
        diary.add("stage code")
    diary.add("commit")


def _bad_note(diary: Diary, label: str) -> None:
    how = diary.rng.choice(_BAD_NOTES)
    if how == "removed":
        diary.add(f"remove_note {label}")
    elif how != "untouched":
        diary.add(f"note {label} {how}")


def _plain_day(diary: Diary) -> None:
    _edit(diary)
    label = _train(diary)
    if diary.maybe(0.2):
        _noise(diary)
    _commit_well(diary, label)


def _many_versions(diary: Diary) -> None:
    """Run after run, each with other code, and all of them committed in the evening."""
    labels = []
    for _ in range(diary.rng.randint(2, 5)):
        _edit(diary)
        labels.append(_train(diary))
        if diary.maybe(0.2):
            _noise(diary)
    if diary.maybe(0.5):
        _edit(diary)
    if diary.maybe(0.2):
        diary.add("stage code")
    if diary.maybe(CHEATING):
        diary.add(f"forge {diary.rng.choice(_FORGERIES)} {diary.rng.choice(labels)}")
    diary.add(f"evening {diary.pick('notes', 'answers')}")
    diary.committed += labels


def _clean_run(diary: Diary) -> None:
    """Commit the code, then run it: once, or over several seeds."""
    _edit(diary)
    diary.add("stage code")
    diary.add("commit")
    labels = [_train(diary) for _ in range(diary.rng.randint(1, 3))]
    if diary.maybe(0.3):
        _edit(diary)  # for the next run; none of the business of these
        for label in labels:
            diary.add(f"note {label} written")
        diary.add("stage ledger")
        diary.add("commit")
        return
    _commit_well(diary, *labels)


def _long_run(diary: Diary) -> None:
    """A training that goes on while git is used underneath it."""
    _edit(diary)
    label = diary.label()
    diary.add(f"begin {label} train.py {diary.rng.randint(1, 3)}")
    for _ in range(diary.rng.randint(1, 2)):
        _disturb(diary, label)
    ending = diary.pick("finish", "finish", "kill")
    diary.add(f"{ending} {label}")
    if diary.maybe(0.8):
        diary.add("pop")
    if ending == "kill":
        diary.add(diary.pick(f"seal {label}", "ls", f"run {label}b train.py 1"))
    diary.add("ls")
    _commit_well(diary, label)


def _disturb(diary: Diary, label: str) -> None:
    what = diary.pick(
        "stash -u", "stash", "clean -x", "clean", "reset hard", "switch", "commit", "edit"
    )
    if what == "switch":
        name = f"b{diary.number()}"
        diary.add(f"branch {name}")
        diary.branches.append(name)
        diary.add(f"rows {label} 1")
        diary.add("switch main")
    elif what == "commit":
        diary.add("stage all")
        diary.add("commit")
    elif what == "edit":
        diary.add(f"edit train.py top {diary.number()}")
    else:
        diary.add(what)
    diary.add(f"rows {label} {diary.rng.randint(1, 2)}")
    if what == "edit":
        diary.add(f"edit train.py top {diary.number()}")


def _notebook(diary: Diary) -> None:
    if diary.maybe(0.6):
        diary.add(f"edit_notebook {diary.number()}")
    if diary.maybe(0.3):
        diary.add(f"scratch {diary.number()}")
    label = diary.label()
    diary.add(f"run {label} {NOTEBOOK} {diary.rng.randint(1, 3)}")
    diary.add(f"save_notebook {diary.number()}")
    _commit_well(diary, label)


def _branching(diary: Diary) -> None:
    """Work on a branch while main moves; then merge, squash, or rebase and merge."""
    name = f"b{diary.number()}"
    diary.add(f"branch {name}")
    diary.branches.append(name)
    for _ in range(diary.rng.randint(1, 2)):
        _plain_day(diary)
    if diary.maybe(0.5):
        path, where = diary.pick(*CODE_FILES), diary.pick("top", "bottom")
        diary.add(f"colleague_edits {path} {where} {diary.number()}")
    if diary.maybe(0.3):
        diary.add(f"colleague_runs c{diary.number()}")
    side = diary.pick("ours", "theirs")
    how = diary.pick("merge", "squash", "rebase", "update")
    if how == "rebase":
        diary.add("switch main")
        diary.add(f"pull rebase {side}")
        diary.add(f"switch {name}")
        diary.add(f"rebase main {side}")
    elif how == "update":
        diary.add("switch main")
        diary.add(f"pull merge {side}")
        diary.add(f"switch {name}")
        diary.add(f"merge main {side}")
    diary.add("switch main")
    if how != "rebase" and diary.maybe(0.5):
        diary.add(f"pull {diary.pick('merge', 'rebase')} {side}")
    diary.add(f"{'squash ' + name if how == 'squash' else f'merge {name} {side}'}")


def _sharing(diary: Diary) -> None:
    """Push, pull; and then, sometimes, touch what is frozen."""
    for line in (f"pull {diary.pick('merge', 'rebase')} {diary.pick('ours', 'theirs')}", "push"):
        diary.add(line)
    if not diary.committed:
        return
    label = diary.rng.choice(diary.committed)
    what = diary.pick("drop", "move", "drop_shared", "forge", "note", "nothing", "nothing")
    if what == "forge":
        diary.add(f"forge {diary.pick('value', 'summary', 'metric', 'config')} {label}")
    elif what == "note":
        diary.add(f"note {label} {diary.pick('deep', 'half', 'empty')}")
    elif what == "nothing":
        return
    else:
        diary.add(f"{what} {label}")
    diary.add("stage all")
    diary.add(diary.pick("commit", "commit", "amend"))


def _second_thoughts(diary: Diary) -> None:
    """Amend, revert or cherry-pick what was committed last."""
    what = diary.pick("amend", "note", "revert", "pick", "code")
    if what == "note" and diary.committed:
        diary.add(f"note {diary.committed[-1]} {diary.pick('deep', 'deep', 'half')}")
        diary.add("amend")
    elif what == "amend":
        diary.add(f"edit README.md top {diary.number()}")
        diary.add("amend")
    elif what == "code":
        diary.add(f"edit {diary.pick(*CODE_FILES)} top {diary.number()}")
        diary.add("amend")
    elif what == "revert":
        diary.add("revert")
    elif diary.branches:
        diary.add(f"pick {diary.rng.choice(diary.branches)}")


def _other_tree(diary: Diary) -> None:
    """A day in a further worktree."""
    diary.add(f"worktree w{diary.number()}")
    _plain_day(diary)
    diary.add(f"leave_worktree {diary.pick('keep', 'remove')}")


def _unsealed(diary: Diary) -> None:
    """A crash, or a run that goes on, in a commit of everything."""
    _edit(diary)
    label = diary.label()
    diary.add(f"begin {label} train.py {diary.rng.randint(0, 2)}")
    if diary.maybe(0.6):
        diary.add(f"kill {label}")
    if diary.maybe(0.5):
        diary.add(f"note {label} written")
    diary.add("stage all")
    diary.add("commit")
    diary.add(f"finish {label}")
    diary.add("ls")
    _commit_well(diary, label)


def _thrown_away(diary: Diary) -> None:
    """Changes that are not wanted after all: the run stays as a failure, or goes."""
    _edit(diary)
    label = _train(diary)
    diary.add(diary.pick("reset hard", "stash", "stash -u", "clean"))
    if diary.maybe(0.5):
        diary.add("pop")
    _commit_well(diary, label)


_EPISODES = {
    _plain_day: 8,
    _clean_run: 6,
    _many_versions: 4,
    _long_run: 4,
    _notebook: 3,
    _branching: 4,
    _sharing: 4,
    _second_thoughts: 3,
    _other_tree: 1,
    _unsealed: 2,
    _thrown_away: 1,
}
