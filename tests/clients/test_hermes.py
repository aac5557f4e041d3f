"""`hermes-agent` from PyPI: its `CodexAppServerSession`, which refuses servers older than it knows."""

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
def hermes() -> Path:
    return from_pypi("hermes-agent", "hermes-agent==0.19.0", "PyYAML==6.0.3")


async def test_a_session(drive: Drive, hermes: Path, codex: Path, home: Home, provider: FakeProvider) -> None:
    patch = "*** Begin Patch\n*** Add File: patched.txt\n+hello\n*** End Patch\n"
    home.write_config(provider.base_url, approval_policy="untrusted", sandbox_mode="read-only")
    provider.script(
        stream(function_call("exec_command", {"cmd": "touch accepted.txt"})),
        stream(function_call("exec_command", {"cmd": "touch declined.txt"})),
        stream(custom_tool_call("apply_patch", patch)),
        stream(message("done")),
        stream(message(deltas=["never", " ends"], hold_after=(1, "for ever"))),
        stream(message("and on")),
    )
    driver = await drive(sys.executable, DRIVERS / "hermes.py", hermes, codex, HERMES_HOME=str(home.workspace.parent))
    assert await driver.says("binary")
    commands = await driver.says("asked")
    assert ["touch accepted.txt" in commands[0], "touch declined.txt" in commands[1]] == [True, True]
    assert "1 add: " in commands[2]
    assert await driver.says("first") == [None, "done", 3, 440]
    assert (await driver.says("roles"))[-1] == "assistant"
    assert await driver.says("interrupted") == [True, False]
    assert await driver.says("third") == [None, "and on"]
    assert await driver.says("compacted") == [None, True]
    await driver.done()
    assert sorted(path.name for path in home.workspace.iterdir()) == ["accepted.txt", "patched.txt"]
