"""Row 4-28: model/list."""

from __future__ import annotations

import json

import pytest

from tests.conformance.conftest import Launch
from tests.conformance.steps import open_thread
from tests.support.client import Client, RequestFailed
from tests.support.fake_provider import FakeProvider


def names(result: dict[str, object]) -> list[str]:
    return [model["id"] for model in result["data"]]  # type: ignore[attr-defined,index]


async def test_what_is_offered_without_a_provider_s_list(spawn: object, scripted: Client) -> None:
    result = await scripted.request("model/list", {})
    assert (names(result), result["nextCursor"]) == (["scripted"], None)


async def test_the_reference_s_models_in_pages(launch: Launch, provider: FakeProvider) -> None:
    provider.models = []
    client = await launch()
    whole = await client.request("model/list", {"modelProvider": "openai"})
    assert len(whole["data"]) == 9
    seen, cursor = [], None
    while True:
        page = await client.request("model/list", {"modelProvider": "openai", "limit": 2, "cursor": cursor})
        seen += page["data"]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert seen == whole["data"]
    (default,) = [model for model in seen if model["isDefault"]]
    assert default["id"] == "gpt-5.5"
    assert default["defaultReasoningEffort"] in [
        each["reasoningEffort"] for each in default["supportedReasoningEfforts"]
    ]
    hidden = await client.request("model/list", {"modelProvider": "openai", "includeHidden": True})
    assert len(hidden["data"]) > 9
    assert {model["hidden"] for model in hidden["data"]} == {True, False}
    with pytest.raises(RequestFailed, match="invalid cursor") as caught:
        await client.request("model/list", {"cursor": "next"})
    assert caught.value.code == -32600
    with pytest.raises(RequestFailed, match="not found"):
        await client.request("model/list", {"modelProvider": "nobody"})


async def test_a_provider_s_own_models(launch: Launch, provider: FakeProvider) -> None:
    """The list is fetched when it is asked for, not before."""
    provider.models = ["one", "two"]
    client = await launch(model="one")
    assert provider.requests == []
    result = await client.request("model/list", {})
    assert names(result) == ["one", "two"]
    assert [model["isDefault"] for model in result["data"]] == [True, False]
    assert [model["defaultReasoningEffort"] for model in result["data"]] == ["none", "none"]
    await client.request("model/list", {})
    assert [request.path for request in provider.requests] == ["/v1/models"]


async def test_a_configured_model(launch: Launch, provider: FakeProvider) -> None:
    """Its window is what clients are told of, and its output limit what a Messages provider is asked for."""
    table = '[models.mine]\nname = "Mine"\ncontext_window = 20000\nmax_output_tokens = 777\nefforts = ["low"]\n'
    client = await launch(model="mine", tables=table, provider={"wire_api": "messages"})
    provider.models = []
    (model,) = [model for model in (await client.request("model/list", {}))["data"] if model["id"] == "mine"]
    assert (model["displayName"], model["defaultReasoningEffort"], model["isDefault"]) == ("Mine", "low", True)
    await client.start_turn(await open_thread(client), "go")
    await provider.wait_requests(2)
    sent = json.loads(provider.requests[-1].body)
    assert sent["max_tokens"] == 777
