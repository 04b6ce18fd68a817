"""Runs the page's server until the process is asked to end."""

from __future__ import annotations

import uvicorn

from ledger.dashboard.hub import Hub
from ledger.dashboard.server import make_app


TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from types import FrameType

    from ledger.report.boards.places import Places


def run(places: Places, token: str, listening: socket.socket) -> None:
    """Answer for ``places`` on ``listening`` until interrupted; ``token`` as of ``make_app``."""
    hub = Hub(places)
    config = uvicorn.Config(
        make_app(hub, token),
        # what is always there and imports least; what the library warns of goes to stderr
        loop="asyncio",
        http="h11",
        ws="none",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
    _Server(config, hub).run(sockets=[listening])


class _Server(uvicorn.Server):
    """Ends at once and well when it is asked to, also while pages listen."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  # as inherited
        """Take note of a signal; being asked to end is no failure, so it is not raised again."""
        self.force_exit = self.should_exit
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams first: the library waits for them, and then fails."""
        await self._hub.close()
        await super().shutdown(sockets)
