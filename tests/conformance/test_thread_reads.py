"""thread/read, thread/turns/list and thread/items/list of a thread with three turns of three items."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

from tests.conformance.conftest import Launch
from tests.conformance.steps import INVALID, NOWHERE, UNSUPPORTED, command, open_thread, refusal
from tests.support.client import Client, Message
from tests.support.fake_items import message
from tests.support.fake_provider import FakeProvider, stream
from tests.support.flow import flow, turn_of

INVALID_PARAMS = -32602
NOTICE = "deprecationNotice"
KINDS = ["userMessage", "commandExecution", "agentMessage"]


class Stored:
    """A client, its thread and the ids of its turns."""

    def __init__(self, client: Client, thread: str, turns: list[str]):
        self.client, self.thread, self.turns = client, thread, turns

    async def get(self, method: str, **params: Any) -> Message:
        result: Message = await self.client.request(method, {"threadId": self.thread, **params})
        return result

    async def page(self, **params: Any) -> tuple[list[tuple[int, str]], str | None, str | None]:
        """Items of thread/items/list as (number of the turn, kind), and the cursors."""
        page = await self.get("thread/items/list", **params)
        rows = [(self.turns.index(row["turnId"]), row["item"]["type"]) for row in page["data"]]
        return rows, page["nextCursor"], page["backwardsCursor"]


ALL = [(turn, kind) for turn in range(3) for kind in KINDS]


@pytest_asyncio.fixture(params=["loaded", "stored"])
async def stored(request: pytest.FixtureRequest, launch: Launch, provider: FakeProvider) -> Stored:
    client = await launch()
    thread, turns = await open_thread(client), []
    for number in range(3):
        provider.script(stream(command(f"echo {number}", f"c{number}")), stream(message(f"answer {number}")))
        turns.append(turn_of(await client.run_turn(thread, f"question {number}"))["id"])
    if request.param == "stored":
        await client.close()
        client = await launch()
    return Stored(client, thread, turns)


async def test_read(stored: Stored) -> None:
    thread = (await stored.get("thread/read"))["thread"]
    assert (thread["id"], thread["preview"], thread["turns"]) == (stored.thread, "question 0", [])
    thread = (await stored.get("thread/read", includeTurns=True))["thread"]
    assert [turn["id"] for turn in thread["turns"]] == stored.turns
    assert [[item["type"] for item in turn["items"]] for turn in thread["turns"]] == [KINDS] * 3
    assert [turn["items"][1]["aggregatedOutput"] for turn in thread["turns"]] == ["0\n", "1\n", "2\n"]


@pytest.mark.parametrize(
    ("method", "whole", "part"),
    [
        ("thread/read", {"includeTurns": True}, {}),
        ("thread/resume", {}, {"excludeTurns": True}),
        ("thread/fork", {}, {"excludeTurns": True}),
    ],
)
async def test_who_asks_for_all_at_once_hears_of_pages_before_the_answer(
    stored: Stored, method: str, whole: Message, part: Message
) -> None:
    seen: list[str] = []
    stored.client.watch(lambda message: seen.append(message.get("method", "answer")))
    await stored.get(method, **part)
    assert "deprecationNotice" not in seen
    seen.clear()
    assert len((await stored.get(method, **whole))["thread"]["turns"]) == 3
    assert seen.index("deprecationNotice") < seen.index("answer")
    assert seen.count("deprecationNotice") == 1


async def test_what_is_known_of_a_loaded_thread_is_in_lists_too(stored: Stored) -> None:
    [before] = (await stored.client.request("thread/list", {}))["data"]
    await stored.get("thread/resume", excludeTurns=True)
    thread = (await stored.get("thread/read"))["thread"]
    [listed] = (await stored.client.request("thread/list", {}))["data"]
    [found] = (await stored.client.request("thread/search", {"searchTerm": "question"}))["data"]
    for shown in (listed, found["thread"]):
        assert (shown["status"], shown["environments"]) == (thread["status"], thread["environments"])
    assert [place["environmentId"] for place in thread["environments"]] == ["local"]
    if before["status"] == {"type": "notLoaded"}:
        assert before["environments"] is None


@pytest.mark.parametrize(
    ("view", "kinds"), [(None, ["userMessage", "agentMessage"]), ("full", KINDS), ("notLoaded", [])]
)
async def test_turns(stored: Stored, view: str | None, kinds: list[str]) -> None:
    page = await stored.get("thread/turns/list", itemsView=view)
    assert [turn["id"] for turn in page["data"]] == stored.turns[::-1]
    assert [[item["type"] for item in turn["items"]] for turn in page["data"]] == [kinds] * 3
    assert {turn["itemsView"] for turn in page["data"]} == {view or "summary"}
    assert page["nextCursor"] is None


@pytest.mark.parametrize("direction", ["asc", "desc"])
async def test_pages_of_turns_meet_and_turn_round(stored: Stored, direction: str) -> None:
    order = stored.turns if direction == "asc" else stored.turns[::-1]
    first = await stored.get("thread/turns/list", limit=2, sortDirection=direction)
    second = await stored.get("thread/turns/list", limit=2, sortDirection=direction, cursor=first["nextCursor"])
    assert [[turn["id"] for turn in page["data"]] for page in (first, second)] == [order[:2], order[2:]]
    assert second["nextCursor"] is None
    other = "desc" if direction == "asc" else "asc"
    back = await stored.get("thread/turns/list", sortDirection=other, cursor=second["backwardsCursor"])
    assert [turn["id"] for turn in back["data"]] == order[::-1]


async def test_items(stored: Stored) -> None:
    assert (await stored.page())[0] == ALL
    assert (await stored.page(sortDirection="desc"))[0] == ALL[::-1]
    assert (await stored.page(turnId=stored.turns[1]))[0] == ALL[3:6]
    assert (await stored.page(turnId=stored.turns[1], sortDirection="desc"))[0] == ALL[3:6][::-1]


@pytest.mark.parametrize("direction", ["asc", "desc"])
async def test_pages_of_items_meet_and_turn_round(stored: Stored, direction: str) -> None:
    order = ALL if direction == "asc" else ALL[::-1]
    seen, cursor, back = [], None, None
    for size in (2, 2, 4, 2):
        rows, cursor, back = await stored.page(limit=size, sortDirection=direction, cursor=cursor)
        seen += rows
    assert seen == order
    assert cursor is None
    other = "desc" if direction == "asc" else "asc"
    assert (await stored.page(sortDirection=other, cursor=back))[0] == order[::-1]


async def test_new_items_are_behind_the_last_page(stored: Stored) -> None:
    if (await stored.client.request("thread/loaded/list", {}))["data"] == []:
        await stored.get("thread/resume", excludeTurns=True)
    _, _, back = await stored.page(sortDirection="desc")
    messages = await stored.client.run_turn(stored.thread, "question 3")
    stored.turns.append(turn_of(messages)["id"])
    rows, _, _ = await stored.page(cursor=back, sortDirection="asc")
    assert rows == [ALL[-1], (3, "userMessage"), (3, "agentMessage")]


async def test_where_paging_backwards_begins_after_a_resume(stored: Stored) -> None:
    resumed = await stored.get("thread/resume", excludeTurns=True)
    assert resumed["thread"]["turns"] == []
    assert resumed["turnsBackwardsCursor"]
    assert resumed["itemsBackwardsCursor"]
    turns = await stored.get("thread/turns/list", limit=1, cursor=resumed["turnsBackwardsCursor"])
    assert [turn["id"] for turn in turns["data"]] == stored.turns[-1:]
    rows, _, _ = await stored.page(limit=1, sortDirection="desc", cursor=resumed["itemsBackwardsCursor"])
    assert rows == ALL[-1:]


@pytest.mark.parametrize("method", ["thread/turns/list", "thread/items/list"])
async def test_cursors_that_are_none(client: Client, method: str) -> None:
    thread = await open_thread(client)
    await client.run_turn(thread, "hi")
    code, said = await refusal(client, method, {"threadId": thread, "cursor": "rubbish"})
    assert (code, said) == (INVALID, "invalid cursor: rubbish")


async def test_a_turn_that_is_none_has_no_items(client: Client) -> None:
    thread = await open_thread(client)
    await client.run_turn(thread, "hi")
    assert (await client.request("thread/items/list", {"threadId": thread, "turnId": NOWHERE}))["data"] == []


async def test_a_thread_before_its_first_turn(client: Client) -> None:
    # docs/compatibility.md, "Threads without a turn": they read as empty.
    thread = await open_thread(client)
    for method in ("thread/turns/list", "thread/items/list"):
        page = await client.request(method, {"threadId": thread})
        assert page == {"data": [], "nextCursor": None, "backwardsCursor": None}
    read = await client.request("thread/read", {"threadId": thread, "includeTurns": True})
    assert read["thread"]["turns"] == []
    assert client.notifications("deprecationNotice") == []


async def test_a_page_comes_with_the_thread(stored: Stored) -> None:
    """thread/resume gives what thread/turns/list would, and where the pages before it begin."""
    wanted = {"limit": 2, "itemsView": "full"}
    resumed = await stored.get("thread/resume", excludeTurns=True, initialTurnsPage=wanted)
    assert resumed["thread"]["turns"] == []
    assert resumed["initialTurnsPage"] == await stored.get("thread/turns/list", **wanted)
    assert [len(turn["items"]) for turn in resumed["initialTurnsPage"]["data"]] == [3, 3]
    cursors = resumed["turnsBackwardsCursor"], resumed["itemsBackwardsCursor"]
    last = await stored.get("thread/turns/list", cursor=cursors[0], limit=1)
    assert [turn["id"] for turn in last["data"]] == stored.turns[-1:]
    assert (await stored.page(cursor=cursors[1], sortDirection="desc", limit=4))[0] == ALL[:-5:-1]
    turn = turn_of(await stored.client.run_turn(stored.thread, "one more"))
    assert turn["status"] == "completed"


async def test_the_model_remembers_a_thread_that_nobody_looked_into(stored: Stored, provider: FakeProvider) -> None:
    await stored.get("thread/resume", excludeTurns=True)
    await stored.client.run_turn(stored.thread, "do you remember?")
    said = [item["content"][0]["text"] for item in provider.requests[-1].json["input"] if item.get("role") == "user"]
    assert [text for text in said if "question" in text] == ["question 0", "question 1", "question 2"]
    calls = [item["call_id"] for item in provider.requests[-1].json["input"] if item["type"] == "function_call_output"]
    assert calls == ["c0", "c1", "c2"]


async def test_whoever_wants_all_turns_at_once_hears_of_the_pages(client: Client) -> None:
    thread = await open_thread(client)
    await client.run_turn(thread, "hi")
    for method, whole, without in (
        ("thread/read", {"includeTurns": True}, {}),
        ("thread/resume", {}, {"excludeTurns": True}),
        ("thread/fork", {}, {"excludeTurns": True}),
    ):
        since = client.mark()
        await client.request(method, {"threadId": thread, **without})
        assert client.notifications(NOTICE, since) == []
        since = client.mark()
        await client.request(method, {"threadId": thread, **whole})
        [notice] = client.notifications(NOTICE, since)
        assert "`thread/turns/list`" in notice["summary"]
        assert flow(client.received[since:])[:2] == [NOTICE, "result"]


async def test_what_was_said_in_an_ephemeral_thread_is_not_shown_as_nothing(client: Client) -> None:
    thread = await open_thread(client, ephemeral=True)
    await client.run_turn(thread, "hi")
    for method, params, refused in (
        ("thread/read", {"includeTurns": True}, (INVALID, "ephemeral threads do not support includeTurns")),
        ("thread/turns/list", {}, (INVALID, "ephemeral threads do not support thread/turns/list")),
        ("thread/items/list", {}, (UNSUPPORTED, "ephemeral threads keep no items")),
        ("thread/revert", {"beforeTurnId": NOWHERE}, (INVALID, "ephemeral threads do not support thread/revert")),
        ("thread/name/set", {"name": "x"}, (INVALID, f"ephemeral thread does not support metadata updates: {thread}")),
        ("thread/delete", {}, (INVALID, f"thread is not persisted and cannot be deleted: {thread}")),
    ):
        assert await refusal(client, method, {"threadId": thread, **params}) == refused
    assert (await client.request("thread/read", {"threadId": thread}))["thread"]["ephemeral"]


async def test_an_item_is_looked_for_within_its_turn(stored: Stored) -> None:
    first = (await stored.get("thread/items/list", turnId=stored.turns[1], limit=1))["data"][0]["item"]["id"]
    cursor = {"type": "item", "itemId": first}
    page = await stored.get("thread/items/list", turnId=stored.turns[1], cursor=cursor, limit=2)
    assert page["data"][0]["item"]["id"] == first
    for params, text in (
        ({}, "turnId is required when cursor is an item anchor"),
        ({"turnId": stored.turns[0]}, "cursor.itemId does not identify an item in the requested history scope"),
    ):
        asked = {"threadId": stored.thread, "cursor": cursor, **params}
        assert await refusal(stored.client, "thread/items/list", asked) == (INVALID_PARAMS, text)
