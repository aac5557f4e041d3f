"""The client as the api sees it: over the wire as far as it speaks that, else through what it shows its user."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Protocol

import msgspec

from spindled.rpc.connection import Client, OutgoingRequest
from spindled.rpc.envelope import decode_envelope, encode_notification
from spindled.rpc.errors import METHOD_NOT_FOUND, RpcError
from spindled.rpc.outbox import Piece
from spindled.rpc.peer import Peer

__all__ = ["Editor", "Ui"]

log = logging.getLogger(__name__)


class Ui(Protocol):
    """The editor's own means."""

    def wants(self, method: str) -> bool:
        """Whether a notification shows there."""

    def show(self, method: str, params: msgspec.Raw) -> None:
        """Show what a notification tells."""

    async def ask(self, method: str, params: Any) -> msgspec.Raw:
        """The user's answer to a server request of the wire. Raises RpcError for what cannot be asked there."""


class Editor:
    """A Connection. `speaks_wire`: the client has used the wire, so its notifications and questions mean something."""

    def __init__(self, peer: Peer, ui: Ui) -> None:
        self.closed = peer.closed
        self.speaks_wire = False
        self.shows_itself = False
        self._peer = peer
        self._ui = ui
        self._unknown: set[str] = set()  # questions that the client does not know

    @property
    def client(self) -> Client:
        return self._peer.client

    @client.setter
    def client(self, client: Client) -> None:
        self._peer.client = client

    def request(self, method: str, params: Any) -> OutgoingRequest:
        over_wire = self.speaks_wire and method not in self._unknown
        asked = self._peer.request(method, params) if over_wire else None
        answer = asyncio.get_running_loop().create_task(self._answer(asked, method, params), name=f"ask {method}")
        answer.add_done_callback(_looked_at)
        return OutgoingRequest(asked.id if asked else 0, answer)

    def notify(self, method: str, params: Any) -> None:
        if self.wants(method):
            self.send(encode_notification(method, params))

    def send(self, frame: bytes, piece: Piece | None = None, *, asked_for: bool = False) -> None:
        message = decode_envelope(frame)
        assert message.method is not None
        if self.speaks_wire and self._peer.wants(message.method):
            self._peer.send(frame, piece, asked_for=asked_for)
        if self._shows(message.method):
            self._ui.show(message.method, message.params)

    def wants(self, method: str) -> bool:
        return (self.speaks_wire and self._peer.wants(method)) or self._shows(method)

    @property
    def full(self) -> bool:
        return self._peer.full

    @property
    def behind(self) -> bool:
        return self._peer.behind

    def drop(self, reason: str) -> None:
        self._peer.drop(reason)

    def cancel(self, id: int | str, method: str) -> None:
        self._peer.cancel(id, method)

    async def wait_writable(self) -> None:
        await self._peer.wait_writable()

    def _shows(self, method: str) -> bool:
        return not self.shows_itself and self._ui.wants(method)

    async def _answer(self, asked: OutgoingRequest | None, method: str, params: Any) -> msgspec.Raw:
        """What the client answers; a client that does not know the question is asked in the editor's way."""
        if asked is not None:
            try:
                return await asked
            except RpcError as error:
                if error.code != METHOD_NOT_FOUND:
                    raise
                log.info("the client does not know %s", method)
                self._unknown.add(method)
            finally:
                asked.cancel()
        return await self._ui.ask(method, params)


def _looked_at(answer: asyncio.Task[msgspec.Raw]) -> None:
    """Nobody has to look at an error of a question that was given up."""
    if not answer.cancelled():
        answer.exception()
