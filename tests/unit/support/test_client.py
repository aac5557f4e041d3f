"""The tests' own client, against a stand-in."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.client import Client, ConnectionEnded, RequestFailed

DAEMON = Path(__file__).with_name("daemon.py")


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Client]:
    async with await Client.start([sys.executable, DAEMON]) as client:
        yield client


async def test_answers_and_errors(client):
    assert await client.request("echo", {"a": 1}) == {"a": 1}
    assert len(await client.request("long")) == 300_000
    with pytest.raises(RequestFailed, match="no") as failure:
        await client.request("fail")
    assert failure.value.code == -32600


async def test_a_registered_handler_answers_requests(client):
    client.on_request("item/commandExecution/requestApproval", lambda params: {"got": params["n"]})
    await client.request("ask")
    assert (await client.wait_for("answered"))["params"] == {"got": 1}


async def test_what_a_handler_raises_is_found_at_close(client):
    client.on_request("item/commandExecution/requestApproval", lambda params: params["missing"])
    await client.request("ask")
    with pytest.raises(AssertionError, match="missing"):
        await client.close()


async def test_a_turn_gives_its_messages_up_to_its_end(client):
    messages = await client.run_turn("thread", "text")
    assert messages[-1]["method"] == "turn/completed"
    assert await client.wait_for("afterwards", since=len(messages))


async def test_everything_is_recorded_in_order(client):
    seen = []
    client.watch(seen.append)
    await client.request("echo", {})
    client.notify("silence")
    assert [line.direction for line in client.transcript] == ["->", "<-", "->"]
    assert seen == client.received == [{"id": 1, "result": {}}]


async def test_the_end_of_the_daemon_fails_whoever_waits(client):
    waiting = asyncio.ensure_future(client.wait_for("never"))
    with pytest.raises(ConnectionEnded):
        await client.request("vanish")
    with pytest.raises(ConnectionEnded):
        await waiting
    with pytest.raises(ConnectionEnded):
        await client.wait_for("never")
    assert await client.process.wait() == 3


async def test_a_late_answer_shows_the_transcript(client):
    with pytest.raises(TimeoutError, match=r'no answer to silence .*\n(.*\n)*-> .*"silence"'):
        await client.request("silence", patience=0.01)


async def test_close_gives_the_exit_code_and_kill_ends_it(client):
    assert await client.close() == 0
    await client.kill()
    other = await Client.start([sys.executable, DAEMON])
    await other.kill()
    assert other.process.returncode == -9


async def test_a_line_that_is_no_json_is_a_fault(client):
    await client.request("garbage")
    with pytest.raises(AssertionError, match="no JSON"):
        await client.close()


async def test_a_check_sees_every_message():
    def check(message, answered):
        raise AssertionError(f"refused: {answered}")

    async with await Client.start([sys.executable, DAEMON], check=check) as client:
        await client.request("echo", {})
        assert client.faults == ["refused: echo"]
