"""lefthook: our entry in its config; it writes over every hook in the git directory."""

from __future__ import annotations

import yaml

from ledger.errors import LedgerError
from ledger.setup.change import Change
from ledger.setup.hooks.gate import CHECKS, ONE_LINE, PRIVATE_NAME, call_of, calls_gate


TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from ledger.setup.change import Undo

COMMAND = "ledger-check"
_STEMS = ("lefthook", ".lefthook", ".config/lefthook")
_ENDINGS = ("yml", "yaml", "toml", "json", "jsonc")
_MARK = b"call_lefthook"


def find_config(top: Path) -> Path | None:
    """Return lefthook's config in ``top``, None where there is none."""
    paths = (top / f"{stem}.{ending}" for stem in _STEMS for ending in _ENDINGS)
    return next((path for path in paths if path.is_file()), None)


def is_lefthooks(data: bytes) -> bool:
    """Whether a hook of ``data`` was written by lefthook."""
    return _MARK in data


def has_entry(path: Path) -> bool:
    """Whether the config ``path`` runs our checks, by our entry or by a line of somebody's own."""
    try:
        return calls_gate(path.read_bytes())
    except OSError:
        return False


def write_entry(path: Path, stages: tuple[str, ...], undo: Undo) -> list[Change]:
    """Make the config ``path`` run the checks at ``stages``; other lines stay as they are.

    Raises:
        LedgerError: it is written in a way that cannot be extended; the hint says what to add.
    """
    if has_entry(path):
        return []
    new = _extended(_read(path), stages) if path.suffix in {".yml", ".yaml"} else None
    if new is None:
        message = "is written in a way that cannot be extended safely"
        hint = f"add to the commands of {' and '.join(CHECKS)} one that runs: {ONE_LINE}"
        raise LedgerError(message, hint=hint, path=path)
    undo.write(path, new.encode("utf-8"))
    return [Change(path=path.name, action="updated", what="commit it; then run: lefthook install")]


def remove_entry(path: Path, stages: tuple[str, ...], undo: Undo) -> list[Change]:
    """Take what ``write_entry`` wrote out of the config ``path``; an edited entry stays.

    Raises:
        LedgerError: the config is no UTF-8.
    """
    if not has_entry(path):
        return []
    text = _read(path)
    try:
        for stage in reversed(stages):
            text = _without_stage(text, stage)
    except yaml.YAMLError:
        pass  # it is not as we wrote it, and is left and told
    if PRIVATE_NAME in text:
        what = f"its command {COMMAND} is not as we wrote it: remove it by hand"
        return [Change(path=path.name, action="left", what=what)]
    undo.write(path, text.encode("utf-8"))
    return [Change(path=path.name, action="updated", what=f"without the command {COMMAND}")]


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        message = "is not UTF-8"
        raise LedgerError(message, hint="save it as UTF-8", path=path) from error


def _extended(text: str, stages: tuple[str, ...]) -> str | None:
    """Return the config with our command at each stage, None where text alone cannot do that."""
    try:
        expected: dict[str, Any] = yaml.safe_load(text) or {}
        for stage in stages:
            text = _with_stage(text, stage)
            hook = expected.setdefault(stage, {})
            hook.setdefault("commands", {})[COMMAND] = _command(stage)
        return text if yaml.safe_load(text) == expected else None
    except (yaml.YAMLError, AttributeError, TypeError):
        return None


def _with_stage(text: str, stage: str) -> str:
    hook = _child(yaml.compose(text), stage)
    if hook is None:
        added = f"{stage}:\n  commands:\n{_entry(4, stage)}"
        is_ended = not text or text.endswith("\n")
        return text + added if is_ended else f"{text}\n{added}".removesuffix("\n")
    commands = _child(hook, "commands")
    if commands is not None:
        return _inserted(text, commands.start_mark.line, _entry(commands.start_mark.column, stage))
    column = hook.start_mark.column
    added = f"{' ' * column}commands:\n{_entry(column + 2, stage)}"
    return _inserted(text, hook.start_mark.line, added)


def _without_stage(text: str, stage: str) -> str:
    """Return ``text`` without our command at ``stage``, and without what held nothing else."""
    hook = _child(yaml.compose(text), stage)
    commands = _child(hook, "commands")
    entry = _child(commands, COMMAND)
    if entry is None:
        return text
    wanted = _entry(commands.start_mark.column, stage).splitlines()
    start = entry.start_mark.line - 1
    end = start + len(wanted)
    if len(commands.value) == 1:
        above = [f"{stage}:", f"{' ' * hook.start_mark.column}commands:"][len(hook.value) > 1 :]
        start -= len(above)
        wanted = above + wanted
    lines = text.splitlines(keepends=True)
    if [line.rstrip("\n") for line in lines[start:end]] != wanted:
        return text
    kept = "".join([*lines[:start], *lines[end:]])
    return kept if lines[end - 1].endswith("\n") else kept.removesuffix("\n")


def _child(node: Any, key: str) -> Any:  # noqa: ANN401  # PyYAML gives its nodes no types
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((child for name, child in pairs if name.value == key), None)


def _inserted(text: str, line: int, added: str) -> str:
    lines = text.splitlines(keepends=True)
    return "".join([*lines[:line], added, *lines[line:]])


def _command(stage: str) -> dict[str, Any]:
    """Return our command as YAML reads it; lefthook runs it apart, and gives it what git gives."""
    if stage in CHECKS:
        return {"run": call_of(stage).rstrip("\n")}
    call = call_of("post-commit").replace('post-commit "$@"', f"{stage} {{0}}").rstrip("\n")
    return {"run": call} | ({"use_stdin": True} if stage == "pre-push" else {})


def _entry(column: int, stage: str) -> str:
    command = _command(stage)
    run = (f"    {line}" for line in str(command["run"]).splitlines())
    stdin = ("  use_stdin: true",) if "use_stdin" in command else ()
    lines = (f"{COMMAND}:", "  run: |-", *run, *stdin)
    return "".join(f"{' ' * column}{line}\n" for line in lines)
