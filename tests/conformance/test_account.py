"""account/*: an API key is the one account, kept for the user alone and used by the turns that follow."""

from __future__ import annotations

import stat
from typing import Any

import pytest

from tests.conformance.conftest import Launch
from tests.conformance.steps import INVALID, NOWHERE, open_thread, refusal
from tests.conftest import Spawn
from tests.support.client import Client
from tests.support.fake_items import message
from tests.support.fake_provider import FakeProvider, stream
from tests.support.home import Home

KEY = "sk-a-key-of-the-test"
NOBODY = {"account": None, "userId": None, "requiresOpenaiAuth": True, "workspaceRouting": None}


@pytest.fixture
def openai(provider: FakeProvider) -> dict[str, Any]:
    """The configuration in which the built-in provider is the fake one."""
    return {"model_provider": "openai", "openai_base_url": provider.base_url}


async def log_in(client: Client, key: str = KEY) -> None:
    since = client.mark()
    assert await client.request("account/login/start", {"type": "apiKey", "apiKey": key}) == {"type": "apiKey"}
    done = await client.wait_for("account/login/completed", since=since)
    assert done["params"] == {"loginId": None, "success": True, "error": None, "onboardingEntrypoint": None}
    assert (await client.wait_for("account/updated", since=since))["params"] == {
        "authMode": "apikey",
        "planType": None,
    }


async def test_log_in_work_and_log_out(
    launch: Launch, openai: dict[str, Any], provider: FakeProvider, home: Home
) -> None:
    client = await launch(**openai)
    assert await client.request("account/read", {}) == NOBODY
    thread = await open_thread(client)
    ended = (await client.run_turn(thread, "without a key"))[-1]["params"]["turn"]
    assert "OPENAI_API_KEY" in ended["error"]["message"]

    await log_in(client, f" {KEY}\n")
    assert await client.request("account/read", {"refreshToken": True}) == {**NOBODY, "account": {"type": "apiKey"}}
    provider.script(stream(message("one")), stream(message("two")))
    await client.run_turn(thread, "with a key")
    assert provider.requests[-1].headers["authorization"] == f"Bearer {KEY}"
    await log_in(client, KEY + "-2")
    await client.run_turn(thread, "with another")
    assert provider.requests[-1].headers["authorization"] == f"Bearer {KEY}-2"

    path = home.path / "auth.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    since = client.mark()
    assert await client.request("account/logout") == {}
    told = await client.wait_for("account/updated", since=since)
    assert told["params"] == {"authMode": None, "planType": None}
    assert not path.exists()
    assert await client.request("account/read", {}) == NOBODY
    await client.run_turn(thread, "without a key again")
    assert len(provider.requests) == 2
    await client.close()
    assert KEY not in client.stderr
    kept = [path for path in home.path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
    assert kept == []


async def test_a_login_outlives_the_process_and_wins_over_the_environment(
    launch: Launch, spawn: Spawn, openai: dict[str, Any], provider: FakeProvider
) -> None:
    await log_in(await launch(**openai))
    client = await spawn(env={"OPENAI_API_KEY": "sk-of-the-environment"})
    await client.initialize()
    provider.script(stream(message("one")), stream(message("two")))
    thread = await open_thread(client)
    await client.run_turn(thread, "go")
    await client.request("account/logout")
    assert (await client.request("account/read", {}))["account"] == {"type": "apiKey"}
    await client.run_turn(thread, "go on")
    keys = [request.headers["authorization"] for request in provider.requests]
    assert keys == [f"Bearer {KEY}", "Bearer sk-of-the-environment"]


async def test_another_provider_takes_no_account(client: Client, provider: FakeProvider) -> None:
    await log_in(client)
    assert await client.request("account/read", {}) == {**NOBODY, "requiresOpenaiAuth": False}
    provider.script(stream(message("one")))
    await client.run_turn(await open_thread(client), "go")
    assert "authorization" not in provider.requests[-1].headers


@pytest.mark.parametrize("key", ["", "  ", "two words", "line\nbreak", "schlüssel"])
async def test_what_cannot_be_a_key(client: Client, home: Home, key: str) -> None:
    code, text = await refusal(client, "account/login/start", {"type": "apiKey", "apiKey": key})
    assert (code, text) == (INVALID, "The API key must be one word of printable ASCII.")
    assert not (home.path / "auth.json").exists()


@pytest.mark.parametrize(
    "params",
    [
        {"type": "chatgpt"},
        {"type": "chatgptDeviceCode"},
        {"type": "chatgptAuthTokens", "accessToken": "t", "chatgptAccountId": "a"},
        {"type": "amazonBedrock", "apiKey": "k", "region": "r"},
        {"type": "amazonBedrockAccessKeys", "accessKeyId": "k", "secretAccessKey": "s", "region": "r"},
    ],
)
async def test_other_logins_are_refused(client: Client, home: Home, params: dict[str, str]) -> None:
    code, text = await refusal(client, "account/login/start", params)
    assert code == INVALID
    assert text.endswith("disabled. Use API key login instead.")
    assert not (home.path / "auth.json").exists()


async def test_a_configuration_that_wants_no_keys(launch: Launch) -> None:
    client = await launch(forced_login_method="chatgpt")
    params = {"type": "apiKey", "apiKey": KEY}
    assert await refusal(client, "account/login/start", params) == (
        INVALID,
        "API key login is disabled. Use ChatGPT login instead.",
    )


async def test_there_is_no_login_to_cancel(client: Client) -> None:
    assert await client.request("account/login/cancel", {"loginId": NOWHERE}) == {"status": "notFound"}
    assert await refusal(client, "account/login/cancel", {"loginId": "x"}) == (INVALID, "invalid login id: x")
