from __future__ import annotations

import gc
import hashlib
import os
import random
import sys
from typing import TYPE_CHECKING

import pytest

from ledger.errors import GitError
from ledger.storage import objects
from ledger.storage.bare import find_objects
from ledger.storage.git import clean_environment
from ledger.storage.objects import GitObject, ObjectReader, object_ids
from make_repo import commit_files, git, make_repo


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ledger.storage.git import Repository


def opened(repo: Path, env: Mapping[str, str] | None = None) -> Repository:
    return find_objects(str(repo), clean_environment({**os.environ, **(env or {})}))


def blob(content: bytes, object_format: str = "sha1") -> GitObject:
    data = b"blob %d\0" % len(content) + content
    return GitObject(oid=hashlib.new(object_format, data).hexdigest(), kind="blob", data=content)


def n_processes(trace: Path) -> int:
    return trace.read_text().count('"event":"start"')


CONTENTS = {
    "empty": b"",
    "text": b"a\n",
    "looks like an answer": b"abc missing\n",
    "binary": bytes(range(256)),
    "large": b"0123456789abcdef" * 20_000,
}


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
@pytest.mark.parametrize("name", CONTENTS)
def test_an_object_is_read_by_any_name_of_it(tmp_path: Path, name: str, object_format: str) -> None:
    repo = make_repo(tmp_path, CONTENTS, object_format=object_format)

    found = ObjectReader(opened(repo)).ask(f"HEAD:{name}")

    assert blob(CONTENTS[name], object_format) == found


@pytest.mark.parametrize(
    "name", ["no-such", "HEAD:no such file", "", "1" * 40, "--batch-all-objects", "HEAD:a missing"]
)
def test_what_git_does_not_know_is_none(tmp_path: Path, name: str) -> None:
    reader = ObjectReader(opened(make_repo(tmp_path, {"a": "a"})))

    assert reader.ask(name) is None
    assert reader.ask("HEAD:a") == blob(b"a")


def test_a_stream_of_thousands_is_one_process_and_keeps_the_order(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {f"{n}": f"content {n}\n" * (n % 50) for n in range(2000)})
    trace = tmp_path / "trace"
    reader = ObjectReader(opened(repo, {"GIT_TRACE2_EVENT": str(trace)}))
    names = [f"HEAD:{n}" for n in range(2000)]
    trace.unlink()

    found = list(reader.stream(names))

    assert names == [name for name, _ in found]
    assert [f"content {n}\n".encode() * (n % 50) for n in range(2000)] == [
        each.data for _, each in found if each is not None
    ]
    assert reader.ask("HEAD:7") == blob(b"content 7\n" * 7)
    assert n_processes(trace) == 1


def test_a_question_in_the_middle_of_a_stream_disturbs_nothing(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {f"{n}": f"{n}" for n in range(300)})
    reader = ObjectReader(opened(repo))

    pairs = [
        (each, reader.ask(f"HEAD:{299 - n}"))
        for n, (_, each) in enumerate(reader.stream(f"HEAD:{n}" for n in range(300)))
    ]

    assert [(blob(b"%d" % n), blob(b"%d" % (299 - n))) for n in range(300)] == pairs


def test_a_stream_that_nobody_finishes_leaves_the_reader_usable(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {f"{n}": f"{n}" for n in range(300)})
    reader = ObjectReader(opened(repo))

    for _ in reader.stream(f"HEAD:{n}" for n in range(300)):
        break

    assert reader.ask("HEAD:5") == blob(b"5")


