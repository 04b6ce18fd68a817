"""The documentation says what the code does: generated pages, links, and every marked block.

A comment above a fenced block says what becomes of it, in a repository with a ledger that all
blocks of one page share:

- ``<!-- run -->``: Python is run as a script, shell as commands that must succeed;
- ``<!-- run: exits 1 -->``: as above, ending with that exit code;
- ``<!-- file: train.py -->``: the block is written to that file.
"""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from e2e.shell import Shell
from ledger.cli.main import VERBS, main
from ledger.contract.direction import HIGHER_IS_BETTER, LOWER_IS_BETTER
from ledger.contract.record import parse_record, record_schema
from ledger.contract.record_shape import RECORD
from ledger.contract.worker import WORKER
from ledger.errors import MalformedError
from ledger.policy.catalogue import RULES
from make_repo import make_repo


if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
GOLDEN = ROOT / "tests" / "contract" / "golden"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "examples").rglob("*.md")])
_BLOCK = re.compile(
    r"^<!-- (?P<verb>run|file)(?:: (?P<what>[^>]*?))? -->\n```(?P<kind>\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)


def shown(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def collapsed(text: str) -> str:
    """Return ``text`` without regard to how it is wrapped: versions of click differ in that."""
    return " ".join(text.split())


def generated() -> dict[str, str]:
    """Return what docs/generate.py would write, by path below docs."""
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    documents: dict[str, str] = module.documents()
    return documents


@pytest.mark.parametrize(
    "name",
    [
        "checks.md",
        "guides/commands.md",
        "schema/ci-v1.json",
        "schema/run-v1.json",
        "schema/worker-v1.json",
    ],
)
def test_generated_page_is_current(name: str) -> None:
    written = (DOCS / name).read_text(encoding="utf-8")

    assert collapsed(generated()[name]) == collapsed(written), "run: python docs/generate.py"


def test_published_schema_is_the_one_of_the_code() -> None:
    assert record_schema() == json.loads((DOCS / "schema" / "run-v1.json").read_bytes())


def golden_records() -> Iterator[Path]:
    for path in sorted(GOLDEN.rglob("run.json")):
        try:
            parse_record(path.read_bytes())
        except MalformedError:
            continue  # kept to show what is refused
        yield path


def test_golden_records_follow_the_published_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((DOCS / "schema" / "run-v1.json").read_bytes())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)

    for path in golden_records():
        errors = [f"{e.json_path}: {e.message}" for e in validator.iter_errors(_read(path))]
        assert errors == [], path


@pytest.mark.parametrize("verb", VERBS)
def test_verb_is_documented_with_its_real_help(verb: str) -> None:
    page = (DOCS / "guides" / "commands.md").read_text(encoding="utf-8")
    _, _, section = page.partition(f"\n## ledger {verb}\n")

    told = CliRunner().invoke(main, [verb, "--help"], prog_name="ledger").output

    assert collapsed(told) in collapsed(section.partition("\n## ")[0])


def test_no_verb_is_documented_that_does_not_exist() -> None:
    page = (DOCS / "guides" / "commands.md").read_text(encoding="utf-8")

    assert list(VERBS) == re.findall(r"^## ledger (\S+)$", page, re.MULTILINE)


def test_format_names_every_key_code_and_direction() -> None:
    page = (DOCS / "format.md").read_text(encoding="utf-8")

    words = [*RECORD.fields, *WORKER.fields, *RULES, *HIGHER_IS_BETTER, *LOWER_IS_BETTER]

    assert [word for word in words if f"`{word}`" not in page] == []


def test_every_guide_and_decision_is_in_the_index() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")

    pages = [page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")]

    assert [page for page in pages if page != "index.md" and f"({page})" not in index] == []


def test_workflows_in_the_guide_are_the_examples() -> None:
    guide = (DOCS / "guides" / "github-action.md").read_text(encoding="utf-8")

    _, _, example = (ROOT / "examples/ci/github.yml").read_text(encoding="utf-8").partition("\n")

    assert f"```yaml\n{example}```" in guide


def test_our_own_workflow_is_the_example_with_the_action_of_the_checkout() -> None:
    _, _, example = (ROOT / "examples/ci/github.yml").read_text(encoding="utf-8").partition("\n")
    ours = (ROOT / ".github" / "workflows" / "ledger.yml").read_text(encoding="utf-8")

    differing = set(ours.splitlines()) ^ set(example.splitlines())

    assert [line.split()[:3] for line in sorted(differing)] == [
        ["-", "uses:", "./"],
        ["-", "uses:", f"OWNER/experiment-ledger@{'0' * 40}"],
    ]


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_relative_links_resolve(page: Path) -> None:
    text = _FENCED.sub("", page.read_text(encoding="utf-8"))
    links = [link for link in _LINK.findall(text) if not re.match(r"[a-z]+:", link)]

    assert [link for link in links if not resolves(page, link)] == []


def resolves(page: Path, link: str) -> bool:
    """Whether ``link`` on ``page`` leads to a file of ours and, after ``#``, to a heading in it."""
    name, _, anchor = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    if not anchor:
        return True
    headings = _HEADING.findall(_FENCED.sub("", target.read_text(encoding="utf-8")))
    return anchor in [re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in headings]


RUNNABLE = [page for page in PAGES if _BLOCK.search(page.read_text(encoding="utf-8"))]


@pytest.mark.slow
@pytest.mark.parametrize("page", RUNNABLE, ids=shown)
def test_marked_blocks_work(page: Path, tmp_path: Path) -> None:
    project = make_repo(tmp_path, {"README.md": "a project\n"})
    shell = Shell(project, tmp_path / "private")
    shell.run("ledger init && git add --all && git commit -m 'a ledger'")

    for number, block in enumerate(_BLOCK.finditer(page.read_text(encoding="utf-8"))):
        if block["verb"] == "file":
            path = project / block["what"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block["text"], encoding="utf-8")
        elif block["kind"] == "python":
            script = project.parent / f"block_{number}.py"
            script.write_text(block["text"], encoding="utf-8")
            shell.run(f"python {script}", code=exit_code(block))
        else:
            shell.run(block["text"], code=exit_code(block))


def test_every_marker_stands_above_a_block() -> None:
    """A marker with a blank line below it, or a misspelt one, would test nothing."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        markers = re.findall(r"^<!-- (?:run|file)\b.*-->$", text, re.MULTILINE)
        assert len(markers) == len(_BLOCK.findall(text)), shown(page)


def exit_code(block: re.Match[str]) -> int:
    return int((block["what"] or "exits 0").removeprefix("exits "))


def _read(path: Path) -> object:
    return json.loads(path.read_bytes())
