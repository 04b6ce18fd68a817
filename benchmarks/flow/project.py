"""The project of the histories: a few files of code, edited by one number a line."""

from __future__ import annotations

import json
import re
from pathlib import Path


TRAIN = '''\
"""Train: one row for every word on standard input."""

FACTOR = 1

import sys

import ledger
from src import model


def train() -> None:
    with ledger.start("flow", config="config.json", objective=("loss", "min")) as run:
        print(run.id, run.dir, flush=True)
        epoch = 0
        for word in sys.stdin:
            if word.strip() == "fail":
                raise RuntimeError("out of memory")
            if word.strip() == "settle":  # a training takes longer than what is captured of it
                run.wait_for_capture()
                print("settled", flush=True)
                continue
            loss = FACTOR * model.WIDTH / (epoch + 1 + SHIFT)
            run.log(epoch=epoch, loss=loss, acc=1 / (1 + loss))
            epoch += 1
            print("logged", flush=True)


SHIFT = 1
train()
'''
PLAIN = '''\
"""A training that knows nothing of the ledger."""

FACTOR = 1

import sys

for epoch in range(int(sys.argv[1])):
    print(f"epoch={epoch} loss={FACTOR / (epoch + 2)}")
sys.exit(int(sys.argv[2]))
'''
MODULE = '''\
"""{what}."""

WIDTH = 3


def double(number: int) -> int:
    return 2 * number


DEPTH = 2
'''
_CELL = TRAIN.partition('"""\n\n')[2]
FILES = {
    "train.py": TRAIN,
    "plain.py": PLAIN,
    "src/__init__.py": "",
    "src/model.py": MODULE.format(what="The model"),
    "src/plots.py": MODULE.format(what="Never loaded by a training"),
    "config.json": '{\n  "lr": 1,\n  "epochs": 3\n}\n',
    "README.md": "A project.\n\nVERSION = 1\n",
    ".gitignore": "__pycache__/\noutputs/\n",
}
NOTEBOOK = "explore.ipynb"
SAYS_NOTHING = "plain.py"
"""Recorded by ``ledger run``."""
CODE_FILES = ("train.py", SAYS_NOTHING, "src/model.py", "src/plots.py", "config.json")
_NUMBER = re.compile(r"((?: = |: ))(\d+)")
_CODE = re.compile(r"\.(py|ipynb|json|toml|yaml|sh)$")
_IMPORT = re.compile(r"^from src import (\w+)", re.MULTILINE)


def notebook(number: int, output: int) -> str:
    """Return the notebook with its code and its outputs numbered."""
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# Explore\n"]},
        {
            "cell_type": "code",
            "execution_count": output,
            "metadata": {},
            "outputs": [{"name": "stdout", "output_type": "stream", "text": [f"{output}\n"]}],
            "source": _CELL.replace("FACTOR = 1", f"FACTOR = {number}").splitlines(keepends=True),
        },
    ]
    document = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document, indent=1) + "\n"


def code_cells(text: bytes) -> list[str]:
    """Return the sources of the code cells of a notebook."""
    cells = json.loads(text)["cells"]
    return ["".join(one["source"]) for one in cells if one["cell_type"] == "code"]


def with_number(text: str, place: str, number: int) -> str:
    """Return ``text`` with its first (``top``) or last (``bottom``) number replaced."""
    found = list(_NUMBER.finditer(text))
    if not found:
        return f"{text}LAST = {number}\n"
    one = found[0] if place == "top" else found[-1]
    return text[: one.start(2)] + str(number) + text[one.end(2) :]


def is_code(path: str) -> bool:
    """Whether ``path`` is a code path, as the default patterns have it."""
    is_other = path.startswith(("ledger/", "docs/", "tests/", ".github/"))
    return bool(_CODE.search(path)) and not is_other


def loaded_by(top: Path, script: str) -> set[str]:
    """Return the paths that a training with ``script`` reads, by its own text."""
    text = (top / script).read_text(encoding="utf-8")
    if script.endswith(".ipynb"):
        text = "\n".join(code_cells(text.encode()))
    modules = {f"src/{name}.py" for name in _IMPORT.findall(text)}
    return {script, "config.json", "src/__init__.py", *modules}
