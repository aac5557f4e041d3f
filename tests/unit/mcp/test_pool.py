"""Which threads share a server, and for how long it stays."""

from __future__ import annotations

import asyncio
import os

import pytest

from spindled.mcp.credentials import Credentials
from spindled.mcp.pool import Pool
from tests.unit.mcp.conftest import Rough, Watched


async def test_equal_launches_share_one_server(pool: Pool, rough: Rough) -> None:
    first, second = Watched(), Watched()
    one = pool.lease(rough.launch(), first).connection
    same = pool.lease(rough.launch(disabled_tools=["say"], required=True, default_tools_approval_mode="prompt"), second)
    assert same.connection is one
    await one.ready()
    assert first.states == second.states == ["starting", "connected"]


async def test_another_environment_folder_or_command_is_another_server(pool: Pool, rough: Rough) -> None:
    connections = {
        pool.lease(launch, Watched()).connection
        for launch in (rough.launch(), rough.launch("chatty"), rough.launch(env={"A": "1"}), rough.launch(cwd="/"))
    }
    assert len(connections) == 4


async def test_who_released_hears_nothing_more(pool: Pool, rough: Rough) -> None:
    kept, gone = Watched(), Watched()
    lease = pool.lease(rough.launch(), kept)
    other = pool.lease(rough.launch(), gone)
    other.release()
    other.release()
    await lease.connection.ready()
    assert not gone.states
    assert kept.states == ["starting", "connected"]


async def test_a_server_that_nobody_uses_stays_for_a_while_and_then_ends(
    pool: Pool, rough: Rough, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spindled.mcp.pool.LINGER_SECONDS", 0.05)
    lease = pool.lease(rough.launch(), Watched())
    await lease.connection.ready()
    lease.release()
    again = pool.lease(rough.launch(), Watched())
    assert again.connection is lease.connection
    again.release()
    await lease.connection.ended()
    assert pool.lease(rough.launch(), Watched()).connection is not lease.connection


async def test_closing_the_pool_ends_every_server(credentials: Credentials, rough: Rough) -> None:
    pool = Pool(credentials, os.environ)
    connections = [pool.lease(rough.launch(env={"N": str(n)}), Watched()).connection for n in range(3)]
    await asyncio.gather(*(connection.ready() for connection in connections))
    await pool.close()
    assert {connection.state for connection in connections} == {"notStarted"}
