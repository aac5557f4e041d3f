"""One connection, two conversations: what belongs to the wire of agents is told from the language server's own."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Callable
from typing import Protocol

import msgspec

from spindled.faces.lsp.lifecycle import Lifecycle
from spindled.rpc.envelope import ABSENT, Envelope, MalformedMessage, MessageId, decode_envelope
from spindled.rpc.errors import RpcError
from spindled.transport.base import Line, Transport
from spindled_protocol.methods import METHODS

__all__ = ["Channel", "LanguageSide"]

VERSION = b'{"jsonrpc":"2.0",'
TIME = re.compile(rb',"emittedAtMs":\d+\}\Z')
"""What the wire adds to notifications. JSON-RPC 2.0 has no such member, and language clients fail on it."""

log = logging.getLogger(__name__)


class LanguageSide(Protocol):
    """Who takes the messages of the standard, in the order of arrival."""

    def handle(self, message: Envelope, body: bytes) -> None:
        """Never raises; a request is answered."""

    def refuse(self, id: MessageId, error: RpcError) -> None:
        """Answer a request that came at the wrong time."""

    def cancel(self, id: MessageId, message: Envelope, body: bytes) -> None:
        """`$/cancelRequest`."""


class Channel:
    """The Transport of the one Peer. What is not the wire's goes to `language`, before what came after it."""

    def __init__(self, transport: Transport, language: Callable[[], LanguageSide]) -> None:
        self.lifecycle = Lifecycle()
        self._transport = transport
        self._language = language

    async def frames(self) -> AsyncIterator[list[Line]]:
        async for lines in self._transport.frames():
            for line in lines:
                if self._is_wire(line):
                    yield [line]
                if self.lifecycle.gone:
                    return

    def _is_wire(self, line: Line) -> bool:
        """What is no message counts as the wire's: the Peer answers it."""
        if line is None:
            return True
        try:
            message = decode_envelope(line)
        except MalformedMessage:
            return True
        if message.method is None:
            if isinstance(message.id, int):  # ours are integers, those of the language server are not
                return True
            self._language().handle(message, line)
            return False
        try:
            self.lifecycle.check(message.method)
        except RpcError as error:
            if isinstance(message.id, int | str):
                self._language().refuse(message.id, error)
            return False
        if is_of_the_wire(message.method):
            return True
        if message.method == "$/cancelRequest":
            self._cancel(message, line)
        elif message.method != "exit":
            self._language().handle(message, line)
        return False

    def _cancel(self, message: Envelope, line: bytes) -> None:
        id = cancelled_id(message.params)
        if id is None:
            log.warning("$/cancelRequest without an id")
        else:
            self._language().cancel(id, message, line)

    # -- the rest of a Transport

    @property
    def pending(self) -> int:
        return self._transport.pending

    def write(self, data: bytes) -> None:
        """Whatever is written, in the wire's form, leaves as JSON-RPC 2.0 by the letter."""
        self._transport.write(b"".join(by_the_letter(frame) for frame in data.split(b"\n") if frame))

    async def drain(self) -> None:
        await self._transport.drain()

    async def flush(self) -> None:
        await self._transport.flush()

    def close(self) -> None:
        self._transport.close()


def by_the_letter(frame: bytes) -> bytes:
    return b"%b%b\n" % (VERSION, TIME.sub(b"}", frame)[1:])


def is_of_the_wire(method: str) -> bool:
    """Whether it is a request that agents' clients make; `initialize` is the language server's here."""
    found = METHODS.get(method)
    return found is not None and found.kind == "client_request" and method != "initialize"


class CancelParams(msgspec.Struct):
    id: int | str


def cancelled_id(params: msgspec.Raw) -> MessageId | None:
    if params is ABSENT:
        return None
    try:
        return msgspec.json.decode(params, type=CancelParams).id
    except (msgspec.DecodeError, RecursionError):
        return None
