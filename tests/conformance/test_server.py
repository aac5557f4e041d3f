"""What a client may ask about the process and its machine."""

from __future__ import annotations

from pathlib import Path

from tests.conformance.steps import INVALID, open_thread, refusal
from tests.support.client import Client


async def test_diagnostics_count_what_is_loaded(client: Client) -> None:
    before = await client.request("server/diagnostics", {})
    assert before["process"]["id"] == client.process.pid
    assert before["process"]["residentMemoryBytes"] > 1 << 20
    await open_thread(client)
    gauges = {gauge["name"]: gauge["value"] for gauge in (await client.request("server/diagnostics", {}))["gauges"]}
    assert gauges == {"app.threads.loaded": 1, "app.turns.running": 0}


async def test_the_one_environment_is_this_machine(client: Client) -> None:
    info = await client.request("environment/info", {"environmentId": "local"})
    assert Path(info["shell"]["path"]).name == info["shell"]["name"]
    assert info["cwd"].startswith("file:///")
    assert await client.request("environment/status", {"environmentId": "local"}) == {"status": "ready"}
    unknown = await client.request("environment/status", {"environmentId": "other"})
    assert unknown == {"status": "unknown", "error": "unknown environment id `other`"}
    assert await refusal(client, "environment/info", {"environmentId": "other"}) == (INVALID, unknown["error"])


async def test_the_method_to_try_experimental_things_with(client: Client) -> None:
    assert await client.request("mock/experimentalMethod", {"value": "x"}) == {"echoed": "x"}
    assert await client.request("mock/experimentalMethod", {}) == {"echoed": None}
