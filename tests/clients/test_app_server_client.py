"""`codex-app-server-client` from PyPI."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.clients.conftest import Drive
from tests.clients.driver import DRIVERS
from tests.clients.registry import from_pypi
from tests.clients.test_python_sdk import PINS
from tests.support.fake_items import function_call, message
from tests.support.fake_provider import FakeProvider, stream
from tests.support.home import Home


@pytest.fixture(scope="module")
def client() -> Path:
    return from_pypi("codex-app-server-client", "codex-app-server-client==0.1.0", *PINS[1:])


async def test_a_conversation(drive: Drive, client: Path, codex: Path, home: Home, provider: FakeProvider) -> None:
    provider.script(
        stream(function_call("exec_command", {"cmd": "touch made.txt"})),
        stream(message("done")),
        stream(message(deltas=["a", "b"])),
        stream(function_call("exec_command", {"cmd": "sleep 1000"})),
        stream(message("again")),
    )
    driver = await drive(sys.executable, DRIVERS / "app_server_client.py", client, codex)
    assert "/0." in await driver.says("server")
    assert await driver.says("result") == ["completed", "done", ["userMessage", "commandExecution", "agentMessage"]]
    assert await driver.says("deltas") == ["a", "b"]
    assert await driver.says("stopped") == "interrupted"
    assert await driver.says("resumed") == "again"
    assert await driver.says("listed") == [True]
    await driver.done()
    assert (home.workspace / "made.txt").exists()
