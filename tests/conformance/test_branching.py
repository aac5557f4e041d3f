"""thread/fork, thread/revert, thread/metadata/update."""

from __future__ import annotations

import pytest

from tests.conformance.conftest import Launch
from tests.conformance.steps import INVALID, NOWHERE, command, decide, open_thread, outputs, refusal, shows
from tests.support.client import Client, Message
from tests.support.fake_items import message
from tests.support.fake_provider import FakeProvider, stream
from tests.support.flow import flow

HALF = message("one two", deltas=["one ", "two"], hold_after=(1, "half"))


async def conversation(client: Client, provider: FakeProvider, *questions: str) -> tuple[str, list[str]]:
    """A thread with these questions, each answered by `re: QUESTION`; its id and those of its turns."""
    thread = await open_thread(client)
    turns = []
    for question in questions:
        provider.script(stream(message(f"re: {question}")))
        turns.append(await ask(client, thread, question))
    return thread, turns


async def ask(client: Client, thread: str, question: str) -> str:
    """The id of the turn, which has ended."""
    return str((await client.run_turn(thread, question))[-1]["params"]["turn"]["id"])


async def questions(client: Client, thread: str) -> list[str]:
    page = await client.request("thread/turns/list", {"threadId": thread, "sortDirection": "asc"})
    return [turn["items"][0]["content"][0]["text"] for turn in page["data"]]


def told(provider: FakeProvider) -> list[str]:
    """What the users and the model said in the last request, the context messages left out."""
    said = [item for item in provider.requests[-1].json["input"] if item["type"] == "message"]
    texts = [item["content"][0]["text"] for item in said if item["role"] in ("user", "assistant")]
    return [text for text in texts if not text.startswith(("<", "#"))]


async def test_a_fork_goes_its_own_way(client: Client, provider: FakeProvider) -> None:
    source, turns = await conversation(client, provider, "one", "two")
    since = client.mark()
    forked = await client.request("thread/fork", {"threadId": source})
    await client.wait_for("thread/started", since=since)
    forking = ["deprecationNotice", "result", "thread/tokenUsage/updated", "thread/started"]
    assert flow(client.received[since:])[:4] == forking
    fork = forked["thread"]["id"]
    assert fork != source
    assert forked["thread"]["forkedFromId"] == source
    assert forked["thread"]["preview"] == "one"
    assert [turn["id"] for turn in forked["thread"]["turns"]] == turns
    assert client.notifications("thread/started")[-1]["thread"]["turns"] == []
    for thread, question in ((fork, "here"), (source, "there")):
        provider.script(stream(message(f"re: {question}")))
        await client.run_turn(thread, question)
        assert told(provider) == ["one", "re: one", "two", "re: two", question]
    assert await questions(client, fork) == ["one", "two", "here"]
    assert await questions(client, source) == ["one", "two", "there"]
    usage = client.notifications("thread/tokenUsage/updated")
    totals = [each["tokenUsage"]["total"]["totalTokens"] for each in usage if each["threadId"] == fork]
    last = usage[-1]["tokenUsage"]["last"]["totalTokens"]
    assert totals == [2 * last, 3 * last]  # what the fork inherited counts as its own


@pytest.mark.parametrize(("name", "kept"), [("lastTurnId", 2), ("beforeTurnId", 1)])
async def test_a_fork_at_a_turn(client: Client, provider: FakeProvider, name: str, kept: int) -> None:
    source, turns = await conversation(client, provider, "one", "two", "three")
    params = {"threadId": source, name: turns[1], "excludeTurns": True}
    forked = (await client.request("thread/fork", params))["thread"]
    assert forked["turns"] == []
    assert await questions(client, forked["id"]) == ["one", "two", "three"][:kept]
    await client.request("thread/delete", {"threadId": source})
    assert await questions(client, forked["id"]) == ["one", "two", "three"][:kept]


async def test_a_fork_outlives_the_daemon(launch: Launch, provider: FakeProvider) -> None:
    client = await launch()
    source, _ = await conversation(client, provider, "one")
    fork = (await client.request("thread/fork", {"threadId": source}))["thread"]["id"]
    await client.kill()
    client = await launch()
    resumed = (await client.request("thread/resume", {"threadId": fork}))["thread"]
    assert (resumed["forkedFromId"], len(resumed["turns"])) == (source, 1)


