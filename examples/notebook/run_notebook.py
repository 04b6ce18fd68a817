"""Run the code cells of a notebook from top to bottom, as "Restart and Run All" does."""

import json
import sys
from pathlib import Path


cells = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["cells"]
names = {"__name__": "__main__"}
for cell in cells:
    if cell["cell_type"] == "code":
        exec(compile("".join(cell["source"]), sys.argv[1], "exec"), names)  # noqa: S102
