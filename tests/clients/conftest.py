"""A daemon's world for clients that nobody here wrote: only the command that they spawn is ours."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from spindled.shim import write_shim
from tests.clients.driver import Driver
from tests.support.fake_provider import FakeProvider
from tests.support.home import Home

Drive = Callable[..., Awaitable[Driver]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test with a client may install it."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture
def codex(tmp_path: Path) -> Path:
    """An executable named `codex` that is spindled."""
    return write_shim(tmp_path / "bin")


@pytest_asyncio.fixture
async def provider(home: Home) -> AsyncIterator[FakeProvider]:
    """A model that does what the test scripts, and a configuration that names it."""
    async with FakeProvider() as fake:
        home.write_config(fake.base_url, approval_policy="untrusted", sandbox_mode="workspace-write")
        yield fake


@pytest_asyncio.fixture
async def drive(home: Home, codex: Path) -> AsyncIterator[Drive]:
    """`await drive(command, ...)`: a program whose `codex` is ours."""
    started: list[Driver] = []

    async def start(*command: str | Path, **env: str) -> Driver:
        path = f"{codex.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        environment = home.environment(CODEX_HOME=str(home.path), PATH=path, **env)
        del environment["SPINDLED_HOME"]
        started.append(await Driver.start(command, environment, home.workspace))
        return started[-1]

    yield start
    for driver in started:
        await driver.close()
