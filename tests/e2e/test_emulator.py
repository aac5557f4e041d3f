"""The issue's third party: an emulator of all three APIs that nobody here wrote, a turn with a command through each."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.conformance.steps import open_thread
from tests.conftest import Spawn
from tests.support.client import agent_texts
from tests.support.home import Home

pytest.importorskip("llm_mock_api", reason="the emulator is a development dependency")

# A process of its own: it brings its own web server.
EMULATOR = """
import asyncio, sys
from llm_mock_api import ErrorReply, MockServer, MockServerOptions, ReplyObject, ToolCall

async def main():
    async with MockServer(MockServerOptions(default_chunk_size=4)) as server:
        call = ToolCall(id="call_1", name="exec_command", args={"cmd": "echo run"})
        server.when("run it").reply(ReplyObject(reasoning="A command.", tools=[call]))
        server.when_tool_result("call_1").reply(ReplyObject(text="All done, Grüße.")).first()
        odd = ErrorReply(status=400, message="It is odd.", type="invalid_request_error")
        server.when("be odd").reply(ReplyObject(error=odd))
        print(server.url, flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""
PIPE = asyncio.subprocess.PIPE


@pytest_asyncio.fixture
async def emulator() -> AsyncIterator[str]:
    """Its address."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", EMULATOR, stdin=PIPE, stdout=PIPE)
    assert process.stdout is not None
    yield (await process.stdout.readline()).decode().strip()
    process.kill()  # its server would wait for our idle connections
    await process.communicate()


@pytest.mark.parametrize("wire_api", ["responses", "chat", "messages"])
async def test_a_turn_with_a_command(home: Home, spawn: Spawn, emulator: str, wire_api: str) -> None:
    home.write_config(f"{emulator}/v1", provider={"wire_api": wire_api})
    client = await spawn()
    await client.initialize()
    thread = await open_thread(client)
    messages = await client.run_turn(thread, "run it")
    assert agent_texts(messages) == ["All done, Grüße."]
    items = [message["params"]["item"] for message in messages if message.get("method") == "item/completed"]
    (command,) = [item for item in items if item["type"] == "commandExecution"]
    assert (command["exitCode"], command["aggregatedOutput"]) == (0, "run\n")
    messages = await client.run_turn(await open_thread(client), "be odd")
    error = messages[-1]["params"]["turn"]["error"]
    assert (error["codexErrorInfo"], error["message"]) == ("other", "It is odd.")
