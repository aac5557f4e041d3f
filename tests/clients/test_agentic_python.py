"""`codex-python-sdk` from PyPI."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.clients.conftest import Drive
from tests.clients.driver import DRIVERS
from tests.clients.registry import from_pypi
from tests.support.fake_items import custom_tool_call, function_call, message
from tests.support.fake_provider import FakeProvider, stream
from tests.support.home import Home


@pytest.fixture(scope="module")
def sdk() -> Path:
    return from_pypi("codex-python-sdk", "codex-python-sdk==0.2.1")


async def test_a_conversation(drive: Drive, sdk: Path, codex: Path, home: Home, provider: FakeProvider) -> None:
    patch = "*** Begin Patch\n*** Add File: patched.txt\n+hello\n*** End Patch\n"
    provider.script(
        stream(function_call("exec_command", {"cmd": "touch made.txt"})),
        stream(custom_tool_call("apply_patch", patch)),
        stream(message("done")),
        stream(message(deltas=["a", "b"])),
    )
    driver = await drive(sys.executable, DRIVERS / "agentic_python.py", sdk, codex)
    assert await driver.says("first") == "done"
    command, change = await driver.says("asked")
    assert "touch made.txt" in command
    assert change == "a patch"
    assert await driver.says("text") == ["a", "b"]
    assert await driver.says("turns") == ["completed", "completed"]
    assert await driver.says("forked")
    assert "01900000-0000-7000-8000-000000000000" in await driver.says("nobody")
    await driver.done()
    assert sorted(path.name for path in home.workspace.iterdir()) == ["made.txt", "patched.txt"]
