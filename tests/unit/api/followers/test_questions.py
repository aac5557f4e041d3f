"""Questions to several clients."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

import spindled.api.followers.questions
from spindled.api.followers.followers import ThreadFollowers
from spindled_protocol.types import (
    DynamicToolCallParams,
    DynamicToolCallResponse,
    FileChangeRequestApprovalParams,
    FileChangeRequestApprovalResponse,
    WarningNotification,
)
from tests.unit.api.connections import FakeConnection, following

ASK = FileChangeRequestApprovalParams(threadId="t", turnId="u", itemId="i", startedAtMs=1)
RESOLVED = "serverRequest/resolved"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is waited for who might come back."""
    monkeypatch.setattr(spindled.api.followers.questions, "RETURN_SECONDS", 0)


def ask(followers: ThreadFollowers, params: FileChangeRequestApprovalParams = ASK) -> asyncio.Task[Any]:
    return asyncio.ensure_future(
        followers.ask("item/fileChange/requestApproval", params, FileChangeRequestApprovalResponse)
    )


async def test_the_first_answer_wins_and_all_are_told() -> None:
    one, two = FakeConnection(), FakeConnection()
    asking = ask(following(one, two))
    await asyncio.gather(one.asked.wait(), two.asked.wait())
    two.answer({"decision": "accept"})
    assert (await asking).decision == "accept"
    assert one.told(RESOLVED) == two.told(RESOLVED) == [{"threadId": "t", "requestId": 0}]
    assert one.questions[0][2].cancelled()  # a late answer is dropped


async def test_a_plain_client_is_asked_as_the_wire_has_it() -> None:
    curious, plain = FakeConnection(experimental=True), FakeConnection()
    params = msgspec.structs.replace(ASK, availablePaths=["/a"])
    question = following(curious, plain).ask(
        "item/fileChange/requestApproval", params, FileChangeRequestApprovalResponse
    )
    asking = asyncio.ensure_future(question)
    await asyncio.gather(curious.asked.wait(), plain.asked.wait())
    assert curious.asked_for == [{**msgspec.to_builtins(ASK), "availablePaths": ["/a"]}]
    assert plain.asked_for == [msgspec.to_builtins(ASK)]
    plain.answer({"decision": "accept"})
    assert (await asking).decision == "accept"


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


async def test_one_who_comes_to_follow_is_asked_too() -> None:
    one, late = FakeConnection(), FakeConnection()
    followers = following(one)
    asking = ask(followers)
    await one.asked.wait()
    followers.add(late)
    followers.add(late)  # asked once
    assert len(late.questions) == 1
    late.answer({"decision": "accept"})
    assert (await asking).decision == "accept"
    assert one.told(RESOLVED) == late.told(RESOLVED) == [{"threadId": "t", "requestId": 0}]
    followers.add(FakeConnection())  # nothing is open any more


async def test_one_who_comes_back_is_asked_at_its_place() -> None:
    one, back = FakeConnection(), FakeConnection()
    followers = following(one)
    followers.publish("warning", WarningNotification(threadId="t", message="before"))
    asking = ask(followers)
    await one.asked.wait()
    followers.publish("warning", WarningNotification(threadId="t", message="after"))
    places: list[int] = []
    back.on_question = lambda: places.append(len(back.frames))
    followers.join(back, 0)
    assert places == [1]
    back.answer({"decision": "decline"})
    assert (await asking).decision == "decline"


async def test_the_last_one_may_come_back() -> None:
    one, back = FakeConnection(), FakeConnection()
    followers = following(one)
    asking = ask(followers)
    await one.asked.wait()
    one.leave()
    followers.remove(one)
    followers.add(back)
    await back.asked.wait()
    back.answer({"decision": "accept"})
    assert (await asking).decision == "accept"


async def test_asked_while_the_last_one_is_away_for_a_moment() -> None:
    one, back = FakeConnection(), FakeConnection()
    followers = following(one)
    followers.remove(one)
    asking = ask(followers)
    await asyncio.sleep(0)
    followers.add(back)
    back.answer({"decision": "accept"})
    assert (await asking).decision == "accept"


async def test_one_who_unsubscribes_is_not_asked_any_more() -> None:
    one, two = FakeConnection(), FakeConnection()
    followers = following(one, two)
    asking = ask(followers)
    await asyncio.gather(one.asked.wait(), two.asked.wait())
    followers.remove(one)
    assert one.methods == [RESOLVED]
    two.answer({"decision": "accept"})
    assert (await asking).decision == "accept"


async def test_when_all_have_left_for_good_the_answer_is_no(impatient: None) -> None:
    one = FakeConnection()
    followers = following(one)
    asking = ask(followers)
    await one.asked.wait()
    followers.remove(one)
    assert await asking is None


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


async def test_a_tool_that_a_client_runs_is_not_run_by_one_that_comes_later() -> None:
    one, late, again = FakeConnection(), FakeConnection(), FakeConnection()
    params = DynamicToolCallParams(threadId="t", turnId="u", callId="c", tool="x", arguments={})
    followers = following(one)
    asking = asyncio.ensure_future(followers.ask("item/tool/call", params, DynamicToolCallResponse))
    await one.asked.wait()
    followers.add(late)
    assert late.questions == []
    one.leave()
    await one.closed.wait()
    followers.remove(one)
    followers.add(again)  # it came back, under another connection
    await again.asked.wait()
    again.answer({"contentItems": [], "success": True})
    given = await asking
    assert given is not None and given.success


async def test_a_tool_that_is_not_waited_for_any_more_is_told_so() -> None:
    one = FakeConnection()
    params = DynamicToolCallParams(threadId="t", turnId="u", callId="c", tool="x", arguments={})
    asking = asyncio.ensure_future(following(one).ask("item/tool/call", params, DynamicToolCallResponse))
    await one.asked.wait()
    asking.cancel()
    await asyncio.wait([asking])
    assert [told["requestId"] for told in one.told(RESOLVED)] == [0]
