"""What needs a vendor's cloud: the reference's answers without a login, and never a made-up success."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from spindled.api.routes import CLOUDLESS
from spindled_protocol import types
from spindled_protocol.methods import METHODS
from tests.conformance.steps import INVALID, NOWHERE, UNSUPPORTED, open_thread, refusal
from tests.support.client import Client, RequestFailed
from tests.support.home import Home

INTERNAL = -32603
PARAMS: dict[str, dict[str, Any] | None] = {
    "account/bedrock/setup": {"type": "environment", "region": "us-east-1"},
    "account/gcp/setup": {"projectId": "p"},
    "account/rateLimitResetCredit/consume": {"idempotencyKey": "k"},
    "account/sendAddCreditsNudgeEmail": {"creditType": "credits"},
    "accountSession/switch": {"sessionId": "s", "accountId": "a"},
    "app/read": {"appIds": ["a"]},
    "environment/add": {"environmentId": "e", "execServerUrl": "ws://127.0.0.1:1"},
    "externalAgentConfig/import": {"migrationItems": []},
    "externalAgentConfig/import/recordHistory": {"providerId": "p", "itemTypeResults": []},
    "feedback/save": {"savePath": "/nowhere/at/all", "classification": "bug"},
    "feedback/upload": {"classification": "bug"},
    "marketplace/add": {"source": "owner/repo"},
    "marketplace/remove": {"marketplaceName": "m"},
    "mcpServer/event/stream/start": {
        "threadId": NOWHERE,
        "server": "s",
        "subscriptionId": "i",
        "name": "n",
        "arguments": {},
    },
    "mcpServer/event/stream/stop": {"subscriptionId": "i"},
    "plugin/install": {"pluginName": "p", "remoteMarketplaceName": "m"},
    "plugin/read": {"pluginName": "p", "remoteMarketplaceName": "m"},
    "plugin/search": {"searchTerm": "x"},
    "plugin/share/checkout": {"remotePluginId": "p"},
    "plugin/share/delete": {"remotePluginId": "p"},
    "plugin/share/save": {"pluginPath": "/p"},
    "plugin/share/updateTargets": {"remotePluginId": "p", "discoverability": "PRIVATE", "shareTargets": []},
    "plugin/skill/read": {"remoteMarketplaceName": "m", "remotePluginId": "p", "skillName": "s"},
    "plugin/uninstall": {"pluginId": "p"},
    "remoteControl/client/list": {"environmentId": "e"},
    "remoteControl/client/revoke": {"environmentId": "e", "clientId": "c"},
    "thread/approveGuardianDeniedAction": {"threadId": NOWHERE, "event": {}},
    "thread/guardianReview": {"threadId": NOWHERE},
    "thread/memory/read": {"threadId": NOWHERE},
    "thread/memoryMode/set": {"threadId": NOWHERE, "mode": "disabled"},
    "thread/prediction/request": {"threadId": NOWHERE, "sourceTurnId": NOWHERE},
    "thread/realtime/appendAudio": {"threadId": NOWHERE, "audio": {"data": "", "sampleRate": 24000, "numChannels": 1}},
    "thread/realtime/appendSpeech": {"threadId": NOWHERE, "text": "x"},
    "thread/realtime/appendText": {"threadId": NOWHERE, "text": "x"},
    "thread/realtime/start": {"threadId": NOWHERE, "outputModality": "text"},
    "thread/realtime/stop": {"threadId": NOWHERE},
    "userVerification/cancel": {"requestId": 1},
    "userVerification/verify": {"challenge": "YWJj", "title": "t", "description": "d"},
    "windowsSandbox/setupStart": {"mode": "elevated"},
}
# What the reference answers with a result although it has no login; everything else is an error.
RESULTS = {
    "account/bedrock/checkGovCloudRequirements",
    "account/bedrock/discover",
    "account/gatewayOAuth/cancel",
    "account/gatewayOAuth/read",
    "account/securitySetup/read",
    "accountSession/list",
    "app/installed",
    "app/list",
    "app/read",
    "externalAgentConfig/detect",
    "externalAgentConfig/import/readHistories",
    "marketplace/upgrade",
    "mcpServer/event/stream/stop",
    "memory/status",
    "plugin/installed",
    "plugin/list",
    "plugin/reconcile",
    "plugin/search",
    "remoteControl/status/read",
    "rollout/compress",
    "thread/realtime/listVoices",
    "userVerification/cancel",
    "userVerification/status",
    "windowsSandbox/readiness",
    "windowsSandbox/setupStart",
}
CODES = {
    "feedback/save": INTERNAL,
    "feedback/upload": INTERNAL,
    "thread/prediction/request": UNSUPPORTED,
    "userVerification/delete": INTERNAL,
    "userVerification/enroll": INTERNAL,
    "userVerification/verify": INTERNAL,
}


async def test_each_answers_as_the_reference_does_without_a_login(client: Client) -> None:
    answers: dict[str, int | str] = {}
    for method in CLOUDLESS:
        try:
            result = await client.request(method, PARAMS.get(method, {}))
            msgspec.convert(result, getattr(types, str(METHODS[method].result)))
            answers[method] = "result"
        except RequestFailed as error:
            answers[method] = error.code
    assert answers == {name: "result" if name in RESULTS else CODES.get(name, INVALID) for name in CLOUDLESS}


@pytest.mark.parametrize(
    ("method", "before", "after"),
    [
        (
            "account/rateLimits/read",
            "codex account authentication required to read rate limits",
            "chatgpt authentication required to read rate limits",
        ),
        (
            "remoteControl/enable",
            "remote control requires ChatGPT authentication",
            "remote control requires ChatGPT authentication; API key auth is not supported",
        ),
        (
            "plugin/share/list",
            "list remote plugin shares: chatgpt authentication required for remote plugin catalog",
            "list remote plugin shares: chatgpt authentication required for remote plugin catalog; "
            "api key auth is not supported",
        ),
    ],
)
async def test_an_api_key_is_not_enough(client: Client, method: str, before: str, after: str) -> None:
    assert await refusal(client, method, {}) == (INVALID, before)
    await client.request("account/login/start", {"type": "apiKey", "apiKey": "sk-1"})
    assert await refusal(client, method, {}) == (INVALID, after)


async def test_params_that_may_be_left_out(client: Client) -> None:
    for method in ("account/rateLimits/read", "account/usage/read", "remoteControl/enable"):
        assert (await refusal(client, method))[1].find("authentication") > 0
    assert (await client.request("account/gatewayOAuth/read"))["providerId"] == "test"


async def test_apps_and_marketplaces_that_are_named(client: Client) -> None:
    assert await client.request("app/read", {"appIds": ["a", "b"]}) == {"apps": [], "missingAppIds": ["a", "b"]}
    assert await refusal(client, "app/list", {"threadId": NOWHERE}) == (INVALID, f"thread not found: {NOWHERE}")
    thread = await open_thread(client)
    assert await client.request("app/list", {"threadId": thread}) == {"data": [], "nextCursor": None}
    assert await refusal(client, "marketplace/upgrade", {"marketplaceName": "m"}) == (
        INVALID,
        "marketplace `m` is not configured as a Git marketplace",
    )
    assert (await refusal(client, "marketplace/remove", {"marketplaceName": "m"}))[1].startswith("marketplace `m`")


@pytest.mark.parametrize("method", ["plugin/read", "plugin/install"])
async def test_plugins_of_a_file(client: Client, home: Home, method: str) -> None:
    one_of = (INVALID, f"{method} requires exactly one of marketplacePath or remoteMarketplaceName")
    path = str(home.path / "marketplace.json")
    assert await refusal(client, method, {"pluginName": "p"}) == one_of
    both = {"pluginName": "p", "marketplacePath": path, "remoteMarketplaceName": "m"}
    assert await refusal(client, method, both) == one_of
    named = {"pluginName": "p", "marketplacePath": path}
    assert await refusal(client, method, named) == (INVALID, f"marketplace file `{path}` does not exist")
    (home.path / "marketplace.json").write_text("{}")
    assert (await refusal(client, method, named))[1].endswith("which are not supported")


async def test_a_plugin_that_is_not_installed_is_gone(client: Client) -> None:
    assert await client.request("plugin/uninstall", {"pluginId": "p@m"}) == {}


async def test_memories_that_another_server_left(client: Client, home: Home) -> None:
    folder, elsewhere = home.path / "memories", home.path / "elsewhere"
    for path in (folder / "notes", elsewhere):
        path.mkdir(parents=True)
        (path / "a.md").write_text("x")
    (folder / "linked").symlink_to(elsewhere)
    assert await client.request("memory/reset") == {}
    assert list(folder.iterdir()) == []
    folder.rmdir()
    assert await client.request("memory/reset") == {}
    folder.symlink_to(elsewhere)
    assert (await refusal(client, "memory/reset"))[0] == INTERNAL
    assert (elsewhere / "a.md").exists()


async def test_whether_memories_may_be_made_of_a_thread(client: Client) -> None:
    thread = await open_thread(client)
    for mode in ("disabled", "enabled"):
        assert await client.request("thread/memoryMode/set", {"threadId": thread, "mode": mode}) == {}
    assert await refusal(client, "thread/memoryMode/set", {"threadId": NOWHERE, "mode": "enabled"}) == (
        INVALID,
        f"no rollout found for thread id {NOWHERE}",
    )
    assert (await client.request("thread/memory/read", {"threadId": thread})) == {"summary": None}


async def test_remote_control_is_off_and_names_the_installation(client: Client) -> None:
    status = await client.request("remoteControl/status/read")
    assert status["status"] == "disabled"
    assert await client.request("remoteControl/disable", {"ephemeral": True}) == status
    assert (await refusal(client, "remoteControl/disable", {}))[0] == INVALID
    for codes, text in [
        ({}, "remoteControl/pairing/status requires pairingCode or manualPairingCode"),
        ({"pairingCode": "a"}, "remote control pairing requires remote control to be enabled"),
        (
            {"pairingCode": "a", "manualPairingCode": "b"},
            "remoteControl/pairing/status accepts either pairingCode or manualPairingCode, not both",
        ),
    ]:
        assert await refusal(client, "remoteControl/pairing/status", codes) == (INVALID, text)
    assert (await refusal(client, "remoteControl/enable", {"ephemeral": True}))[0] == INVALID


async def test_a_spoken_conversation_fails_where_its_client_listens(client: Client) -> None:
    thread = await open_thread(client)
    since = client.mark()
    assert await client.request("thread/realtime/start", {"threadId": thread, "outputModality": "text"}) == {}
    failed = await client.wait_for("thread/realtime/error", since=since)
    assert failed["params"]["threadId"] == thread
    since = client.mark()
    await client.request("thread/realtime/appendText", {"threadId": thread, "text": "x"})
    failed = (await client.wait_for("error", since=since))["params"]
    assert (failed["threadId"], failed["willRetry"]) == (thread, False)
    assert failed["error"]["message"] == "conversation is not running"
    assert failed["error"]["codexErrorInfo"] == "badRequest"
    await client.request("thread/realtime/stop", {"threadId": thread})
    assert (await client.wait_for("thread/realtime/closed"))["params"]["reason"] == "requested"


async def test_the_windows_sandbox_is_not_set_up(client: Client) -> None:
    assert await client.request("windowsSandbox/setupStart", {"mode": "unelevated"}) == {"started": True}
    done = (await client.wait_for("windowsSandbox/setupCompleted"))["params"]
    assert (done["mode"], done["success"]) == ("unelevated", False)
    assert "Windows" in done["error"]


async def test_a_gateway_of_an_unknown_provider(client: Client) -> None:
    for method in ("account/gatewayOAuth/read", "account/gatewayOAuth/login"):
        with pytest.raises(RequestFailed) as failure:
            await client.request(method, {"modelProvider": "nobody"})
        assert failure.value.data == {"type": "modelProviderNotConfigured", "modelProvider": "nobody"}
