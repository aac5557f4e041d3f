"""What clients do with MCP servers themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from spindled.mcp.credentials import Credentials, Grant
from tests.conformance.conftest import Launch
from tests.conformance.steps import NOWHERE, refusal
from tests.conformance.test_mcp import ELICITATION, SLOW_MACHINE, STATUS, open_ready, ready
from tests.support.client import Client, Message
from tests.support.fake_provider import FakeProvider
from tests.support.home import Home
from tests.support.mcp_config import real, rough, server
from tests.support.mcp_http import http_server

pytestmark = pytest.mark.timeout(120)  # each daemon, and each server, loads a large library on cores that are shared

INTERNAL = -32603


async def statuses(client: Client, **params: Any) -> dict[str, Message]:
    listed = await client.request("mcpServerStatus/list", params, patience=SLOW_MACHINE)
    return {each["name"]: each for each in listed["data"]}


async def test_how_servers_are(launch: Launch, tmp_path: Path) -> None:
    tables = (
        rough(tmp_path / "log", enabled_tools=["say"])
        + server("broken", command="/no/such/program")
        + server("off", command="x", enabled=False)
    )
    client = await launch(tables=tables)
    before = await statuses(client)
    assert sorted(before) == ["broken", "off", "rough"]
    assert {each["runtimeStatus"] for each in before.values()} == {None}
    found = before["rough"]
    assert found["serverInfo"]["name"] == "rough"
    assert found["serverCapabilities"] == {"resources": {}, "tools": {"listChanged": True}}
    assert list(found["tools"]) == ["say"]
    assert found["resources"] == [{"uri": "rough://one", "name": "one"}]
    assert found["authStatus"] == "unsupported"
    assert before["broken"]["toolsError"] == "MCP startup failed: No such file or directory (os error 2)"
    thread = await open_ready(client, "rough")
    now = await statuses(client, threadId=thread)
    assert {name: each["runtimeStatus"] for name, each in now.items()} == {
        "broken": "failed",
        "off": "disabled",
        "rough": "connected",
    }
    assert list(await statuses(client, threadId=thread, serverName="off")) == ["off"]
    assert await statuses(client, serverName="nope") == {}
    short = await statuses(client, threadId=thread, detail="toolsAndAuthOnly", serverName="rough")
    assert short["rough"]["resources"] == []
    assert (tmp_path / "log").read_text().count('"initialize"') == 1


async def test_pages_of_servers(launch: Launch) -> None:
    client = await launch(tables="".join(server(name, command="x", enabled=False) for name in "abc"))
    names, cursor = [], None
    while True:
        page = await client.request("mcpServerStatus/list", {"limit": 2, "cursor": cursor})
        names.append([each["name"] for each in page["data"]])
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert names == [["a", "b"], ["c"]]
    assert await refusal(client, "mcpServerStatus/list", {"cursor": "zz"}) == (-32600, "invalid cursor: zz")


async def test_calls_and_resources_of_the_client(launch: Launch) -> None:
    client = await launch(tables=real(disabled_tools=["write"]))
    thread = await open_ready(client, "real")
    call = {"threadId": thread, "server": "real", "tool": "add"}
    answer = await client.request("mcpServer/tool/call", {**call, "arguments": {"a": 1, "b": 2}})
    assert answer["structuredContent"] == {"total": 3}
    wrong = await client.request("mcpServer/tool/call", {**call, "arguments": {"a": "x"}})
    assert wrong["isError"] is True

    asked: list[Message] = []

    def name(params: Message) -> Message:
        asked.append(params)
        return {"action": "accept", "content": {"name": "Bob"}, "_meta": None}

    client.on_request(ELICITATION, name)
    greeting = await client.request("mcpServer/tool/call", {**call, "tool": "greet"})
    assert greeting["content"][0]["text"] == "no name: decline"  # the policy is `never`
    assert not asked
    wanted = {"server": "real", "uri": "note://by/me", "originCallId": "o"}
    read = await client.request("mcpServer/resource/read", wanted)
    assert read == {
        "contents": [{"uri": "note://by/me", "mimeType": "text/plain", "text": "by me"}],
        "originCallId": "o",
    }
    refused = [
        await refusal(client, "mcpServer/tool/call", {**call, **change})
        for change in ({"tool": "write"}, {"server": "nope"}, {"threadId": NOWHERE}, {"arguments": 5})
    ]
    assert refused == [
        (INTERNAL, "tool 'write' is disabled for MCP server 'real'"),
        (INTERNAL, "unknown MCP server 'nope'"),
        (-32600, f"thread not found: {NOWHERE}"),
        (INTERNAL, "tool call failed for `real/add`: MCP tool arguments must be a JSON object"),
    ]
    code, text = await refusal(client, "mcpServer/resource/read", {"server": "real", "uri": "note://no/such/one"})
    assert (code, text.startswith("resources/read failed for `real` (note://no/such/one): ")) == (INTERNAL, True)
    assert await refusal(client, "mcpServer/resource/read", {"server": "nope", "uri": "x"}) == (
        INTERNAL,
        "unknown MCP server 'nope'",
    )


async def test_a_question_outside_of_a_turn(launch: Launch) -> None:
    client = await launch(tables=real(), approval_policy="on-request")
    thread = await open_ready(client, "real")
    client.on_request(ELICITATION, lambda params: {"action": "accept", "content": {"name": params["serverName"]}})
    since = client.mark()
    answer = await client.request("mcpServer/tool/call", {"threadId": thread, "server": "real", "tool": "greet"})
    assert answer["content"][0]["text"] == "hello real"
    asked = await client.wait_for(ELICITATION, since=since)
    assert (asked["params"]["turnId"], asked["params"]["mode"]) == (None, "form")
    assert not client.notifications("thread/status/changed", since)


async def test_reload(launch: Launch, provider: FakeProvider, home: Home, tmp_path: Path) -> None:
    client = await launch(tables=rough(tmp_path / "log"))
    await open_ready(client, "rough")
    tables = rough(tmp_path / "log") + rough(tmp_path / "log2", name="more")
    home.write_config(provider.base_url, tables=tables)
    since = client.mark()
    assert await client.request("config/mcpServer/reload") == {}
    await client.wait_for(ready("more"), since=since, patience=SLOW_MACHINE)
    told = [(each["name"], each["status"]) for each in client.notifications(STATUS, since)]
    assert told == [("more", "starting"), ("rough", "ready"), ("more", "ready")]
    home.write_config(provider.base_url, tables="[mcp_servers.x]\n")
    code, text = await refusal(client, "config/mcpServer/reload")
    assert code == -32600
    assert "mcp_servers.x" in text


async def test_a_login(launch: Launch, home: Home) -> None:
    async with http_server("login") as web:
        client = await launch(tables=server("web", url=web.url) + server("here", command="x", enabled=False))
        since = client.mark()
        thread = (await client.start_thread())["id"]

        def failed(message: Message) -> bool:
            return message.get("method") == STATUS and message["params"]["status"] == "failed"

        told = await client.wait_for(failed, since=since, patience=SLOW_MACHINE)
        assert told["params"]["failureReason"] is None
        assert told["params"]["error"].startswith("The web MCP server is not logged in.")
        status = (await statuses(client, threadId=thread))["web"]
        assert (status["runtimeStatus"], status["authStatus"]) == ("authenticationRequired", "notLoggedIn")
        assert status["httpOrigin"] == web.url.removesuffix("/mcp")
        login = await client.request(
            "mcpServer/oauth/login", {"name": "web", "threadId": thread}, patience=SLOW_MACHINE
        )
        async with aiohttp.ClientSession() as browser, browser.get(login["authorizationUrl"]) as page:
            assert page.status == 200
        done = await client.wait_for("mcpServer/oauthLogin/completed", since=since, patience=SLOW_MACHINE)
        assert done["params"] == {
            "name": "web",
            "threadId": thread,
            "loginId": login["loginId"],
            "success": True,
        }
        await client.wait_for(ready("web"), since=since, patience=SLOW_MACHINE)
        assert (await statuses(client, threadId=thread))["web"]["authStatus"] == "oAuth"
        assert await refusal(client, "mcpServer/oauth/login", {"name": "here"}) == (
            -32600,
            "OAuth login is only supported for streamable HTTP servers.",
        )
        assert await refusal(client, "mcpServer/oauth/login", {"name": "nope"}) == (
            -32600,
            "No MCP server named 'nope' found.",
        )
        await client.close()
        assert "access-" not in client.stderr
        assert "access-" not in str(client.received)


async def test_a_login_that_is_not_taken_any_more(launch: Launch, home: Home) -> None:
    async with http_server("login") as web:
        credentials = Credentials(home.path)
        credentials.save("web", Grant(url=web.url, tokens={"access_token": "revoked", "token_type": "Bearer"}))
        client = await launch(tables=server("web", url=web.url) + server("gone", url="http://127.0.0.1:1/mcp"))
        await client.start_thread()

        def refused(message: Message) -> bool:
            params = message.get("params") or {}
            return message.get("method") == STATUS and (params["name"], params["status"]) == ("web", "failed")

        told = await client.wait_for(refused, patience=SLOW_MACHINE)
        assert told["params"]["failureReason"] == "reauthenticationRequired"
        code, text = await refusal(client, "mcpServer/oauth/login", {"name": "gone"})
        assert code == INTERNAL
        assert text.startswith("failed to login to MCP server 'gone': ")
