"""What every test shares: a hermetic environment, and hypothesis without a clock."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest


if TYPE_CHECKING:
    from collections.abc import Iterator

# `from make_repo import make_repo` works under every import mode of pytest.
sys.path.insert(0, str(Path(__file__).parent))

hypothesis.settings.register_profile("ledger", deadline=None, database=None)
# a gate says the same twice; whoever works here draws anew each time
hypothesis.settings.register_profile(
    "gate", hypothesis.settings.get_profile("ledger"), derandomize=True
)
hypothesis.settings.load_profile(os.environ.get("LEDGER_TEST_PROFILE", "ledger"))


@pytest.fixture(autouse=True, scope="session")
def _heard_signals() -> None:
    """Hear what a shell tells its background jobs to ignore: our children would inherit that."""
    for number in (signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


@pytest.fixture(autouse=True, scope="session")
def _hermetic_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the settings of whoever runs the tests out of git, and the tests out of their home."""
    home = tmp_path_factory.mktemp("home")
    git_config = home / "gitconfig"
    git_config.write_text("")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("GIT_", "LEDGER_", "PRE_COMMIT", "DVC_")):
                patch.delenv(name)
        patch.setenv("HOME", str(home))
        for kind in ("CONFIG", "STATE", "CACHE", "DATA"):
            patch.setenv(f"XDG_{kind}_HOME", str(home / f".{kind.lower()}"))
        patch.setenv("GIT_CONFIG_GLOBAL", str(git_config))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        patch.setenv("GIT_TERMINAL_PROMPT", "0")
        yield
