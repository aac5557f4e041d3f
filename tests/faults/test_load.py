"""Many threads, turns and clients at once, of which some never read: nothing is lost, doubled or left unanswered.

`SPINDLED_LOAD=full` does what the project promises: 1,000 threads, 200 turns at once, 20 clients of which 5 never read.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio

from tests.support.client import ConnectionEnded, Message, is_completion_of
from tests.support.fake_items import message
from tests.support.fake_provider import FakeProvider, Reply, Request, stream
from tests.support.home import Home, daemon_command
from tests.support.sockets import Daemon, SocketClient

MEBIBYTE = 1 << 20


class Size(NamedTuple):
    threads: int
    turns: int
    clients: int
    deaf: int
    deltas: int
    patience: float


SMALL = Size(threads=60, turns=20, clients=8, deaf=2, deltas=400, patience=25)
FULL = Size(threads=1000, turns=200, clients=20, deaf=5, deltas=400, patience=500)
SIZE = FULL if os.environ.get("SPINDLED_LOAD") == "full" else SMALL

WORDS = [f"{number:04d}" + "." * 60 for number in range(SIZE.deltas)]

KEPT = 32 * MEBIBYTE
"""Events of all threads that the daemon keeps."""
PER_DEAF = 6 * MEBIBYTE
"""What waits for a client that does not read, and what the system's socket takes."""
PER_THREAD = 48 << 10
PER_TURN = 256 << 10
"""A request under way, its history and the text of its answer."""


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[FakeProvider]:
    def choose(request: Request) -> Reply:
        return stream(message(deltas=WORDS))

    async with FakeProvider(choose) as fake:
        yield fake


@pytest_asyncio.fixture
async def daemon(home: Home, provider: FakeProvider, short_path: Path) -> AsyncIterator[Daemon]:
    home.write_config(provider.base_url)
    command = daemon_command("--listen", f"unix://{short_path}/s")
    async with await Daemon.start(command, env=home.environment(), cwd=home.workspace) as running:
        yield running


def memory(daemon: Daemon, field: str) -> int:
    """VmRSS or VmHWM, in bytes."""
    found = re.search(rf"{field}:\s+(\d+) kB", Path(f"/proc/{daemon.process.pid}/status").read_text())
    assert found
    return int(found[1]) * 1024


async def enter(daemon: Daemon) -> SocketClient:
    client = await daemon.connect()
    await client.initialize()
    return client


def check_numbers(client: SocketClient, starts: dict[str, int]) -> None:
    """Of each thread that the client followed, every event is there once and in order."""
    last: dict[str, int] = dict(starts)
    for received in client.received:
        params = received.get("params", {})
        if "seq" in params:
            thread = params["thread"]["id"] if "thread" in params else params["threadId"]
            assert params.get("firstSeq", params["seq"]) == last.get(thread, 0) + 1, thread
            last[thread] = params["seq"]


def answers(client: SocketClient) -> dict[object, int]:
    """How often each request was answered."""
    counts: dict[object, int] = defaultdict(int)
    for received in client.received:
        if "method" not in received:
            counts[received["id"]] += 1
    return counts


@pytest.mark.timeout(SIZE.patience + 60)
async def test_much_of_everything(daemon: Daemon) -> None:
    clients = [await enter(daemon) for _ in range(SIZE.clients)]
    deaf, readers = clients[: SIZE.deaf], clients[SIZE.deaf :]
    first = await readers[0].start_thread()
    await readers[0].run_turn(first["id"], "warm up")
    before = memory(daemon, "VmRSS")

    owners: dict[str, SocketClient] = {}
    for number in range(SIZE.threads):
        owner = readers[number % len(readers)]
        owners[(await owner.start_thread())["id"]] = owner
    busy = list(owners)[: SIZE.turns]
    starts: dict[SocketClient, dict[str, int]] = {client: {} for client in clients}
    for number, thread in enumerate(busy):
        beside = readers[(number + 1) % len(readers)]
        if beside is not owners[thread]:
            starts[beside][thread] = await joined(beside, thread)
        for client in deaf:
            starts[client][thread] = await joined(client, thread)
    for client in deaf:
        client.websocket.transport.pause_reading()

    turns = await asyncio.gather(*(owners[thread].start_turn(thread, "go") for thread in busy))
    for thread, turn in zip(busy, turns, strict=True):
        await owners[thread].wait_for(is_completion_of(turn["id"]), patience=SIZE.patience)
        for reader in readers:
            if thread in starts[reader]:
                await reader.wait_for(is_completion_of(turn["id"]), patience=SIZE.patience)
    most = memory(daemon, "VmHWM")

    for reader in readers:
        check_numbers(reader, starts[reader])
        assert set(answers(reader).values()) == {1}
        texts: dict[str, str] = defaultdict(str)
        for params in reader.notifications("item/agentMessage/delta"):
            texts[params["threadId"]] += params["delta"]
        for thread in busy:
            if owners[thread] is reader or thread in starts[reader]:
                assert texts[thread] == "".join(WORDS)
    allowed = KEPT + SIZE.deaf * PER_DEAF + SIZE.threads * PER_THREAD + SIZE.turns * PER_TURN
    print(f"memory: {(most - before) / MEBIBYTE:.0f} MiB of {allowed / MEBIBYTE:.0f}")
    assert most - before < allowed

    for client in deaf:  # what they read in the end is whole, too, up to where they were cut off
        client.websocket.transport.resume_reading()
        with suppress(ConnectionEnded):
            await client.request("thread/loaded/list", {}, patience=SIZE.patience)
        check_numbers(client, starts[client])
    again = await enter(daemon)
    loaded: Message = await again.request("thread/loaded/list", {})
    assert len(loaded["data"]) == SIZE.threads + 1


async def joined(client: SocketClient, thread: str) -> int:
    """Follow a thread; the number of its last event before that."""
    answer = await client.request("thread/resume", {"threadId": thread, "excludeTurns": True})
    return int(answer["seq"])
