#!/bin/sh
# Any CI that has git, Python 3.11 and the whole history: sh ledger.sh [BASE]
# LEDGER_PACKAGE is what pip installs, LEDGER_REPORT where the report goes (Markdown).
# Exits with 0 when the change may go in, 1 when runs must be mended, 2 when nothing can be judged.
set -eu

base="${1:-origin/main}"
venv="$(mktemp -d)"
trap 'rm -rf -- "$venv"' EXIT

# -I: a json.py of the change must not run in place of the library's
python3 -I -m venv "$venv"
"$venv/bin/python" -I -m pip install --quiet --disable-pip-version-check --no-input \
    "${LEDGER_PACKAGE:-experiment-ledger}"
"$venv/bin/python" -I -m ledger ci --base="$base" --report "${LEDGER_REPORT:-ledger-report.md}"
