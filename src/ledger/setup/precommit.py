"""The pre-commit framework: our entry in a user's config, and the manifest we offer to others."""

from __future__ import annotations

import re

import yaml

from ledger.errors import LedgerError
from ledger.policy.catalogue import RULES
from ledger.setup.change import Change, telling_why
from ledger.storage.files import replace_file


TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

CONFIG_NAME = ".pre-commit-config.yaml"
MANIFEST_NAME = ".pre-commit-hooks.yaml"
HOOK_ID = "ledger-check"
STAGES = ("pre-commit", "pre-merge-commit")
ENTRY = "python -I -m ledger.policy --staged"
"""Judges what is staged; all that is tracked where nothing is staged, and on a range."""
_TYPES_KEY = "default_install_hook_types"
_TYPES_LINE = f"{_TYPES_KEY}: [{', '.join(STAGES)}]"
_ITEM = re.compile(r"^(?P<indent> *)- ")


def write_config(top: Path) -> list[Change]:
    """Make the pre-commit config in ``top`` run the checks; other lines stay as they are.

    Returns:
        what changed; nothing when it is all there.

    Raises:
        LedgerError: the config is no YAML, is written in a way that cannot be extended, or cannot
            be read or written.
    """
    path = top / CONFIG_NAME
    with telling_why():
        old = _read(path)
        new = extend_config(old or "", str(path))
        if new == old:
            return []
        replace_file(str(path), new.encode("utf-8"))
    action = "created" if old is None else "updated"
    return [Change(path=CONFIG_NAME, action=action, what="then run: pre-commit install")]


def remove_config(top: Path) -> list[Change]:
    """Take what ``write_config`` wrote out of the pre-commit config in ``top``.

    Returns:
        what changed, or was left because somebody edited it; nothing when there is nothing of ours.

    Raises:
        LedgerError: the config is no YAML, or cannot be read or written.
    """
    path = top / CONFIG_NAME
    with telling_why():
        old = _read(path)
        if old is None or not _has_entry(_parsed(old, str(path)).get("repos")):
            return []
        new = shrink_config(old)
        if new is None:
            what = f"its hook {HOOK_ID} is not as we wrote it: remove that entry by hand"
            return [Change(path=CONFIG_NAME, action="left", what=what)]
        if new:
            replace_file(str(path), new.encode("utf-8"))
            what = f"without the hook {HOOK_ID}; then run: pre-commit install"
            return [Change(path=CONFIG_NAME, action="updated", what=what)]
        path.unlink()
    return [Change(path=CONFIG_NAME, action="removed", what="it held nothing else")]


def shrink_config(text: str) -> str | None:
    """Return the config ``text`` without what ``extend_config`` put there; empty: nothing is left.

    None where our entry is not, byte for byte, what extending writes.
    """
    end = _line_end(text)
    for indent in ("  ", "", "    "):
        before, found, after = text.partition(_ended(_entry(indent), end))
        if not found or (before and not before.endswith("\n")):
            continue
        bare = before + after
        plain = bare.replace(_TYPES_LINE + end, "", 1)
        for new in (plain, bare):
            for one in (new, new.replace(f"repos:{end}", f"repos: []{end}", 1)):
                if _undoes(one, text):
                    return "" if one == f"repos: []{end}" else one
    return None


def _undoes(new: str, text: str) -> bool:
    """Whether ``new`` is a config of its own that extending turns into ``text`` again."""
    try:
        parsed = yaml.safe_load(new)
        is_config = isinstance(parsed, dict) and isinstance(parsed.get("repos"), list)
        return is_config and not _has_entry(parsed["repos"]) and extend_config(new, "") == text
    except (yaml.YAMLError, LedgerError):
        return False


def _read(path: Path) -> str | None:
    """Return the text of ``path`` with its own line ends, None where there is no file."""
    try:
        return path.read_bytes().decode("utf-8") if path.exists() else None
    except UnicodeDecodeError as error:
        message = "is not UTF-8"
        raise LedgerError(message, hint="save it as UTF-8", path=path) from error


def _line_end(text: str) -> str:
    return "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"


def _ended(lines: str, end: str) -> str:
    return lines.replace("\n", end)


def extend_config(text: str, path: str) -> str:
    """Return the config ``text`` with our entry and hook types in it.

    Raises:
        LedgerError: it cannot be extended; the hint holds what to add by hand.
    """
    before = _parsed(text, path)
    repos = before.get("repos") or []
    wanted = text
    if not _has_entry(repos):
        wanted = _with_entry(wanted)
        repos = [*repos, yaml.safe_load(_entry(""))[0]]
    types = before.get(_TYPES_KEY) or []
    missing = [stage for stage in STAGES if stage not in types]
    if missing:
        wanted = _with_types(wanted, missing, has_key=_TYPES_KEY in before)
    expected = before | {"repos": repos, _TYPES_KEY: [*types, *missing]}
    if not _says(wanted, expected):
        message = "is written in a way that cannot be extended safely"
        hint = f"add by hand: {_TYPES_LINE} and under repos:\n{_entry('  ')}"
        raise LedgerError(message, hint=hint, path=path)
    return wanted


