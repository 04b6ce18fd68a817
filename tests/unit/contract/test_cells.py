"""What ran in a kernel, as a file and against the notebook that was saved."""

from __future__ import annotations

import pytest

from ledger.contract.cells import LEFT_OUT, Cell, differences, render_cells
from ledger.contract.notebook import code_cells


SAVED = ["import a\n", "x = 1", "", "y = x", "x = 1"]


def ran(*sources: str) -> list[Cell]:
    return [Cell(number=n, source=source) for n, source in enumerate(sources, 1)]


@pytest.mark.parametrize(
    "sources",
    [
        [],
        ["import a"],
        ["import a", "x = 1", "y = x", "x = 1"],
        ["import a", " ", "x = 1\n\n", "", "y = x"],
    ],
)
def test_a_notebook_run_from_its_top_so_far_is_no_difference(sources: list[str]) -> None:
    assert list(differences(ran(*sources), SAVED)) == []


@pytest.mark.parametrize(
    ("sources", "told"),
    [
        (["import a", "x = 2"], ["In [2] is not in it"]),
        (["import a", "import a"], ["In [2] ran again, or after a later cell"]),
        (["x = 1"], ["In [1] ran, and a code cell before it had not"]),
        (
            ["y = x", "x = 1", "x = 1"],
            [
                "In [1] ran, and 2 code cells before it had not",
                "In [3] ran again, or after a later cell",
            ],
        ),
        (["x  = 1", "import a", "x = 1"], ["In [1] is not in it"]),
    ],
)
def test_what_a_reader_of_the_notebook_would_not_expect_is_told(
    sources: list[str], told: list[str]
) -> None:
    assert list(differences(ran(*sources), SAVED)) == told


def test_an_empty_notebook_holds_nothing() -> None:
    assert list(differences(ran("x = 1"), [])) == ["In [1] is not in it"]


def test_cells_are_written_as_they_were_typed() -> None:
    text = render_cells(ran("%matplotlib inline\r\nx = 1  ", "", "\ny = 'é\\n'\n"))
    assert text == (
        "# What ran in the kernel of this run, in this order, as it was typed.\n"
        "\n# %% In [1]\n%matplotlib inline\nx = 1  \n"
        "\n# %% In [2]\n\n"
        "\n# %% In [3]\ny = 'é\\n'\n"
    )


@pytest.mark.parametrize(
    "source",
    [
        'api_key = "a1B2c3D4e5F6g7H8"',
        "x = 1\n%env API_KEY=a1B2c3D4e5F6g7H8",
        "!curl -u me http://me:a1B2c3D4@host/",
        "%%bash\nexport AWS_SECRET_ACCESS_KEY=a1B2c3D4e5F6",
    ],
)
def test_of_a_cell_with_a_credential_only_its_number_is_told(source: str) -> None:
    text = render_cells(ran("x = 1", source, "y = x"))
    assert "a1B2" not in text
    assert text.endswith(f"# %% In [2]\n{LEFT_OUT}\n\n# %% In [3]\ny = x\n")


@pytest.mark.parametrize(
    "data", [b"", b"[", b"[]", b'{"cells": 1}', b'{"cells": [{"cell_type": "code"}]}', b"[" * 9999]
)
def test_what_is_no_notebook_has_no_cells(data: bytes) -> None:
    assert code_cells(data) is None


def test_the_source_of_a_cell_is_a_text_or_lines_of_it() -> None:
    data = b"""{"cells": [
        {"cell_type": "markdown", "source": "# title"},
        {"cell_type": "code", "source": ["x = 1\\n", "y = 2"]},
        {"cell_type": "code", "source": "z = 3"}]}"""
    assert code_cells(data) == ["x = 1\ny = 2", "z = 3"]
