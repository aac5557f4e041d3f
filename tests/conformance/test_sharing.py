"""Several clients of one daemon, and one thread that they share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import pytest
import pytest_asyncio

from tests.conftest import Listen
from tests.support.client import Message, agent_texts, is_completion_of
from tests.support.fake_items import function_call, message
from tests.support.fake_provider import FakeProvider, stream
from tests.support.home import Home
from tests.support.sockets import Daemon, SocketClient

APPROVAL = "item/commandExecution/requestApproval"
RESOLVED = "serverRequest/resolved"
TURN = "stream 60 words every 5 ms"

Enter = Callable[..., Awaitable[SocketClient]]


@pytest_asyncio.fixture(params=["unix", "ws"])
async def daemon(request: pytest.FixtureRequest, listen: Listen) -> Daemon:
    return await listen(request.param)


@pytest.fixture
def enter(daemon: Daemon) -> Enter:
    """`await enter(**capabilities)`: one more client that has shaken hands."""

    async def one_more(**capabilities: Any) -> SocketClient:
        client = await daemon.connect()
        await client.initialize(**capabilities)
        return client

    return one_more


async def resume(client: SocketClient, thread: str, **params: Any) -> Message:
    result = await client.request("thread/resume", {"threadId": thread, "excludeTurns": True, **params})
    return dict(result)


def events(client: SocketClient) -> list[Message]:
    """The params of all that has a number, in the order of arrival."""
    return [m["params"] for m in client.received if "seq" in m.get("params", {})]


def numbers(client: SocketClient, after: int = 0) -> list[int]:
    """The numbers of all events, where none is missing and none is there twice."""
    seen = []
    for event in events(client):
        seen += range(event.get("firstSeq", event["seq"]), event["seq"] + 1)
    assert not seen or seen[0] == after + 1
    assert all(later == before + 1 for before, later in pairwise(seen))
    return seen


def text(*clients: SocketClient) -> str:
    return "".join(p["delta"] for client in clients for p in client.notifications("item/agentMessage/delta"))


async def asked(client: SocketClient) -> Message:
    return await client.wait_for(lambda m: m.get("method") == APPROVAL and "id" in m)


async def proposal(client: SocketClient) -> tuple[str, str]:
    """A turn that waits for an approval: thread and turn."""
    thread = await client.start_thread(approvalPolicy="untrusted", sandbox="danger-full-access")
    turn = await client.start_turn(thread["id"], "run touch made")
    await asked(client)
    return thread["id"], turn["id"]


# -- each its own


async def test_each_client_has_a_handshake_and_choices_of_its_own(daemon: Daemon, enter: Enter) -> None:
    curious = await enter()
    plain = await enter(experimentalApi=False, optOutNotificationMethods=["item/agentMessage/delta"])
    stranger = await daemon.connect()
    thread = (await curious.start_thread())["id"]
    await resume(plain, thread)
    turn = await plain.start_turn(thread, "say Hello.")
    for client in (curious, plain):
        await client.wait_for(is_completion_of(turn["id"]))
    assert text(curious) == "Hello."
    assert text(plain) == ""
    assert agent_texts(plain.received) == agent_texts(curious.received) == ["Hello."]
    assert numbers(curious)
    assert not events(plain)  # the wire is as it was
    assert not stranger.received
    with pytest.raises(AssertionError, match="requires experimentalApi"):
        await refused(plain, {"threadId": thread, "afterSeq": 0})


async def refused(client: SocketClient, params: Message) -> None:
    answer = await client.post("thread/resume", params)
    raise AssertionError(answer["error"]["message"])


async def test_the_list_of_threads_is_everybodys(enter: Enter) -> None:
    one, two = await enter(), await enter()
    thread = (await one.start_thread())["id"]
    await one.run_turn(thread, "say Hello.")
    await one.request("thread/name/set", {"threadId": thread, "name": "Ours"})
    await one.request("thread/archive", {"threadId": thread})
    await two.wait_for("thread/archived")
    told = [m["method"] for m in two.received if "method" in m]
    assert told[:2] == ["thread/started", "thread/status/changed"]
    assert "thread/name/updated" in told
    assert "item/started" not in told
    assert not events(two)


async def test_who_unsubscribes_hears_no_more_of_the_turn(enter: Enter) -> None:
    one, two = await enter(), await enter()
    thread = (await one.start_thread())["id"]
    await resume(two, thread)
    turn = await one.start_turn(thread, TURN)
    await two.wait_for("item/agentMessage/delta")
    await two.request("thread/unsubscribe", {"threadId": thread})
    since = two.mark()
    await one.wait_for(is_completion_of(turn["id"]))
    assert {m.get("method") for m in two.received[since:]} <= {"thread/status/changed"}


# -- approvals


async def test_the_first_answer_counts_for_all(enter: Enter) -> None:
    one = await enter()
    thread, turn = await proposal(one)
    late = await enter()
    await resume(late, thread)
    request = await asked(late)
    assert late.received.index(request) > 0  # its answer to thread/resume comes first
    late.send({"id": request["id"], "result": {"decision": "accept"}})
    for client in (one, late):
        await client.wait_for(is_completion_of(turn))
        (resolved,) = client.notifications(RESOLVED)
        assert resolved == {"threadId": thread, "requestId": (await asked(client))["id"]}
    items = [p["item"] for p in late.notifications("item/completed")]
    assert [item["status"] for item in items if item["type"] == "commandExecution"] == ["completed"]


async def test_one_who_leaves_does_not_decline_for_the_others(enter: Enter) -> None:
    one = await enter()
    thread, turn = await proposal(one)
    two = await enter()
    await resume(two, thread)
    request = await asked(two)
    await one.kill()
    two.send({"id": request["id"], "result": {"decision": "accept"}})
    await two.wait_for(is_completion_of(turn))
    items = [p["item"] for p in two.notifications("item/completed")]
    assert [item["status"] for item in items if item["type"] == "commandExecution"] == ["completed"]


async def test_when_the_last_one_leaves_for_good_it_is_declined(enter: Enter) -> None:
    one, other = await enter(), await enter()
    thread, _ = await proposal(one)
    await one.close()
    await other.wait_for(lambda m: m.get("params", {}).get("status") == {"type": "idle"}, patience=20)
    turns = (await other.request("thread/read", {"threadId": thread, "includeTurns": True}))["thread"]["turns"]
    commands = [item for item in turns[-1]["items"] if item["type"] == "commandExecution"]
    assert [command["status"] for command in commands] == ["declined"]


# -- what was missed


async def test_what_was_missed_comes_once_and_in_order_in_the_middle_of_a_turn(enter: Enter) -> None:
    first = await enter()
    thread = (await first.start_thread())["id"]
    turn = await first.start_turn(thread, TURN)
    await first.wait_for("item/agentMessage/delta")
    await first.kill()
    last = numbers(first)[-1]
    back = await enter()
    answer = await resume(back, thread, afterSeq=last)
    assert (answer["seq"], answer["replayComplete"]) == (last, True)
    await back.wait_for(is_completion_of(turn["id"]))
    assert numbers(back, last)
    assert text(first, back) == agent_texts(back.received)[0]


async def test_what_was_missed_comes_after_the_end_too(enter: Enter) -> None:
    first, other = await enter(), await enter()
    thread = (await first.start_thread())["id"]
    await first.wait_for("thread/started")
    last = numbers(first)[-1]
    await first.kill()
    await resume(other, thread)
    await other.run_turn(thread, "say Hello.")
    back = await enter()
    assert (await resume(back, thread, afterSeq=last))["replayComplete"]
    await back.wait_for("turn/completed")
    assert numbers(back, last)
    whole = await enter()
    assert (await resume(whole, thread, afterSeq=0))["replayComplete"]
    await whole.wait_for("turn/completed")
    assert set(numbers(back, last)) < set(numbers(whole))


async def test_an_approval_is_still_open_for_one_who_comes_back(enter: Enter) -> None:
    first = await enter()
    thread, turn = await proposal(first)
    last = numbers(first)[-1]
    await first.kill()
    back = await enter()
    await resume(back, thread, afterSeq=last)
    request = await asked(back)
    back.send({"id": request["id"], "result": {"decision": "accept"}})
    await back.wait_for(is_completion_of(turn))
    numbers(back, last)
    items = [p["item"] for p in back.notifications("item/completed")]
    assert [item["status"] for item in items if item["type"] == "commandExecution"] == ["completed"]


async def test_one_who_only_joins_goes_on_from_the_number_it_is_told(enter: Enter) -> None:
    one, two = await enter(), await enter()
    thread = (await one.start_thread())["id"]
    turn = await one.start_turn(thread, TURN)
    await one.wait_for("item/agentMessage/delta")
    answer = await resume(two, thread)
    assert "replayComplete" not in answer
    await two.wait_for(is_completion_of(turn["id"]))
    assert numbers(two, answer["seq"])


@pytest.mark.parametrize("had", [0, 3, 10**15])
async def test_what_is_gone_is_said_to_be_gone(listen: Listen, had: int) -> None:
    """The numbers of an earlier daemon are not taken for those of this one."""
    first = await listen("unix")
    client = await first.connect()
    await client.initialize()
    thread = (await client.start_thread())["id"]
    await client.run_turn(thread, "say Hello.")
    await first.stop()
    client = await (await listen("unix")).connect()
    await client.initialize()
    answer = await resume(client, thread, afterSeq=had)
    assert not answer["replayComplete"]
    await client.run_turn(thread, "say Again.")
    assert numbers(client, answer["seq"])[0] > numbers(first.clients[0])[-1]


async def test_what_is_asked_for_must_make_sense(enter: Enter) -> None:
    client = await enter()
    thread = (await client.start_thread())["id"]
    for wrong in (-1, "1", 1.5):
        assert (await client.post("thread/resume", {"threadId": thread, "afterSeq": wrong}))["error"]["code"] == -32600


# -- one who does not read


async def test_one_who_does_not_read_holds_up_nobody(listen: Listen, home: Home, provider: FakeProvider) -> None:
    """It is disconnected, the log says why; when it comes back it is told that it has to read the thread again."""
    home.write_config(provider.base_url)
    daemon = await listen("unix", provider="test")
    reader, sleeper = await daemon.connect(), await daemon.connect()
    await asyncio.gather(reader.initialize(), sleeper.initialize())
    thread = (await reader.start_thread())["id"]
    start = (await resume(sleeper, thread))["seq"]
    deltas = [f"{number:06d}" + "x" * 50_000 for number in range(300)]
    provider.script(stream(message(deltas=deltas)))
    sleeper.websocket.transport.pause_reading()
    done = await reader.run_turn(thread, "hello", patience=25)
    assert agent_texts(done) == ["".join(deltas)]
    numbers(reader)
    await daemon.until_logged("it reads too slowly")
    sleeper.websocket.transport.resume_reading()
    await sleeper.websocket.wait_closed()
    last = numbers(sleeper, start)[-1]
    again = await daemon.connect()
    await again.initialize()
    answer = await resume(again, thread, afterSeq=last)
    assert not answer["replayComplete"]  # 15 MB were told since; the last 4 MiB are kept
    assert answer["seq"] == numbers(reader)[-1]
    assert len(await again.run_turn(thread, "next")) > 0
    assert numbers(again, answer["seq"])


async def test_one_who_does_not_read_for_a_while_and_is_alone_loses_nothing(
    listen: Listen, home: Home, provider: FakeProvider
) -> None:
    home.write_config(provider.base_url)
    daemon = await listen("unix", provider="test")
    client = await daemon.connect()
    await client.initialize()
    thread = (await client.start_thread())["id"]
    deltas = [f"{number:06d} " for number in range(40_000)]
    provider.script(
        stream(message(deltas=deltas, hold_after=(100, "some")), function_call("exec_command", {"cmd": "true"}))
    )
    turn = await client.start_turn(thread, "hello")
    await provider.reached("some")
    client.websocket.transport.pause_reading()
    provider.release("some")
    other = await daemon.connect()
    await other.initialize()
    await other.run_turn((await other.start_thread())["id"], "other")
    client.websocket.transport.resume_reading()
    await client.wait_for(is_completion_of(turn["id"]), patience=25)
    numbers(client)
    assert text(client).startswith("".join(deltas))


async def test_one_who_comes_in_the_middle_of_an_answer_gets_its_beginning(enter: Enter) -> None:
    """A client that knows nothing of before can put the text together, and nothing is there twice."""
    first, second = await enter(), await enter()
    thread = (await first.start_thread())["id"]
    turn = await first.start_turn(thread, TURN)
    await first.wait_for("item/agentMessage/delta")
    page = {"limit": 1, "itemsView": "full"}
    answer = await resume(second, thread, initialTurnsPage=page)
    assert [(each["id"], each["status"]) for each in answer["initialTurnsPage"]["data"]] == [(turn["id"], "inProgress")]
    await resume(second, thread)  # again: it has all of it
    await second.wait_for(is_completion_of(turn["id"]))
    (whole,) = agent_texts(second.received)
    assert text(second) == whole
    assert [p["item"]["type"] for p in second.notifications("item/started")] == ["agentMessage"]
    numbers(second, answer["seq"])


async def test_one_who_follows_is_told_nothing_twice_however_often_it_resumes(enter: Enter) -> None:
    client = await enter()
    thread = (await client.start_thread())["id"]
    turn = await client.start_turn(thread, TURN)
    await client.wait_for("item/agentMessage/delta")
    params = {"threadId": thread, "excludeTurns": True}
    answers = await asyncio.gather(*(client.post("thread/resume", params) for _ in range(20)))
    assert all("result" in answer for answer in answers)
    await client.wait_for(is_completion_of(turn["id"]))
    (whole,) = agent_texts(client.received)
    assert text(client) == whole
    numbers(client)
