from __future__ import annotations

import asyncio
from typing import Any

import pytest

from spindled.agent.usage import no_usage
from spindled.api.followers import ThreadFollowers
from spindled_protocol.types import (
    DynamicToolCallParams,
    DynamicToolCallResponse,
    FileChangeRequestApprovalParams,
    FileChangeRequestApprovalResponse,
    ThreadTokenUsage,
    ThreadTokenUsageUpdatedNotification,
    WarningNotification,
)
from tests.unit.api.connections import FakeConnection

ASK = FileChangeRequestApprovalParams(threadId="t", turnId="u", itemId="i", startedAtMs=1)
RESOLVED = "serverRequest/resolved"


def following(*connections: FakeConnection) -> ThreadFollowers:
    followers = ThreadFollowers("t")
    for connection in connections:
        followers.add(connection)
    return followers


def ask(followers: ThreadFollowers) -> asyncio.Task[Any]:
    return asyncio.ensure_future(
        followers.ask("item/fileChange/requestApproval", ASK, FileChangeRequestApprovalResponse)
    )


async def test_every_follower_gets_the_same_bytes_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two, deaf = FakeConnection(), FakeConnection(), FakeConnection("warning")
    followers = following(one, two, deaf)
    followers.add(one)  # once is enough
    followers.publish("warning", WarningNotification(threadId="t", message="m"))
    assert one.methods == two.methods == ["warning"]
    assert one.frames[0] is two.frames[0]
    assert deaf.frames == []


async def test_fields_of_ours_are_for_clients_that_want_experimental_ones() -> None:
    """3-07: the cost of a thread; every client gets the frame that is meant for it."""
    plain, other, curious = FakeConnection(), FakeConnection(), FakeConnection(experimental=True)
    usage = ThreadTokenUsage(total=no_usage(), last=no_usage(), modelContextWindow=None)
    updated = ThreadTokenUsageUpdatedNotification(threadId="t", turnId="u", tokenUsage=usage, costUsd=0.5)
    following(plain, curious, other).publish("thread/tokenUsage/updated", updated)
    assert [each.get("costUsd") for each in curious.told("thread/tokenUsage/updated")] == [0.5]
    assert [set(each) for each in plain.told("thread/tokenUsage/updated")] == [{"threadId", "turnId", "tokenUsage"}]
    assert plain.frames[0] is other.frames[0]


async def test_who_ran_a_tool_is_not_told_that_it_is_settled() -> None:
    one, two = FakeConnection(), FakeConnection()
    params = DynamicToolCallParams(threadId="t", turnId="u", callId="c", tool="x", arguments={})
    asking = asyncio.ensure_future(following(one, two).ask("item/tool/call", params, DynamicToolCallResponse))
    await one.asked.wait()
    one.refuse()
    two.answer({"contentItems": [], "success": True})
    given = await asking
    assert given is not None and given.success
    assert one.methods == two.methods == []


async def test_a_tool_that_is_not_waited_for_any_more_is_told_so() -> None:
    one = FakeConnection()
    params = DynamicToolCallParams(threadId="t", turnId="u", callId="c", tool="x", arguments={})
    asking = asyncio.ensure_future(following(one).ask("item/tool/call", params, DynamicToolCallResponse))
    await one.asked.wait()
    asking.cancel()
    await asyncio.wait([asking])
    assert [told["requestId"] for told in one.told(RESOLVED)] == [0]


async def test_one_who_left_is_told_nothing_more() -> None:
    one, two = FakeConnection(), FakeConnection()
    followers = following(one, two)
    assert followers.remove(one)
    assert not followers.remove(one)
    followers.publish("warning", WarningNotification(threadId="t", message="m"))
    assert (one.methods, two.methods) == ([], ["warning"])


async def test_the_first_answer_wins_and_all_are_told() -> None:
    one, two = FakeConnection(), FakeConnection()
    asking = ask(following(one, two))
    await asyncio.gather(one.asked.wait(), two.asked.wait())
    two.answer({"decision": "accept"})
    assert (await asking).decision == "accept"
    assert one.told(RESOLVED) == two.told(RESOLVED) == [{"threadId": "t", "requestId": 0}]
    assert one.questions[0][2].cancelled()  # a late answer is dropped


@pytest.mark.parametrize("what", ["malformed", "unknown", "refused", "gone"])
async def test_what_is_no_answer_leaves_it_to_the_others(what: str) -> None:
    one, two = FakeConnection(), FakeConnection()
    asking = ask(following(one, two))
    await asyncio.gather(one.asked.wait(), two.asked.wait())
    match what:
        case "malformed":
            one.answer([1])
        case "unknown":
            one.answer({"decision": "perhaps"})
        case "refused":
            one.refuse()
        case "gone":
            one.leave()
    two.answer({"decision": "accept"})
    assert (await asking).decision == "accept"


async def test_no_answer_is_left() -> None:
    one, two = FakeConnection(), FakeConnection()
    asking = ask(following(one, two))
    await asyncio.gather(one.asked.wait(), two.asked.wait())
    one.leave()
    two.refuse()
    assert await asking is None
    assert two.methods == [RESOLVED]


async def test_nobody_to_ask() -> None:
    assert await ask(following()) is None


async def test_a_question_that_is_given_up() -> None:
    one = FakeConnection()
    asking = ask(following(one))
    await one.asked.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert one.questions[0][2].cancelled()
    assert one.methods == [RESOLVED]


async def test_a_producer_waits_for_the_slowest() -> None:
    one, slow = FakeConnection(), FakeConnection()
    followers = following(one, slow)
    await followers.writable()
    slow.readable.clear()
    waiting = asyncio.ensure_future(followers.writable())
    ready = asyncio.ensure_future(following(one).writable())
    await ready
    assert not waiting.done()
    slow.readable.set()
    await waiting
