"""Row 4-50: `spindled gateway` as a process, and the daemon itself as its client."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
import pytest_asyncio

from tests.conftest import Spawn
from tests.support.client import agent_texts
from tests.support.fake_chat import chat_stream
from tests.support.fake_items import Hold
from tests.support.fake_provider import FakeProvider
from tests.support.home import Home
from tests.support.spoken import Call, Say, Think

Launch = Callable[..., Awaitable[tuple[asyncio.subprocess.Process, str]]]
PIPE = asyncio.subprocess.PIPE


@pytest_asyncio.fixture
async def launch(home: Home) -> AsyncIterator[Launch]:
    """`await launch("--listen", ...)`: the process and its base URL."""
    processes = []

    async def start(*words: str, **variables: str) -> tuple[asyncio.subprocess.Process, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "spindled", "gateway", *words),
            env=home.environment(**variables),
            stdout=PIPE,
            stderr=PIPE,
        )
        processes.append(process)
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        found = re.search(r"http://\S+", line)
        return process, found.group() if found else ""

    yield start
    for process in processes:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_a_turn_of_the_daemon_through_the_gateway(home: Home, spawn: Spawn, launch: Launch) -> None:
    """A Chat Completions provider behind it: a call with its thoughts, and the answer that follows."""
    async with FakeProvider() as fake:
        home.write_config(fake.base_url, provider={"wire_api": "chat"})
        _, url = await launch()
        home.write_config(url)
        call = Call("exec_command", '{"cmd":"echo from-the-command"}')
        fake.script(chat_stream(Think("hm"), call, finish="tool_calls"), chat_stream(Say("All done.")))
        client = await spawn()
        await client.initialize()
        thread = await client.start_thread()
        messages = await client.run_turn(thread["id"], "go")
        assert agent_texts(messages) == ["All done."]
        said = [message for message in fake.requests[1].json["messages"] if message["role"] in ("assistant", "tool")]
        assert said[0]["reasoning_content"] == "hm"
        assert "from-the-command" in said[1]["content"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_in_the_middle_of_a_response(home: Home, launch: Launch, number: int) -> None:
    async with FakeProvider() as fake:
        home.write_config(fake.base_url, provider={"wire_api": "chat"})
        fake.script(chat_stream(Say("so far"), Hold("middle")))
        process, url = await launch("-c", "model_provider=scripted", "--provider", "test")
        async with aiohttp.ClientSession() as http:
            response = await http.post(f"{url}/responses", json={"model": "m", "input": "hi", "stream": True})
            await response.content.readuntil(b"output_text.delta")
            process.send_signal(number)
            async with asyncio.timeout(10):
                assert await process.wait() == 0
                await fake.requests[0].gone.wait()


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--listen", "0.0.0.0:0"], "is not on loopback"),
        (["--listen", "0.0.0.0:0", "--allow-remote"], "SPINDLED_GATEWAY_TOKEN"),
        (["--listen", "nowhere"], "is no address"),
        (["--provider", "nobody"], "Model provider `nobody` not found"),
    ],
)
async def test_what_is_not_served(launch: Launch, words: list[str], text: str) -> None:
    process, url = await launch(*words)
    assert url == ""
    _, errors = await process.communicate()
    assert (process.returncode, text in errors.decode()) == (1, True)


async def test_a_token_from_the_environment(home: Home, launch: Launch) -> None:
    _, url = await launch("--provider", "scripted", SPINDLED_GATEWAY_TOKEN="the-token")
    async with aiohttp.ClientSession() as http:
        for headers, status in (({}, 401), ({"authorization": "Bearer the-token"}, 200)):
            async with http.get(f"{url}/models", headers=headers) as response:
                assert response.status == status
