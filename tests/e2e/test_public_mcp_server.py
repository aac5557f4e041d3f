"""An MCP server that nobody here wrote, in another language: the "everything" server of the protocol's authors, from
npm. It is fetched, so it runs only if asked for:

    MCP_NODE=/some/folder pytest tests/e2e/test_public_mcp_server.py -s

The folder gets the package and is used again the next time.
"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from tests.conftest import Spawn
from tests.support.client import Client, Message
from tests.support.fake_items import function_call
from tests.support.fake_provider import FakeProvider, stream
from tests.support.flow import items, of
from tests.support.home import Home
from tests.support.mcp_config import server

FOLDER = os.environ.get("MCP_NODE")
PACKAGE = "@modelcontextprotocol/server-everything"
PATIENCE = 60.0

pytestmark = [
    pytest.mark.skipif(not FOLDER, reason="MCP_NODE names no folder for the server"),
    pytest.mark.timeout(300),
]


async def installed() -> Path:
    program = Path(str(FOLDER)) / "node_modules" / ".bin" / "mcp-server-everything"
    if not program.exists():
        npm = await asyncio.create_subprocess_exec("npm", "install", "--silent", "--prefix", str(FOLDER), PACKAGE)
        assert await npm.wait() == 0
    return program


def ready(message: Message) -> bool:
    return message.get("method") == "mcpServer/startupStatus/updated" and message["params"]["status"] == "ready"


async def opened(home: Home, spawn: Spawn, provider: FakeProvider) -> tuple[Client, str]:
    tables = server("every", command=str(await installed()), args=["stdio"], default_tools_approval_mode="approve")
    home.write_config(provider.base_url, approval_policy="on-request", tables=tables)
    client = await spawn()
    await client.initialize()
    thread = (await client.start_thread())["id"]
    await client.wait_for(ready, patience=PATIENCE)
    return client, thread


async def test_its_tools_run_in_a_turn(home: Home, spawn: Spawn) -> None:
    async with FakeProvider() as provider:
        client, thread = await opened(home, spawn, provider)
        provider.script(
            stream(function_call("mcp__every__echo", {"message": "over there"}, call_id="c1")),
            stream(function_call("mcp__every__get_tiny_image", {}, call_id="c2")),
            stream(function_call("mcp__every__get_structured_content", {"location": "New York"}, call_id="c3")),
            stream(
                function_call("mcp__every__trigger_long_running_operation", {"duration": 0.5, "steps": 3}, call_id="c4")
            ),
        )
        messages = await client.run_turn(thread, "go", patience=PATIENCE)
        echo, image, structured, long = items(messages, "mcpToolCall")
        assert {item["status"] for item in (echo, image, structured, long)} == {"completed"}
        assert "over there" in echo["result"]["content"][0]["text"]
        assert "image" in [block["type"] for block in image["result"]["content"]]
        assert structured["result"]["structuredContent"]
        assert of(messages, "item/mcpToolCall/progress")
        assert await client.close() == 0


async def test_what_it_offers_and_asks(home: Home, spawn: Spawn) -> None:
    async with FakeProvider() as provider:
        client, thread = await opened(home, spawn, provider)
        listed = await client.request("mcpServerStatus/list", {"threadId": thread}, patience=PATIENCE)
        (status,) = listed["data"]
        assert len(status["tools"]) >= 10
        assert status["resources"]
        uri = status["resources"][0]["uri"]
        read = await client.request("mcpServer/resource/read", {"threadId": thread, "server": "every", "uri": uri})
        assert read["contents"][0]["uri"] == uri
        if "trigger-elicitation-request" in status["tools"]:
            asked: list[Message] = []

            def answer(params: Message) -> Message:
                asked.append(params)
                return {"action": "decline", "content": None, "_meta": None}

            client.on_request("mcpServer/elicitation/request", answer)
            call = {"threadId": thread, "server": "every", "tool": "trigger-elicitation-request", "arguments": {}}
            result = await client.request("mcpServer/tool/call", call, patience=PATIENCE)
            assert asked
            assert "declin" in json.dumps(result).lower()
        assert await client.close() == 0
