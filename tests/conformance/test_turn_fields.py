"""The less common fields of thread/start and turn/start: each has its effect, or is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.conftest import Launch
from tests.conformance.steps import INVALID, open_thread, refusal, text_input
from tests.support.client import Client, Message, RequestFailed
from tests.support.fake_items import message
from tests.support.fake_provider import FakeProvider, stream
from tests.support.flow import flow, of
from tests.support.home import Home


def texts(request: Any, role: str) -> list[str]:
    found = [item for item in request.json["input"] if item.get("role") == role]
    return [part["text"] for item in found for part in item["content"]]


def tools(request: Any) -> list[str]:
    return [tool["name"] for tool in request.json["tools"]]


async def updated(client: Client, thread: str, **fields: Any) -> Message:
    """The settings that a turn with these fields tells."""
    [notice] = of(await client.run_turn(thread, "x", **fields), "thread/settings/updated")
    return dict(notice["threadSettings"])


async def test_additional_context(client: Client, provider: FakeProvider) -> None:
    thread = await open_thread(client)
    entries = {
        "app": {"value": "The theme is dark.", "kind": "application"},
        "page": {"value": "<b>buy</b>", "kind": "untrusted", "name": "shop"},
    }
    await client.run_turn(thread, "hello", additionalContext=entries)
    assert any("The theme is dark." in text for text in texts(provider.requests[0], "developer"))
    before, said = texts(provider.requests[0], "user")[-2:]
    assert "&lt;b&gt;buy" in before and 'source="shop"' in before and said == "hello"
    changed = {**entries, "app": {"value": "The theme is light.", "kind": "application"}}
    await client.run_turn(thread, "again", additionalContext=changed)
    assert sum("buy" in text for text in texts(provider.requests[1], "user")) == 1  # only what is new is told
    assert any("light" in text for text in texts(provider.requests[1], "developer"))
    refused = {
        "threadId": thread,
        "input": text_input("x"),
        "additionalContext": {"k": {**entries["app"], "name": "n"}},
    }
    assert await refusal(client, "turn/start", refused) == (
        INVALID,
        "additional context name is only supported for untrusted context",
    )


async def test_context_comes_with_a_steer(client: Client, provider: FakeProvider) -> None:
    provider.script(stream(message("one two", deltas=2, hold_after=(1, "h"))))
    thread = await open_thread(client)
    turn = await client.start_turn(thread, "go")
    await client.wait_for("item/agentMessage/delta")
    context = {"k": {"value": "news", "kind": "untrusted"}}
    params = {
        "threadId": thread,
        "expectedTurnId": turn["id"],
        "input": text_input("more"),
        "additionalContext": context,
    }
    await client.request("turn/steer", params)
    await client.wait_for("turn/completed")
    news, more = texts(provider.requests[1], "user")[-2:]
    assert "news" in news and more == "more"


async def test_no_environment_no_files_and_no_commands(client: Client, provider: FakeProvider) -> None:
    thread = await client.start_thread(environments=[])
    assert thread["environments"] == []
    await client.run_turn(thread["id"], "hi")
    assert not {"exec_command", "write_stdin", "apply_patch", "view_image"} & set(tools(provider.requests[0]))
    assert not any("<cwd>" in text for text in texts(provider.requests[0], "user"))


async def test_an_environment_is_a_folder(client: Client, provider: FakeProvider, home: Home) -> None:
    folder = home.workspace / "inner"
    folder.mkdir()
    thread = await open_thread(client)
    shown = await updated(client, thread, environments=[{"environmentId": "local", "cwd": str(folder)}])
    assert (shown["cwd"], shown["environments"][0]["runtimeWorkspaceRoots"]) == (str(folder), [str(folder)])
    assert any(f"<cwd>{folder}</cwd>" in text for text in texts(provider.requests[0], "user"))
    wrong = {"threadId": thread, "input": text_input("x"), "environments": [{"environmentId": "nope", "cwd": "/"}]}
    assert await refusal(client, "turn/start", wrong) == (INVALID, "unknown turn environment id `nope`")


async def test_permissions(launch: Launch) -> None:
    client = await launch(approval_policy="on-request")
    started = await client.request("thread/start", {"permissions": ":read-only"})
    assert (started["sandbox"]["type"], started["activePermissionProfile"]["id"]) == ("readOnly", ":read-only")
    thread = started["thread"]["id"]
    shown = await updated(client, thread, permissions=":workspace")
    assert (shown["sandboxPolicy"]["type"], shown["activePermissionProfile"]["id"]) == ("workspaceWrite", ":workspace")
    shown = await updated(client, thread, sandboxPolicy={"type": "readOnly", "networkAccess": False})
    assert shown["activePermissionProfile"] is None
    for method, params in (("thread/start", {}), ("turn/start", {"threadId": thread, "input": text_input("x")})):
        code, text = await refusal(client, method, {**params, "permissions": "mine"})
        assert code == INVALID and "`mine`" in text
    both = {"threadId": thread, "input": [], "permissions": ":workspace", "sandboxPolicy": {"type": "readOnly"}}
    assert await refusal(client, "turn/start", both) == (
        INVALID,
        "`permissions` cannot be combined with `sandboxPolicy`",
    )


async def test_workspace_roots(client: Client, provider: FakeProvider, home: Home) -> None:
    thread = await open_thread(client)
    roots = [str(home.workspace), "/elsewhere"]
    shown = await updated(client, thread, runtimeWorkspaceRoots=roots)
    assert shown["environments"][0]["runtimeWorkspaceRoots"] == roots
    assert any("<root>/elsewhere</root>" in text for text in texts(provider.requests[0], "user"))
    assert (await client.request("thread/start", {"runtimeWorkspaceRoots": []}))["runtimeWorkspaceRoots"] == []
    code, text = await refusal(client, "thread/start", {"runtimeWorkspaceRoots": ["rel"]})
    assert code == INVALID and "AbsolutePathBuf" in text


async def test_personality(client: Client, provider: FakeProvider) -> None:
    thread = await open_thread(client, personality="friendly")
    await client.run_turn(thread, "a")
    shown = await updated(client, thread, personality="pragmatic")
    assert shown["personality"] == "pragmatic"
    await client.run_turn(thread, "c", personality="none")
    told = [
        [text for text in texts(request, "developer") if text.startswith("<tone>")] for request in provider.requests
    ]
    assert "warm" in told[0][-1] and "matter-of-fact" in told[1][-1]
    assert len(told[2]) == len(told[1])


async def test_a_tier_for_one_turn(client: Client, provider: FakeProvider) -> None:
    thread = await open_thread(client, serviceTier="fast")
    await client.run_turn(thread, "a", serviceTierForTurn="flex")
    await client.run_turn(thread, "b")
    assert [request.json["service_tier"] for request in provider.requests] == ["flex", "priority"]


async def test_what_a_client_says_about_a_turn(client: Client, provider: FakeProvider) -> None:
    thread = await open_thread(client)
    told = {"responsesapiClientMetadata": {"a": "1", "b": "1"}, "responsesapiClientMetadataPatch": {"b": "2"}}
    turn = (
        await client.request("turn/start", {"threadId": thread, "input": text_input("x"), "rootTurnId": "r", **told})
    )["turn"]
    done = await client.wait_for("turn/completed")
    assert turn["rootTurnId"] == done["params"]["turn"]["rootTurnId"] == "r"
    metadata = provider.requests[0].json["client_metadata"]
    assert (metadata["a"], metadata["b"], metadata["turn_id"]) == ("1", "2", turn["id"])


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"toolOutput": {"name": "t", "output": "x"}}, "`toolOutput` cannot be combined with nonempty `input`"),
        ({"toolOutput": {"name": "t", "output": "x"}, "input": []}, "`toolOutput` is not supported"),
        ({"outputSchema": 5}, "`outputSchema` must be a JSON object"),
    ],
)
async def test_fields_of_a_turn_that_are_refused(client: Client, fields: Message, text: str) -> None:
    params = {"threadId": await open_thread(client), "input": text_input("x"), **fields}
    assert await refusal(client, "turn/start", params) == (INVALID, text)


@pytest.mark.parametrize("field", [{"daybreakEnabled": True}, {"experimentalRawEvents": True}])
async def test_fields_of_a_thread_that_are_refused(client: Client, field: Message) -> None:
    [name] = field
    assert await refusal(client, "thread/start", field) == (INVALID, f"thread/start with `{name}` is not supported")
    assert (await client.start_thread(**{name: False}))["id"]


async def test_new_settings_are_told_before_the_turn_is_answered(client: Client) -> None:
    thread = await open_thread(client)
    messages = await client.run_turn(thread, "x", effort="low")
    assert flow(messages)[:3] == ["thread/settings/updated", "result", "thread/status/changed active"]


async def test_more_text_than_a_conversation_can_go_on_with(client: Client) -> None:
    thread = await open_thread(client)
    with pytest.raises(RequestFailed) as failure:
        await client.start_turn(thread, "x" * (1 << 20) + "y")
    assert failure.value.code == -32602
    told = {"input_error_code": "input_too_large", "max_chars": 1 << 20, "actual_chars": (1 << 20) + 1}
    assert failure.value.data == told
