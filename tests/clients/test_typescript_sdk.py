"""`@openai/codex-sdk` from npm, the official TypeScript SDK, which runs `codex exec` for each turn."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.conftest import Drive
from tests.clients.driver import DRIVERS, Driver
from tests.clients.registry import from_npm, node
from tests.support.fake_items import function_call, hold, message, reasoning
from tests.support.fake_provider import FakeProvider, answer, stream
from tests.support.home import Home
from tests.support.samples import PIXEL


@pytest.fixture(scope="module")
def sdk() -> Path:
    return from_npm("codex-sdk", "@openai/codex-sdk@0.163.0")


async def start(drive: Drive, sdk: Path, codex: Path, provider: FakeProvider, what: str) -> Driver:
    return await drive(node(), DRIVERS / "typescript_sdk.mjs", sdk, codex, provider.base_url, what)


async def test_a_conversation(drive: Drive, sdk: Path, codex: Path, home: Home, provider: FakeProvider) -> None:
    (home.workspace / "pixel.png").write_bytes(PIXEL)
    provider.script(
        stream(reasoning(["hm"]), function_call("exec_command", {"cmd": "touch made.txt"})),
        stream(message("made")),
        stream(message('{"answer": 42}')),
    )
    driver = await start(drive, sdk, codex, provider, "conversation")
    assert (await driver.says("usage"))["input_tokens"] == 200
    assert await driver.says("events") == [
        "thread.started",
        "turn.started",
        "item.completed reasoning",
        "item.started command_execution",
        "item.completed command_execution",
        "item.completed agent_message",
        "turn.completed",
    ]
    assert await driver.says("second") == {"answer": 42}
    assert await driver.says("third") == ["ok", True]
    await driver.done()
    assert (home.workspace / "made.txt").exists()
    last = [request.json for request in provider.requests if request.method == "POST"][-1]
    assert last["model"] == "gpt-5.4"
    assert "input_image" in [part["type"] for part in last["input"][-1]["content"]]


async def test_its_key_and_address(drive: Drive, sdk: Path, codex: Path, provider: FakeProvider) -> None:
    driver = await start(drive, sdk, codex, provider, "key")
    assert await driver.says("answer") == "ok"
    await driver.done()
    asked = [request for request in provider.requests if request.method == "POST"]
    assert {request.headers["authorization"] for request in asked} == {"Bearer sk-from-the-sdk"}
    assert {request.headers["originator"] for request in asked} == {"codex_sdk_ts"}


async def test_a_turn_that_fails_and_one_that_is_aborted(
    drive: Drive, sdk: Path, codex: Path, provider: FakeProvider
) -> None:
    provider.script(answer(400, {"error": {"message": "no such thing", "type": "invalid_request_error"}}))
    provider.script(stream(hold("for ever")))
    driver = await start(drive, sdk, codex, provider, "failure")
    assert await driver.says("failed") == "no such thing"
    await driver.says("started")
    await provider.reached("for ever")
    driver.tell()
    assert await driver.says("aborted") == "AbortError"
    await driver.done()
    await provider.requests[-1].gone.wait()
