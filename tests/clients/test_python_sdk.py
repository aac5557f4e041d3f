"""`openai-codex` from PyPI, the official Python SDK, which validates every message with its own models."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.clients.conftest import Drive
from tests.clients.driver import DRIVERS, Driver
from tests.clients.registry import from_pypi
from tests.support.fake_items import custom_tool_call, function_call, message
from tests.support.fake_provider import FakeProvider, stream
from tests.support.home import Home

PINS = (
    "openai-codex==0.163.0",
    "pydantic==2.14.3",
    "pydantic-core==2.50.4",
    "annotated-types==0.8.0",
    "typing-extensions==4.16.0",
    "typing-inspection==0.4.5",
    "packaging==26.3",
)


@pytest.fixture(scope="module")
def sdk() -> Path:
    return from_pypi("openai-codex", *PINS)


async def start(drive: Drive, sdk: Path, codex: Path, what: str) -> Driver:
    return await drive(sys.executable, DRIVERS / "python_sdk.py", sdk, codex, what)


async def test_a_conversation(drive: Drive, sdk: Path, codex: Path, provider: FakeProvider) -> None:
    provider.script(
        stream(message("hello")),
        stream(message('{"answer": 42}')),
        stream(message("forked")),
    )
    driver = await start(drive, sdk, codex, "conversation")
    assert (await driver.says("metadata")).startswith("codex_python_sdk/0.")
    assert await driver.says("models")
    assert await driver.says("account")
    assert await driver.says("first") == ["completed", "hello", 110]
    assert json.loads(await driver.says("second")) == {"answer": 42}
    assert await driver.says("read") == ["a name", ["completed", "completed"]]
    assert await driver.says("fork") == "forked"
    assert await driver.says("listed") == [False, True]
    assert await driver.says("compacting")
    assert await driver.says("resumed") == "ok"
    assert "no rollout found for thread id" in await driver.says("nobody")
    await driver.done()
    asked = [request.json for request in provider.requests if request.method == "POST"]
    assert asked[1]["text"]["format"]["schema"]["required"] == ["answer"]


async def test_approvals(drive: Drive, sdk: Path, codex: Path, home: Home, provider: FakeProvider) -> None:
    patch = "*** Begin Patch\n*** Add File: patched.txt\n+hello\n*** End Patch\n"
    home.write_config(provider.base_url, approval_policy="untrusted", sandbox_mode="read-only")
    provider.script(
        stream(function_call("exec_command", {"cmd": "touch accepted.txt"})),
        stream(function_call("exec_command", {"cmd": "touch declined.txt"})),
        stream(custom_tool_call("apply_patch", patch)),
        stream(message("done")),
    )
    driver = await start(drive, sdk, codex, "approvals")
    command = "item/commandExecution/requestApproval"
    assert await driver.says("asked") == [command, command, "item/fileChange/requestApproval"]
    assert await driver.says("status") == "completed"
    assert await driver.says("items") == [
        ["userMessage", None],
        ["commandExecution", "completed"],
        ["commandExecution", "declined"],
        ["fileChange", "completed"],
        ["agentMessage", None],
    ]
    await driver.done()
    assert sorted(path.name for path in home.workspace.iterdir()) == ["accepted.txt", "patched.txt"]


async def test_steering(drive: Drive, sdk: Path, codex: Path, provider: FakeProvider) -> None:
    provider.script(stream(message(deltas=["first", " second"], hold_after=(1, "steered"))), stream(message("that")))
    driver = await start(drive, sdk, codex, "steering")
    await driver.says("steered")
    provider.release("steered")
    assert await driver.says("ended") == "completed"
    assert await driver.says("unknown") == []
    await driver.done()
    said = json.dumps(provider.requests[-1].json["input"])
    assert "rather this" in said


async def test_interrupting(drive: Drive, sdk: Path, codex: Path, provider: FakeProvider) -> None:
    provider.script(stream(message("never ends", hold_after=(1, "for ever"), deltas=2)), stream(message("and on")))
    driver = await start(drive, sdk, codex, "interrupting")
    assert await driver.says("ended") == "interrupted"
    assert await driver.says("next") == "and on"
    driver.tell()
    await driver.done()
