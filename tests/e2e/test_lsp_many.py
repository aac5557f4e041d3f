"""`spindled lsp --listen unix://PATH`: a language server for any number of editors, which ends by itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.support.client import PATIENCE, Message
from tests.support.home import Home, language_command
from tests.support.language import listening


class Editor:
    """A connection of its own."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._last = 0
        self.heard: list[Message] = []

    @classmethod
    async def come(cls, path: Path) -> Editor:
        editor = cls(*await asyncio.open_unix_connection(path))
        spindled = {"ui": True, "experimentalApi": True}
        await editor.ask("initialize", processId=None, capabilities={}, initializationOptions={"spindled": spindled})
        return editor

    async def ask(self, method: str, **params: Any) -> Message:
        self._last += 1
        body = json.dumps({"jsonrpc": "2.0", "id": self._last, "method": method, "params": params}).encode()
        self._writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        answer = await self.hear(lambda message: message.get("id") == self._last)
        return dict(answer["result"] or {})

    async def hear(self, wanted: Callable[[Message], bool]) -> Message:
        async with asyncio.timeout(PATIENCE):
            while True:
                header = await self._reader.readuntil(b"\r\n\r\n")
                message: Message = json.loads(await self._reader.readexactly(int(header.split()[1])))
                self.heard.append(message)
                if wanted(message):
                    return message

    async def leave(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


class Server:
    """A daemon that editors come to."""

    def __init__(self, process: asyncio.subprocess.Process, path: Path) -> None:
        self.process, self.path = process, path
        self._editors: list[Editor] = []

    async def editor(self) -> Editor:
        editor = await Editor.come(self.path)
        self._editors.append(editor)
        return editor

    async def ended(self) -> int:
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()

    async def clean_up(self) -> None:
        for editor in self._editors:
            await editor.leave()
        if self.process.returncode is None:
            self.process.kill()
        await self.process.communicate()


@pytest_asyncio.fixture
async def serve(home: Home, short_path: Path) -> AsyncIterator[Callable[..., Awaitable[Server]]]:
    servers: list[Server] = []

    async def start(*arguments: str) -> Server:
        path = short_path / "s"
        command = language_command("-c", "model_provider=scripted", "--listen", f"unix://{path}", *arguments)
        process, address = await listening(command, home.environment(), home.workspace)
        servers.append(Server(process, path))
        assert address == f"unix://{path}"
        return servers[-1]

    yield start
    for server in servers:
        await server.clean_up()


Serve = Callable[..., Awaitable[Server]]


async def test_a_turn_goes_on_while_its_editor_is_away_and_then_the_daemon_ends(serve: Serve) -> None:
    server = await serve("--idle", "1")
    first = await server.editor()
    thread = (await first.ask("thread/start"))["thread"]["id"]
    text = [{"type": "text", "text": "stream 60 words every 50 ms", "text_elements": []}]
    await first.ask("turn/start", threadId=thread, input=text)
    await first.hear(lambda message: message.get("method") == "item/agentMessage/delta")
    await first.leave()
    second = await server.editor()
    page = {"itemsView": "full"}
    answer = await second.ask("thread/resume", threadId=thread, excludeTurns=True, initialTurnsPage=page)
    assert [turn["status"] for turn in answer["initialTurnsPage"]["data"]] == ["inProgress"]
    await second.hear(lambda message: message.get("method") == "turn/completed")
    told = "".join(m["params"]["delta"] for m in second.heard if m.get("method") == "item/agentMessage/delta")
    assert len(told.split()) == 60
    await second.leave()
    assert await server.ended() == 0
    assert not server.path.exists()


async def test_each_editor_has_a_handshake_of_its_own(serve: Serve) -> None:
    server = await serve()
    one, other = await server.editor(), await server.editor()
    assert (await other.ask("thread/loaded/list"))["data"] == []
    thread = (await one.ask("thread/start"))["thread"]["id"]
    await other.hear(lambda message: message.get("method") == "thread/started")
    await one.ask("shutdown")
    assert (await other.ask("thread/loaded/list"))["data"] == [thread]
    server.process.terminate()
    assert await server.ended() == 0


@pytest.mark.parametrize("idle", ["0", "-1", "x", "1.5"])
async def test_a_time_that_makes_no_sense(idle: str) -> None:
    command = language_command("--listen", "unix:///tmp/none", "--idle", idle)
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    _, told = await process.communicate()
    assert (process.returncode, b"--idle" in told) == (2, True)
