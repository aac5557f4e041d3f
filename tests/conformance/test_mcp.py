"""MCP servers in turns: started in the background, their tools called, shown and asked about."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from spindled.mcp.launch import INHERITED
from tests.conformance.conftest import Launch
from tests.conformance.steps import open_thread, outputs, refusal
from tests.support.client import Client, Message
from tests.support.fake_items import function_call, message
from tests.support.fake_provider import FakeProvider, stream
from tests.support.flow import ANSWERED, COMPLETED, STARTED, flow, items
from tests.support.home import Home
from tests.support.mcp_config import real, rough, server
from tests.support.processes import runs, with_environment

pytestmark = pytest.mark.timeout(120)  # each daemon, and each server, loads a large library on cores that are shared

USAGE = "thread/tokenUsage/updated"
STATUS = "mcpServer/startupStatus/updated"
ELICITATION = "mcpServer/elicitation/request"
CALL = ("item/started mcpToolCall inProgress", "item/completed mcpToolCall completed", USAGE)
SLOW_MACHINE = 60.0  # seconds for a server to start


def ready(name: str) -> Any:
    def matches(message: Message) -> bool:
        params = message.get("params") or {}
        return message.get("method") == STATUS and (params["name"], params["status"]) == (name, "ready")

    return matches


async def open_ready(client: Client, *names: str, **params: Any) -> str:
    """A thread whose servers are ready."""
    since = client.mark()
    thread = await open_thread(client, **params)
    for name in names:
        await client.wait_for(ready(name), since=since, patience=SLOW_MACHINE)
    return thread


def answering(client: Client, *answers: Message) -> list[Message]:
    """Answers elicitations with these in turn, the last one from then on."""
    asked: list[Message] = []

    def answer(params: Message) -> Message:
        asked.append(params)
        return answers[min(len(asked), len(answers)) - 1]

    client.on_request(ELICITATION, answer)
    return asked


ACCEPT = {"action": "accept", "content": None, "_meta": None}


async def test_a_real_server_from_start_to_end(launch: Launch, provider: FakeProvider, home: Home) -> None:
    client = await launch(tables=real(default_tools_approval_mode="approve") + server("broken", command="/no/such"))
    thread = await open_ready(client, "real")
    told = [(each["name"], each["status"]) for each in client.notifications(STATUS)]
    assert told == [("broken", "starting"), ("real", "starting"), ("broken", "failed"), ("real", "ready")]
    provider.script(
        stream(function_call("mcp__real__echo", {"text": "hello"}, call_id="c1")),
        stream(function_call("add", {"a": 1, "b": 2}, call_id="c2", namespace="mcp__real")),
        stream(function_call("mcp__real__picture", {}, call_id="c3")),
        stream(function_call("mcp__real__count", {}, call_id="c4")),
        stream(function_call("read_mcp_resource", {"server": "real", "uri": "note://one"}, call_id="c5")),
    )
    messages = await client.run_turn(thread, "use them", patience=SLOW_MACHINE)
    progress = "item/mcpToolCall/progress x3"
    assert flow(messages) == [*STARTED, *CALL * 3, CALL[0], progress, *CALL[1:], *CALL, *ANSWERED, *COMPLETED]
    echoed, added, shown, counted, read = items(messages, "mcpToolCall")
    assert echoed["result"] == {
        "content": [{"type": "text", "text": "hello"}],
        "structuredContent": None,
        "_meta": None,
    }
    assert (echoed["server"], echoed["tool"], echoed["readOnlyHint"]) == ("real", "echo", True)
    assert added["result"]["structuredContent"] == {"total": 3}
    assert shown["result"]["content"][0]["type"] == "image"
    assert counted["result"]["content"][0]["text"] == "counted"
    assert json.loads(read["result"]["content"][0]["text"])["contents"][0]["text"] == "first"
    model = dict(outputs(provider.requests[-1]))
    assert model["c1"][1] == {"type": "input_text", "text": "hello"}
    assert model["c2"].endswith('Output:\n{"total":3}')
    assert model["c3"][1]["image_url"].startswith("data:image/png;base64,")
    assert await client.close() == 0


async def test_tools_are_listed_under_one_name_each(launch: Launch, provider: FakeProvider, tmp_path: Path) -> None:
    client = await launch(tables=rough(tmp_path / "log", disabled_tools=["crash"]))
    await client.run_turn(await open_ready(client, "rough"), "hi")
    tools = {tool["name"]: tool for tool in provider.requests[0].json["tools"] if tool["type"] == "function"}
    assert {"list_mcp_resources", "list_mcp_resource_templates", "read_mcp_resource"} < tools.keys()
    assert "mcp__rough__crash" not in tools
    assert tools["mcp__rough__odd_name"] == {
        "type": "function",
        "name": "mcp__rough__odd_name",
        "description": "It is odd.name.",
        "strict": False,
        "parameters": {"type": "object", "properties": {}},
    }


async def test_without_servers_there_is_nothing_of_them(client: Client, provider: FakeProvider) -> None:
    await client.run_turn(await open_thread(client), "hi")
    assert not [tool for tool in provider.requests[0].json["tools"] if "mcp" in tool.get("name", "")]
    assert not client.notifications(STATUS)


async def test_a_call_is_asked_about(launch: Launch, provider: FakeProvider, tmp_path: Path) -> None:
    client = await launch(tables=rough(tmp_path / "log"), approval_policy="on-request")
    thread = await open_ready(client, "rough")
    provider.script(
        stream(function_call("mcp__rough__say", {"a": 1}, call_id="c1")),
        stream(function_call("mcp__rough__say", {}, call_id="c2")),
        stream(function_call("mcp__rough__say", {}, call_id="c3")),
    )
    asked = answering(client, ACCEPT, {**ACCEPT, "action": "decline"}, {"action": "accept"})
    messages = await client.run_turn(thread, "say")
    assert flow(messages)[5:14] == [
        "item/started mcpToolCall inProgress",
        "thread/status/changed active waitingOnApproval",
        "request mcpServer/elicitation/request",
        "serverRequest/resolved",
        "thread/status/changed active",
        "item/completed mcpToolCall completed",
        USAGE,
        "item/started mcpToolCall inProgress",
        "thread/status/changed active waitingOnApproval",
    ]
    assert [item["status"] for item in items(messages, "mcpToolCall")] == ["completed", "failed", "completed"]
    assert items(messages, "mcpToolCall")[1]["error"] == {"message": "user rejected MCP tool call"}
    assert asked[0]["_meta"]["tool_params"] == {"a": 1}
    assert asked[0]["requestedSchema"] == {"type": "object", "properties": {}}


async def test_a_tool_is_granted_for_the_session_until_it_is_revoked(
    launch: Launch, provider: FakeProvider, tmp_path: Path
) -> None:
    client = await launch(tables=rough(tmp_path / "log"), approval_policy="on-request")
    thread = await open_ready(client, "rough")
    asked = answering(client, {**ACCEPT, "_meta": {"persist": "session"}})
    for number in range(3):
        provider.script(stream(function_call("mcp__rough__say", {}, call_id=f"c{number}")), stream(message()))
    await client.run_turn(thread, "say")
    (grant,) = (await client.request("thread/grants/list", {"threadId": thread}))["data"]
    assert (grant["type"], grant["server"], grant["tool"]) == ("mcpTool", "rough", "say")
    await client.run_turn(thread, "again")
    assert len(asked) == 1
    await client.request("thread/grants/revoke", {"threadId": thread, "grantId": grant["id"]})
    await client.run_turn(thread, "and again")
    assert len(asked) == 2


async def test_nobody_answers_and_the_turn_is_interrupted(
    launch: Launch, provider: FakeProvider, tmp_path: Path
) -> None:
    client = await launch(tables=rough(tmp_path / "log"), approval_policy="on-request")
    thread = await open_ready(client, "rough")
    provider.script(stream(function_call("mcp__rough__say", {}, call_id="c1")))
    since = client.mark()
    turn = await client.start_turn(thread, "say")
    await client.wait_for(ELICITATION, since=since)
    await client.request("turn/interrupt", {"threadId": thread, "turnId": turn["id"]})
    done = await client.wait_for("turn/completed", since=since)
    assert done["params"]["turn"]["status"] == "interrupted"
    assert [item["status"] for item in items(client.received[since:], "mcpToolCall")] == ["failed"]
    assert "tools/call" not in (tmp_path / "log").read_text()


async def test_calls_survive_a_resume(launch: Launch, provider: FakeProvider, home: Home, tmp_path: Path) -> None:
    tables = rough(tmp_path / "log", default_tools_approval_mode="approve")
    client = await launch(tables=tables)
    thread = await open_ready(client, "rough")
    provider.script(stream(function_call("mcp__rough__say", {"a": 1}, call_id="c1")))
    before = items(await client.run_turn(thread, "say"), "mcpToolCall")
    await client.close()
    again = await launch(tables=tables)
    resumed = await again.request("thread/resume", {"threadId": thread})
    found = [item for turn in resumed["thread"]["turns"] for item in turn["items"] if item["type"] == "mcpToolCall"]
    assert found == before
    await again.wait_for(ready("rough"), patience=SLOW_MACHINE)
    await again.run_turn(thread, "and now?")
    assert dict(outputs(provider.requests[-1]))["c1"][1]["text"] == '{"a": 1}'


async def test_a_server_gets_little_of_the_environment_and_leaves_with_the_daemon(
    launch: Launch, provider: FakeProvider, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINE", "mine")
    monkeypatch.setenv("SECRET_OF_ANOTHER", "hush")
    tables = real(default_tools_approval_mode="approve", env_vars=["MINE"], env={"SET": "1"})
    client = await launch(tables=tables)
    thread = await open_ready(client, "real")
    answer = await client.request("mcpServer/tool/call", {"threadId": thread, "server": "real", "tool": "process"})
    known = json.loads(answer["content"][0]["text"])
    names = set(known["environment"]) - {"SPINDLED_CHILD", "LC_CTYPE"}
    assert names <= {*INHERITED, "MINE", "SET"}
    assert known["environment"]["MINE"] == "mine"
    assert known["cwd"] == os.path.realpath(home.workspace)
    assert runs(known["pid"])
    assert await client.close() == 0
    assert not runs(known["pid"])
    assert not with_environment("SET", "1", besides=os.getpid())


async def test_threads_of_one_folder_share_a_server(launch: Launch, tmp_path: Path) -> None:
    client = await launch(tables=rough(tmp_path / "log"))
    for _ in range(3):
        await open_ready(client, "rough")
    assert (tmp_path / "log").read_text().count('"initialize"') == 1


async def test_a_thread_that_needs_a_server_is_not_started_without(launch: Launch, tmp_path: Path) -> None:
    client = await launch(tables=server("gone", command="/no/such/program", required=True))
    code, text = await refusal(client, "thread/start", {})
    assert code == -32603
    assert text == "required MCP servers failed to initialize: gone: No such file or directory (os error 2)"
    assert (await client.request("thread/loaded/list", {}))["data"] == []


async def test_no_secret_is_in_the_log(launch: Launch, tmp_path: Path, home: Home, spawn: Any) -> None:
    tables = rough(tmp_path / "log", env={"TOKEN": "env-hush"}) + server(
        "web", url="http://user:url-hush@127.0.0.1:1/mcp", http_headers={"X-Key": "head-hush"}
    )
    home.write_config("http://127.0.0.1:1", tables=tables)
    client = await spawn("-vv")
    await client.initialize()
    await open_ready(client, "rough")

    def failed(message: Message) -> bool:
        return message.get("method") == STATUS and message["params"]["status"] == "failed"

    await client.wait_for(failed, patience=SLOW_MACHINE)
    assert await client.close() == 0
    assert "hush" not in client.stderr
    assert "hush" not in json.dumps([m for m in client.received if m.get("method") == STATUS])
