"""thread/queue/*: input that runs when the turns before it have ended."""

from __future__ import annotations

from typing import Any

from tests.conformance.conftest import Launch
from tests.conformance.steps import INVALID, NOWHERE, open_thread, refusal, text_input
from tests.support.client import Client, Message
from tests.support.fake_items import message
from tests.support.fake_provider import FakeProvider, answer, stream

INTERNAL = -32603
HALF = message("one two", deltas=["one ", "two"], hold_after=(1, "half"))


async def add(client: Client, thread: str, text: str, **params: Any) -> str:
    """The id of what is queued."""
    params = {"threadId": thread, "input": text_input(text), "clientUserMessageId": f"id of {text}", **params}
    return str((await client.request("thread/queue/add", params))["queuedSubmission"]["id"])


async def waiting(client: Client, thread: str) -> list[str]:
    page = await client.request("thread/queue/list", {"threadId": thread})
    return [each["input"][0]["text"] for each in page["data"]]


async def busy(client: Client, provider: FakeProvider) -> tuple[str, str]:
    """A thread with a turn that is held; the ids of both."""
    provider.script(stream(HALF))
    thread = await open_thread(client)
    turn = await client.start_turn(thread, "first")
    await provider.reached("half")
    return thread, str(turn["id"])


async def ended(client: Client, turns: int, since: int = 0) -> None:
    def last(_: Message) -> bool:
        return len(client.notifications("turn/completed", since)) == turns

    await client.wait_for(last, since=since)


def asked(provider: FakeProvider) -> list[str]:
    """What the user's last words were in each request."""
    found = [item for request in provider.requests for item in request.json["input"][-1:]]
    return [item["content"][0]["text"] for item in found]


async def test_one_after_the_other(client: Client, provider: FakeProvider) -> None:
    thread, _ = await busy(client, provider)
    since = client.mark()
    one = await add(client, thread, "one", responsesapiClientMetadata={"a": "b"})
    two, three = await add(client, thread, "two"), await add(client, thread, "three")
    await client.request("thread/queue/reorder", {"threadId": thread, "queuedSubmissionIds": [two, one, three]})
    update = {"threadId": thread, "queuedSubmissionId": one, "input": text_input("ONE")}
    updated = (await client.request("thread/queue/update", update))["queuedSubmission"]
    assert (updated["clientUserMessageId"], updated["responsesapiClientMetadata"]) == ("id of one", {"a": "b"})
    gone = {"threadId": thread, "queuedSubmissionId": three}
    assert await client.request("thread/queue/delete", gone) == {"deleted": True}
    assert await client.request("thread/queue/delete", gone) == {"deleted": False}
    assert await waiting(client, thread) == ["two", "ONE"]
    assert client.notifications("thread/queue/changed", since) == [{"threadId": thread}] * 6
    provider.release("half")
    await ended(client, 3)
    assert asked(provider) == ["first", "two", "ONE"]
    users = [m["params"]["item"] for m in client.received if m.get("method") == "item/completed"]
    assert [item["clientId"] for item in users if item["type"] == "userMessage"] == [None, "id of two", "id of one"]
    assert await waiting(client, thread) == []


async def test_an_idle_thread_begins_at_once(client: Client, provider: FakeProvider) -> None:
    thread = await open_thread(client)
    since = client.mark()
    await add(client, thread, "now")
    await ended(client, 1, since)
    assert asked(provider) == ["now"]
    assert await waiting(client, thread) == []


async def test_an_interrupt_stops_it_until_it_is_started(client: Client, provider: FakeProvider) -> None:
    thread, turn = await busy(client, provider)
    await add(client, thread, "one")
    two = await add(client, thread, "two")
    conflict = await refusal(client, "thread/queue/start", {"threadId": thread})
    assert conflict == (INVALID, "thread already has an active or pending turn")
    await client.request("turn/interrupt", {"threadId": thread, "turnId": turn})
    assert await waiting(client, thread) == ["one", "two"]
    since = client.mark()
    started = await client.request("thread/queue/start", {"threadId": thread, "queuedSubmissionId": two})
    assert (started["turn"]["status"], started["turn"]["itemsView"]) == ("inProgress", "notLoaded")
    await ended(client, 2, since)
    assert asked(provider) == ["first", "two", "one"]
    assert client.notifications("turn/completed", since)[0]["turn"]["id"] == started["turn"]["id"]
    assert await refusal(client, "thread/queue/start", {"threadId": thread}) == (INVALID, "queue is empty")


