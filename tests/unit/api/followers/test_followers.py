from __future__ import annotations

import asyncio
import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.agent.history.usage import no_usage
from spindled.api.followers.audience import Audience
from spindled.api.followers.eventlog import EventLog, Events
from spindled.api.followers.followers import ThreadFollowers
from spindled_protocol.types import (
    AgentMessageDeltaNotification,
    IdleThreadStatus,
    ThreadStatusChangedNotification,
    ThreadTokenUsage,
    ThreadTokenUsageUpdatedNotification,
    WarningNotification,
)
from tests.unit.api.connections import FakeConnection, following

USAGE = ThreadTokenUsage(total=no_usage(), last=no_usage(), modelContextWindow=None)
UPDATED = ThreadTokenUsageUpdatedNotification(threadId="t", turnId="u", tokenUsage=USAGE, costUsd=0.5)


def warn(followers: ThreadFollowers, *texts: str) -> None:
    for text in texts:
        followers.publish("warning", WarningNotification(threadId="t", message=text))


def seqs(connection: FakeConnection) -> list[int]:
    return [json.loads(frame)["params"]["seq"] for frame in connection.frames]


async def test_every_follower_gets_the_same_bytes_encoded_once() -> None:
    one, two, deaf = FakeConnection(), FakeConnection(), FakeConnection("warning")
    followers = following(one, two, deaf)
    followers.add(one)  # once is enough
    warn(followers, "m")
    assert one.methods == two.methods == ["warning"]
    assert one.frames[0] is two.frames[0]
    assert deaf.frames == []


async def test_fields_of_ours_are_for_clients_that_want_experimental_ones() -> None:
    """3-07: the cost of a thread; every client gets the frame that is meant for it."""
    plain, other, curious = FakeConnection(), FakeConnection(), FakeConnection(experimental=True)
    following(plain, curious, other).publish("thread/tokenUsage/updated", UPDATED)
    assert plain.frames[0] is other.frames[0]
    assert [(each.get("costUsd"), each.get("seq")) for each in curious.told("thread/tokenUsage/updated")] == [(0.5, 1)]
    assert [set(each) for each in plain.told("thread/tokenUsage/updated")] == [{"threadId", "turnId", "tokenUsage"}]
    assert json.loads(plain.frames[0])["emittedAtMs"] == json.loads(curious.frames[0])["emittedAtMs"]
    assert plain.frames[0] is not curious.frames[0]


async def test_one_who_left_is_told_nothing_more() -> None:
    one, two = FakeConnection(), FakeConnection()
    followers = following(one, two)
    assert followers.remove(one)
    assert not followers.remove(one)
    warn(followers, "m")
    assert (one.methods, two.methods) == ([], ["warning"])


async def test_what_concerns_the_list_of_threads_is_told_to_all() -> None:
    follower, other = FakeConnection(experimental=True), FakeConnection(experimental=True)
    audience = Audience()
    audience.connections += [follower, other]
    followers = following(follower, audience=audience)
    followers.publish("thread/status/changed", ThreadStatusChangedNotification(threadId="t", status=IdleThreadStatus()))
    warn(followers, "m")
    assert follower.methods == ["thread/status/changed", "warning"]
    assert other.methods == ["thread/status/changed"]
    assert "seq" not in other.told("thread/status/changed")[0]  # it does not follow, and would see gaps


# -- what was missed


async def test_who_comes_back_gets_what_it_missed_and_goes_on() -> None:
    first, back = FakeConnection(experimental=True), FakeConnection(experimental=True)
    followers = following(first)
    warn(followers, "a", "b")
    followers.remove(first)
    warn(followers, "c", "d")
    assert followers.log.has_all_since(2)
    followers.join(back, 2)
    warn(followers, "e")
    assert [each["message"] for each in back.told("warning")] == ["c", "d", "e"]
    assert seqs(first) + seqs(back) == [1, 2, 3, 4, 5]


async def test_what_is_replayed_is_as_this_client_gets_it() -> None:
    followers = following()
    followers.publish("thread/tokenUsage/updated", UPDATED)
    warn(followers, "a")
    plain, deaf = FakeConnection(), FakeConnection("warning", experimental=True)
    followers.join(plain, 0)
    followers.join(deaf, 0)
    assert plain.methods == ["thread/tokenUsage/updated", "warning"]
    assert set(plain.told("thread/tokenUsage/updated")[0]) == {"threadId", "turnId", "tokenUsage"}
    assert deaf.methods == ["thread/tokenUsage/updated"]


def test_numbers_of_another_life_are_not_taken_for_ours() -> None:
    log = EventLog(Events(), first=1000)
    assert log.has_all_since(999)
    for seq in (0, 998, 1000):
        assert not log.has_all_since(seq)
    log.add("m", b"x")
    assert log.last == 1000
    assert log.has_all_since(1000)
    assert not log.has_all_since(1001)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 400)), max_size=60))
def test_the_latest_events_are_kept_within_the_bounds(adds: list[tuple[int, int]]) -> None:
    events = Events(bound=3000)
    logs = [EventLog(events, bound=1000) for _ in range(4)]
    for which, size in adds:
        logs[which].add("m", b"x" * size)
        assert events.size == sum(log.size for log in logs) <= 3000
        assert all(log.size <= 1000 for log in logs)
        assert logs[which].size > 0
    for log in logs:
        kept = [seq for seq, _, _ in log.since(0)]
        assert all(after == before + 1 for before, after in pairwise(kept))
        assert not kept or kept[-1] == log.last
        assert log.has_all_since(kept[0] - 1 if kept else log.last)
        assert not kept or not log.has_all_since(kept[0] - 2)
    for log in logs:
        log.close()
    assert events.size == 0


# -- who is slow


async def test_a_producer_waits_only_if_all_are_slow() -> None:
    one, slow = FakeConnection(), FakeConnection()
    followers = following(one, slow)
    slow.readable.clear()
    await followers.writable()
    one.readable.clear()
    waiting = asyncio.ensure_future(followers.writable())
    await following().writable()
    assert not waiting.done()
    slow.readable.set()
    await waiting


async def test_one_who_is_too_slow_for_the_others_is_disconnected() -> None:
    one, slow = FakeConnection(), FakeConnection()
    slow.behind = True
    warn(following(slow), "alone")
    assert not slow.dropped
    warn(following(one, slow), "together")
    assert slow.dropped
    assert not one.dropped


async def test_deltas_of_one_item_become_one_with_the_numbers_of_all() -> None:
    plain, curious = FakeConnection(), FakeConnection(experimental=True)
    followers = following(plain, curious)
    for item, text in (("i", "a"), ("i", "b\n\u2028"), ("j", "c"), ("j", "d")):
        delta = AgentMessageDeltaNotification(threadId="t", turnId="u", itemId=item, delta=text)
        followers.publish("item/agentMessage/delta", delta)
    for connection, numbers in ((plain, {}), (curious, {"firstSeq": 1, "seq": 2})):
        first, second, other, _ = (piece for piece in connection.pieces if piece is not None)
        assert second.follows(first)
        assert not other.follows(second)
        merged: Any = json.loads(second.merged([first, second]))
        assert merged["params"] == {"threadId": "t", "turnId": "u", "itemId": "i", "delta": "ab\n\u2028", **numbers}


@pytest.mark.parametrize("method", ["warning", "thread/tokenUsage/updated"])
async def test_other_events_are_never_merged(method: str) -> None:
    one = FakeConnection()
    params = UPDATED if method != "warning" else WarningNotification(threadId="t", message="m")
    following(one).publish(method, params)
    assert one.pieces == [None]
