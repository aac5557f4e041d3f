"""thread/grants/*, our own: what was accepted for the session is shown, and taken back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.conformance.conftest import Launch
from tests.conformance.steps import INVALID, NOWHERE, command, decide, open_thread, patch, refusal
from tests.conftest import Listen
from tests.support.client import Client, Message, RequestFailed
from tests.support.fake_items import function_call, message
from tests.support.fake_provider import FakeProvider, stream
from tests.support.flow import of
from tests.support.home import Home

CHANGED = "thread/grants/changed"
UNTRUSTED = {"approvalPolicy": "untrusted", "sandbox": "danger-full-access"}


async def granted(client: Client, thread: str) -> list[Message]:
    answer = await client.request("thread/grants/list", {"threadId": thread})
    return list(answer["data"])


async def revoke(client: Client, thread: str, grant: str) -> bool:
    answer = await client.request("thread/grants/revoke", {"threadId": thread, "grantId": grant})
    return bool(answer["revoked"])


async def test_a_command_is_asked_about_again_once_it_is_revoked(
    client: Client, provider: FakeProvider, home: Home
) -> None:
    for number in range(4):
        provider.script(stream(command("echo hi", f"c{number}")), stream(message()))
    asked = decide(client, "acceptForSession")
    thread = await open_thread(client, **UNTRUSTED)
    assert await granted(client, thread) == []
    messages = await client.run_turn(thread, "first")
    assert of(messages, CHANGED)[0]["threadId"] == thread
    (grant,) = await granted(client, thread)
    shown = {"type": "command", "command": asked[0]["command"], "cwd": str(home.workspace), "escalated": False}
    assert {**grant, **shown} == grant
    await client.run_turn(thread, "the same")
    assert len(asked) == 1

    since = client.mark()
    assert await revoke(client, thread, grant["id"])
    # The answer, and then what it causes.
    assert "result" in client.received[since]
    await client.wait_for(CHANGED, since=since)
    assert await granted(client, thread) == []
    assert not await revoke(client, thread, grant["id"])
    await client.run_turn(thread, "again")
    assert len(asked) == 2
    # It is another grant now: the id of the first one does nothing to it.
    (new,) = await granted(client, thread)
    assert not await revoke(client, thread, grant["id"])
    assert await granted(client, thread) == [new]
    await client.run_turn(thread, "and again")
    assert len(asked) == 2


async def test_files_one_by_one(client: Client, provider: FakeProvider, home: Home) -> None:
    def text(word: str) -> str:
        return "".join(f"*** Add File: {name}\n+{word}\n" for name in ("a.txt", "b.txt"))

    for number, word in enumerate(("one", "two", "three")):
        provider.script(stream(patch(text(word), f"p{number}")), stream(message()))
    asked = decide(client, "acceptForSession", "decline")
    thread = await open_thread(client, **UNTRUSTED)
    await client.run_turn(thread, "first")
    files = {grant["path"]: grant["id"] for grant in await granted(client, thread)}
    assert list(files) == [str(home.workspace / name) for name in ("a.txt", "b.txt")]
    await client.run_turn(thread, "the same")
    assert len(asked) == 1
    assert await revoke(client, thread, files[str(home.workspace / "b.txt")])
    await client.run_turn(thread, "again")
    assert len(asked) == 2
    assert (home.workspace / "a.txt").read_text() == "two\n"
    assert [grant["type"] for grant in await granted(client, thread)] == ["file"]


async def test_input_is_granted_as_long_as_its_command_runs(client: Client, provider: FakeProvider) -> None:
    def typed(text: str, call_id: str) -> Any:
        arguments = {"session_id": number, "chars": text, "yield_time_ms": 5000}
        return stream(function_call("write_stdin", arguments, call_id=call_id))

    provider.script(stream(command("read x; read y", "c1", tty=True, yield_time_ms=250)), stream(message()))
    asked = decide(client, "accept", "acceptForSession")
    thread = await open_thread(client, **UNTRUSTED)
    await client.run_turn(thread, "start it")
    running = await client.request("thread/backgroundTerminals/list", {"threadId": thread})
    number = int(running["data"][0]["processId"])
    assert await granted(client, thread) == []
    provider.script(typed("1\n", "c2"), stream(message()))
    await client.run_turn(thread, "type")
    (grant,) = await granted(client, thread)
    assert (grant["type"], grant["itemId"]) == ("terminalInput", "c1")
    assert "read x" in grant["command"]
    provider.script(typed("2\n", "c3"), stream(message()))
    await client.run_turn(thread, "type more")
    assert len(asked) == 2
    assert await granted(client, thread) == []


async def test_a_fork_and_another_daemon_inherit_nothing(launch: Launch, provider: FakeProvider) -> None:
    client = await launch()
    provider.script(stream(command("echo hi", "c1")), stream(message()))
    asked = decide(client, "acceptForSession")
    thread = await open_thread(client, **UNTRUSTED)
    await client.run_turn(thread, "go")
    assert len(await granted(client, thread)) == 1
    fork = (await client.request("thread/fork", {"threadId": thread}))["thread"]["id"]
    assert await granted(client, fork) == []
    provider.script(stream(command("echo hi", "c2")), stream(message()))
    await client.run_turn(fork, "go", approvalPolicy="untrusted")
    assert len(asked) == 2
    assert len(await granted(client, thread)) == 1
    await client.close()

    client = await launch()
    assert await refusal(client, "thread/grants/list", {"threadId": thread}) == (
        INVALID,
        f"thread not found: {thread}",
    )
    await client.request("thread/resume", {"threadId": thread})
    assert await granted(client, thread) == []
    asked = decide(client, "decline")
    provider.script(stream(command("echo hi", "c3")), stream(message()))
    await client.run_turn(thread, "go")
    assert len(asked) == 1


async def test_revert_keeps_them_and_they_are_told_of_once(client: Client, provider: FakeProvider) -> None:
    provider.script(stream(command("echo hi", "c1")), stream(message()))
    decide(client, "acceptForSession")
    thread = await open_thread(client, **UNTRUSTED)
    messages = await client.run_turn(thread, "go")
    grants = await granted(client, thread)
    turn = of(messages, "turn/completed")[0]["turn"]["id"]
    await client.request("thread/revert", {"threadId": thread, "beforeTurnId": turn})
    assert await granted(client, thread) == grants
    since = client.mark()
    assert await revoke(client, thread, grants[0]["id"])
    assert await granted(client, thread) == []
    assert len(client.notifications(CHANGED, since)) == 1


async def test_what_a_reviewer_is_granted_is_the_thread_s(launch: Launch, provider: FakeProvider) -> None:
    client = await launch(approval_policy="untrusted", sandbox_mode="danger-full-access")
    decide(client, "acceptForSession")
    thread = await open_thread(client)
    provider.script(stream(command("echo hi", "c1")), stream(message("fine")))
    since = client.mark()
    target = {"type": "custom", "instructions": "look"}
    await client.request("review/start", {"threadId": thread, "target": target})
    await client.wait_for("turn/completed", since=since)
    assert [told["threadId"] for told in client.notifications(CHANGED, since)] == [thread]
    (grant,) = await granted(client, thread)
    assert await revoke(client, thread, grant["id"])


async def test_other_clients_see_and_revoke_and_plain_ones_know_nothing(listen: Listen) -> None:
    daemon = await listen("unix", "-c", "approval_policy=untrusted", "-c", "sandbox_mode=danger-full-access")
    one, two, plain = [await daemon.connect() for _ in range(3)]
    await one.initialize()
    await two.initialize()
    await plain.initialize(experimentalApi=False)
    thread = (await one.start_thread())["id"]
    for other in (two, plain):
        await other.request("thread/resume", {"threadId": thread})
    one.on_request("item/commandExecution/requestApproval", lambda _: {"decision": "acceptForSession"})
    for silent in (two, plain):
        silent.on_request("item/commandExecution/requestApproval", lambda _: asyncio.Event().wait())
    await one.run_turn(thread, "run echo hi")
    await two.wait_for(CHANGED)
    (grant,) = await granted(two, thread)
    since = one.mark()
    assert await revoke(two, thread, grant["id"])
    await one.wait_for(CHANGED, since=since)
    for method in ("thread/grants/list", "thread/grants/revoke"):
        with pytest.raises(RequestFailed, match="requires experimentalApi"):
            await plain.request(method, {"threadId": thread, "grantId": grant["id"]})
    turn = await plain.start_turn(thread, "say Hello.")
    await plain.wait_for(lambda m: m.get("method") == "turn/completed" and m["params"]["turn"]["id"] == turn["id"])
    assert not plain.notifications(CHANGED)


async def test_a_client_that_comes_back_hears_of_it(listen: Listen) -> None:
    """It is an event with a number, which a plain client does not get late either."""
    daemon = await listen("unix", "-c", "approval_policy=untrusted", "-c", "sandbox_mode=danger-full-access")
    one, late, plain = [await daemon.connect() for _ in range(3)]
    await one.initialize()
    await late.initialize()
    await plain.initialize(experimentalApi=False)
    one.on_request("item/commandExecution/requestApproval", lambda _: {"decision": "acceptForSession"})
    thread = (await one.start_thread())["id"]
    await one.run_turn(thread, "run echo hi")
    number = of(one.received, CHANGED)[0]["seq"]
    await late.request("thread/resume", {"threadId": thread, "afterSeq": number - 1})
    await late.wait_for(CHANGED)
    await plain.request("thread/resume", {"threadId": thread})
    await plain.run_turn(thread, "say Hello.")
    assert not plain.notifications(CHANGED)


@pytest.mark.parametrize("method", ["list", "revoke"])
async def test_threads_that_are_not_there(client: Client, method: str) -> None:
    params = {"threadId": NOWHERE, "grantId": NOWHERE}
    assert await refusal(client, f"thread/grants/{method}", params) == (INVALID, f"thread not found: {NOWHERE}")
    assert (await refusal(client, f"thread/grants/{method}", {}))[0] == INVALID
