"""thread/readState/*: what the user has read of a thread."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.conftest import Launch
from tests.conformance.steps import INVALID, NOWHERE, open_thread, refusal
from tests.support.client import Client, Message, RequestFailed

METHOD = "thread/readState/update"


async def state(client: Client, thread: str) -> Message:
    return dict((await client.request("thread/read", {"threadId": thread}))["readState"])


async def ask(client: Client, thread: str, operation: str, revision: str) -> Message:
    params = {"threadId": thread, "operation": {"type": operation}, "expectedRevision": revision}
    return dict((await client.request(METHOD, params))["readState"])


async def turn(client: Client, thread: str) -> str:
    return str((await client.run_turn(thread, "hi"))[-1]["params"]["turn"]["id"])


async def test_the_first_unread_turn_stays_until_it_is_read(client: Client) -> None:
    thread = await open_thread(client)
    first = await turn(client, thread)
    unread = await state(client, thread)
    assert unread["firstUnread"] == {"type": "turn", "turnId": first}
    await turn(client, thread)
    again = await state(client, thread)
    assert again["firstUnread"] == unread["firstUnread"]
    assert again["revision"] != unread["revision"]
    since = client.mark()
    read = await ask(client, thread, "read", again["revision"])
    assert read["firstUnread"] is None
    assert (await client.wait_for("thread/readState/changed", since=since))["params"]["readState"] == read
    third = await turn(client, thread)
    current = await state(client, thread)
    assert current["firstUnread"] == {"type": "turn", "turnId": third}
    assert (await client.request("thread/list", {}))["readStates"] == {thread: current}
    assert (await ask(client, thread, "unread", current["revision"]))["firstUnread"] == {"type": "threadStart"}


async def test_only_who_has_seen_the_last_state_may_change_it(client: Client) -> None:
    thread = await open_thread(client)
    await turn(client, thread)
    with pytest.raises(RequestFailed) as failure:
        await ask(client, thread, "read", "stale")
    assert (failure.value.code, failure.value.message) == (INVALID, "read state changed")
    assert failure.value.data == {"reason": "readStateConflict", "readState": await state(client, thread)}


async def test_it_survives_the_daemon(launch: Launch) -> None:
    client = await launch()
    thread = await open_thread(client)
    await turn(client, thread)
    before = await ask(client, thread, "read", (await state(client, thread))["revision"])
    await client.close()
    assert await state(await launch(), thread) == before


async def test_what_is_refused(client: Client) -> None:
    thread = await open_thread(client)
    params: dict[str, Any] = {"operation": {"type": "read"}, "expectedRevision": ""}
    assert await refusal(client, METHOD, {"threadId": thread, **params}) == (INVALID, "thread read state unavailable")
    assert await refusal(client, METHOD, {"threadId": NOWHERE, **params}) == (INVALID, f"thread not loaded: {NOWHERE}")