def render_manifest() -> str:
    """Return the manifest that other repositories consume: one hook, installed or from PATH."""
    codes = ", ".join(f"{rule.code} {rule.title}" for rule in RULES.values() if rule.staged)
    hooks = []
    for hook_id, language in ((HOOK_ID, "python"), (f"{HOOK_ID}-system", "system")):
        hooks.append(
            f"- id: {hook_id}\n"
            f"  name: ledger check\n"
            f'  description: "{codes}"\n' + _hook_body(language)
        )
    return (
        "# Generated from the check catalogue; tests/unit/setup/test_precommit.py says how.\n"
        + "".join(hooks)
    )


def _entry(indent: str) -> str:
    lines = [
        "- repo: local",
        "  hooks:",
        f"    - id: {HOOK_ID}",
        "      name: ledger check",
        *("    " + line for line in _hook_body("system").splitlines()),
    ]
    return "".join(f"{indent}{line}\n" for line in lines)


def _hook_body(language: str) -> str:
    return (
        f"  entry: {ENTRY}\n"
        f"  language: {language}\n"
        "  always_run: true\n"
        "  pass_filenames: false\n"
        "  require_serial: true\n"
        f"  stages: [{', '.join(STAGES)}]\n"
        '  minimum_pre_commit_version: "3.2.0"\n'
    )


def _parsed(text: str, path: str) -> dict[str, Any]:
    try:
        parsed = yaml.safe_load(text)
    except yaml.YAMLError as error:
        message = f"is not YAML: {str(error).splitlines()[0]}"
        raise LedgerError(message, hint="mend the file", path=path) from error
    if parsed is None:
        return {}
    if not isinstance(parsed, dict) or not isinstance(parsed.get("repos") or [], list):
        message = "is not a pre-commit config"
        raise LedgerError(message, hint="mend the file", path=path)
    return parsed


def _says(text: str, expected: dict[str, Any]) -> bool:
    try:
        return bool(yaml.safe_load(text) == expected)
    except yaml.YAMLError:
        return False


def _has_entry(repos: object) -> bool:
    hooks = [
        hook
        for repo in (repos if isinstance(repos, list) else [])
        if isinstance(repo, dict)
        for hook in repo.get("hooks") or []
        if isinstance(hook, dict)
    ]
    return any(str(hook.get("id")) in {HOOK_ID, f"{HOOK_ID}-system"} for hook in hooks)


def _with_entry(text: str) -> str:
    """Return ``text`` with our entry after the last one of ``repos``."""
    lines = text.splitlines(keepends=True)
    end = _line_end(text)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += end
    at = next((n for n, line in enumerate(lines) if line.startswith("repos:")), None)
    if at is None:
        return "".join([*lines, _ended("repos:\n" + _entry("  "), end)])
    if lines[at].split("#")[0].strip() == "repos: []":
        lines[at] = lines[at].replace("repos: []", "repos:", 1)
    last, indent = at, "  "
    for number in range(at + 1, len(lines)):
        line = lines[number]
        item = _ITEM.match(line)
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not line[0].isspace() and not item:
            break
        if item and last == at:
            indent = item["indent"]
        last = number
    return "".join([*lines[: last + 1], _ended(_entry(indent), end), *lines[last + 1 :]])


def _with_types(text: str, missing: list[str], *, has_key: bool) -> str:
    lines = text.splitlines(keepends=True)
    if not has_key:
        at = next((n for n, line in enumerate(lines) if line.strip() and line[0] not in "#-%"), 0)
        return "".join([*lines[:at], _TYPES_LINE + _line_end(text), *lines[at:]])
    at = next((n for n, line in enumerate(lines) if line.startswith(f"{_TYPES_KEY}:")), 0)
    head, bracket, tail = lines[at].partition("]")
    if bracket:
        lines[at] = (
            f"{head.rstrip()}{', ' if head.strip()[-1] != '[' else ''}{', '.join(missing)}]{tail}"
        )
        return "".join(lines)
    item = next((_ITEM.match(line) for line in lines[at + 1 :] if _ITEM.match(line)), None)
    end = at + 1
    while end < len(lines) and _ITEM.match(lines[end]):
        end += 1
    added = [f"{item['indent'] if item else '  '}- {stage}{_line_end(text)}" for stage in missing]
    return "".join([*lines[:end], *added, *lines[end:]])
