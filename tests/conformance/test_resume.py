"""kill -9 in the middle of a turn, then thread/resume in another daemon."""

from __future__ import annotations

from tests.conformance.conftest import Launch
from tests.conformance.steps import command, open_thread, outputs, refusal, shows
from tests.support.client import Client, is_completion_of
from tests.support.fake_items import message
from tests.support.fake_provider import FakeProvider, stream
from tests.support.flow import ANSWERED, COMPLETED, STARTED, flow
from tests.support.home import Home

HALF = message("one two three four", deltas=["one ", "two ", "three ", "four"], hold_after=(2, "half"))
RESUMED = ["deprecationNotice", "thread/status/changed idle", "result"]


async def test_after_a_kill_in_a_stream(launch: Launch, provider: FakeProvider) -> None:
    client = await launch()
    provider.script(stream(message("First answer.")), stream(HALF), stream(message("After resume.")))
    thread = await open_thread(client)
    await client.run_turn(thread, "first")
    turn = await client.start_turn(thread, "second")
    await client.wait_for(lambda m: m.get("params", {}).get("delta") == "two ")
    await client.kill()

    other = await launch()
    listed = (await other.request("thread/list", {}))["data"]
    assert [(each["id"], each["preview"], each["status"]) for each in listed] == [
        (thread, "first", {"type": "notLoaded"})
    ]
    read = (await other.request("thread/read", {"threadId": thread, "includeTurns": True}))["thread"]
    assert [each["status"] for each in read["turns"]] == ["completed", "interrupted"]
    since = other.mark()
    resumed = await other.request("thread/resume", {"threadId": thread})
    await other.wait_for("thread/goal/cleared", since=since)
    assert flow(other.received[since:]) == [*RESUMED, "thread/tokenUsage/updated", "thread/goal/cleared"]
    turns = resumed["thread"]["turns"]
    assert [each["id"] for each in turns][1:] == [turn["id"]]
    assert [[item["type"] for item in each["items"]] for each in turns] == [
        ["userMessage", "agentMessage"],
        ["userMessage"],
    ]

    assert flow(await other.run_turn(thread, "third")) == [*STARTED, *ANSWERED, *COMPLETED]
    said = [part["text"] for item in provider.requests[-1].json["input"] for part in item["content"]]
    assert [text for text in said if text in ("first", "First answer.", "second", "third")] == [
        "first",
        "First answer.",
        "second",
        "third",
    ]
    since = other.mark()
    again = await other.request("thread/resume", {"threadId": thread, "excludeTurns": True})
    await other.wait_for("thread/goal/cleared", since=since)
    assert flow(other.received[since:]) == ["result", "thread/goal/cleared"]
    assert again["thread"]["turns"] == []
    assert again["turnsBackwardsCursor"]


async def test_after_a_kill_in_a_command(launch: Launch, provider: FakeProvider) -> None:
    client = await launch()
    provider.script(stream(command("echo started; sleep 1000", yield_time_ms=20_000)))
    thread = await open_thread(client)
    await client.start_turn(thread, "run")
    await client.wait_for(shows("commandExecution"))
    await client.kill()

    other = await launch()
    since = other.mark()
    resumed = await other.request("thread/resume", {"threadId": thread})
    await other.wait_for("thread/goal/cleared", since=since)
    assert [label for label in flow(other.received[since:]) if "tokenUsage" not in label] == [
        *RESUMED,
        "thread/goal/cleared",
    ]
    assert [each["status"] for each in resumed["thread"]["turns"]] == ["interrupted"]
    assert flow(await other.run_turn(thread, "go on")) == [*STARTED, *ANSWERED, *COMPLETED]
    assert [call for call, _ in outputs(provider.requests[-1])] == ["call_1"]


async def test_settings_are_those_of_the_last_turn(launch: Launch, home: Home) -> None:
    client = await launch()
    folder = home.workspace / "sub"
    folder.mkdir()
    thread = await open_thread(client)
    await client.run_turn(thread, "first", cwd=str(folder), model="gpt-5.4", approvalPolicy="on-request")
    await client.close()
    other = await launch()
    resumed = await other.request("thread/resume", {"threadId": thread})
    assert (resumed["cwd"], resumed["model"], resumed["approvalPolicy"]) == (str(folder), "gpt-5.4", "on-request")


async def test_one_daemon_writes_a_thread(launch: Launch) -> None:
    client = await launch()
    thread = await open_thread(client)
    await client.run_turn(thread, "first")
    other = await launch()
    _, said = await refusal(other, "thread/resume", {"threadId": thread})
    assert "already has an active writer" in said
    await client.close()
    assert (await other.request("thread/resume", {"threadId": thread}))["thread"]["id"] == thread


async def test_a_loaded_thread_is_given_as_it_is(launch: Launch, provider: FakeProvider) -> None:
    client = await launch()
    provider.script(stream(HALF))
    thread = await open_thread(client)
    turn = await client.start_turn(thread, "hi")
    await provider.reached("half")
    await client.wait_for("item/agentMessage/delta")
    resumed = await client.request("thread/resume", {"threadId": thread})
    assert resumed["thread"]["status"] == {"type": "active", "activeFlags": []}
    assert [(each["id"], each["status"]) for each in resumed["thread"]["turns"]] == [(turn["id"], "inProgress")]
    provider.release("half")
    await client.wait_for(is_completion_of(turn["id"]))


async def test_who_reads_a_loaded_thread_whole_hears_what_it_took(client: Client) -> None:
    thread = await open_thread(client)
    await client.run_turn(thread, "hi")
    for params, told in (({}, 1), ({"excludeTurns": True}, 0)):
        since = client.mark()
        await client.request("thread/resume", {"threadId": thread, **params})
        await client.wait_for("thread/goal/cleared", since=since)
        assert len(client.notifications("thread/tokenUsage/updated", since)) == told
