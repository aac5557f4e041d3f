"""Many clients of one daemon: each that connects is let in, or not, and served until it leaves."""

from __future__ import annotations

import asyncio
import logging
import socket

from spindled.faces.appserver import AppServer, Dispatch
from spindled.faces.life import AT_END_OF_INPUT
from spindled.faces.sockets.door import Door
from spindled.faces.sockets.listener import Listener
from spindled.rpc.peer import Peer
from spindled.transport.websocket import WebSocketTransport

__all__ = ["SocketServer"]

HANDSHAKE_SECONDS = 10.0

log = logging.getLogger(__name__)


class SocketServer:
    """`peers` are the clients that are in now."""

    def __init__(self, server: AppServer, door: Door) -> None:
        self.peers: set[Peer] = set()
        self._server = server
        self._door = door
        self._serving: set[asyncio.Task[None]] = set()

    async def serve(self, listener: Listener) -> None:
        """Until the listener is closed."""
        async for connection in listener.connections():
            task = asyncio.get_running_loop().create_task(self._attend(connection), name="connection")
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)

    async def stop(self) -> None:
        """Attend to nobody any more; the peers are to be closed by the caller."""
        for task in self._serving:
            task.cancel()
        if self._serving:
            await asyncio.wait(self._serving)

    async def _attend(self, connection: socket.socket) -> None:
        try:
            transport = WebSocketTransport(connection)
        except OSError as error:
            log.info("a client was gone at once: %s", error.strerror)
            return connection.close()
        if not await self._opened(transport):
            return transport.close()
        peer = Peer(transport, Dispatch(self._server))
        self.peers.add(peer)
        try:
            await peer.serve()
        except Exception:
            log.exception("a connection failed")
        await peer.finish(AT_END_OF_INPUT.requests)
        await peer.close(AT_END_OF_INPUT.client)
        self.peers.discard(peer)
        return None

    async def _opened(self, transport: WebSocketTransport) -> bool:
        try:
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                return await transport.open(self._door.admit)
        except TimeoutError:
            log.info("a client did not finish its handshake")
        except asyncio.CancelledError:
            transport.close()
            raise
        except Exception:
            log.exception("a handshake failed")
        return False
