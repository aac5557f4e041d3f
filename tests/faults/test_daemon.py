"""The daemon against clients that misbehave: gone, silent, in a hurry, or speaking no JSON."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.conftest import Spawn
from tests.support.client import Client, RequestFailed, agent_texts, is_completion_of
from tests.support.fake_items import function_call, hold, message
from tests.support.fake_provider import End, FakeProvider, stream
from tests.support.home import Home
from tests.unit.agent.world import assert_valid

DELTAS = 20_000
MEBIBYTE = 1 << 20


@pytest_asyncio.fixture
async def fake(home: Home) -> AsyncIterator[FakeProvider]:
    async with FakeProvider() as provider:
        home.write_config(provider.base_url)
        yield provider


@pytest_asyncio.fixture
async def client(fake: FakeProvider, spawn: Spawn) -> Client:
    client = await spawn()
    await client.initialize()
    return client


def stdout_of(client: Client) -> asyncio.ReadTransport:
    """The client's end of the daemon's standard output."""
    transport: Any = client.process._transport  # type: ignore[attr-defined]
    pipe: asyncio.ReadTransport = transport.get_pipe_transport(1)
    return pipe


def most_memory(client: Client) -> int:
    """The largest resident size that the daemon ever had, in bytes."""
    status = Path(f"/proc/{client.process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) * 1024


async def test_a_client_that_stops_reading_does_not_grow_the_daemon(fake: FakeProvider, client: Client) -> None:
    """While it does not read, other threads go on; when it reads again, everything is there and in order."""
    slow, other = [(await client.start_thread())["id"] for _ in range(2)]
    await client.run_turn(slow, "warm up")
    await client.run_turn(other, "warm up")
    before = most_memory(client)
    words = [f"{number:07d}" + "." * 93 for number in range(DELTAS)]
    fake.script(stream(message(deltas=words, hold_after=(2_000, "some")), match="slow turn"))
    turn = await client.start_turn(slow, "slow turn")
    await fake.reached("some")
    stdout_of(client).pause_reading()
    fake.release("some")
    client.post("turn/start", {"threadId": other, "input": [{"type": "text", "text": "other", "text_elements": []}]})
    await fake.wait_requests(4)  # the daemon serves others meanwhile
    stdout_of(client).resume_reading()
    await client.wait_for(is_completion_of(turn["id"]), patience=25)
    deltas = [
        params["delta"] for params in client.notifications("item/agentMessage/delta") if params["threadId"] == slow
    ]
    assert "".join(deltas).endswith("".join(words))
    assert agent_texts(client.received)[-1:] != []
    assert most_memory(client) - before < 64 * MEBIBYTE


async def test_a_client_that_closes_its_end_stops_the_daemon(fake: FakeProvider, client: Client, spawn: Spawn) -> None:
    thread = (await client.start_thread())["id"]
    fake.script(stream(message("kept"), hold("here"), message("never seen"), end=End.STALL))
    await client.start_turn(thread, "hello")
    await client.wait_for(lambda message: agent_texts([message]) == ["kept"])
    stdout_of(client).close()
    fake.release("here")
    await client.process.wait()
    assert client.process.returncode == 0
    await fake.requests[0].gone.wait()

    second = await spawn()
    await second.initialize()
    resumed = (await second.request("thread/resume", {"threadId": thread}))["thread"]
    assert [item["type"] for item in resumed["turns"][0]["items"]][:2] == ["userMessage", "agentMessage"]
    assert resumed["turns"][0]["status"] == "interrupted"
    assert agent_texts(await second.run_turn(thread, "again")) == ["ok"]


async def test_a_client_that_leaves_in_the_middle_of_a_command(
    fake: FakeProvider, client: Client, spawn: Spawn, tmp_path: Path
) -> None:
    thread = (await client.start_thread())["id"]
    fifo = tmp_path / "fifo"
    script = f"mkfifo {fifo}; echo ready; cat {fifo}"
    fake.script(stream(function_call("exec_command", {"cmd": script})))
    await client.start_turn(thread, "hello")
    await client.wait_for("item/commandExecution/outputDelta")
    assert await client.close() == 0
    completed = [params["item"] for params in client.notifications("item/completed")]
    assert [item["status"] for item in completed if item["type"] == "commandExecution"] == ["failed"]
    second = await spawn()
    await second.initialize()
    await second.request("thread/resume", {"threadId": thread})
    await second.run_turn(thread, "again")
    assert_valid(fake.requests[-1].json["input"])


async def test_two_daemons_on_one_home(fake: FakeProvider, client: Client, spawn: Spawn) -> None:
    thread = (await client.start_thread())["id"]
    await client.run_turn(thread, "hello")
    second = await spawn()
    await second.initialize()
    with pytest.raises(RequestFailed, match="already has an active writer"):
        await second.request("thread/resume", {"threadId": thread})
    read = await second.request("thread/read", {"threadId": thread, "includeTurns": True})
    assert len(read["thread"]["turns"]) == 1
    listed = await second.request("thread/list", {})
    assert [each["id"] for each in listed["data"]] == [thread]
    assert agent_texts(await second.run_turn((await second.start_thread())["id"], "mine")) == ["ok"]
    await client.kill()  # the lock dies with its holder
    await second.request("thread/resume", {"threadId": thread})
    assert agent_texts(await second.run_turn(thread, "taken over")) == ["ok"]


async def test_two_resumes_at_once(fake: FakeProvider, client: Client, spawn: Spawn) -> None:
    thread = (await client.start_thread())["id"]
    await client.run_turn(thread, "hello")
    await client.close()
    second = await spawn()
    await second.initialize()
    answers = await asyncio.gather(*(second.post("thread/resume", {"threadId": thread}) for _ in range(4)))
    assert [answer["result"]["thread"]["id"] for answer in answers] == [thread] * 4
    assert agent_texts(await second.run_turn(thread, "again")) == ["ok"]


async def test_a_turn_right_after_an_interrupt_is_one_of_its_own(fake: FakeProvider, client: Client) -> None:
    thread = (await client.start_thread())["id"]
    fake.script(stream(message("half", hold_after=(1, "here"))))
    first = await client.start_turn(thread, "first")
    await fake.reached("here")
    interrupted = client.post("turn/interrupt", {"threadId": thread, "turnId": first["id"]})
    second = await client.start_turn(thread, "second")
    assert (await interrupted)["result"] == {}
    assert second["id"] != first["id"]
    done = await client.wait_for(is_completion_of(second["id"]))
    assert done["params"]["turn"]["status"] == "completed"
    completions = [params["turn"]["id"] for params in client.notifications("turn/completed")]
    assert completions == [first["id"], second["id"]]
    assert "second" in str(fake.requests[-1].json["input"][-1])


async def test_bytes_that_are_no_messages(client: Client) -> None:
    since = client.mark()
    client.send_raw(b'\xff\xfe{"id":1}\n{"id":7,"method":"thread/list","params":{"searchTerm":"\xc3\x28"}}\n[]\n{}\n\n')
    listed = await client.request("thread/loaded/list", {})
    assert listed["data"] == []
    answers = [message for message in client.received[since:] if "error" in message]
    assert {answer["id"] for answer in answers} >= {None, 7}


async def test_ten_thousand_requests_in_one_write(client: Client) -> None:
    thread = (await client.start_thread())["id"]
    count = 10_000
    lines = [b'{"id":"n%d","method":"thread/loaded/list","params":{}}\n' % number for number in range(count)]
    since = client.mark()
    client.send_raw(b"".join(lines))
    await client.wait_for(lambda message: message.get("id") == f"n{count - 1}", patience=25)
    answers = [message for message in client.received[since:] if str(message.get("id")).startswith("n")]
    assert [answer["id"] for answer in answers] == [f"n{number}" for number in range(count)]
    assert all(answer["result"]["data"] == [thread] for answer in answers)


@pytest.mark.parametrize("damage", ["junk", "torn", "both"])
async def test_a_damaged_rollout(fake: FakeProvider, client: Client, spawn: Spawn, damage: str) -> None:
    thread = await client.start_thread()
    for text in ("one", "two"):
        await client.run_turn(thread["id"], text)
    await client.close()
    rollout = Path(thread["path"])
    lines = rollout.read_bytes().splitlines(keepends=True)
    if damage in ("junk", "both"):
        lines.insert(len(lines) // 2, b'{"half": \xff\x00\n')
        lines.insert(3, b'[1, 2]\n"text"\n\n{"type":"event_msg","payload":{"type":"item_completed"}}\n')
    if damage in ("torn", "both"):
        lines[-1] = lines[-1][:-20]
    rollout.write_bytes(b"".join(lines))

    second = await spawn()
    await second.initialize()
    resumed = (await second.request("thread/resume", {"threadId": thread["id"]}))["thread"]
    questions = [
        item["content"][0]["text"]
        for turn in resumed["turns"]
        for item in turn["items"]
        if item["type"] == "userMessage"
    ]
    assert questions == ["one", "two"]
    assert agent_texts(await second.run_turn(thread["id"], "three")) == ["ok"]
    read = await second.request("thread/read", {"threadId": thread["id"], "includeTurns": True})
    assert len(read["thread"]["turns"]) == 3
    assert_valid(fake.requests[-1].json["input"])