async def test_a_turn_that_fails_does_not_stop_it(client: Client, provider: FakeProvider) -> None:
    thread, _ = await busy(client, provider)
    provider.script(answer(400, {"error": {"code": "invalid_prompt", "message": "no"}}))
    await add(client, thread, "fails")
    await add(client, thread, "works")
    provider.release("half")
    await ended(client, 3)
    turns = [notice["turn"]["status"] for notice in client.notifications("turn/completed")]
    assert turns == ["completed", "failed", "completed"]


async def test_a_budget_that_is_used_up_stops_it(client: Client, provider: FakeProvider) -> None:
    provider.script(stream(HALF))
    thread = await open_thread(client, budget={"thread": {"totalTokens": 50}})
    await client.start_turn(thread, "first")
    await provider.reached("half")
    await add(client, thread, "one")
    await add(client, thread, "two")
    provider.release("half")
    await ended(client, 2)
    turns = [notice["turn"]["status"] for notice in client.notifications("turn/completed")]
    assert turns == ["completed", "failed"]
    assert await waiting(client, thread) == ["two"]


async def test_it_survives_a_kill(launch: Launch, provider: FakeProvider) -> None:
    client = await launch()
    thread, _ = await busy(client, provider)
    await add(client, thread, "one")
    await client.kill()
    client = await launch()
    await add(client, thread, "two")
    assert await waiting(client, thread) == ["one", "two"]
    await client.request("thread/resume", {"threadId": thread})
    await ended(client, 2)
    assert asked(provider) == ["first", "one", "two"]


async def test_pages(client: Client, provider: FakeProvider) -> None:
    thread, _ = await busy(client, provider)
    for text in ("a", "b", "c"):
        await add(client, thread, text)
    first = await client.request("thread/queue/list", {"threadId": thread, "limit": 2})
    rest = await client.request("thread/queue/list", {"threadId": thread, "cursor": first["nextCursor"]})
    assert [each["input"][0]["text"] for each in rest["data"]] == ["c"]
    assert rest["nextCursor"] is None
    code, text = await refusal(client, "thread/queue/list", {"threadId": thread, "cursor": "zz"})
    assert (code, "invalid queue pagination cursor" in text) == (INVALID, True)


async def test_what_is_refused(client: Client, provider: FakeProvider) -> None:
    thread, _ = await busy(client, provider)
    one = await add(client, thread, "one")
    ephemeral = (await client.start_thread(ephemeral=True))["id"]
    good = {"threadId": thread, "input": text_input("x"), "clientUserMessageId": "c"}
    ids = {"threadId": thread, "queuedSubmissionId": NOWHERE}
    for method, params, code, text in (
        ("add", {**good, "input": []}, INVALID, "only user input can be added"),
        ("add", {**good, "input": [{"type": "image", "url": "http://x"}]}, INVALID, "remote image URLs"),
        ("add", {**good, "threadId": NOWHERE}, INTERNAL, f"no rollout found for thread id {NOWHERE}"),
        ("add", {**good, "threadId": ephemeral}, INVALID, "ephemeral thread does not support queued submissions"),
        ("update", {**ids, "input": text_input("x")}, INVALID, f"queued submission not found: {NOWHERE}"),
        ("start", ids, INVALID, f"queued submission not found: {NOWHERE}"),
        ("reorder", {"threadId": thread, "queuedSubmissionIds": [one, one]}, INVALID, "exactly once"),
        ("list", {"threadId": NOWHERE}, INTERNAL, "failed to read thread"),
    ):
        refused, told = await refusal(client, f"thread/queue/{method}", params)
        assert (refused, text in told) == (code, True), told
