"""`codex-python-sdk-unofficial` from PyPI: generated models of the stable wire, without the experimental capability."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.clients.conftest import Drive
from tests.clients.driver import DRIVERS
from tests.clients.registry import from_pypi
from tests.clients.test_python_sdk import PINS
from tests.support.fake_items import function_call, message, reasoning
from tests.support.fake_provider import FakeProvider, stream
from tests.support.home import Home


@pytest.fixture(scope="module")
def sdk() -> Path:
    return from_pypi("codex-python-sdk-unofficial", "codex-python-sdk-unofficial==0.128.0", *PINS[1:])


async def test_a_conversation(drive: Drive, sdk: Path, codex: Path, home: Home, provider: FakeProvider) -> None:
    """Without approvals: what it takes for the wire's requests is none (it wants a list for `command`)."""
    home.write_config(provider.base_url)
    provider.script(
        stream(reasoning(["hm"]), message("one")),
        stream(function_call("exec_command", {"cmd": "touch made.txt"})),
        stream(message("worked")),
        stream(message(deltas=["first", " second"], hold_after=(1, "steered"))),
    )
    driver = await drive(sys.executable, DRIVERS / "typed_python.py", sdk, codex)
    kinds = await driver.says("kinds")
    assert {"TurnStartedEvent", "AgentTextDeltaEvent", "ItemCompletedEvent", "TurnCompletedEvent"} <= set(kinds)
    assert await driver.says("worked") == ["completed", "worked"]
    await driver.says("steered")
    provider.release("steered")
    await driver.says("ended")
    assert await driver.says("resumed") == "completed"
    assert await driver.says("forked")
    await driver.done()
    assert (home.workspace / "made.txt").exists()
