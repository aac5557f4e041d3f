"""One server over real pipes: how it starts, what goes wrong, how it comes back."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

import pytest

from spindled.config.mcp import McpServer
from spindled.mcp.connection import Connection
from spindled.mcp.errors import CallTimeout, ServerError, ServerGone, StartupFailed, StartupTimeout
from spindled.mcp.launch import launch
from spindled.mcp.pool import Pool
from tests.support.processes import runs
from tests.unit.mcp.conftest import Rough, Watched

pytestmark = pytest.mark.timeout(120)  # the first test loads a large library, on cores that are shared

Json = dict[str, Any]


def connect(pool: Pool, rough: Rough, *manners: str, **settings: Any) -> tuple[Connection, Watched]:
    watched = Watched()
    return pool.lease(rough.launch(*manners, **settings), watched).connection, watched


async def say(connection: Connection, **arguments: Any) -> Json:
    return await connection.request("tools/call", {"name": "say", "arguments": arguments})


def text_of(result: Json) -> str:
    return str(result["content"][0]["text"])


async def test_a_server_is_started_by_its_first_request(pool: Pool, rough: Rough) -> None:
    connection, watched = connect(pool, rough)
    assert connection.state == "notStarted"
    assert not rough.read
    assert text_of(await say(connection, a=1)) == '{"a": 1}'
    assert watched.states == ["starting", "connected"]
    assert connection.listing.info == {"name": "rough", "version": "1"}
    assert "say" in connection.listing.tools
    await rough.until_read("tools/list")
    assert [message["method"] for message in rough.read[:3]] == [
        "initialize",
        "notifications/initialized",
        "tools/list",
    ]


async def test_a_server_hears_who_speaks_and_that_it_may_ask(pool: Pool, rough: Rough) -> None:
    connection, _ = connect(pool, rough)
    await connection.ready()
    hello = (await rough.until_read("initialize"))["params"]
    assert hello["clientInfo"]["name"] == "spindled"
    assert "elicitation" in hello["capabilities"]
    assert "sampling" not in hello["capabilities"]
    assert "roots" not in hello["capabilities"]


async def test_lines_that_are_no_messages_are_passed_over(pool: Pool, rough: Rough) -> None:
    connection, _ = connect(pool, rough, "chatty")
    assert text_of(await say(connection, a=1)) == '{"a": 1}'


async def test_a_second_answer_is_not_the_answer_to_what_follows(pool: Pool, rough: Rough) -> None:
    connection, _ = connect(pool, rough)
    first = await connection.request("tools/call", {"name": "twice"})
    assert text_of(first) == "first"
    assert text_of(await say(connection, b=2)) == '{"b": 2}'


async def test_all_pages_of_the_tools_are_read(pool: Pool, rough: Rough) -> None:
    connection, _ = connect(pool, rough, "pages")
    await connection.ready()
    assert len(connection.listing.tools) == 11


async def test_tools_that_are_none_are_left_out(pool: Pool, rough: Rough) -> None:
    connection, _ = connect(pool, rough, "strange")
    await connection.ready()
    assert len(connection.listing.tools) == 12
    bare = connection.listing.tools["bare"]
    assert bare["inputSchema"] == {"type": "object", "properties": {}}
    assert "annotations" not in bare


async def test_a_list_that_changed_is_read_again(pool: Pool, rough: Rough) -> None:
    connection, _ = connect(pool, rough, "grows")
    await connection.ready()
    for _ in range(100):  # each answer comes after what the server said before it
        await say(connection)
    assert "grown" in connection.listing.tools


async def test_a_server_that_crashes_is_started_again_by_the_next_request(pool: Pool, rough: Rough) -> None:
    connection, watched = connect(pool, rough)
    with pytest.raises(ServerGone):
        await connection.request("tools/call", {"name": "crash"})
    assert text_of(await say(connection, back=True)) == '{"back": true}'
    assert watched.states == ["starting", "connected", "starting", "connected"]


async def test_every_request_that_waits_hears_of_a_crash(pool: Pool, rough: Rough) -> None:
    connection, _ = connect(pool, rough)
    await connection.ready()
    waiting = [asyncio.ensure_future(connection.request("tools/call", {"name": "stall"})) for _ in range(3)]
    await rough.until_read("tools/call")
    with pytest.raises(ServerGone):
        await connection.request("tools/call", {"name": "crash"})
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(error) for error in ended] == [ServerGone] * 3


async def test_a_server_that_does_not_answer_costs_its_tool_time_and_no_more(pool: Pool, rough: Rough) -> None:
    connection, _ = connect(pool, rough, tool_timeout_sec=0.2)
    with pytest.raises(CallTimeout, match=r"within 0\.2 s"):
        await connection.request("tools/call", {"name": "stall"})
    await rough.until_read("notifications/cancelled")
    assert text_of(await say(connection, a=1)) == '{"a": 1}'


async def test_a_request_that_is_given_up_is_cancelled_at_the_server(pool: Pool, rough: Rough) -> None:
    connection, _ = connect(pool, rough)
    await connection.ready()
    waiting = asyncio.ensure_future(connection.request("tools/call", {"name": "stall"}))
    call = await rough.until_read("tools/call")
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (await rough.until_read("notifications/cancelled"))["params"]["requestId"] == call["id"]


async def test_a_huge_answer_comes_whole(pool: Pool, rough: Rough) -> None:
    connection, _ = connect(pool, rough)
    result = await connection.request("tools/call", {"name": "huge", "arguments": {"size": 5_000_000}})
    assert len(text_of(result)) == 5_000_000


async def test_a_line_without_end_ends_the_server(pool: Pool, rough: Rough, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spindled.mcp.server_process.MAX_LINE", 1_000_000)
    connection, _ = connect(pool, rough)
    with pytest.raises(ServerGone):
        await connection.request("tools/call", {"name": "huge", "arguments": {"size": 5_000_000}})


async def test_an_error_of_the_server_is_told_with_its_code(pool: Pool, rough: Rough) -> None:
    connection, _ = connect(pool, rough)
    with pytest.raises(ServerError, match="there is no such resource") as failure:
        await connection.request("resources/read", {"uri": "rough://none"})
    assert failure.value.code == -32002


async def test_progress_is_told_as_it_comes(pool: Pool, rough: Rough) -> None:
    connection, _ = connect(pool, rough)
    heard: list[float] = []
    await connection.request(
        "tools/call", {"name": "flood"}, progress=lambda progress, total, message: heard.append(progress)
    )
    assert heard[:3] == [0, 1, 2]


@pytest.mark.parametrize(("manner", "error"), [("silent", StartupTimeout), ("quits", StartupFailed)])
async def test_a_server_that_does_not_start_fails(
    pool: Pool, rough: Rough, manner: str, error: type[StartupFailed]
) -> None:
    connection, watched = connect(pool, rough, manner, startup_timeout_sec=0.3 if manner == "silent" else 20)
    with pytest.raises(error):
        await connection.ready()
    assert connection.state == "failed"
    assert watched.states == ["starting", "failed"]


async def test_a_slow_start_is_waited_for_and_a_turn_waits_less(pool: Pool, rough: Rough) -> None:
    os.mkfifo(f"{rough.log}.gate")
    connection, _ = connect(pool, rough, "waits")
    connection.start()
    await connection.settled(0.05)
    assert connection.state == "starting"
    gate = asyncio.ensure_future(asyncio.to_thread(open_and_close, f"{rough.log}.gate"))
    await connection.settled()
    await gate
    assert connection.state == "connected"


def open_and_close(path: str) -> None:
    with open(path, "w"):
        pass


async def test_a_command_that_is_not_there_fails_at_once(pool: Pool, rough: Rough) -> None:
    made = launch("missing", McpServer(command="/no/such/program"), rough.folder, {})
    missing = pool.lease(made, Watched()).connection
    with pytest.raises(StartupFailed, match=r"No such file or directory \(os error 2\)"):
        await missing.ready()


async def test_a_server_and_its_children_end_with_the_connection(pool: Pool, rough: Rough) -> None:
    connection, _ = connect(pool, rough, "stays")
    child = int(text_of(await connection.request("tools/call", {"name": "child"})))
    assert runs(child)
    await connection.close()
    assert not runs(child)
    assert connection.state == "notStarted"


async def test_closing_while_it_starts_leaves_nothing(pool: Pool, rough: Rough) -> None:
    connection, _ = connect(pool, rough, "silent")
    connection.start()
    waiting = asyncio.ensure_future(connection.ready())
    await rough.until_read("initialize")
    await connection.close()
    with pytest.raises(StartupFailed, match="stopped"):
        await waiting


async def test_a_question_goes_to_the_user_of_the_call_and_its_time_stands_still(pool: Pool, rough: Rough) -> None:
    connection, _ = connect(pool, rough, tool_timeout_sec=0.5)
    asked: list[Json] = []

    async def ask(question: Json) -> Json:
        asked.append(question)
        await asyncio.sleep(0.8)  # longer than the call has
        return {"action": "accept", "content": {"name": "Bob"}}

    question = {"message": "Who?", "requestedSchema": {"type": "object", "properties": {"name": {"type": "string"}}}}
    result = await connection.request("tools/call", {"name": "ask", "arguments": question}, thread="t", ask=ask)
    assert json.loads(text_of(result)) == {"action": "accept", "content": {"name": "Bob"}}
    assert asked[0]["message"] == "Who?"


async def test_a_question_is_declined_when_it_may_be_for_another_thread(pool: Pool, rough: Rough) -> None:
    connection, _ = connect(pool, rough)
    await connection.ready()
    asked: list[Json] = []

    async def ask(question: Json) -> Json:
        asked.append(question)
        return {"action": "accept", "content": {}}

    other = asyncio.ensure_future(connection.request("tools/call", {"name": "stall"}, thread="other", ask=ask))
    await rough.until_read("tools/call")
    question = {"message": "Who?", "requestedSchema": {"type": "object", "properties": {}}}
    result = await connection.request("tools/call", {"name": "ask", "arguments": question}, thread="one", ask=ask)
    assert json.loads(text_of(result)) == {"action": "decline"}
    assert not asked
    other.cancel()


async def test_a_question_that_is_malformed_is_refused(pool: Pool, rough: Rough) -> None:
    connection, _ = connect(pool, rough)
    result = await connection.request("tools/call", {"name": "ask", "arguments": {"message": 5}}, thread="one")
    assert "code" in json.loads(text_of(result))
