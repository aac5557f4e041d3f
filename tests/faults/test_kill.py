"""A daemon that is killed at any moment of a turn loses nothing that its client was told."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import pytest
import pytest_asyncio

from tests.conftest import Spawn
from tests.support.client import Client, Message, agent_texts
from tests.support.fake_items import function_call, message, reasoning
from tests.support.fake_provider import FakeProvider, stream
from tests.support.home import Home
from tests.unit.agent.world import assert_valid

PHASES = 4


@pytest_asyncio.fixture
async def fake(home: Home) -> AsyncIterator[FakeProvider]:
    async with FakeProvider() as provider:
        home.write_config(provider.base_url)
        yield provider


def script(fake: FakeProvider, round_number: int) -> None:
    """A turn with every kind of row. What an earlier round left unused is dropped; ids repeat from round to round."""
    fake.replies.clear()
    fake.script(
        stream(
            reasoning(["think", "ing"]),
            message(f"first {round_number}", deltas=2),
            function_call("exec_command", {"cmd": f"echo {round_number}"}, call_id="call_0"),
            function_call("exec_command", {"cmd": "false"}, call_id="call_1"),
        ),
        stream(message(f"last {round_number}", deltas=2)),
    )


async def turn_killed_at(client: Client, thread_id: str, text: str, place: int) -> bool:
    """Run a turn and kill the daemon when message number `place` of it arrives; False if it ended before."""
    seen = 0

    def watch(_: Message) -> None:
        nonlocal seen
        seen += 1
        if seen == place:
            os.killpg(client.process.pid, signal.SIGKILL)

    since = client.mark()
    client.watch(watch)
    client.post(
        "turn/start", {"threadId": thread_id, "input": [{"type": "text", "text": text, "text_elements": []}]}
    ).add_done_callback(lambda answer: answer.exception())
    await client.wait_for(lambda message: message.get("method") == "turn/completed" or seen >= place, since=since)
    await client.kill()
    return seen >= place


def completed_items(client: Client) -> dict[str, Any]:
    found = [params["item"] for params in client.notifications("item/completed")]
    return {item["id"]: item for item in found}


@pytest.mark.parametrize("phase", range(PHASES))
async def test_what_a_client_saw_survives_a_kill(fake: FakeProvider, spawn: Spawn, phase: int) -> None:
    """Rounds on one thread, each in a new process that is killed one place further on."""
    client = await spawn()
    await client.initialize()
    thread = (await client.start_thread())["id"]
    await client.run_turn(thread, "warm up")
    told = completed_items(client)
    for place in count(phase + 1, PHASES):
        script(fake, place)
        killed = await turn_killed_at(client, thread, f"round {place}", place)
        told |= completed_items(client)

        client = await spawn()
        await client.initialize()
        resumed = (await client.request("thread/resume", {"threadId": thread}))["thread"]
        stored = {item["id"]: item for turn in resumed["turns"] for item in turn["items"]}
        assert {item_id: stored.get(item_id) for item_id in told} == told
        if not killed:
            assert resumed["turns"][-1]["status"] == "completed"
            break
        assert resumed["turns"][-1]["status"] != "inProgress"
    assert place > 20  # the turn has been cut at each of its messages
    script(fake, 0)
    messages = await client.run_turn(thread, "further")
    assert agent_texts(messages) == ["first 0", "last 0"]
    for request in fake.requests:
        assert_valid(request.json["input"])
    assert await client.close() == 0
