"""pytest-lsp, a client that is not ours, drives the JSONL daemon; only the framing is told to it."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest_lsp
from cattrs import Converter
from pygls.client import JsonRPCClient
from pygls.exceptions import JsonRpcException
from pygls.protocol import (
    JsonRPCNotification,
    JsonRPCProtocol,
    JsonRPCRequestMessage,
    JsonRPCResponseMessage,
    default_converter,
)
from pytest_lsp import ClientServerConfig

from tests.support.home import Home, daemon_command

PATIENCE = 10.0
RECORDED = (
    "thread/started",
    "turn/started",
    "item/started",
    "item/completed",
    "item/agentMessage/delta",
    "turn/completed",
)


def plain_converter() -> Converter:
    """pygls' converter, with params and results left as they are."""
    converter = default_converter()
    fields = {
        JsonRPCRequestMessage: ("id", "method", "jsonrpc", "params"),
        JsonRPCResponseMessage: ("id", "jsonrpc", "result"),
        JsonRPCNotification: ("method", "jsonrpc", "params"),
    }
    for kind, names in fields.items():
        converter.register_structure_hook(
            kind, lambda obj, cls, names=names: cls(**{name: obj.get(name) for name in names})
        )
    return converter


class LineWriter:
    """Ends every message with a newline."""

    def __init__(self, stream: asyncio.StreamWriter) -> None:
        self._stream = stream

    def write(self, data: bytes) -> None:
        self._stream.write(data + b"\n")

    def close(self) -> None:
        self._stream.close()


class WireClient(JsonRPCClient):
    """Newline-delimited JSON without a `jsonrpc` member, to a daemon with a home of its own."""

    def __init__(self) -> None:
        super().__init__(JsonRPCProtocol, plain_converter)
        self.notes: list[tuple[str, dict[str, Any]]] = []
        self.waiting: list[tuple[Callable[[str, dict[str, Any]], bool], asyncio.Future[dict[str, Any]]]] = []
        self.asked: list[dict[str, Any]] = []
        self.folder = tempfile.TemporaryDirectory()
        self.home = Home.create(Path(self.folder.name))
        for method in RECORDED:
            self.feature(method)(self.recorder(method))

    def recorder(self, method: str) -> Callable[[dict[str, Any]], None]:
        def record(params: dict[str, Any]) -> None:
            self.notes.append((method, params))
            for matches, future in self.waiting:
                if not future.done() and matches(method, params):
                    future.set_result(params)

        return record

    async def start_io(self, cmd: str, *args: str, **kwargs: Any) -> None:
        pipe = asyncio.subprocess.PIPE
        kwargs["env"] = self.home.environment()
        self._server = await asyncio.create_subprocess_exec(
            cmd, *args, stdin=pipe, stdout=pipe, cwd=self.home.workspace, limit=1 << 26, **kwargs
        )
        assert self._server.stdin is not None
        self.protocol.set_writer(LineWriter(self._server.stdin), include_headers=False)
        self._async_tasks += [asyncio.create_task(self.read()), asyncio.create_task(self._server_exit())]

    async def read(self) -> None:
        assert self._server is not None
        assert self._server.stdout is not None
        async for line in self._server.stdout:
            message = {"jsonrpc": "2.0", **json.loads(line)}
            self.protocol.handle_message(self.protocol.structure_message(message))

    async def stop(self) -> None:
        """A JSONL session ends with its input: there is no shutdown request."""
        assert self._server is not None
        assert self._server.stdin is not None
        self._server.stdin.close()
        try:
            async with asyncio.timeout(PATIENCE):
                await super().stop()
        finally:
            if self._server.returncode is None:
                self._server.kill()
                await self._server.wait()
            self.folder.cleanup()
        assert self._server.returncode == 0

    async def request(self, method: str, **params: Any) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            answer: dict[str, Any] = (await self.protocol.send_request_async(method, params)) or {}
            return answer

    async def turn(self, thread_id: str, text: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The completed turn, and the items that were completed in it."""
        message = {"type": "text", "text": text, "text_elements": []}
        since = len(self.notes)
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.waiting.append((lambda method, _: method == "turn/completed", future))
        started = await self.request("turn/start", threadId=thread_id, input=[message])
        async with asyncio.timeout(PATIENCE):
            done = await future
        assert done["turn"]["id"] == started["turn"]["id"]
        return done["turn"], [params["item"] for method, params in self.notes[since:] if method == "item/completed"]

    def answer(self, method: str, decision: str) -> None:
        @self.feature(method)
        async def decide(params: dict[str, Any]) -> dict[str, Any]:
            self.asked.append(params)
            return {"decision": decision}


CONFIG = ClientServerConfig(server_command=daemon_command("-c", "model_provider=scripted"), client_factory=WireClient)


@pytest_lsp.fixture(config=CONFIG)
async def client(wire: WireClient) -> AsyncIterator[None]:
    info = {"name": "pytest_lsp", "title": None, "version": "1"}
    result = await wire.request("initialize", clientInfo=info, capabilities={"experimentalApi": True})
    assert result["userAgent"].startswith("pytest_lsp/")
    wire.protocol.notify("initialized")
    yield


async def start_thread(client: WireClient) -> str:
    started = await client.request("thread/start", cwd=str(client.home.workspace), approvalPolicy="untrusted")
    return str(started["thread"]["id"])


async def test_text(client: WireClient) -> None:
    turn, items = await client.turn(await start_thread(client), "say hello from the other side")
    assert turn["status"] == "completed"
    assert [item["type"] for item in items] == ["userMessage", "agentMessage"]
    assert items[-1]["text"] == "hello from the other side"
    assert "".join(p["delta"] for m, p in client.notes if m == "item/agentMessage/delta") == items[-1]["text"]


async def test_command_accepted(client: WireClient) -> None:
    client.answer("item/commandExecution/requestApproval", "accept")
    turn, items = await client.turn(await start_thread(client), "run touch made.txt && echo made")
    assert turn["status"] == "completed"
    assert len(client.asked) == 1
    command = next(item for item in items if item["type"] == "commandExecution")
    assert (command["status"], command["exitCode"], command["aggregatedOutput"]) == ("completed", 0, "made\n")
    assert (client.home.workspace / "made.txt").exists()


async def test_command_declined_does_not_run(client: WireClient) -> None:
    client.answer("item/commandExecution/requestApproval", "decline")
    turn, items = await client.turn(await start_thread(client), "run touch made.txt")
    assert turn["status"] == "completed"
    assert next(item for item in items if item["type"] == "commandExecution")["status"] == "declined"
    assert not (client.home.workspace / "made.txt").exists()


async def test_patch_accepted(client: WireClient) -> None:
    client.answer("item/fileChange/requestApproval", "accept")
    _, items = await client.turn(await start_thread(client), "write note.txt written")
    assert next(item for item in items if item["type"] == "fileChange")["status"] == "completed"
    assert (client.home.workspace / "note.txt").read_text() == "written\n"


async def test_errors_reach_the_client(client: WireClient) -> None:
    try:
        await client.request("thread/read", threadId="00000000-0000-7000-8000-000000000000")
    except JsonRpcException as error:
        assert error.code < 0
    else:
        raise AssertionError("no error")
