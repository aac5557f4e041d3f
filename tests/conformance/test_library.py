"""Sections, projects, attachments: what clients keep about threads, and thread/list by it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.conftest import Launch
from tests.conformance.steps import INVALID, NOWHERE, open_thread, refusal
from tests.support.client import Client
from tests.support.home import Home

INVALID_PARAMS = -32602
PINNED = "01984de2-8f74-7c91-a3b2-5c5e937cf318"


async def stored(client: Client, *previews: str) -> list[str]:
    threads = []
    for preview in previews:
        threads.append(await open_thread(client))
        await client.run_turn(threads[-1], preview)
    return threads


async def listed(client: Client, **params: Any) -> list[str]:
    return [thread["preview"] for thread in (await client.request("thread/list", params))["data"]]


async def section(client: Client, name: str, **params: Any) -> str:
    return str((await client.request("threadSection/create", {"name": name, **params}))["section"]["id"])


async def project(client: Client, key: str, **params: Any) -> dict[str, Any]:
    params = {"name": key, "roots": [], "idempotencyKey": key, **params}
    return dict((await client.request("project/create", params))["project"])


async def test_threads_in_sections(client: Client) -> None:
    one, two, three = await stored(client, "one", "two", "three")
    mine = await section(client, " Mine ", appearance={"icon": "star"})
    since = client.mark()
    for thread, before in ((one, None), (two, one), (three, None)):
        params = {"threadId": thread, "sectionId": mine, "beforeThreadId": before}
        assert await client.request("thread/section/move", params) == {}
    assert client.notifications("thread/section/changed", since)[0] == {"threadId": one, "sectionId": mine}
    in_order = {"sectionId": mine, "sortKey": "section_position"}
    assert await listed(client, **in_order) == ["two", "one", "three"]
    assert await listed(client, sectionId=None) == []
    await client.request("thread/section/move", {"threadId": three, "sectionId": None})
    assert await listed(client, sectionId=None) == ["three"]
    thread = (await client.request("thread/read", {"threadId": one}))["thread"]
    assert thread["section"] == {"id": mine, "name": "Mine", "appearance": {"icon": "star", "color": None}}
    assert thread["sectionEnteredAt"] is not None
    first = await client.request("thread/list", {**in_order, "limit": 1})
    rest = await client.request("thread/list", {**in_order, "limit": 1, "cursor": first["nextCursor"]})
    assert [page["data"][0]["id"] for page in (first, rest)] == [two, one]
    assert rest["nextCursor"] is None
    await client.request("threadSection/delete", {"sectionId": mine})
    assert await listed(client, sectionId=None) == ["three", "two", "one"]


async def test_the_list_of_sections(client: Client) -> None:
    mine = await section(client, "Mine")
    await client.request("threadSection/update", {"sectionId": mine, "name": "Other", "appearance": {"color": "red"}})
    await client.request("threadSection/update", {"sectionId": mine, "name": "Third"})
    first = await client.request("threadSection/list", {"limit": 1})
    rest = await client.request("threadSection/list", {"cursor": first["nextCursor"]})
    assert [each["id"] for each in first["data"]] == [PINNED]
    assert rest == {
        "data": [{"id": mine, "name": "Third", "appearance": {"icon": None, "color": "red"}}],
        "nextCursor": None,
    }
    updated = {"sectionId": mine, "name": "Third", "appearance": None}
    assert (await client.request("threadSection/update", updated))["section"]["appearance"] is None


async def test_what_sections_refuse(client: Client) -> None:
    (thread,) = await stored(client, "one")
    mine = await section(client, "Mine")
    move = "thread/section/move"
    for method, params, code, text in (
        ("threadSection/create", {"name": "  "}, INVALID_PARAMS, "section name must not be empty"),
        ("threadSection/update", {"sectionId": "zz", "name": "x"}, INVALID_PARAMS, "thread section not found: zz"),
        ("threadSection/delete", {"sectionId": PINNED}, INVALID_PARAMS, "built-in pinned section cannot be deleted"),
        (move, {"threadId": NOWHERE, "sectionId": mine}, INVALID, f"thread not found: {NOWHERE}"),
        (move, {"threadId": thread, "sectionId": "zz"}, INVALID, "section zz does not exist"),
        (move, {"threadId": thread, "sectionId": mine, "beforeThreadId": thread}, INVALID, "before itself"),
        (move, {"threadId": thread, "sectionId": mine, "beforeThreadId": NOWHERE}, INVALID, "is not in section"),
        (move, {"threadId": thread, "sectionId": None, "beforeThreadId": thread}, INVALID, "a non-null sectionId"),
        ("thread/list", {"sortKey": "section_position"}, INVALID, "requires a section filter"),
    ):
        refused, message = await refusal(client, method, params)
        assert (refused, text in message) == (code, True), message


async def test_threads_of_projects(client: Client, home: Home) -> None:
    one, _ = await stored(client, "one", "two")
    mine = await project(client, "mine", roots=[{"path": f"{home.workspace}/../x"}], metadata={"a": "b"})
    assert mine["roots"] == [{"path": str(home.workspace.parent / "x")}]
    assert mine["recencyAt"] is None
    since = client.mark()
    await client.request("thread/metadata/update", {"threadId": one, "projectId": mine["id"]})
    assert client.notifications("thread/project/updated", since) == [{"threadId": one, "projectId": mine["id"]}]
    third = await open_thread(client, projectId=mine["id"])
    await client.run_turn(third, "three")
    assert await listed(client, projectId=mine["id"]) == ["three", "one"]
    assert await listed(client, projectId=None) == ["two"]
    read = (await client.request("project/read", {"projectId": mine["id"]}))["project"]
    assert read["recencyAt"] is not None
    await client.request("thread/metadata/update", {"threadId": one, "projectId": ""})
    assert await listed(client, projectId=None) == ["two", "one"]
    since = client.mark()
    await client.request("project/delete", {"projectId": mine["id"]})
    await client.request("project/list", {})
    assert client.notifications("project/changed", since) == [{"projectId": mine["id"], "changeType": "deleted"}]
    assert client.notifications("thread/project/updated", since) == [{"threadId": third, "projectId": None}]
    assert await listed(client, projectId=None) == ["three", "two", "one"]


async def test_a_project_is_made_once_for_a_key(client: Client) -> None:
    threads = await stored(client, "one")
    request = {"name": "A", "roots": [], "threads": threads, "idempotencyKey": "k"}
    first = await client.request("project/import", request)
    again = await client.request("project/create", {"name": "B", "roots": [], "idempotencyKey": "k"})
    assert first == again
    assert first["project"]["recencyAt"] is not None
    assert len((await client.request("project/list", {}))["data"]) == 1


async def test_the_order_of_projects(client: Client) -> None:
    a, b, c = [(await project(client, name))["id"] for name in "abc"]

    async def order(**params: Any) -> list[str]:
        page = await client.request("project/list", params)
        assert params.get("limit") or [each["position"] for each in page["data"]] == sorted(
            each["position"] for each in page["data"]
        )
        return [each["name"] for each in page["data"]]

    await client.request("project/move", {"projectId": c, "beforeProjectId": a})
    assert await order() == ["c", "a", "b"]
    await client.request("project/move", {"projectId": c})
    assert await order() == ["a", "b", "c"]
    page = await client.request("project/list", {"limit": 2})
    assert await order(limit=2, cursor=page["nextCursor"]) == ["c"]
    await client.request("project/update", {"projectId": b, "name": "B"})
    assert await order() == ["a", "B", "c"]


async def test_what_projects_refuse(client: Client) -> None:
    mine = (await project(client, "mine"))["id"]
    create = {"name": "x", "roots": [], "idempotencyKey": "k"}
    for method, params, code, text in (
        ("project/create", {**create, "name": " "}, INVALID_PARAMS, "project name must not be empty"),
        ("project/create", {**create, "idempotencyKey": ""}, INVALID_PARAMS, "idempotencyKey must not be empty"),
        ("project/create", {**create, "roots": [{"path": "/a"}, {"path": "/a/"}]}, INVALID_PARAMS, "duplicate project"),
        ("project/create", {**create, "roots": [{"path": "a"}]}, INVALID, "absolute path"),
        ("project/import", {**create, "threads": [NOWHERE]}, INVALID_PARAMS, f"thread not found: {NOWHERE}"),
        ("project/read", {"projectId": "zz"}, INVALID_PARAMS, "project not found: zz"),
        ("project/move", {"projectId": mine, "beforeProjectId": mine}, INVALID_PARAMS, "before itself"),
        ("project/list", {"sortDirection": "desc"}, INVALID_PARAMS, "sortDirection requires sortKey"),
        ("project/list", {"cursor": "zz"}, INVALID_PARAMS, "invalid project cursor"),
        ("thread/list", {"projectId": NOWHERE}, INVALID_PARAMS, f"project not found: {NOWHERE}"),
        ("thread/start", {"projectId": NOWHERE}, INVALID, f"project not found: {NOWHERE}"),
    ):
        refused, message = await refusal(client, method, params)
        assert (refused, text in message) == (code, True), message


async def test_attachments(client: Client) -> None:
    one, two = await stored(client, "one", "two")
    pr: dict[str, Any] = {"attachmentType": "pr", "identityKey": "x/1"}
    since = client.mark()
    added = await client.request("thread/attachment/add", {"threadId": one, **pr, "payload": {"n": 1}})
    again = await client.request("thread/attachment/add", {"threadId": one, **pr, "payload": {"n": 2}})
    assert (added["outcome"], again["outcome"]) == ("created", "existing")
    assert again["attachment"] == added["attachment"]
    await client.request("thread/attachment/add", {"threadId": one, **pr, "identityKey": "x/2", "payload": None})
    await client.request("thread/attachment/add", {"threadId": two, **pr, "payload": None})
    first = await client.request("thread/attachment/list", {"threadId": one, "limit": 1})
    rest = await client.request("thread/attachment/list", {"threadId": one, "cursor": first["nextCursor"]})
    assert [each["identityKey"] for each in first["data"] + rest["data"]] == ["x/1", "x/2"]
    await client.request("thread/archive", {"threadId": two})
    for archived, threads in ((None, [one, two]), (True, [two]), (False, [one])):
        owners = await client.request("thread/attachmentOwner/list", {**pr, "archived": archived})
        assert [owner["threadId"] for owner in owners["data"]] == sorted(threads)
    page = await client.request("thread/attachmentOwner/list", {**pr, "limit": 1})
    page = await client.request("thread/attachmentOwner/list", {**pr, "limit": 1, "cursor": page["nextCursor"]})
    assert [owner["threadId"] for owner in page["data"]] == [max(one, two)]
    for _ in range(2):
        assert await client.request("thread/attachment/remove", {"threadId": one, **pr}) == {}
    told = client.notifications("thread/attachment/updated", since)
    assert [notice["operation"] for notice in told] == ["created", "created", "created", "deleted"]
    bad = {**pr, "cursor": "bad"}
    refused = (INVALID_PARAMS, "invalid pagination cursor")
    assert await refusal(client, "thread/attachmentOwner/list", bad) == refused
    await client.request("thread/delete", {"threadId": two})
    assert (await client.request("thread/attachmentOwner/list", pr))["data"] == []


async def test_what_attachments_refuse(client: Client) -> None:
    (thread,) = await stored(client, "one")
    good = {"threadId": thread, "attachmentType": "pr", "identityKey": "1", "payload": None}
    for change, text in (
        ({"attachmentType": ""}, "attachmentType must not be empty"),
        ({"identityKey": "k" * 257}, "identityKey must not exceed 256 bytes"),
        ({"payload": "x" * 65_536}, "payload must not exceed 65536 bytes"),
        ({"threadId": NOWHERE}, f"thread not found: {NOWHERE}"),
        ({"threadId": "zz"}, "invalid thread id"),
    ):
        code, message = await refusal(client, "thread/attachment/add", {**good, **change})
        assert (code, text in message) == (INVALID_PARAMS, True), message


async def test_all_of_it_survives_the_daemon_and_its_index(launch: Launch, home: Home) -> None:
    client = await launch()
    (thread,) = await stored(client, "one")
    mine = await section(client, "Mine")
    await client.request("thread/section/move", {"threadId": thread, "sectionId": mine})
    await project(client, "p", name="P")
    await client.request(
        "thread/attachment/add", {"threadId": thread, "attachmentType": "t", "identityKey": "k", "payload": [1]}
    )
    await client.close()
    for file in home.path.glob("spindled.sqlite*"):
        file.unlink()
    client = await launch()
    assert await listed(client, sectionId=mine) == ["one"]
    assert [each["name"] for each in (await client.request("project/list", {}))["data"]] == ["P"]
    assert (await client.request("thread/attachment/list", {"threadId": thread}))["data"][0]["payload"] == [1]


@pytest.mark.parametrize(
    ("params", "code", "text"),
    [
        ({"includeAttachedThreads": True}, INVALID, "requires a non-empty searchTerm"),
        ({"parentThreadId": NOWHERE, "ancestorThreadId": NOWHERE}, INVALID, "mutually exclusive"),
        ({"attachedToThreadId": NOWHERE, "parentThreadId": NOWHERE}, INVALID, "cannot be combined"),
        ({"attachedToThreadId": "zz"}, INVALID, "invalid attached thread parent id"),
        ({"originators": ["x"]}, INVALID_PARAMS, "originator filtering is not supported"),
        ({"excludedThreadIds": ["zz"]}, INVALID_PARAMS, "invalid excluded thread id"),
        ({"excludedThreadIds": [NOWHERE] * 101}, INVALID_PARAMS, "at most 100 entries"),
    ],
)
async def test_filters_that_do_not_fit(client: Client, params: dict[str, Any], code: int, text: str) -> None:
    refused, message = await refusal(client, "thread/list", params)
    assert (refused, text in message) == (code, True), message
