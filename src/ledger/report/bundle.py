"""The page's own files in one: modules as one script, so that a file opened from the disk runs."""

from __future__ import annotations

import re
from importlib.resources import files


_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([a-z]+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?(?:function|class|const)) ", re.MULTILINE)
_NAMES = re.compile(
    r"^export (?:async )?(?:function|class) (\w+)|^export const ([^;\n]+)", re.MULTILINE
)
_UNREAD = re.compile(r"^\s*//.*\n|^ +", re.MULTILINE)
"""Lines of comment and indentation: a report is sent by mail."""


def asset(name: str) -> str:
    """Return the text of one of the page's own files."""
    return files("ledger.report").joinpath("static", name).read_text(encoding="utf-8")


def script(entry: str = "main") -> str:
    """Return the modules that ``entry`` needs, and it, as one script without imports.

    Each module becomes a function of its own, called once in the order in which they need each
    other, so that no two names meet.
    """
    order: list[str] = []
    _visit(entry, order)
    return "(() => {\n'use strict';\n" + "".join(map(_module, order)) + "})();\n"


def _visit(name: str, order: list[str]) -> None:
    for _, needed in _IMPORT.findall(asset(f"{name}.js")):
        if needed not in order:
            _visit(needed, order)
    if name not in order:
        order.append(name)


def _module(name: str) -> str:
    text = asset(f"{name}.js")
    needs = "".join(
        f"const {{{names}}} = module_{needed};\n" for names, needed in _IMPORT.findall(text)
    )
    exported = ", ".join(_exported(text))
    body = _EXPORT.sub(r"\1 ", _IMPORT.sub("", text))
    body = _UNREAD.sub("", body)
    return f"const module_{name} = (() => {{\n{needs}{body}return {{ {exported} }};\n}})();\n"


def _exported(text: str) -> list[str]:
    names: list[str] = []
    for single, several in _NAMES.findall(text):
        names += [single] if single else [each.split("=")[0].strip() for each in several.split(",")]
    return names
