"""A language client of the daemon that also speaks the wire of agents; see `client`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import websockets
from lsprotocol.types import METHOD_TO_TYPES

from tests.support.client import CLIENT_INFO, PATIENCE, Check, Client, Message, lines_of

LISTENING = b"listening on: "


class LanguageClient(Client):
    """Messages with Content-Length headers over a child's stdio, or over the connection that `connected` gives."""

    def __init__(self, process: asyncio.subprocess.Process, check: Check | None) -> None:
        self.reader, self.writer = process.stdout, process.stdin
        super().__init__(process, without_jsonrpc(check))

    @classmethod
    async def connected(
        cls, command: Sequence[str | Path], *, env: dict[str, str], cwd: Path, check: Check | None = None
    ) -> LanguageClient:
        """To a daemon that listens with --tcp or --pipe, as it tells on stderr."""
        process, address = await listening(command, env, cwd)
        scheme, _, place = address.partition("://")
        if scheme == "pipe":
            streams = await asyncio.open_unix_connection(place)
        else:
            host, _, port = place.rpartition(":")
            streams = await asyncio.open_connection(host, int(port))
        return ConnectedClient(process, streams, check)

    def send_raw(self, data: bytes) -> None:
        """A body for each line."""
        assert self.writer is not None
        for line in data.split(b"\n"):
            if line:
                self.writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(line), line))

    async def initialize(self, **capabilities: Any) -> Message:
        """The handshake of the standard; what it says of the wire."""
        result = await self.language(experimental={"spindled": {"experimentalApi": True, **capabilities}})
        return dict(result["capabilities"]["experimental"]["spindled"])

    async def language(self, *, folder: Path | None = None, **capabilities: Any) -> Message:
        """The handshake with these client capabilities; the whole result."""
        params: Message = {
            "processId": None,
            "clientInfo": CLIENT_INFO,
            "rootUri": folder.as_uri() if folder else None,
            "capabilities": capabilities,
        }
        result = await self.request("initialize", params)
        self.notify("initialized", {})
        return dict(result)

    async def command(self, name: str, **argument: Any) -> Any:
        params = {"command": f"spindled.{name}", "arguments": [argument] if argument else []}
        return await self.request("workspace/executeCommand", params)

    async def close(self) -> int:
        """`shutdown` and `exit`; the exit code. Raises AssertionError for what `check` found."""
        await self.request("shutdown")
        self.notify("exit")
        code: int = await self._within(PATIENCE, asyncio.ensure_future(self.process.wait()), "no exit")
        await self._reap()
        assert not self.faults, self.tail()
        return code

    async def _incoming(self) -> AsyncIterator[bytes]:
        assert self.reader is not None
        while header := await self.reader.readline():
            name, _, value = header.partition(b":")
            if name.lower() == b"content-length":
                assert await self.reader.readline() == b"\r\n"
                yield await self.reader.readexactly(int(value))


class ConnectedClient(LanguageClient):
    """Over a socket; stdout and stdin of the daemon are not used."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        check: Check | None,
    ) -> None:
        super().__init__(process, check)
        self.reader, self.writer = streams

    async def _reap(self) -> None:
        assert self.writer is not None
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()
        await super()._reap()


class WebSocketLanguageClient(LanguageClient):
    """A text frame each."""

    def __init__(
        self, process: asyncio.subprocess.Process, websocket: websockets.ClientConnection, check: Check | None
    ) -> None:
        self._websocket = websocket
        self._sent: asyncio.Queue[str] = asyncio.Queue()
        self._sender = asyncio.create_task(self._send())
        super().__init__(process, check)

    @classmethod
    async def connected(
        cls, command: Sequence[str | Path], *, env: dict[str, str], cwd: Path, check: Check | None = None
    ) -> LanguageClient:
        process, address = await listening(command, env, cwd)
        return cls(process, await websockets.connect(address, max_size=None, proxy=None), check)

    def send_raw(self, data: bytes) -> None:
        for line in data.split(b"\n"):
            if line:
                self._sent.put_nowait(line.decode())

    async def _send(self) -> None:
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                await self._websocket.send(await self._sent.get())

    async def _incoming(self) -> AsyncIterator[bytes]:
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                yield await self._websocket.recv(decode=False)

    async def _reap(self) -> None:
        self._sender.cancel()
        self._websocket.transport.abort()
        await asyncio.gather(self._sender, return_exceptions=True)
        await super()._reap()


async def listening(
    command: Sequence[str | Path], env: dict[str, str], cwd: Path
) -> tuple[asyncio.subprocess.Process, str]:
    """A daemon, and where it listens."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, stdin=pipe, stdout=pipe, stderr=pipe, env=env, cwd=cwd, start_new_session=True
    )
    assert process.stderr is not None
    async with asyncio.timeout(PATIENCE):
        async for line in lines_of(process.stderr):
            if LISTENING in line:
                return process, line.partition(LISTENING)[2].decode().strip()
    raise AssertionError("the daemon does not listen")


def without_jsonrpc(check: Check | None) -> Check:
    """Every message must say that it is JSON-RPC 2.0; those of the standard are not the wire's to check."""

    def checked(message: Message, answered: str | None) -> None:
        assert message.get("jsonrpc") == "2.0", "no jsonrpc member"
        standard = (message.get("method") or answered) in METHOD_TO_TYPES
        if check is not None and not standard and not (message.get("method") or "").startswith("$/"):
            check({name: value for name, value in message.items() if name != "jsonrpc"}, answered)

    return checked
