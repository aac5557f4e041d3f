"""One language client: its connection, its documents, and what it is shown."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from functools import cached_property
from typing import Any

import msgspec

from spindled.faces.appserver import AppServer, Dispatch
from spindled.faces.lsp.channel import Channel
from spindled.faces.lsp.documents import Documents
from spindled.faces.lsp.editor import Editor
from spindled.faces.lsp.hello import Hello, read_hello
from spindled.faces.lsp.logs import ClientLog
from spindled.faces.lsp.server import AgentServer, Feed, Host
from spindled.faces.lsp.window import Window
from spindled.faces.server_info import describe_server
from spindled.rpc.connection import Connection
from spindled.rpc.envelope import Envelope, MessageId, encode_error
from spindled.rpc.errors import RpcError
from spindled.rpc.peer import Call, Peer
from spindled.transport.base import Transport
from spindled_protocol.methods import METHODS
from spindled_protocol.version import WIRE_VERSION

__all__ = ["Face"]

SHOWN = frozenset({"turn/started", "item/started", "turn/completed", "warning", "configWarning", "error"})
"""What a client without an interface for agents is shown of the wire's notifications."""

log = logging.getLogger(__name__)


class Face:
    """`peer` is the whole connection: `serve` it, then close it. Implements LanguageSide and Ui."""

    def __init__(self, transport: Transport, server: AppServer, on_parent_gone: Callable[[], None]) -> None:
        self.channel = Channel(transport, lambda: self)
        self.documents = Documents()
        self._server = server
        self._dispatch = Dispatch(server)
        self.peer = Peer(self.channel, WireDispatch(self))
        self.editor = Editor(self.peer, self)
        self._language = AgentServer(Host(self._announcement, self._command, self.peer.send))
        self._feed = Feed(self._language, self.refuse)
        self._window = Window(self._language)
        self._log = ClientLog(self._window)
        self._on_parent_gone = on_parent_gone
        self._hello = Hello(b"")
        self._opened = False

    @property
    def exit_code(self) -> int:
        return self.channel.lifecycle.exit_code

    # -- LanguageSide

    def handle(self, message: Envelope, body: bytes) -> None:
        try:
            if message.method is not None and self.documents.take(message.method, message.params):
                return
        except msgspec.DecodeError as error:
            log.warning("%s: %s", message.method, error)
            return
        if message.method == "initialize":
            self._hello = read_hello(message.params)
        self._feed.handle(message.id if message.method else None, body)
        if message.method == "initialize":
            if self._language.is_initialized:
                self._welcome()
            else:
                self.channel.lifecycle.refused()

    def refuse(self, id: MessageId, error: RpcError) -> None:
        self.peer.send(encode_error(id, error))

    def cancel(self, id: MessageId, message: Envelope, body: bytes) -> None:
        if not self.peer.give_up(id):
            self.handle(message, body)

    # -- the wire

    def request(self, method: str, params: msgspec.Raw) -> Call:
        """A request of the wire, on this connection."""
        self.editor.speaks_wire = True
        self._open()
        return self._dispatch.request(self.editor, method, params)

    def notification(self, method: str, params: msgspec.Raw) -> None:
        self._dispatch.notification(self.editor, method, params)

    # -- Ui

    def wants(self, method: str) -> bool:
        return method in SHOWN

    def show(self, method: str, params: msgspec.Raw) -> None:
        try:
            self._window.trace(method, bytes(params).decode())
            self._ui.show(method, params)
        except Exception:
            log.exception("%s is not shown", method)

    async def ask(self, method: str, params: Any) -> msgspec.Raw:
        answer: msgspec.Raw = await self._ui.ask(method, params)
        return answer

    # -- life

    def close(self) -> None:
        """Before the connection is closed: nobody is shown anything any more."""
        self._log.detach()
        if "_ui" in self.__dict__:
            self._ui.close()

    def _welcome(self) -> None:
        self.documents.encoding = self._language.encoding
        self.editor.shows_itself = self._hello.ui
        self.editor.speaks_wire = self._hello.ui
        self._dispatch.greeted(self.editor, self._hello.wire)
        self._log.attach()
        if self._hello.process_id is not None:
            self._watch(self._hello.process_id)

    def _watch(self, parent: int) -> None:
        """End with the client, also where the connection would not tell."""
        try:
            fd = os.pidfd_open(parent)
        except OSError:  # of another machine or container
            return

        def gone() -> None:
            asyncio.get_running_loop().remove_reader(fd)
            os.close(fd)
            self._on_parent_gone()

        asyncio.get_running_loop().add_reader(fd, gone)

    def _open(self) -> None:
        """Let threads see what the editor has. Raises what keeps the application shut."""
        if not self._opened:
            from spindled.faces.lsp.files import EditorFiles

            session = self._dispatch.session(self.editor)
            session.application.files = EditorFiles(self.documents, self._window)
            self._opened = True

    @cached_property
    def _ui(self) -> Any:
        from spindled.faces.lsp.agent import Agent
        from spindled.faces.lsp.ui import StandardUi

        return StandardUi(self._window, Agent(self._dispatch, self.editor), self._server.home)

    @cached_property
    def _commands(self) -> Any:
        from spindled.faces.lsp.agent import Agent
        from spindled.faces.lsp.commands import Commands

        return Commands(Agent(self._dispatch, self.editor), self._ui, self.documents)

    async def _command(self, name: str, arguments: list[Any]) -> Any:
        from spindled.faces.lsp.commands import Folders

        self._open()
        return await self._commands.run(name, arguments, Folders(self._language.folders))

    def _announcement(self) -> dict[str, Any]:
        """What of the wire there is on this connection: made from the tables, so it is never behind."""
        kinds: dict[str, list[str]] = {"server_notification": [], "server_request": []}
        for name, method in METHODS.items():
            if method.kind in kinds:
                kinds[method.kind].append(name)
        name = msgspec.json.decode(self._hello.wire)["clientInfo"]["name"]
        return {
            **describe_server(name, self._server.home),
            "wireVersion": WIRE_VERSION,
            "methods": sorted(self._server.served),
            "notifications": kinds["server_notification"],
            "requests": kinds["server_request"],
        }


class WireDispatch:
    """The Dispatcher of the wire's part: the api knows the client as its Editor, not as the bare Peer."""

    def __init__(self, face: Face) -> None:
        self._face = face

    def request(self, connection: Connection, method: str, params: msgspec.Raw) -> Call:
        return self._face.request(method, params)

    def notification(self, connection: Connection, method: str, params: msgspec.Raw) -> None:
        self._face.notification(method, params)
