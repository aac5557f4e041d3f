"""Names, archive, unarchive, delete, unsubscribe."""

from __future__ import annotations

import pytest

from tests.conformance.conftest import Launch
from tests.conformance.steps import INVALID, open_thread, refusal, text_input
from tests.support.client import Client, Message
from tests.support.fake_items import message
from tests.support.fake_provider import FakeProvider, stream
from tests.support.flow import ANSWERED, COMPLETED, STARTED, flow

HALF = message("one two three four", deltas=["one ", "two ", "three ", "four"], hold_after=(2, "half"))


async def stored(client: Client) -> str:
    thread = await open_thread(client)
    await client.run_turn(thread, "hi")
    return thread


async def happens(client: Client, method: str, thread: str, last: str) -> list[str]:
    """What is sent from the request to the notification `last`."""
    since = client.mark()
    await client.request(method, {"threadId": thread})
    await client.wait_for(last, since=since)
    return flow(client.received[since:])


async def listed(client: Client, archived: bool = False) -> list[Message]:
    return list((await client.request("thread/list", {"archived": archived}))["data"])


async def test_a_name(launch: Launch) -> None:
    client = await launch()
    thread = await stored(client)
    since = client.mark()
    await client.request("thread/name/set", {"threadId": thread, "name": "  My thread "})
    await client.wait_for("thread/name/updated", since=since)
    assert flow(client.received[since:]) == ["result", "thread/name/updated"]
    assert client.notifications("thread/name/updated") == [{"threadId": thread, "threadName": "My thread"}]
    assert (await client.request("thread/read", {"threadId": thread}))["thread"]["name"] == "My thread"
    await client.close()
    other = await launch()
    assert [each["name"] for each in await listed(other)] == ["My thread"]
    assert [each["name"] for each in (await other.request("thread/list", {"searchTerm": "my th"}))["data"]]


@pytest.mark.parametrize("name", ["", "  "])
async def test_a_name_is_not_empty(client: Client, name: str) -> None:
    thread = await stored(client)
    refused = await refusal(client, "thread/name/set", {"threadId": thread, "name": name})
    assert refused == (INVALID, "thread name must not be empty")


async def test_archive_and_back(client: Client) -> None:
    thread = await stored(client)
    archived = ["thread/status/changed notLoaded", "result", "thread/archived"]
    assert await happens(client, "thread/archive", thread, "thread/archived") == archived
    params = {"threadId": thread}
    assert await refusal(client, "thread/archive", params) == (INVALID, f"no rollout found for thread id {thread}")
    turn = {**params, "input": text_input("to an archived thread")}
    assert await refusal(client, "turn/start", turn) == (INVALID, f"thread not found: {thread}")
    code, said = await refusal(client, "thread/resume", params)
    assert (code, "is archived" in said) == (INVALID, True)
    assert (await listed(client), [each["id"] for each in await listed(client, archived=True)]) == ([], [thread])
    assert (await client.request("thread/read", params))["thread"]["status"] == {"type": "notLoaded"}

    assert await happens(client, "thread/unarchive", thread, "thread/unarchived") == ["result", "thread/unarchived"]
    refused = await refusal(client, "thread/unarchive", params)
    assert refused == (INVALID, f"no archived rollout found for thread id {thread}")
    assert ([each["id"] for each in await listed(client)], await listed(client, archived=True)) == ([thread], [])
    since = client.mark()
    await client.request("thread/resume", {**params, "excludeTurns": True})
    await client.wait_for("thread/goal/cleared", since=since)
    assert flow(client.received[since:]) == [
        "thread/status/changed idle",
        "result",
        "thread/tokenUsage/updated",
        "thread/goal/cleared",
    ]
    assert flow(await client.run_turn(thread, "go on")) == [*STARTED, *ANSWERED, *COMPLETED]


async def test_delete(client: Client) -> None:
    thread = await stored(client)
    deleted = ["thread/status/changed notLoaded", "result", "thread/deleted"]
    assert await happens(client, "thread/delete", thread, "thread/deleted") == deleted
    params = {"threadId": thread}
    assert await refusal(client, "thread/read", params) == (INVALID, f"thread not loaded: {thread}")
    assert await refusal(client, "thread/delete", params) == (INVALID, f"no rollout found for thread id {thread}")
    assert await listed(client) == []
    assert (await client.request("thread/loaded/list", {}))["data"] == []


async def test_delete_of_what_another_daemon_stored(launch: Launch) -> None:
    client = await launch()
    thread = await stored(client)
    await client.close()
    other = await launch()
    assert await happens(other, "thread/delete", thread, "thread/deleted") == ["result", "thread/deleted"]
    assert await listed(other) == []


@pytest.mark.parametrize("method", ["thread/archive", "thread/delete"])
async def test_of_a_running_thread_its_turn_is_stopped_first(
    client: Client, provider: FakeProvider, method: str
) -> None:
    provider.script(stream(HALF))
    thread = await open_thread(client)
    await client.start_turn(thread, "hi")
    await client.wait_for(lambda m: m.get("params", {}).get("delta") == "two ")
    assert await happens(client, method, thread, f"{method}d") == [
        "item/completed agentMessage",
        "thread/status/changed idle",
        "turn/completed interrupted",
        "thread/status/changed notLoaded",
        "result",
        f"{method}d",
    ]
    await provider.requests[0].gone.wait()


async def test_unsubscribe(client: Client) -> None:
    thread = await stored(client)
    params = {"threadId": thread}
    assert await client.request("thread/unsubscribe", params) == {"status": "unsubscribed"}
    assert await client.request("thread/unsubscribe", params) == {"status": "notSubscribed"}
    assert (await client.request("thread/loaded/list", {}))["data"] == [thread]
    await client.request("thread/archive", params)
    assert await client.request("thread/unsubscribe", params) == {"status": "notLoaded"}


async def test_turn_start_subscribes_again(client: Client) -> None:
    thread = await stored(client)
    await client.request("thread/unsubscribe", {"threadId": thread})
    assert flow(await client.run_turn(thread, "again")) == [*STARTED, *ANSWERED, *COMPLETED]


async def test_a_thread_without_a_turn_is_archived_too(client: Client) -> None:
    thread = await open_thread(client)
    archived = ["thread/status/changed notLoaded", "result", "thread/archived"]
    assert await happens(client, "thread/archive", thread, "thread/archived") == archived
    assert [each["id"] for each in await listed(client, archived=True)] == [thread]
    await client.request("thread/delete", {"threadId": thread})
    assert await listed(client, archived=True) == []
