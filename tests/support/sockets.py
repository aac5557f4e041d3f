"""A daemon that listens, and clients that connect to it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect, unix_connect
from websockets.exceptions import ConnectionClosed

from tests.support.client import PATIENCE, Check, Client

LISTENING = b"listening on: "


class Daemon:
    """Made by `Daemon.start`; everybody who uses `async with` leaves no process behind."""

    def __init__(self, process: asyncio.subprocess.Process, check: Check | None) -> None:
        self.process = process
        self.address = ""
        """As the daemon told it: unix://PATH or ws://HOST:PORT."""
        self.clients: list[SocketClient] = []
        self._check = check
        self._stderr = bytearray()
        self._said = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None

    @classmethod
    async def start(
        cls, command: Sequence[str | Path], *, env: dict[str, str], cwd: Path, check: Check | None = None
    ) -> Daemon:
        """Returns when it listens. Raises AssertionError with what it said instead."""
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env=env,
            cwd=cwd,
            start_new_session=True,
        )
        daemon = cls(process, check)
        try:
            async with asyncio.timeout(PATIENCE):
                await daemon._until_listening()
        except BaseException:
            await daemon.kill()
            raise
        daemon._reader = asyncio.create_task(daemon._read())
        return daemon

    async def __aenter__(self) -> Daemon:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()

    @property
    def stderr(self) -> str:
        return self._stderr.decode(errors="replace")

    async def connect(self, *, headers: Mapping[str, str] | None = None) -> SocketClient:
        """Not initialized yet. Raises what `websockets` raises when the handshake is refused."""
        client = SocketClient(self, await self.open(headers=headers), self._check)
        self.clients.append(client)
        return client

    async def open(self, **options: Any) -> ClientConnection:
        """A bare websocket."""
        options = {"additional_headers": options.pop("headers", None), "max_size": None, "proxy": None, **options}
        if self.address.startswith("unix://"):
            return await unix_connect(self.address.removeprefix("unix://"), "ws://localhost/", **options)
        return await connect(self.address, **options)

    def raw(self) -> socket.socket:
        """A bare connection, for those who do not keep to the rules."""
        if self.address.startswith("unix://"):
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(self.address.removeprefix("unix://"))
            except OSError:
                connection.close()
                raise
            return connection
        host, _, port = self.address.removeprefix("ws://").rpartition(":")
        return socket.create_connection((host, int(port)), PATIENCE)

    async def until_logged(self, text: str, times: int = 1) -> None:
        """Returns when stderr has this."""
        async with asyncio.timeout(PATIENCE):
            while self.stderr.count(text) < times:
                self._said.clear()
                await self._said.wait()

    async def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()

    async def kill(self) -> None:
        for client in self.clients:
            await client.kill()
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)

    async def _until_listening(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self._stderr += line
            if LISTENING in line:
                self.address = line.partition(LISTENING)[2].decode().strip()
                return
        raise AssertionError(f"the daemon does not listen:\n{self.stderr}")

    async def _read(self) -> None:
        assert self.process.stderr is not None
        while chunk := await self.process.stderr.read(1 << 16):
            self._stderr += chunk
            self._said.set()


class SocketClient(Client):
    """One connection. `close` and `kill` end that, not the daemon."""

    def __init__(self, daemon: Daemon, websocket: ClientConnection, check: Check | None) -> None:
        self.daemon = daemon
        self.websocket = websocket
        self._outgoing: asyncio.Queue[str | None] = asyncio.Queue()
        self._writer = asyncio.create_task(self._write())
        super().__init__(daemon.process, check)

    @property
    def stderr(self) -> str:
        return self.daemon.stderr

    def send_raw(self, data: bytes) -> None:
        """One text frame a line."""
        for line in data.split(b"\n"):
            if line:
                self._outgoing.put_nowait(line.decode(errors="surrogateescape"))

    async def close(self) -> int:
        """Leaves; 0. Raises AssertionError for what `check` found."""
        self._outgoing.put_nowait(None)
        await self._within(PATIENCE, self._writer, "nothing can be sent")
        await self.websocket.close()
        await self._reap()
        assert not self.faults, self.tail()
        return 0

    async def kill(self) -> None:
        """The connection is cut."""
        self.websocket.transport.abort()
        await self._reap()

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while (message := await self._outgoing.get()) is not None:
                await self.websocket.send(message)

    async def _incoming(self) -> AsyncIterator[bytes]:
        with contextlib.suppress(ConnectionClosed):
            while True:
                yield (await self.websocket.recv(decode=False))

    async def _read_stderr(self) -> None:
        """The daemon does."""

    async def _reap(self) -> None:
        for task in (*self._answering, self._writer):
            task.cancel()
        await asyncio.gather(*self._readers, *self._answering, self._writer, return_exceptions=True)
