"""Many clients of one daemon: each that connects is let in, or not, and served until it leaves."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeAlias

from spindled.faces.appserver import AppServer, Dispatch
from spindled.faces.life import AT_END_OF_INPUT
from spindled.faces.sockets.door import Door
from spindled.faces.sockets.listener import Listener
from spindled.rpc.peer import Peer
from spindled.transport.websocket import WebSocketTransport

__all__ = ["Admit", "Guest", "SocketServer", "through"]

HANDSHAKE_SECONDS = 10.0

log = logging.getLogger(__name__)


class Guest(NamedTuple):
    """A client that was let in. `leave` is called when it is served no more, before its connection is closed."""

    peer: Peer
    leave: Callable[[], None] = lambda: None


Admit: TypeAlias = Callable[[socket.socket], Awaitable[Guest | None]]
"""Owns the socket. None: not let in. Raises OSError if the client was gone at once."""


def through(door: Door, server: AppServer) -> Admit:
    """Clients of the app-server, over websockets."""

    async def admit(connection: socket.socket) -> Guest | None:
        transport = WebSocketTransport(connection)
        try:
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                if await transport.open(door.admit):
                    return Guest(Peer(transport, Dispatch(server)))
        except TimeoutError:
            log.info("a client did not finish its handshake")
        except BaseException:
            transport.close()
            raise
        transport.close()
        return None

    return admit


class SocketServer:
    """`peers` are the clients that are in now."""

    def __init__(self, admit: Admit) -> None:
        self.peers: set[Peer] = set()
        self._admit = admit
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
            guest = await self._admit(connection)
        except OSError as error:
            log.info("a client was gone at once: %s", error.strerror)
            return connection.close()
        except Exception:
            log.exception("a handshake failed")
            return None
        if guest is None:
            return None
        peer = guest.peer
        self.peers.add(peer)
        try:
            await peer.serve()
        except Exception:
            log.exception("a connection failed")
        finally:
            guest.leave()
        await peer.finish(AT_END_OF_INPUT.requests)
        await peer.close(AT_END_OF_INPUT.client)
        self.peers.discard(peer)
        return None