async def test_an_ephemeral_fork_is_not_stored(client: Client, provider: FakeProvider) -> None:
    source, _ = await conversation(client, provider, "one")
    params = {"threadId": source, "ephemeral": True, "excludeTurns": True}
    fork = (await client.request("thread/fork", params))["thread"]
    assert (fork["ephemeral"], fork["path"]) == (True, None)
    provider.script(stream(message("re: here")))
    await client.run_turn(fork["id"], "here")
    assert told(provider) == ["one", "re: one", "here"]
    assert [thread["id"] for thread in (await client.request("thread/list", {}))["data"]] == [source]


async def test_a_fork_during_a_command(client: Client, provider: FakeProvider) -> None:
    """1-29: the fork's history is valid although the source's last call has no output yet."""
    thread = await open_thread(client)
    provider.script(stream(command("read line; echo $line", tty=True, yield_time_ms=30_000)), stream(message("done")))
    since = client.mark()
    turn = await client.start_turn(thread, "go")
    await client.wait_for(shows("commandExecution"), since=since)
    fork = (await client.request("thread/fork", {"threadId": thread}))["thread"]
    assert [each["status"] for each in fork["turns"]] == ["interrupted"]
    provider.script(stream(message("fine"), match="and?"))
    await client.run_turn(fork["id"], "and?")
    assert [call for call, _ in outputs(provider.requests[-1])] == ["call_1"]
    await client.request("turn/interrupt", {"threadId": thread, "turnId": turn["id"]})


async def test_no_fork_of_nothing(client: Client, provider: FakeProvider) -> None:
    empty = await open_thread(client)
    text = "no rollout found for thread id {}"
    for thread in (NOWHERE, empty):
        assert await refusal(client, "thread/fork", {"threadId": thread}) == (INVALID, text.format(thread))
    source, _ = await conversation(client, provider, "one")
    for name in ("lastTurnId", "beforeTurnId"):
        params = {"threadId": source, name: NOWHERE}
        assert await refusal(client, "thread/fork", params) == (INVALID, f"turn not found: {NOWHERE}")
    assert len((await client.request("thread/list", {}))["data"]) == 1


async def test_revert_forgets_a_turn_and_what_followed(client: Client, provider: FakeProvider) -> None:
    """Row 1-31."""
    thread, turns = await conversation(client, provider, "one", "two", "three")
    since = client.mark()
    answer = await client.request("thread/revert", {"threadId": thread, "beforeTurnId": turns[1]})
    await client.wait_for("thread/reverted", since=since)
    expected = ["thread/status/changed notLoaded", "thread/status/changed idle", "result", "thread/reverted"]
    assert flow(client.received[since:]) == expected
    assert answer["thread"]["turns"] == []
    page = {"threadId": thread, "cursor": answer["turnsBackwardsCursor"]}
    assert [turn["id"] for turn in (await client.request("thread/turns/list", page))["data"]] == turns[:1]
    provider.script(stream(message("re: other")))
    await client.run_turn(thread, "other")
    assert told(provider) == ["one", "re: one", "other"]
    assert await questions(client, thread) == ["one", "other"]


async def test_revert_survives_the_daemon(launch: Launch, provider: FakeProvider) -> None:
    client = await launch()
    thread, turns = await conversation(client, provider, "one", "two")
    await client.request("thread/revert", {"threadId": thread, "beforeTurnId": turns[1]})
    await client.kill()
    client = await launch()
    assert await questions(client, thread) == ["one"]
    await client.request("thread/revert", {"threadId": thread, "beforeTurnId": turns[0]})  # it is not loaded here
    assert await questions(client, thread) == []
    provider.script(stream(message("re: anew")))
    await client.request("thread/resume", {"threadId": thread})
    await client.run_turn(thread, "anew")
    assert told(provider) == ["anew"]


async def test_revert_stops_the_turn_that_runs(client: Client, provider: FakeProvider) -> None:
    thread, turns = await conversation(client, provider, "one")
    provider.script(stream(HALF))
    since = client.mark()
    await client.start_turn(thread, "two")
    await client.wait_for("item/agentMessage/delta", since=since)
    await client.request("thread/revert", {"threadId": thread, "beforeTurnId": turns[0]})
    assert client.notifications("turn/completed")[-1]["turn"]["status"] == "interrupted"
    assert await questions(client, thread) == []


async def test_revert_to_an_unknown_turn_changes_nothing(client: Client, provider: FakeProvider) -> None:
    thread, _ = await conversation(client, provider, "one")
    since = client.mark()
    refused = await refusal(client, "thread/revert", {"threadId": thread, "beforeTurnId": NOWHERE})
    assert refused == (INVALID, f"turn not found: {NOWHERE}")
    assert flow(client.received[since:]) == ["error -32600"]
    assert await questions(client, thread) == ["one"]


