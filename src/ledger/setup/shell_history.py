"""The last command in a shell's history that is plainly a training."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_SHELL_SIGNS = frozenset("|&;<>()$`*?[]{}~#\n")
"""What a shell would act on: such a line is not one program with its arguments."""
_PREFIXES = frozenset({"time", "nohup", "nice", "env"})
_STARTERS = (("uv", "run"), ("poetry", "run"), ("pipenv", "run"), ("pdm", "run"), ("hatch", "run"))
_PYTHON = re.compile(r"python(3(\.\d+)?)?$")
_LAUNCHERS = frozenset({"torchrun", "deepspeed", "Rscript", "julia", "bash", "sh", "ipython"})
_TRAINING = re.compile(
    r"(?:^|[^a-z])(?:train|fit|finetune|tune|sweep|exp|experiment|main|run)(?:$|[^a-z]|ing|er)"
)
_SCRIPT = re.compile(r"\.(py|sh|R|jl|ipynb)$")
_ZSH = re.compile(r": \d+:\d+;")
_META, _META_FLIP = 0x83, 0x20
_MAX_BYTES = 4 * 1024 * 1024


def history_files(environ: Mapping[str, str]) -> list[Path]:
    """Return the history files there are, the one to believe first.

    ``$HISTFILE``, which shells seldom export, then those of bash, zsh and fish, the newest first.
    """
    home = Path(environ.get("HOME") or os.path.expanduser("~"))
    data = Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    known = [home / ".bash_history", home / ".zsh_history", home / ".zhistory"]
    known.append(data / "fish" / "fish_history")
    found = sorted((path for path in known if path.is_file()), key=_modified, reverse=True)
    named = environ.get("HISTFILE")
    return [*([Path(named)] if named and Path(named).is_file() else []), *found]


def last_training(files: Iterable[Path], folder: Path) -> list[str] | None:
    """Return the words of the last command that trains something in ``folder``, None without one.

    Only a plain command counts: one program, an existing script of the folder whose name says that
    it trains, and no sign that a shell would act on.
    """
    for path in files:
        try:
            with path.open("rb") as file:
                file.seek(max(0, path.stat().st_size - _MAX_BYTES))
                data = file.read()
        except OSError:
            continue
        for line in reversed([*commands_in(data, path.name)]):
            words = training_words(line, folder)
            if words is not None:
                return words
    return None


def commands_in(data: bytes, name: str) -> Iterator[str]:
    """Yield the commands in the bytes of a history file called ``name``, the oldest first."""
    if name.startswith("fish_history"):
        yield from _fish(data.decode("utf-8", "replace"))
        return
    text = _unmetafied(data).decode("utf-8", "replace")
    pending = ""
    for line in text.split("\n"):
        if line.endswith("\\"):  # zsh writes the newlines of a command so
            pending += line[:-1] + "\n"
            continue
        command = _ZSH.sub("", pending + line, count=1) if _ZSH.match(pending + line) else (
            pending + line
        )  # fmt: skip
        pending = ""
        if command.strip() and not re.match(r"#\d+$", command):  # bash writes times so
            yield command


def training_words(line: str, folder: Path) -> list[str] | None:
    """Return the words of ``line`` where it is plainly a training in ``folder``, else None."""
    if _SHELL_SIGNS & set(line):
        return None
    try:
        words = shlex.split(line)
    except ValueError:
        return None
    rest = _program(words)
    if not rest:
        return None
    script = _script(rest)
    if script is None or not (folder / script).is_file():
        return None
    is_named = _TRAINING.search(script.rpartition("/")[2].lower()) is not None
    return _with_env(words) if is_named else None


def _program(words: list[str]) -> list[str]:
    """Return the words from the program on: after assignments, ``time`` and ``uv run``."""
    rest = words
    while rest and ("=" in rest[0].split("/")[0] or rest[0] in _PREFIXES):
        rest = rest[1:]
    for starter in _STARTERS:
        if tuple(rest[:2]) == starter:
            rest = rest[2:]
    return rest


def _script(words: list[str]) -> str | None:
    """Return the script that ``words`` run, relative to the folder they run in; None for others."""
    program = words[0].rpartition("/")[2]
    if words[:2] == ["accelerate", "launch"]:
        return _first_script(words[2:])
    if _PYTHON.match(program) or program in _LAUNCHERS:
        if "-m" in words[1:3]:
            at = words.index("-m")
            return words[at + 1].replace(".", "/") + ".py" if len(words) > at + 1 else None
        return None if "-c" in words else _first_script(words[1:])
    return words[0] if words[0].startswith("./") and _SCRIPT.search(words[0]) else None


def _first_script(words: Iterable[str]) -> str | None:
    return next((word for word in words if _SCRIPT.search(word)), None)


def _with_env(words: list[str]) -> list[str]:
    """Return ``words`` as a program without a shell starts them."""
    kept = words
    while kept and kept[0] in {"time", "nohup"}:
        kept = kept[1:]
    return ["env", *kept] if "=" in kept[0].split("/")[0] else kept


def _fish(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        if line.startswith("- cmd: "):
            # a backslash is written twice, a newline as \n
            command = line.removeprefix("- cmd: ")
            yield re.sub(r"\\(.)", lambda one: "\n" if one[1] == "n" else one[1], command)


def _unmetafied(data: bytes) -> bytes:
    """Return bytes as they were before zsh wrote each it finds special as 0x83, byte ^ 0x20."""
    if _META not in data:
        return data
    out = bytearray()
    flips = False
    for byte in data:
        if byte == _META and not flips:
            flips = True
            continue
        out.append(byte ^ _META_FLIP if flips else byte)
        flips = False
    return bytes(out)


def _modified(path: Path) -> float:
    return path.stat().st_mtime
