"""`codex-agent-sdk` from PyPI, which finds the protocol by asking the server for its schema."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.clients.conftest import Drive
from tests.clients.driver import DRIVERS
from tests.clients.registry import from_pypi
from tests.support.fake_items import function_call, message
from tests.support.fake_provider import FakeProvider, stream
from tests.support.home import Home

PINS = (
    "codex-agent-sdk==0.0.2",
    "anyio==4.16.0",
    "idna==3.20",
    "sniffio==1.3.1",
    "jsonschema==4.26.0",
    "jsonschema-specifications==2025.9.1",
    "referencing==0.37.0",
    "rpds-py==2026.9.1",
    "attrs==26.1.0",
    "typing-extensions==4.16.0",
)


@pytest.fixture(scope="module")
def sdk() -> Path:
    return from_pypi("codex-agent-sdk", *PINS)


async def test_a_conversation(drive: Drive, sdk: Path, codex: Path, home: Home, provider: FakeProvider) -> None:
    provider.script(
        stream(function_call("exec_command", {"cmd": "touch made.txt"})),
        stream(message(deltas=["a", "b"])),
        stream(message("one")),
        stream(message("two")),
    )
    driver = await drive(sys.executable, DRIVERS / "agent_sdk.py", sdk, codex)
    assert "touch made.txt" in await driver.says("asked")
    assert await driver.says("chunks") == ["a", "b"]
    assert await driver.says("one") == "one"
    assert await driver.says("two") == ["two", "completed"]
    await driver.done()
    assert (home.workspace / "made.txt").exists()


@pytest.mark.parametrize("experimental", [[], ["--experimental"]])
async def test_its_check_of_the_schema(
    drive: Drive, sdk: Path, codex: Path, provider: FakeProvider, experimental: list[str]
) -> None:
    """Its own validator, over our schema, on what we answer."""
    command = "import sys; sys.path.insert(0, sys.argv.pop(1)); from codex_agent_sdk.cli import main; main()"
    program = [sys.executable, "-c", command, os.fspath(sdk)]
    driver = await drive(*program, "validate", "--codex", codex, *experimental)
    await driver.done()
    assert "OK\n" in driver.lines