async def test_revert_keeps_what_was_granted_for_the_session(launch: Launch, provider: FakeProvider) -> None:
    client = await launch(approval_policy="untrusted")
    asked = decide(client, "acceptForSession")
    thread = await open_thread(client)
    turns = []
    for _ in range(2):
        provider.script(stream(command("touch here")), stream(message("done")))
        turns.append(await ask(client, thread, "go"))
        if len(turns) == 1:
            await client.request("thread/revert", {"threadId": thread, "beforeTurnId": turns[0]})
    assert len(asked) == 1


async def test_git_metadata(launch: Launch, provider: FakeProvider) -> None:
    client = await launch()
    thread, _ = await conversation(client, provider, "one")

    async def update(**git: str | None) -> Message:
        params = {"threadId": thread, "gitInfo": git}
        return dict((await client.request("thread/metadata/update", params))["thread"]["gitInfo"])

    assert await update(branch="b1", sha="abc") == {"branch": "b1", "sha": "abc", "originUrl": None}
    assert await update(branch=None, originUrl="o") == {"branch": None, "sha": "abc", "originUrl": "o"}
    await client.kill()
    client = await launch()
    assert await update(branch="b2") == {"branch": "b2", "sha": "abc", "originUrl": "o"}
    listed = (await client.request("thread/list", {}))["data"][0]["gitInfo"]
    assert listed == {"branch": "b2", "sha": "abc", "originUrl": "o"}


@pytest.mark.parametrize("params", [{}, {"gitInfo": None}, {"gitInfo": {}}, {"projectId": "p"}])
async def test_metadata_that_is_none_is_refused(client: Client, provider: FakeProvider, params: Message) -> None:
    thread, _ = await conversation(client, provider, "one")
    assert (await refusal(client, "thread/metadata/update", {"threadId": thread, **params}))[0] == INVALID


async def test_a_fork_has_the_name_of_its_source(launch: Launch, provider: FakeProvider) -> None:
    client = await launch()
    source, _ = await conversation(client, provider, "one")
    await client.request("thread/name/set", {"threadId": source, "name": "Mine"})
    fork = (await client.request("thread/fork", {"threadId": source, "excludeTurns": True}))["thread"]
    assert fork["name"] == "Mine"
    await client.request("thread/name/set", {"threadId": source, "name": "Other"})
    await client.close()
    client = await launch()
    named = {each["id"]: each["name"] for each in (await client.request("thread/list", {}))["data"]}
    assert named == {source: "Other", fork["id"]: "Mine"}


async def test_a_fork_ends_at_one_place(client: Client, provider: FakeProvider) -> None:
    source, turns = await conversation(client, provider, "one", "two")
    params = {"threadId": source, "lastTurnId": turns[0], "beforeTurnId": turns[1]}
    refused = (INVALID, "`beforeTurnId` cannot be combined with `lastTurnId`")
    assert await refusal(client, "thread/fork", params) == refused


async def test_an_attached_fork_is_for_the_one_who_asked(client: Client, provider: FakeProvider) -> None:
    source, _ = await conversation(client, provider, "one")
    since = client.mark()
    params = {"threadId": source, "attachToSource": True, "excludeTurns": True}
    attached = (await client.request("thread/fork", params))["thread"]["id"]
    await client.run_turn(attached, "aside")
    assert client.notifications("thread/started", since) == []
    code, text = await refusal(client, "thread/delete", {"threadId": source})
    assert (code, text.startswith(f"cannot delete thread while attached thread {attached} exists")) == (INVALID, True)
    for each in (attached, source):
        assert await client.request("thread/delete", {"threadId": each}) == {}


async def test_an_archived_thread_is_not_forked(client: Client, provider: FakeProvider) -> None:
    source, _ = await conversation(client, provider, "one")
    await client.request("thread/archive", {"threadId": source})
    code, text = await refusal(client, "thread/fork", {"threadId": source})
    assert (code, text.startswith(f"session {source} is archived.")) == (INVALID, True)


async def test_after_two_reverts_another_daemon_goes_on_where_the_last_one_led(
    launch: Launch, provider: FakeProvider
) -> None:
    client = await launch()
    thread, turns = await conversation(client, provider, "one", "two", "three")
    for turn in (turns[2], turns[1]):
        await client.request("thread/revert", {"threadId": thread, "beforeTurnId": turn})
    await ask(client, thread, "other")
    for _ in range(2):
        await client.close()
        client = await launch()
        await client.request("thread/list", {})
        await client.request("thread/resume", {"threadId": thread, "excludeTurns": True})
        assert await questions(client, thread) == ["one", "other"]
