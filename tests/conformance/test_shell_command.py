"""thread/shellCommand and thread/backgroundTerminals/*: the commands of a thread that are not a call's."""

from __future__ import annotations

from typing import Any

from tests.conformance.conftest import Launch
from tests.conformance.steps import INVALID, NOWHERE, command, open_thread, outputs, refusal
from tests.support.client import Client, Message, is_completion_of
from tests.support.fake_items import message
from tests.support.fake_provider import FakeProvider, stream
from tests.support.flow import COMPLETED, PIECES, STARTED, flow, items
from tests.support.home import Home
from tests.support.processes import alive

BAD_PARAMS = -32602
BACKGROUND = "thread/backgroundTerminals"


def heard(request: Any) -> list[str]:
    """What a model request tells of the user's commands."""
    texts = [part.get("text", "") for item in request.json["input"] for part in item.get("content", [])]
    return [text for text in texts if text.startswith("<user_shell_command>")]


async def run(client: Client, thread: str, script: str, **more: Any) -> list[Message]:
    """All messages of a command in an idle thread."""
    since = client.mark()
    assert await client.request("thread/shellCommand", {"threadId": thread, "command": script, **more}) == {}
    await client.wait_for("turn/completed", since=since)
    return client.received[since:]


async def test_in_an_idle_thread(launch: Launch, provider: FakeProvider, home: Home) -> None:
    """It is the user's own: neither asked about nor confined."""
    client = await launch(sandbox_mode="read-only", approval_policy="untrusted")
    thread = await open_thread(client)
    messages = await run(client, thread, "touch made; echo from the user; exit 2")
    assert [label for label in flow(messages) if label != PIECES] == [
        *STARTED[:3],
        "item/started commandExecution inProgress",
        "item/completed commandExecution failed",
        *COMPLETED,
    ]
    item = items(messages, "commandExecution")[0]
    assert (item["source"], item["processId"], item["exitCode"]) == ("userShell", None, 2)
    assert item["aggregatedOutput"] == "from the user\n"
    assert (home.workspace / "made").exists()
    assert provider.requests == []

    provider.script(stream(message()))
    await client.run_turn(thread, "and now?")
    [told] = heard(provider.requests[0])
    assert "<command>\ntouch made; echo from the user; exit 2\n</command>" in told
    assert "Exit code: 2\n" in told
    assert told.endswith("Output:\nfrom the user\n\n</result>\n</user_shell_command>")


async def test_while_a_turn_runs(client: Client, provider: FakeProvider) -> None:
    half = message("one two", deltas=["one ", "two"], hold_after=(1, "half"))
    provider.script(stream(half), stream(message("saw it")))
    thread = await open_thread(client)
    turn = await client.start_turn(thread, "hi")
    await client.wait_for("item/agentMessage/delta")
    await client.request("thread/shellCommand", {"threadId": thread, "command": "echo beside"})
    done = await client.wait_for(
        lambda m: m.get("method") == "item/completed" and m["params"]["item"]["type"] == "commandExecution"
    )
    assert done["params"]["turnId"] == turn["id"]
    provider.release("half")
    await client.wait_for(is_completion_of(turn["id"]))
    assert [len(heard(request)) for request in provider.requests] == [0, 1]


async def test_interrupt_and_time(client: Client, home: Home) -> None:
    thread = await open_thread(client)
    messages = await run(client, thread, "echo early; sleep 1000", timeoutMs=300)
    item = items(messages, "commandExecution")[0]
    assert (item["status"], item["aggregatedOutput"]) == ("failed", "early\n")

    since = client.mark()
    script = "echo $$ > pid; sleep 1000 & echo ready; wait"
    await client.request("thread/shellCommand", {"threadId": thread, "command": script})
    await client.wait_for(PIECES, since=since)
    group = int((home.workspace / "pid").read_text())
    turn = (await client.wait_for("turn/started", since=since))["params"]["turn"]["id"]
    await client.request("turn/interrupt", {"threadId": thread, "turnId": turn})
    done = await client.wait_for(is_completion_of(turn))
    assert done["params"]["turn"]["status"] == "interrupted"
    assert not alive(group)


async def test_it_is_in_the_thread_after_a_restart(launch: Launch, provider: FakeProvider) -> None:
    client = await launch()
    thread = await open_thread(client)
    await run(client, thread, "echo kept")
    await client.close()

    other = await launch()
    await other.request("thread/resume", {"threadId": thread})
    read = await other.request("thread/read", {"threadId": thread, "includeTurns": True})
    [turn] = read["thread"]["turns"]
    assert [(item["type"], item["source"]) for item in turn["items"]] == [("commandExecution", "userShell")]
    provider.script(stream(message()))
    await other.run_turn(thread, "go on")
    assert len(heard(provider.requests[0])) == 1


async def test_what_is_refused(client: Client) -> None:
    thread = await open_thread(client)
    for params, refused in [
        ({"command": "  "}, (INVALID, "command must not be empty")),
        (
            {"command": "true", "timeoutMs": -5},
            (BAD_PARAMS, "thread/shellCommand timeoutMs must be non-negative, got -5"),
        ),
        ({"command": "true", "threadId": NOWHERE}, (INVALID, f"thread not found: {NOWHERE}")),
    ]:
        assert await refusal(client, "thread/shellCommand", {"threadId": thread, **params}) == refused
    for method, params, refused in [
        ("list", {"cursor": "zz"}, (INVALID, "invalid cursor: zz")),
        (
            "terminate",
            {"processId": "x"},
            (INVALID, "invalid background terminal process id: invalid digit found in string"),
        ),
    ]:
        assert await refusal(client, f"{BACKGROUND}/{method}", {"threadId": thread, **params}) == refused


async def test_background_terminals(client: Client, provider: FakeProvider, home: Home) -> None:
    for number in range(3):
        script = f"echo $$ > pid{number}; echo started; sleep 1000"
        provider.script(stream(command(script, f"c{number}", yield_time_ms=250)), stream(message()))
    thread = await open_thread(client)
    assert await client.request(f"{BACKGROUND}/list", {"threadId": thread}) == {"data": [], "nextCursor": None}
    for number in range(3):
        await client.run_turn(thread, f"go {number}")
    assert "Process running with session ID" in outputs(provider.requests[1])[0][1]

    page = await client.request(f"{BACKGROUND}/list", {"threadId": thread, "limit": 2})
    rest = await client.request(f"{BACKGROUND}/list", {"threadId": thread, "cursor": page["nextCursor"]})
    assert rest["nextCursor"] is None
    listed = [*page["data"], *rest["data"]]
    assert [each["itemId"] for each in listed] == ["c0", "c1", "c2"]
    pids = [int((home.workspace / f"pid{number}").read_text()) for number in range(3)]
    assert [each["osPid"] for each in listed] == pids
    assert all(each["rssKb"] > 0 and each["cwd"] == str(home.workspace) for each in listed)

    first = {"threadId": thread, "processId": listed[0]["processId"]}
    assert await client.request(f"{BACKGROUND}/terminate", first) == {"terminated": True}
    assert await client.request(f"{BACKGROUND}/terminate", first) == {"terminated": False}
    assert [alive(pid) for pid in pids] == [False, True, True]
    assert await client.request(f"{BACKGROUND}/clean", {"threadId": thread}) == {}
    assert not any(map(alive, pids))
    assert await client.request(f"{BACKGROUND}/list", {"threadId": thread}) == {"data": [], "nextCursor": None}
    assert len(items(client.received, "commandExecution")) == 3
