"""Judges a commit by what really happened, without a look at the product's own checks.

A commit is **honest** when every run it brings is sealed as its writer left it, has a note that a
person wrote, and used code that this commit or its history holds. Everything else is a fault, each
with the finding that should tell of it. What FORMAT leaves open is neither, and is counted apart.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from truth import NOTE, RECORD, Truth, blob_id, in_tree


if TYPE_CHECKING:
    from place import Place


SECTIONS = ("Hypothesis", "Change", "Result", "Next", "Risk/Anomaly")
SECRET = "AKIA" + "IOSFODNN7" + "LEDGERX"
_FROZEN = re.compile(r"(run\.json|(metrics|trials)[^/]*\.csv|worker[^/]*\.json|changes\.patch)$")
_RUN = re.compile(r"^(ledger/[0-9]{4}-[0-9]{2}/[^/]+)/(.+)$")
_REGULAR = "100644"


class Fault(NamedTuple):
    """One thing that is wrong with a commit."""

    kind: str
    codes: frozenset[str]
    """Findings that tell of it."""
    is_forged: bool
    """Whether somebody changed what the writer had written; else something is yet to be done."""


class Judgement(NamedTuple):
    """The truth about one commit."""

    faults: tuple[Fault, ...]
    open_questions: tuple[str, ...]
    n_runs: int
    """Runs that it brings or changes."""

    @property
    def is_honest(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.faults and not self.open_questions


Entries = Mapping[str, tuple[str, str]]
"""(mode, id) by path."""


class Oracle:
    """Judges trees that somebody at ``place`` is to commit."""

    def __init__(self, place: Place, truths: Mapping[str, Truth]) -> None:
        self.place = place
        self.truths = truths

    def judge(
        self,
        tree: str,
        parent: str,
        others: tuple[str, ...] = (),
        *,
        history: str = "",
        is_squash: bool = False,
    ) -> Judgement:
        """Return the truth about a commit of ``tree`` on top of ``parent`` and of ``others``.

        ``history`` is the commit whose history counts as its own, ``parent`` unless given.
        """
        new, old = self._entries(tree), self._entries(parent)
        merged = [self._entries(one) for one in others]
        changed = {
            path
            for path in new.keys() | old.keys()
            if new.get(path) != old.get(path)
            and not any(new.get(path) == one.get(path) for one in merged)
        }
        folders = sorted({found[1] for found in map(_RUN.match, changed) if found})
        head = self._entries("HEAD")
        moved = {path for path in new.keys() | head.keys() if new.get(path) != head.get(path)}
        faults: list[Fault] = [*self._frozen(new, changed | moved), *self._shared(new, old)]
        unclear: list[str] = []
        n_runs = 0
        for folder in folders:
            names = {p[len(folder) + 1 :] for p in new if p.startswith(f"{folder}/")}
            n_runs += bool(names)
            if names:
                faults += self._run(folder, names, new)
                truth = self.truths.get(folder.rpartition("/")[2])
                if truth is not None and f"{folder}/{RECORD}" in changed:
                    problem = self._code(truth, tree, history or parent, is_squash=is_squash)
                    if isinstance(problem, Fault):
                        faults.append(problem)
                    elif problem:
                        unclear.append(problem)
        return Judgement(tuple(dict.fromkeys(faults)), tuple(dict.fromkeys(unclear)), n_runs)

    def _entries(self, tree: str) -> dict[str, tuple[str, str]]:
        entries = {}
        for entry in filter(None, self.place.said("ls-tree", "-r", "-z", tree).split("\0")):
            facts, _, path = entry.partition("\t")
            mode, _, oid = facts.split()
            entries[path] = (mode, oid)
        return entries

    def _blob(self, oid: str) -> bytes:
        return self.place.git("cat-file", "blob", oid).stdout

    def _run(self, folder: str, names: set[str], new: Entries) -> Iterator[Fault]:
        truth = self.truths.get(folder.rpartition("/")[2])
        if truth is None or truth.folder != folder:
            yield _forged("record moved or unknown", "LED103", "LED104", "LED105", "LED111")
            return
        if RECORD not in names:
            yield _undone("record left out", "LED111")
            return
        if truth.kept is None or self._is_open(new[f"{folder}/{RECORD}"][1]):
            yield _undone("unsealed run", "LED112")
            return
        for name, data in truth.kept.items():
            yield from self._file(f"{folder}/{name}", name, data, new)
        yield from self._note(folder, names, new)
        for name, data in truth.shared.items():
            mode, oid = new.get(f"ledger/{name}", ("", ""))
            what = name.partition("/")[0]
            if not oid:
                yield _undone(f"{what} file of the run left out", "LED101", "LED104")
            elif (data is not None and oid != blob_id(data)) or mode != _REGULAR:
                yield _forged(f"{what} file of the run forged", "LED101", "LED104", "LED105")

    def _file(self, path: str, name: str, data: bytes, new: Entries) -> Iterator[Fault]:
        mode, oid = new.get(path, ("", ""))
        if not oid:
            yield _undone(f"{name} left out", "LED104", "LED111")
        elif mode != _REGULAR:
            yield _forged(f"{name} is no plain file", "LED105")
        elif oid != blob_id(data):
            what = _what_differs(data, self._blob(oid)) if name == RECORD else ""
            if what.startswith("git."):
                yield _forged(f"{name} edited: {what}", "LED101")
            else:
                kind = f"{name} edited: {what}" if what else f"{name} edited"
                yield _forged(kind, "LED104", "LED111")

    def _is_open(self, oid: str) -> bool:
        """Whether a record is from before its run was sealed."""
        try:
            return "files" not in json.loads(self._blob(oid))
        except ValueError:
            return False

    def _note(self, folder: str, names: set[str], new: Entries) -> Iterator[Fault]:
        if NOTE not in names:
            yield _undone("note left out", "LED102")
            return
        text = self._blob(new[f"{folder}/{NOTE}"][1]).decode("utf-8", "replace")
        if SECRET in text:
            yield _forged("secret in the note", "LED107")
        if not is_written(text):
            yield _undone("note not written", "LED102")

    def _frozen(self, new: Entries, changed: set[str]) -> Iterator[Fault]:
        base = self.place.said("merge-base", "HEAD", "@{upstream}") or self.place.said(
            "merge-base", "HEAD", "origin/HEAD"
        )
        if not base:
            return
        seen = self._entries(base)
        for path in sorted(changed & seen.keys()):
            found = _RUN.match(path)
            if found and _FROZEN.match(found[2]) and new.get(path) != seen[path]:
                verb = "changed" if path in new else "removed or moved"
                yield _forged(f"frozen {found[2]} {verb}", "LED103")

    def _shared(self, new: Entries, old: Entries) -> Iterator[Fault]:
        gone = {path for path in old.keys() - new.keys() if path.startswith("ledger/")}
        for truth in self.truths.values():
            if f"{truth.folder}/{RECORD}" in new and f"{truth.folder}/{RECORD}" in old:
                lost = sorted(gone.intersection(f"ledger/{name}" for name in truth.shared))
                if lost:
                    yield _forged("manifest or package list removed", "LED104")

    def _code(self, truth: Truth, tree: str, parent: str, *, is_squash: bool) -> Fault | str | None:
        """Return what is wrong with the code: a fault, an open question, or nothing."""
        if truth.is_unknown:
            return _undone("a run that died before its code was captured", "LED101")
        if not truth.dirty:
            loaded = in_tree(self.place, truth.head, dict.fromkeys(truth.loaded))
            is_there = self._is_kept(truth.head) or self._is_held(loaded, tree, parent)
            return None if is_there else "a clean run whose commit was thrown away"
        if self._is_held(truth.dirty, tree, parent):
            return None
        elsewhere = self.place.said("rev-list", "--branches", "--remotes", "HEAD").split()
        if any(in_tree(self.place, one, truth.dirty) == truth.dirty for one in elsewhere):
            return None if is_squash else "a dirty run whose code only another branch holds"
        return _undone("other code than the run used", "LED101")

    def _is_kept(self, commit: str) -> bool:
        return bool(self.place.said("branch", "--all", f"--contains={commit}")) or (
            self.place.git("merge-base", "--is-ancestor", commit, "HEAD").returncode == 0
        )

    def _is_held(self, wanted: Mapping[str, str | None], tree: str, parent: str) -> bool:
        """Whether the tree, or a commit of the history below it, holds all of ``wanted``."""
        trees = [tree, *self.place.said("rev-list", parent).split()]
        return any(in_tree(self.place, one, dict(wanted)) == wanted for one in trees)


def is_written(text: str) -> bool:
    """Whether a person has answered under each of the five headings."""
    answers: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith(("## ", "### ")):
            lines = answers.setdefault(line.lstrip("#").strip(), [])
        else:
            lines.append(line)
    return all(
        any(
            line.strip() and not line.startswith("[auto] ") and not line.strip().startswith("[What")
            for line in answers.get(name, [])
        )
        for name in SECTIONS
    )


def _what_differs(before: bytes, after: bytes) -> str:
    """Return the first key of a record that was edited."""
    try:
        old, new = json.loads(before), json.loads(after)
    except ValueError:
        return "does not parse"
    if hashlib.sha256(before).digest() != hashlib.sha256(after).digest() and old == new:
        return "only its layout"
    for key in old:
        if old[key] != new.get(key):
            inner = old[key] if isinstance(old[key], dict) else {}
            other = new.get(key) if isinstance(new.get(key), dict) else {}
            parts = [name for name in inner if inner[name] != other.get(name)]
            return f"{key}.{parts[0]}" if parts else key
    return "keys added"


def _forged(kind: str, *codes: str) -> Fault:
    return Fault(kind, frozenset(codes), is_forged=True)


def _undone(kind: str, *codes: str) -> Fault:
    return Fault(kind, frozenset(codes), is_forged=False)
