"""The end of input and SIGTERM in the middle of a turn: exit code 0, and no child stays."""

from __future__ import annotations

import asyncio
import signal

import pytest

from tests.conformance.conftest import Launch
from tests.conformance.steps import COMMAND_APPROVAL, command, open_thread
from tests.support.client import PATIENCE, Client
from tests.support.fake_items import message
from tests.support.fake_provider import FakeProvider, stream
from tests.support.flow import PIECES
from tests.support.home import Home
from tests.support.processes import with_environment

HALF = message("one two three four", deltas=["one ", "two ", "three ", "four"], hold_after=(2, "half"))
WAYS = ["end of input", "SIGTERM", "SIGINT"]


async def leave(client: Client, way: str) -> int:
    if way == "end of input":
        return await client.close()
    client.process.send_signal(getattr(signal, way))
    async with asyncio.timeout(PATIENCE):
        return await client.process.wait()


@pytest.mark.parametrize("way", WAYS)
async def test_in_a_stream(launch: Launch, provider: FakeProvider, way: str) -> None:
    client = await launch()
    provider.script(stream(HALF))
    thread = await open_thread(client)
    turn = await client.start_turn(thread, "hi")
    await client.wait_for("item/agentMessage/delta")
    assert await leave(client, way) == 0
    assert "Traceback" not in client.stderr
    await provider.requests[0].gone.wait()

    other = await launch()
    resumed = await other.request("thread/resume", {"threadId": thread})
    turns = resumed["thread"]["turns"]
    assert [(each["id"], each["status"]) for each in turns] == [(turn["id"], "interrupted")]


@pytest.mark.parametrize("way", WAYS)
async def test_in_a_command(launch: Launch, provider: FakeProvider, home: Home, way: str) -> None:
    client = await launch()
    provider.script(stream(command("sleep 1000 & echo started; sleep 1000", yield_time_ms=20_000)))
    await client.start_turn(await open_thread(client), "hi")
    await client.wait_for(PIECES)
    assert with_environment("SPINDLED_HOME", str(home.path), besides=client.process.pid)
    assert await leave(client, way) == 0
    assert "Traceback" not in client.stderr
    assert not with_environment("SPINDLED_HOME", str(home.path), besides=0)


@pytest.mark.parametrize("way", WAYS)
async def test_in_an_approval(launch: Launch, provider: FakeProvider, home: Home, way: str) -> None:
    client = await launch()
    provider.script(stream(command("touch made.txt")))
    await client.start_turn(await open_thread(client, approvalPolicy="untrusted"), "hi")
    await client.wait_for(COMMAND_APPROVAL)
    assert await leave(client, way) == 0
    assert "Traceback" not in client.stderr
    assert not (home.workspace / "made.txt").exists()


@pytest.mark.parametrize("way", WAYS)
async def test_with_everything_that_belongs_to_a_client(launch: Launch, home: Home, way: str) -> None:
    client = await launch()
    stubborn = ["sh", "-c", "trap '' TERM; sleep 1000 & echo ready; wait"]
    streams = {"command": stubborn, "streamStdoutStderr": True}
    client.post("command/exec", {**streams, "processId": "p", "disableTimeout": True})
    await client.wait_for("command/exec/outputDelta")
    await client.request(
        "process/spawn", {**streams, "processHandle": "h", "cwd": str(home.workspace), "timeoutMs": None}
    )
    await client.wait_for("process/outputDelta")
    thread = await open_thread(client)
    await client.request("thread/shellCommand", {"threadId": thread, "command": "trap '' TERM; echo ready; sleep 1000"})
    await client.wait_for(PIECES)
    await client.request("fs/watch", {"watchId": "w", "path": str(home.workspace)})
    await client.request("fuzzyFileSearch/sessionStart", {"sessionId": "s", "roots": ["/"]})
    assert await leave(client, way) == 0
    assert "Traceback" not in client.stderr
    assert not with_environment("SPINDLED_HOME", str(home.path), besides=0)
