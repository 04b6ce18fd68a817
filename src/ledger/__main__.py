"""``python -m ledger``: the same program as the ``ledger`` command."""

from __future__ import annotations

from ledger.cli.main import run


if __name__ == "__main__":
    run()
