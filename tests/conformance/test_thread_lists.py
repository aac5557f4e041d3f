"""thread/list and thread/loaded/list: what is listed, in which order, and pages of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.conftest import Launch
from tests.conformance.steps import INVALID, open_thread, refusal
from tests.support.client import Client
from tests.support.home import Home


async def listed(client: Client, **params: Any) -> list[str]:
    """The previews of the threads."""
    page = await client.request("thread/list", params)
    assert set(page["readStates"]) == {thread["id"] for thread in page["data"]}
    return [thread["preview"] for thread in page["data"]]


async def store(client: Client, *previews: str) -> list[str]:
    """The ids of new threads with one turn each."""
    threads = []
    for preview in previews:
        threads.append(await open_thread(client))
        await client.run_turn(threads[-1], preview)
    return threads


async def test_a_thread_without_a_turn_is_loaded_but_not_listed(client: Client) -> None:
    thread = await open_thread(client)
    assert await listed(client) == []
    assert (await client.request("thread/loaded/list", {}))["data"] == [thread]


async def test_newest_first(client: Client) -> None:
    await store(client, "one", "two", "three")
    assert await listed(client) == ["three", "two", "one"]
    assert await listed(client, sortKey="created_at", sortDirection="asc") == ["one", "two", "three"]


async def test_the_last_used_first(client: Client) -> None:
    first, _ = await store(client, "one", "two")
    await client.run_turn(first, "again")
    assert await listed(client, sortKey="updated_at") == ["one", "two"]
    assert await listed(client, sortKey="created_at") == ["two", "one"]


async def test_the_same_in_another_daemon(launch: Launch) -> None:
    client = await launch()
    threads = await store(client, "one", "two")
    await client.close()
    other = await launch()
    page = await other.request("thread/list", {})
    assert [thread["id"] for thread in page["data"]] == threads[::-1]
    assert [thread["status"] for thread in page["data"]] == [{"type": "notLoaded"}] * 2
    assert (await other.request("thread/loaded/list", {}))["data"] == []


async def test_filters(client: Client, home: Home) -> None:
    await store(client, "about lions", "about zebras", "100% of_it")
    everything = ["100% of_it", "about zebras", "about lions"]
    for params, found in (
        ({"searchTerm": "zebra"}, ["about zebras"]),
        ({"searchTerm": "ZEBRA"}, ["about zebras"]),
        ({"searchTerm": "0% o"}, ["100% of_it"]),
        ({"searchTerm": "a%s"}, []),
        ({"cwd": str(home.workspace)}, everything),
        ({"cwd": "/nowhere"}, []),
        ({"cwd": ["/nowhere", str(home.workspace)]}, everything),
        ({"modelProviders": ["test"]}, everything),
        ({"modelProviders": ["openai"]}, []),
        ({"modelProviders": []}, everything),
        ({"sourceKinds": ["cli"]}, []),
        ({"sourceKinds": []}, everything),
        ({"archived": True}, []),
        ({"archived": False}, everything),
        ({"useStateDbOnly": True}, everything),
    ):
        assert await listed(client, **params) == found, params


@pytest.mark.parametrize("direction", ["asc", "desc"])
async def test_pages_meet(client: Client, direction: str) -> None:
    names = ["a", "b", "c", "d", "e"]
    await store(client, *names)
    order = names if direction == "asc" else names[::-1]
    cursor, seen, pages = None, [], 0
    while True:
        page = await client.request("thread/list", {"limit": 2, "sortDirection": direction, "cursor": cursor})
        seen += [thread["preview"] for thread in page["data"]]
        pages, cursor = pages + 1, page["nextCursor"]
        if cursor is None:
            break
    assert (seen, pages) == (order, 3)


async def test_a_page_can_be_turned_round(client: Client) -> None:
    await store(client, "a", "b", "c", "d")
    first = await client.request("thread/list", {"limit": 2, "sortDirection": "asc"})
    second = await client.request("thread/list", {"limit": 2, "sortDirection": "asc", "cursor": first["nextCursor"]})
    assert [thread["preview"] for thread in second["data"]] == ["c", "d"]
    back = await client.request("thread/list", {"sortDirection": "desc", "cursor": second["backwardsCursor"]})
    assert [thread["preview"] for thread in back["data"]] == ["c", "b", "a"]


async def test_a_limit_of_zero_is_one(client: Client) -> None:
    await store(client, "one", "two")
    assert await listed(client, limit=0) == ["two"]


async def test_a_cursor_that_is_none(client: Client) -> None:
    assert await refusal(client, "thread/list", {"cursor": "rubbish"}) == (INVALID, "invalid cursor: rubbish")


async def test_loaded_threads_in_pages(client: Client) -> None:
    threads = [await open_thread(client) for _ in range(3)]
    first = await client.request("thread/loaded/list", {"limit": 2})
    assert (first["data"], first["nextCursor"]) == (threads[:2], threads[1])
    rest = await client.request("thread/loaded/list", {"limit": 2, "cursor": first["nextCursor"]})
    assert (rest["data"], rest["nextCursor"]) == (threads[2:], None)
    assert await refusal(client, "thread/loaded/list", {"cursor": "bad"}) == (INVALID, "invalid cursor: bad")


async def test_where_loaded_threads_work(launch: Launch, home: Home) -> None:
    client = await launch()
    await store(client, "one")
    [found] = (await client.request("thread/list", {}))["data"]
    place = str(home.workspace)
    assert found["environments"] == [{"environmentId": "local", "cwd": place, "runtimeWorkspaceRoots": [place]}]
    [hit] = (await client.request("thread/search", {"searchTerm": "one"}))["data"]
    assert hit["thread"]["environments"] == found["environments"]
    await client.close()
    client = await launch()
    [found] = (await client.request("thread/list", {}))["data"]
    assert found["environments"] is None


async def test_an_empty_cursor_is_none_of_ours(client: Client) -> None:
    assert await refusal(client, "thread/list", {"cursor": ""}) == (INVALID, "invalid cursor: ")
