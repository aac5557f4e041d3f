"""The life of a process that serves: its signals, its failures, and how it ends."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Collection, Coroutine
from typing import Any, NamedTuple

from spindled.faces.appserver import AppServer, Backend
from spindled.rpc.peer import Peer

__all__ = ["AT_END_OF_INPUT", "Life", "Patience"]


class Patience(NamedTuple):
    """Seconds to wait at the end: for running requests, for turns to be interrupted, for a client that reads."""

    requests: float
    application: float
    client: float


AT_END_OF_INPUT = Patience(1.0, 2.0, 2.0)
ON_SIGNAL = Patience(0.0, 0.14, 0.03)

log = logging.getLogger(__name__)


class Life:
    """Made within the loop that serves. Ends with SIGTERM, SIGINT (0) or an application that does not open (1)."""

    def __init__(self, backend: Backend) -> None:
        self.server = AppServer(backend, self._fail)
        self.stopped = asyncio.Event()
        self._failed = False
        self._watch: asyncio.Future[None] | None = None
        self._loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self.stopped.set)

    @property
    def exit_code(self) -> int:
        return 1 if self._failed else 0

    async def unless_stopped(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` to its end, or until it is time to go."""
        working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(self.stopped.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        working.cancel()
        await asyncio.wait({working, stopping})
        if not working.cancelled() and (error := working.exception()):
            log.error("serving failed", exc_info=error)

    def stop_after(self, work: Coroutine[Any, Any, None]) -> None:
        """It is time to go when `work` has ended."""
        self._watch = asyncio.ensure_future(work)
        self._watch.add_done_callback(lambda _: self.stopped.set())

    async def end(self, peer: Peer) -> None:
        """Close for the one client that was served: in peace if it left, at once if it is time to go."""
        if not self.stopped.is_set():
            await self.unless_stopped(self.close([peer], AT_END_OF_INPUT))
        if self.stopped.is_set():
            await self.close([peer])

    async def close(self, peers: Collection[Peer], patience: Patience = ON_SIGNAL) -> None:
        """Answer what runs, end the application, let every client read what is left for it."""
        if self._watch is not None:
            self._watch.cancel()
        await asyncio.gather(*(peer.finish(patience.requests) for peer in peers))
        try:
            async with asyncio.timeout(patience.application):
                await self.server.close(patience.application)
        except TimeoutError:
            log.warning("did not close within %s s", patience.application)
        except Exception:
            log.exception("did not close cleanly")
        await asyncio.gather(*(peer.close(patience.client) for peer in peers))

    def _fail(self, error: Exception) -> None:
        if not self._failed:
            print(f"Error: {error}", file=sys.stderr)  # noqa: T201
        self._failed = True
        self._loop.call_later(0, self.stopped.set)  # after the answer to the request that found out
