"""Stands in for ``ledger run --``: records a command's exit and nothing else."""

from __future__ import annotations

import subprocess
import sys

import ledger


def main() -> int:
    """Record the command in the arguments; return its exit code."""
    try:
        with ledger.start(sys.argv[1]) as run:
            code = subprocess.run(sys.argv[1:], check=False).returncode
            run.log(step=0, code=code)
    except FileNotFoundError:
        return 127
    return code


if __name__ == "__main__":
    sys.exit(main())
