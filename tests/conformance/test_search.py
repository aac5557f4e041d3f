"""thread/search, thread/searchOccurrences, thread/timeline/list, thread/items/read."""

from __future__ import annotations

from typing import Any

from tests.conformance.conftest import Launch
from tests.conformance.steps import INVALID, NOWHERE, command, open_thread, refusal
from tests.support.client import Client, Message
from tests.support.fake_items import message
from tests.support.fake_provider import FakeProvider, stream


async def conversation(client: Client, provider: FakeProvider, *lines: tuple[str, str]) -> str:
    """A thread with these questions and answers."""
    thread = await open_thread(client)
    for question, reply in lines:
        provider.script(stream(message(reply)))
        await client.run_turn(thread, question)
    return thread


async def found(client: Client, term: str, **params: Any) -> list[tuple[str, str]]:
    page = await client.request("thread/search", {"searchTerm": term, **params})
    return [(result["thread"]["id"], result["snippet"]) for result in page["data"]]


async def test_threads_by_what_was_said_in_them(launch: Launch, provider: FakeProvider) -> None:
    client = await launch()
    lions = await conversation(client, provider, ("about lions", 'A "zebra" watches.'), ("more", "no more"))
    zebras = await conversation(client, provider, ("The ZEBRA", "yes"))
    await conversation(client, provider, ("neither", "nor"))
    assert await found(client, "zebra") == [(zebras, "The ZEBRA"), (lions, 'A "zebra" watches.')]
    assert await found(client, 'a "zebra" w') == [(lions, 'A "zebra" watches.')]
    assert await found(client, "task_complete") == []  # what only the file says
    first = await client.request("thread/search", {"searchTerm": "zebra", "limit": 1})
    rest = await client.request("thread/search", {"searchTerm": "zebra", "limit": 1, "cursor": first["nextCursor"]})
    assert [page["data"][0]["thread"]["id"] for page in (first, rest)] == [zebras, lions]
    assert rest["nextCursor"] is None
    await client.request("thread/archive", {"threadId": zebras})
    assert await found(client, "zebra", archived=True) == [(zebras, "The ZEBRA")]
    await client.close()
    assert await found(await launch(), "zebra") == [(lions, 'A "zebra" watches.')]


async def test_other_alphabets(client: Client, provider: FakeProvider) -> None:
    thread = await conversation(client, provider, ("Ärger mit Zebras", "ok"))
    assert await found(client, "äRGER") == [(thread, "Ärger mit Zebras")]


async def test_every_occurrence_with_its_turn(client: Client, provider: FakeProvider) -> None:
    thread = await conversation(
        client, provider, ("hello", "\U0001f981 a zebra"), ("zebra zebra", "x" * 200 + " zebra")
    )
    page = await client.request("thread/searchOccurrences", {"threadId": thread, "searchTerm": "ZEBRA"})
    ranges = [(each["snippetMatchRange"]["start"], each["snippetMatchRange"]["end"]) for each in page["data"]]
    assert ranges[:3] == [(5, 10), (0, 5), (6, 11)]  # in UTF-16 code units
    last = page["data"][-1]
    assert last["snippet"].startswith("... ")
    assert last["snippet"][ranges[-1][0] : ranges[-1][1]] == "zebra"
    for each, question in zip(page["data"], ("hello", "zebra zebra", "zebra zebra", "zebra zebra"), strict=True):
        params = {"threadId": thread, "cursor": each["turnCursor"], "limit": 1}
        (turn,) = (await client.request("thread/turns/list", params))["data"]
        assert turn["id"] == each["turnId"]
        assert turn["items"][0]["content"][0]["text"] == question
    seen, cursor = [], None
    while True:
        params = {"threadId": thread, "searchTerm": "zebra", "limit": 3, "cursor": cursor}
        part = await client.request("thread/searchOccurrences", params)
        seen, cursor = seen + part["data"], part["nextCursor"]
        if cursor is None:
            break
    assert seen == page["data"]


async def test_items_by_their_ids(client: Client, provider: FakeProvider) -> None:
    thread = await conversation(client, provider, ("one", "two"), ("three", "four"))
    listed = (await client.request("thread/items/list", {"threadId": thread}))["data"]
    turn, ids = listed[0]["turnId"], [entry["item"]["id"] for entry in listed]
    params = {"threadId": thread, "turnId": turn, "itemIds": [ids[1], "none", ids[0], ids[0], ids[2]]}
    assert (await client.request("thread/items/read", params))["data"] == listed[:2]
    for wrong in ([], ["x"] * 101):
        refused = await refusal(client, "thread/items/read", {**params, "itemIds": wrong})
        assert refused == (INVALID, "itemIds must contain 1 to 100 IDs")


async def test_the_timeline_is_read_from_its_end(client: Client, provider: FakeProvider) -> None:
    provider.script(stream(command("echo hi")), stream(message("done")))
    thread = await open_thread(client)
    await client.run_turn(thread, "run it")
    page = await client.request("thread/timeline/list", {"threadId": thread})
    kinds = [entry["item"]["type"] if entry["type"] == "item" else entry["type"] for entry in page["data"]]
    assert kinds == ["turnStarted", "userMessage", "commandExecution", "agentMessage", "turnCompleted"]
    assert [entry["position"] for entry in page["data"]] == list(range(5))
    assert page["data"][-1]["status"] == "completed"
    assert page["data"][-1]["turnId"] == page["data"][-1]["turn_id"] == page["data"][0]["turnId"]
    assert page["nextCursor"] is None
    last = await client.request("thread/timeline/list", {"threadId": thread, "limit": 2})
    before = await client.request("thread/timeline/list", {"threadId": thread, "cursor": last["nextCursor"]})
    assert before["data"] + last["data"] == page["data"]
    provider.script(stream(message("one two", deltas=["one ", "two"], hold_after=(1, "half"))))
    await client.start_turn(thread, "again")
    await provider.reached("half")
    running = await client.request("thread/timeline/list", {"threadId": thread})
    assert running["data"][:5] == page["data"]
    assert [entry["type"] for entry in running["data"][5:]] == ["turnStarted", "item"]


async def test_what_is_refused(client: Client) -> None:
    thread = await open_thread(client)
    await client.run_turn(thread, "hi")
    known: Message = {"threadId": thread, "searchTerm": "x"}
    unknown = f"thread not loaded: {NOWHERE}"
    for method, params, text in (
        ("thread/search", {"searchTerm": " "}, "thread/search requires a non-empty searchTerm"),
        ("thread/search", {"searchTerm": "x", "cursor": "zz"}, "invalid cursor: zz"),
        (
            "thread/searchOccurrences",
            {**known, "searchTerm": ""},
            "thread/searchOccurrences requires a non-empty searchTerm",
        ),
        ("thread/searchOccurrences", {**known, "cursor": "zz"}, "invalid cursor: zz"),
        ("thread/searchOccurrences", {**known, "threadId": NOWHERE}, unknown),
        ("thread/timeline/list", {"threadId": thread, "cursor": "zz"}, "invalid thread timeline cursor"),
        ("thread/timeline/list", {"threadId": NOWHERE}, unknown),
        ("thread/items/read", {"threadId": NOWHERE, "turnId": "t", "itemIds": ["i"]}, unknown),
    ):
        assert await refusal(client, method, params) == (INVALID, text)