def test_an_object_that_git_cannot_read_is_an_error_and_the_next_is_read(tmp_path: Path) -> None:
    noise = random.Random(1).randbytes(300_000)  # git finds out as it sends
    repo = make_repo(tmp_path, {"a": noise, "b": "b"})
    oid = git(repo, "rev-parse", "HEAD:a").strip()
    path = repo / ".git" / "objects" / oid[:2] / oid[2:]
    data = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(data[: len(data) // 2])
    reader = ObjectReader(opened(repo))

    with pytest.raises(GitError, match=oid):
        reader.ask(oid)

    assert reader.ask("HEAD:b") == blob(b"b")


def test_a_closed_reader_leaves_no_process_and_starts_again(tmp_path: Path) -> None:
    reader = ObjectReader(opened(make_repo(tmp_path, {"a": "a"})))
    reader.ask("HEAD:a")
    pid = reader._idle[0]._pid

    reader.close()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert reader.ask("HEAD:a") == blob(b"a")


def test_a_reader_that_is_gone_leaves_no_process(tmp_path: Path) -> None:
    reader = ObjectReader(opened(make_repo(tmp_path, {"a": "a"})))
    reader.ask("HEAD:a")
    pid = reader._idle[0]._pid

    del reader

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_without_posix_spawn_every_object_is_a_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, where pipes that two sides keep open are not to be had so simply."""
    reader = ObjectReader(opened(make_repo(tmp_path, CONTENTS)))
    expected = [reader.ask(f"HEAD:{name}") for name in (*CONTENTS, "no-such")]
    monkeypatch.setattr(objects, "_has_spawn", lambda: False)

    found = [each for _, each in reader.stream(f"HEAD:{name}" for name in (*CONTENTS, "no-such"))]

    assert expected == found


def test_a_name_with_a_line_break_is_refused(tmp_path: Path) -> None:
    reader = ObjectReader(opened(make_repo(tmp_path, {"a": "a"})))

    with pytest.raises(GitError, match="line break"):
        reader.ask("HEAD:a\nHEAD")


def test_ids_of_many_names_are_one_process(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"d/ü 1": "x"})
    commit_files(repo, {"top": "y"})
    trace = tmp_path / "trace"
    repository = opened(repo, {"GIT_TRACE2_EVENT": str(trace)})
    trace.unlink()

    found = object_ids(repository, ["HEAD:d/ü 1", "no such thing", "HEAD:d", "HEAD"])

    assert [blob(b"x").oid, "blob"] == list(found[0] or ())
    assert [None, "tree", "commit"] == [each and each[1] for each in found[1:]]
    assert n_processes(trace) == 1
    assert object_ids(repository, []) == []


def test_a_fork_asks_a_process_of_its_own(tmp_path: Path) -> None:
    """A reader that two processes share would mix up their answers."""
    repo = make_repo(tmp_path, {f"{n}": f"{n}" for n in range(200)})
    reader = ObjectReader(opened(repo))
    reader.ask("HEAD:0")

    child = os.fork()
    same = all(reader.ask(f"HEAD:{n}") == blob(b"%d" % n) for n in range(200))
    if not child:
        os._exit(0 if same else 1)

    assert same
    assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_no_more_is_asked_ahead_than_a_pipe_holds(tmp_path: Path) -> None:
    """Else git waits for its answers to be read, and we for git to read our questions."""
    repo = make_repo(tmp_path, {"a": "a" * 1000})
    n_taken = 0

    def names() -> Iterator[str]:
        nonlocal n_taken
        for _ in range(3000):
            n_taken += 1
            yield "HEAD:a"

    reader = ObjectReader(opened(repo))
    ahead = [n_taken - n for n, _ in enumerate(reader.stream(names()))]

    assert 3000 == len(ahead)
    assert max(ahead) <= 1 + 4096 // len("HEAD:a\n")


def test_a_reader_that_is_part_of_a_cycle_leaves_nothing_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = opened(make_repo(tmp_path, {"a": b"content"}))
    told: list[object] = []
    gc.collect()  # what other tests left
    monkeypatch.setattr(sys, "unraisablehook", told.append)
    n_open = len(os.listdir("/dev/fd"))
    for _ in range(3):
        reader = ObjectReader(repo)
        reader.itself = reader  # type: ignore[attr-defined]  # what refers to itself
        assert reader.ask("HEAD:a") == blob(b"content")
    del reader

    gc.collect()

    assert told == []
    assert len(os.listdir("/dev/fd")) == n_open
