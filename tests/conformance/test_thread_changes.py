"""What clients change about a thread: its settings, its history, by which name it is resumed and forked."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.conftest import Launch
from tests.conformance.steps import INVALID, NOWHERE, command, open_thread, outputs, refusal, shows, text_input
from tests.support.client import Client, Message
from tests.support.fake_items import message
from tests.support.fake_provider import FakeProvider, stream
from tests.support.home import Home

INTERNAL = -32603
HALF = message("one two", deltas=["one ", "two"], hold_after=(1, "half"))


def said(role: str, text: str) -> Message:
    kind = "output_text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}


def told(provider: FakeProvider) -> list[str]:
    """The conversation of the last request, our own context left out."""
    items = [item for item in provider.requests[-1].json["input"] if item.get("role") in ("user", "assistant")]
    texts = [item["content"][0]["text"] for item in items]
    return [text for text in texts if not text.startswith(("<environment", "<project"))]


# --- settings


async def test_settings_of_the_turns_to_come(launch: Launch, provider: FakeProvider, home: Home) -> None:
    client = await launch()
    thread = await open_thread(client)
    await client.run_turn(thread, "hi")
    since = client.mark()
    (home.workspace / "sub").mkdir()
    change: Message = {"model": "gpt-5.4", "effort": "high", "cwd": "sub", "approvalPolicy": "on-request"}
    assert await client.request("thread/settings/update", {"threadId": thread, **change}) == {}
    notice = (await client.wait_for("thread/settings/updated", since=since))["params"]["threadSettings"]
    assert {name: notice[name] for name in change} == {**change, "cwd": str(home.workspace / "sub")}
    await client.request("thread/settings/update", {"threadId": thread, "model": "gpt-5.4"})
    await client.run_turn(thread, "again")
    assert len(client.notifications("thread/settings/updated", since)) == 1
    assert provider.requests[-1].json["model"] == "gpt-5.4"
    await client.request("thread/settings/update", {"threadId": thread, "model": "gpt-5.5"})
    await client.close()
    resumed = await (await launch()).request("thread/resume", {"threadId": thread})
    assert (resumed["model"], resumed["reasoningEffort"]) == ("gpt-5.5", "high")
    assert (resumed["approvalPolicy"], resumed["cwd"]) == ("on-request", str(home.workspace / "sub"))


async def test_a_turn_goes_on_as_it_began(client: Client, provider: FakeProvider) -> None:
    provider.script(stream(HALF, command("true")), stream(message("done")))
    thread = await open_thread(client)
    turn = await client.start_turn(thread, "hi")
    await provider.reached("half")
    await client.request("thread/settings/update", {"threadId": thread, "model": "gpt-5.4"})
    provider.release("half")
    await client.wait_for(lambda m: m.get("method") == "turn/completed" and m["params"]["turn"]["id"] == turn["id"])
    await client.run_turn(thread, "next")
    assert [request.json["model"] for request in provider.requests] == ["gpt-5.5", "gpt-5.5", "gpt-5.4"]


async def test_the_settings_of_a_turn_that_runs(launch: Launch, provider: FakeProvider) -> None:
    client = await launch(tables="[features]\nstep_model_switching = true\n")
    provider.script(stream(HALF, command("true")), stream(message("done")))
    thread = await open_thread(client)
    turn = await client.start_turn(thread, "hi")
    await provider.reached("half")
    change = {"threadId": thread, "turnId": turn["id"], "model": "gpt-5.4"}
    assert await client.request("turn/settings/update", change) == {"status": "applied"}
    other = {**change, "turnId": NOWHERE}
    assert await client.request("turn/settings/update", other) == {"status": "targetUnavailable"}
    provider.release("half")
    await client.wait_for(lambda m: m.get("method") == "turn/completed" and m["params"]["turn"]["id"] == turn["id"])
    assert await client.request("turn/settings/update", change) == {"status": "targetUnavailable"}
    await client.run_turn(thread, "next")
    assert [request.json["model"] for request in provider.requests] == ["gpt-5.5", "gpt-5.4", "gpt-5.5"]


async def test_what_settings_refuse(client: Client) -> None:
    thread = await open_thread(client)
    both = {"sandboxPolicy": {"type": "readOnly"}, "permissions": ":read-only"}
    for method, params, text in (
        ("thread/settings/update", {"threadId": NOWHERE}, f"thread not found: {NOWHERE}"),
        ("thread/settings/update", {"threadId": thread, "cwd": "/nowhere"}, "cwd is not a folder: /nowhere"),
        (
            "thread/settings/update",
            {"threadId": thread, **both},
            "`permissions` cannot be combined with `sandboxPolicy`",
        ),
        ("turn/settings/update", {"threadId": NOWHERE, "turnId": "t"}, f"thread not found: {NOWHERE}"),
        (
            "turn/settings/update",
            {"threadId": thread, "turnId": "t"},
            "turn settings updates require the step_model_switching feature",
        ),
    ):
        assert await refusal(client, method, params) == (INVALID, text)


# --- history


async def test_items_that_a_client_puts_in(launch: Launch, provider: FakeProvider) -> None:
    client = await launch()
    thread = await open_thread(client)
    await client.run_turn(thread, "hi")
    items = [said("user", "put in"), {"type": "of tomorrow"}, said("assistant", "and answered")]
    assert await client.request("thread/inject_items", {"threadId": thread, "items": items}) == {}
    await client.run_turn(thread, "next")
    assert told(provider) == ["hi", "ok", "put in", "and answered", "next"]
    shown = (await client.request("thread/items/list", {"threadId": thread}))["data"]
    assert [entry["item"]["type"] for entry in shown] == ["userMessage", "agentMessage"] * 2
    await client.close()
    client = await launch()
    await client.request("thread/resume", {"threadId": thread})
    await client.run_turn(thread, "last")
    assert told(provider)[2:4] == ["put in", "and answered"]


async def test_what_is_put_in_first_stands_behind_where_the_thread_works(
    client: Client, provider: FakeProvider
) -> None:
    thread = await open_thread(client)
    items = [said("user", "put in"), said("assistant", "and answered")]
    await client.request("thread/inject_items", {"threadId": thread, "items": items})
    await client.run_turn(thread, "hi")
    sent = provider.requests[0].json["input"]
    assert [item["role"] for item in sent] == ["developer", "developer", "user", "user", "assistant", "user"]
    assert told(provider) == ["put in", "and answered", "hi"]


async def test_items_for_a_turn_that_runs(client: Client, provider: FakeProvider) -> None:
    provider.script(stream(HALF), stream(message("heard")))
    thread = await open_thread(client)
    turn = await client.start_turn(thread, "hi")
    await provider.reached("half")
    await client.request("thread/inject_items", {"threadId": thread, "items": [said("user", "by the way")]})
    provider.release("half")
    await client.wait_for(lambda m: m.get("method") == "turn/completed" and m["params"]["turn"]["id"] == turn["id"])
    assert told(provider) == ["hi", "one two", "by the way"]


@pytest.mark.parametrize(
    ("items", "text"),
    [
        ([], "items must not be empty"),
        ([5], "items[0] is not a valid response item"),
        ([said("user", "x"), {"type": "message"}], "items[1] is not a valid response item"),
    ],
)
async def test_items_that_are_none(client: Client, items: list[Any], text: str) -> None:
    thread = await open_thread(client)
    code, message_ = await refusal(client, "thread/inject_items", {"threadId": thread, "items": items})
    assert (code, text in message_) == (INVALID, True), message_


async def test_a_plan_that_was_approved(client: Client, provider: FakeProvider) -> None:
    thread = await open_thread(client)
    params = {"threadId": thread, "markdown": " # Plan\n- a < b "}
    prompt = (await client.request("thread/prepareApprovedPlan", params))["prompt"]
    await client.run_turn(thread, prompt)
    assert told(provider) == ["<approved_plan>\n# Plan\n- a &lt; b\n</approved_plan>", "Implement the plan."]
    for plan, text in ((" \n", "The approved plan is empty."), ("x" * 40_001, "The plan is too large")):
        code, message_ = await refusal(client, "thread/prepareApprovedPlan", {"threadId": thread, "markdown": plan})
        assert (code, text in message_) == (INVALID, True), message_


async def test_questions_beside_us_are_counted(client: Client) -> None:
    thread = {"threadId": await open_thread(client)}
    up, down = "thread/increment_elicitation", "thread/decrement_elicitation"
    answers = [await client.request(method, thread) for method in (up, up, down, down)]
    assert answers == [{"count": count, "paused": count > 0} for count in (1, 2, 1, 0)]
    assert await refusal(client, down, thread) == (INVALID, "out-of-band elicitation count is already zero")


async def test_a_command_is_waited_for_while_a_client_asks_its_user(client: Client, provider: FakeProvider) -> None:
    thread = await open_thread(client)
    beside = {"threadId": thread}
    await client.request("thread/increment_elicitation", beside)
    soon = {"yield_time_ms": 250, "login": False}
    provider.script(stream(command("sleep 0.5; echo over", **soon)), stream(message("ok")))
    await client.run_turn(thread, "wait")
    assert "Process exited with code 0" in outputs(provider.requests[-1])[-1][1]

    provider.script(stream(command("sleep 600", "call_2", **soon)), stream(message("ok")))
    since = client.mark()
    await client.request("turn/start", {"threadId": thread, "input": text_input("go on")})
    await client.wait_for(shows("commandExecution"), since=since)
    await client.request("thread/decrement_elicitation", beside)
    await client.wait_for("turn/completed", since=since)
    assert "Process running with session ID" in outputs(provider.requests[-1])[-1][1]


# --- by file, by history


async def test_resumed_by_its_file(launch: Launch, home: Home) -> None:
    client = await launch()
    thread = await open_thread(client)
    await client.run_turn(thread, "hi")
    path = (await client.request("thread/read", {"threadId": thread}))["thread"]["path"]
    again = await client.request("thread/resume", {"threadId": thread, "path": path})
    assert again["thread"]["id"] == thread
    stale = await refusal(client, "thread/resume", {"threadId": thread, "path": "/nowhere.jsonl"})
    assert stale[1].startswith(f"cannot resume running thread {thread} with stale path")
    await client.close()
    client = await launch()
    copy = shutil.copy(path, home.workspace / "copy.jsonl")
    junk = home.workspace / "junk.jsonl"
    junk.write_text("junk\n")
    for wrong, code, text in (
        ("/nowhere.jsonl", INVALID, "failed to resolve rollout path `/nowhere.jsonl`: file does not exist"),
        (str(copy), INVALID, f"cannot resume paginated thread {thread} with stale path"),
        (str(junk), INTERNAL, "failed to read thread"),
    ):
        refused, told_ = await refusal(client, "thread/resume", {"threadId": NOWHERE, "path": wrong})
        assert (refused, text in told_) == (code, True), told_
    resumed = await client.request("thread/resume", {"threadId": "", "path": path})
    assert resumed["thread"]["id"] == thread
    assert len(resumed["thread"]["turns"]) == 1


async def test_resumed_from_a_history(launch: Launch, provider: FakeProvider) -> None:
    client = await launch()
    items = [said("user", "remembered"), said("assistant", "indeed")]
    made = await client.request("thread/resume", {"threadId": NOWHERE, "history": items})
    thread = made["thread"]["id"]
    assert thread != NOWHERE
    assert (made["thread"]["preview"], made["thread"]["turns"]) == ("remembered", [])
    await client.run_turn(thread, "go on")
    assert told(provider) == ["remembered", "indeed", "go on"]
    running = await refusal(client, "thread/resume", {"threadId": thread, "history": items})
    assert running == (INVALID, f"cannot resume thread {thread} with history while it is already running")
    empty = await refusal(client, "thread/resume", {"threadId": NOWHERE, "history": []})
    assert empty == (INVALID, "history must not be empty")
    await client.close()
    client = await launch()
    assert [each["preview"] for each in (await client.request("thread/list", {}))["data"]] == ["remembered"]
    await client.request("thread/resume", {"threadId": thread})
    await client.run_turn(thread, "still")
    assert told(provider)[:2] == ["remembered", "indeed"]


async def test_a_fork_by_file_that_stays_attached(launch: Launch) -> None:
    client = await launch()
    source = await open_thread(client)
    await client.run_turn(source, "source")
    path = (await client.request("thread/read", {"threadId": source}))["thread"]["path"]
    fork = await client.request("thread/fork", {"threadId": NOWHERE, "path": path, "attachToSource": True})
    assert (fork["thread"]["forkedFromId"], fork["thread"]["attachedToThreadId"]) == (source, source)
    assert Path(fork["thread"]["path"]) != Path(path)
    attached = fork["thread"]["id"]
    turn = {"threadId": attached, "input": text_input("more")}
    await client.request("turn/start", turn)
    await client.close()
    client = await launch()
    for params, threads in (
        ({}, [source]),
        ({"attachedToThreadId": source}, [attached]),
        ({"includeAttachedThreads": True, "searchTerm": "source"}, [attached, source]),
        ({"searchTerm": "source"}, [source]),
    ):
        page = await client.request("thread/list", params)
        assert [thread["id"] for thread in page["data"]] == threads, params


async def test_the_commit_of_a_thread_before_its_first_turn(client: Client) -> None:
    thread = await open_thread(client)
    update = {"threadId": thread, "gitInfo": {"branch": "feature", "sha": None}}
    found = (await client.request("thread/metadata/update", update))["thread"]["gitInfo"]
    assert (found["branch"], found["sha"]) == ("feature", None)
    await client.run_turn(thread, "hi")
    [listed] = (await client.request("thread/list", {}))["data"]
    assert listed["gitInfo"]["branch"] == "feature"
    none = {"threadId": thread, "gitInfo": {"branch": None, "sha": None, "originUrl": None}}
    assert (await client.request("thread/metadata/update", none))["thread"]["gitInfo"] is None
    empty = {"threadId": thread, "gitInfo": {"branch": " "}}
    assert await refusal(client, "thread/metadata/update", empty) == (INVALID, "gitInfo.branch must not be empty")
