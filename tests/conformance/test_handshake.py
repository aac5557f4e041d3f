"""initialize, and what is refused before and after it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.conftest import Launch
from tests.conformance.steps import INVALID, NOWHERE, PARSE, UNSUPPORTED, refusal
from tests.conftest import Spawn
from tests.support.client import CLIENT_INFO, Client
from tests.support.fake_provider import FakeProvider
from tests.support.flow import COMPLETED, STARTED, flow
from tests.support.home import Home


async def test_initialize_describes_the_server(spawn: Spawn, home: Home) -> None:
    """Row 0-12."""
    client = await spawn()
    result = await client.initialize()
    assert result["userAgent"].startswith("spindled_tests/0.")
    assert result["codexHome"] == str(home.path)
    assert result["platformFamily"] == "unix"


async def test_a_client_is_called_as_its_people_write(spawn: Spawn) -> None:
    client = await spawn()
    told = await client.request("initialize", {"clientInfo": {"name": "Schlüsselbund", "version": "1"}})
    assert told["userAgent"].startswith("Schlüsselbund/")


async def test_nothing_before_initialize(spawn: Spawn) -> None:
    client = await spawn()
    assert await refusal(client, "thread/list", {}) == (INVALID, "Not initialized")
    code, text = await refusal(client, "no/such/method", {})
    assert code == INVALID
    assert text.startswith("Invalid request: unknown variant `no/such/method`")


@pytest.mark.parametrize(
    ("params", "said"),
    [
        (None, "missing field `params`"),
        ({}, "missing field `clientInfo`"),
        ({"clientInfo": {"name": "x"}}, "missing field `version`"),
        ({"clientInfo": {"name": "bad\nname", "version": "1"}}, "Must be a valid HTTP header value."),
    ],
)
async def test_a_bad_initialize_can_be_made_good(spawn: Spawn, params: Any, said: str) -> None:
    client = await spawn()
    code, text = await refusal(client, "initialize", params)
    assert (code, said in text) == (INVALID, True)
    await client.initialize()


async def test_initialize_once(client: Client) -> None:
    """Row 0-12."""
    params = {"clientInfo": CLIENT_INFO}
    assert await refusal(client, "initialize", params) == (INVALID, "Already initialized")


async def test_requests_need_not_wait_for_the_initialized_notification(spawn: Spawn) -> None:
    client = await spawn()
    await client.request("initialize", {"clientInfo": CLIENT_INFO})
    assert await client.request("thread/loaded/list", {}) == {"data": [], "nextCursor": None}


@pytest.mark.parametrize("number", ["abc", 0, -5, 12345678901234])
async def test_ids_come_back_as_they_were(client: Client, number: Any) -> None:
    client.send({"jsonrpc": "2.0", "id": number, "method": "thread/loaded/list", "params": {}})
    answer = await client.wait_for(lambda message: "method" not in message and message["id"] == number)
    assert answer["result"] == {"data": [], "nextCursor": None}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        # docs/compatibility.md, "Lines that are no messages": answered, so that no client waits for ever.
        ("this is not json", PARSE),
        ("[]", INVALID),
        ("42", INVALID),
        ('{"method": 5, "id": 78}', INVALID),
        ('{"id": 1.5, "method": "thread/loaded/list", "params": {}}', INVALID),
        ('{"id": null, "method": "thread/loaded/list", "params": {}}', INVALID),
        ('[{"id": 500, "method": "thread/loaded/list", "params": {}}]', INVALID),
    ],
)
async def test_a_line_that_is_no_message_is_refused_and_the_next_is_served(
    client: Client, line: str, code: int
) -> None:
    client.send_raw(line.encode() + b"\n")
    answer = await client.wait_for(lambda message: "error" in message)
    assert answer["error"]["code"] == code
    assert (await client.request("thread/loaded/list", {}))["data"] == []


@pytest.mark.parametrize("line", ["", '{"id": 79, "result": {}}', '{"method": "no/such/notification", "params": {}}'])
async def test_a_line_that_asks_for_nothing_is_passed_over(client: Client, line: str) -> None:
    since = client.mark()
    client.send_raw(line.encode() + b"\n")
    await client.request("thread/loaded/list", {})
    assert flow(client.received[since:]) == ["result"]


@pytest.mark.parametrize(
    ("method", "params", "said"),
    [
        ("thread/start", {"cwd": 5}, "invalid type"),
        ("thread/start", {"approvalPolicy": "sometimes"}, "unknown variant `sometimes`"),
        ("thread/start", [], "invalid"),
        ("thread/read", None, "missing field `params`"),
        ("thread/read", {}, "missing field `threadId`"),
        ("thread/read", {"threadId": 5}, "invalid type"),
        ("turn/start", {"threadId": NOWHERE}, "missing field `input`"),
        ("turn/start", {"threadId": NOWHERE, "input": [{"type": "nope"}]}, "unknown variant `nope`"),
        ("thread/list", {"limit": "ten"}, "invalid type"),
    ],
)
async def test_params_that_do_not_fit(client: Client, method: str, params: Any, said: str) -> None:
    code, text = await refusal(client, method, params)
    assert code == INVALID
    assert text.startswith("Invalid request: ")
    assert said in text


async def test_unknown_members_of_params_are_passed_over(client: Client) -> None:
    assert (await client.request("thread/list", {"limit": 5, "unknownField": True}))["data"] == []


UNKNOWN_THREAD = {
    "thread/read": "thread not loaded: {}",
    "thread/resume": "no rollout found for thread id {}",
    "thread/archive": "no rollout found for thread id {}",
    "thread/unarchive": "no archived rollout found for thread id {}",
    "thread/delete": "no rollout found for thread id {}",
    "thread/name/set": "no rollout found for thread id {}",
    "thread/turns/list": "thread not loaded: {}",
    "thread/items/list": "thread not loaded: {}",
    "turn/start": "thread not found: {}",
    "turn/steer": "thread not found: {}",
    "turn/interrupt": "thread not found: {}",
}
MORE: dict[str, dict[str, Any]] = {
    "thread/name/set": {"name": "x"},
    "turn/start": {"input": [{"type": "text", "text": "x"}]},
    "turn/steer": {"expectedTurnId": NOWHERE, "input": [{"type": "text", "text": "x"}]},
    "turn/interrupt": {"turnId": NOWHERE},
}


@pytest.mark.parametrize("method", UNKNOWN_THREAD)
async def test_unknown_threads(client: Client, method: str) -> None:
    more = MORE.get(method, {})
    said = UNKNOWN_THREAD[method].format(NOWHERE)
    assert await refusal(client, method, {"threadId": NOWHERE, **more}) == (INVALID, said)
    code, text = await refusal(client, method, {"threadId": "nope", **more})
    assert code == INVALID
    assert "invalid" in text


@pytest.mark.parametrize(
    ("method", "params", "what"),
    [
        ("thread/search", {"searchTerm": "x"}, "thread/search"),
        ("thread/timeline/list", {"threadId": NOWHERE}, "thread/timeline/list"),
        ("thread/start", {"mockExperimentalField": "x"}, "thread/start.mockExperimentalField"),
        ("thread/start", {"dynamicTools": []}, "thread/start.dynamicTools"),
        ("thread/start", {"historyMode": "legacy"}, "thread/start.historyMode"),
        ("thread/resume", {"threadId": NOWHERE, "path": "/x"}, "thread/resume.path"),
        ("thread/start", {"approvalPolicy": {"granular": {"rules": True}}}, "askForApproval.granular"),
        (
            "thread/items/list",
            {"threadId": NOWHERE, "deferOutput": {"mcpToolCall": True}},
            "thread/items/list.deferOutput.mcpToolCall",
        ),
    ],
)
async def test_experimental_parts_need_the_capability(
    spawn: Spawn, method: str, params: dict[str, Any], what: str
) -> None:
    client = await spawn()
    await client.initialize(experimentalApi=False)
    assert await refusal(client, method, params) == (INVALID, f"{what} requires experimentalApi capability")


async def test_a_method_that_no_server_of_the_wire_serves_says_so(client: Client) -> None:
    params = {"threadId": NOWHERE, "sourceTurnId": NOWHERE}
    assert await refusal(client, "thread/prediction/request", params) == (
        UNSUPPORTED,
        "thread/prediction/request is not implemented yet",
    )


async def test_what_a_client_opted_out_of_is_not_sent(home: Home, spawn: Spawn, provider: FakeProvider) -> None:
    home.write_config(provider.base_url)
    client = await spawn()
    await client.initialize(optOutNotificationMethods=["thread/started", "item/agentMessage/delta", "no/such"])
    thread = await client.start_thread()
    messages = await client.run_turn(thread["id"], "hi")
    assert flow(messages) == [
        *STARTED,
        "item/started agentMessage",
        "item/completed agentMessage",
        "thread/tokenUsage/updated",
        *COMPLETED,
    ]
    assert not client.notifications("thread/started")


async def test_a_configuration_that_cannot_be_read_is_told_and_can_be_repaired(launch: Launch, home: Home) -> None:
    client = await launch(model_context_window="many")
    code, text = await refusal(client, "thread/start", {})
    assert code == INVALID
    assert text.startswith(f"failed to load configuration: {home.path}/config.toml:")
    config = (home.path / "config.toml").read_text()
    (home.path / "config.toml").write_text(config.replace('"many"', "100000"))
    assert (await client.start_thread())["id"]
