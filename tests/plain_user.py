"""Commands without root's right to read and write everything, for tests of permissions."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest


_DROP = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")


def plain_user_prefix() -> tuple[str, ...]:
    """Return what to put before a command so that file modes bind it; skip where root cannot."""
    if os.geteuid() != 0:
        return ()
    if shutil.which(_DROP[0]) is None:
        pytest.skip("file modes do not bind root, and there is no setpriv")
    if subprocess.run([*_DROP, "true"], capture_output=True, check=False).returncode:
        pytest.skip("file modes do not bind root, and setpriv cannot drop that right here")
    return _DROP


def as_plain_user(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the Python ``script`` as somebody whom file modes bind."""
    argv = [*plain_user_prefix(), sys.executable, "-c", script, *arguments]
    return subprocess.run(argv, capture_output=True, text=True, check=False)
