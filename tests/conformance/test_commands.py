"""exec_command: what is asked, what each answer does, and what the model hears of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.conftest import Launch
from tests.conformance.steps import COMMAND_APPROVAL, command, decide, open_thread, outputs
from tests.support.client import Client, is_completion_of
from tests.support.fake_items import message
from tests.support.fake_provider import FakeProvider, stream
from tests.support.flow import ANSWERED, COMPLETED, INTERRUPTED, PIECES, STARTED, flow, items
from tests.support.home import Home

ASKED = (
    "thread/status/changed active waitingOnApproval",
    "item/started commandExecution inProgress",
    f"request {COMMAND_APPROVAL}",
    "serverRequest/resolved",
)
ACCEPTED = (*ASKED, "thread/status/changed active")
DECLINED = (*ASKED, "item/completed commandExecution declined", "thread/status/changed active")
RAN = ("item/completed commandExecution completed", "thread/tokenUsage/updated")
TOUCH = "touch made.txt && echo made"


async def test_accept(client: Client, provider: FakeProvider, home: Home) -> None:
    """Row 0-23."""
    provider.script(stream(command(TOUCH)))
    asked = decide(client, "accept")
    messages = await client.run_turn(await open_thread(client, approvalPolicy="untrusted"), "go")
    assert whole(messages) == [*STARTED, *ACCEPTED, *RAN, *ANSWERED, *COMPLETED]
    item = items(messages, "commandExecution")[0]
    assert (item["aggregatedOutput"], item["exitCode"], item["cwd"]) == ("made\n", 0, str(home.workspace))
    assert item["command"].endswith(f"-lc '{TOUCH}'")
    assert [ask["itemId"] for ask in asked] == [item["id"]]
    assert asked[0]["proposedExecpolicyAmendment"] == ["touch", "made.txt"]
    assert made(home)
    assert "made" in outputs(provider.requests[1])[0][1]


async def test_the_decisions_that_are_offered(client: Client, provider: FakeProvider) -> None:
    provider.script(stream(command(TOUCH)))
    asked = decide(client, "decline")
    await client.run_turn(await open_thread(client, approvalPolicy="untrusted"), "go")
    amendment = {"acceptWithExecpolicyAmendment": {"execpolicy_amendment": ["touch", "made.txt"]}}
    # docs/compatibility.md, "Offered decisions"
    assert asked[0]["availableDecisions"] == ["accept", "acceptForSession", amendment, "decline", "cancel"]


@pytest.mark.parametrize(
    "decision",
    [
        "decline",
        "maybe",  # docs/compatibility.md, "Answers that are not understood"
        {"acceptWithExecpolicyAmendment": {"execpolicy_amendment": []}},
        None,
        7,
    ],
)
async def test_all_but_a_clear_yes_declines(client: Client, provider: FakeProvider, home: Home, decision: Any) -> None:
    provider.script(stream(command(TOUCH)))
    decide(client, decision)
    messages = await client.run_turn(await open_thread(client, approvalPolicy="untrusted"), "go")
    assert whole(messages) == [*STARTED, *DECLINED, "thread/tokenUsage/updated", *ANSWERED, *COMPLETED]
    assert not made(home)
    assert len(outputs(provider.requests[1])) == 1


async def test_an_error_as_answer_declines(client: Client, provider: FakeProvider, home: Home) -> None:
    provider.script(stream(command(TOUCH)))
    thread = await open_thread(client, approvalPolicy="untrusted")
    since = client.mark()
    turn = await client.start_turn(thread, "go")
    ask = await client.wait_for(COMMAND_APPROVAL)
    client.send({"id": ask["id"], "error": {"code": -32000, "message": "the window was closed"}})
    await client.wait_for(is_completion_of(turn["id"]))
    assert whole(client.received[since:]) == [
        *STARTED,
        *DECLINED,
        "thread/tokenUsage/updated",
        *ANSWERED,
        *COMPLETED,
    ]
    assert not made(home)


async def test_cancel_ends_the_turn(client: Client, provider: FakeProvider, home: Home) -> None:
    provider.script(stream(command(TOUCH)))
    decide(client, "cancel")
    thread = await open_thread(client, approvalPolicy="untrusted")
    messages = await client.run_turn(thread, "go")
    assert whole(messages) == [*STARTED, *DECLINED, "thread/tokenUsage/updated", *INTERRUPTED]
    assert not made(home)
    assert whole(await client.run_turn(thread, "go on")) == [*STARTED, *ANSWERED, *COMPLETED]
    assert [call for call, _ in outputs(provider.requests[1])] == ["call_1"]


async def test_accept_for_the_session(client: Client, provider: FakeProvider) -> None:
    provider.script(stream(command("echo hi", "c1")), stream(message()))
    provider.script(stream(command("echo hi", "c2")), stream(message()), stream(command("echo ho", "c3")))
    asked = decide(client, "acceptForSession", "decline")
    thread = await open_thread(client, approvalPolicy="untrusted")
    await client.run_turn(thread, "first")
    again = await client.run_turn(thread, "the same")
    assert whole(again) == [*STARTED, "item/started commandExecution inProgress", *RAN, *ANSWERED, *COMPLETED]
    await client.run_turn(thread, "another")
    assert [ask["itemId"] for ask in asked] == ["c1", "c3"]


async def test_a_rule_holds_from_now_on(launch: Launch, provider: FakeProvider, home: Home) -> None:
    client = await launch()
    rule = {"acceptWithExecpolicyAmendment": {"execpolicy_amendment": ["touch", "made.txt"]}}
    asked = decide(client, rule, "decline")
    for number in range(3):
        provider.script(stream(command("touch made.txt", f"c{number}")), stream(message()))
    thread = await open_thread(client, approvalPolicy="untrusted")
    messages = await client.run_turn(thread, "first")
    assert whole(messages) == [*STARTED, *ACCEPTED, *RAN, *ANSWERED, *COMPLETED]
    told = provider.requests[1].json["input"][-1]  # behind the output
    assert (told["role"], '["touch", "made.txt"]' in told["content"][0]["text"]) == ("developer", True)
    unasked = [*STARTED, "item/started commandExecution inProgress", *RAN, *ANSWERED, *COMPLETED]
    assert whole(await client.run_turn(thread, "second")) == unasked
    await client.close()

    other = await launch()
    decide(other, "decline")
    assert whole(await other.run_turn(await open_thread(other, approvalPolicy="untrusted"), "third")) == unasked
    assert len(asked) == 1
    assert "made.txt" in (home.path / "rules" / "default.rules").read_text()


@pytest.mark.parametrize("cmd", ["ls -la", "cat a.txt", "git status", "true"])
async def test_untrusted_asks_for_everything(client: Client, provider: FakeProvider, cmd: str) -> None:
    provider.script(stream(command(cmd)))
    asked = decide(client, "accept")
    await client.run_turn(await open_thread(client, approvalPolicy="untrusted"), "go")
    assert len(asked) == 1


async def test_never_asks_nothing(client: Client, provider: FakeProvider) -> None:
    provider.script(stream(command("for i in 1 2 3; do echo line $i; done; echo err >&2; exit 3")))
    asked = decide(client, "decline")
    messages = await client.run_turn(await open_thread(client, approvalPolicy="never"), "go")
    assert whole(messages) == [
        *STARTED,
        "item/started commandExecution inProgress",
        "item/completed commandExecution failed",
        "thread/tokenUsage/updated",
        *ANSWERED,
        *COMPLETED,
    ]
    item = items(messages, "commandExecution")[0]
    assert (item["exitCode"], item["aggregatedOutput"]) == (3, "line 1\nline 2\nline 3\nerr\n")
    assert not asked
    said = outputs(provider.requests[1])[0][1]
    assert "3" in said
    assert "line 2\nline 3\nerr" in said


async def test_output_comes_while_the_command_runs(client: Client, provider: FakeProvider, home: Home) -> None:
    """Row 3-40."""
    provider.script(stream(command("echo one; until [ -e go ]; do sleep 0.01; done; echo two")))
    thread = await open_thread(client)
    since = client.mark()
    turn = await client.start_turn(thread, "go")
    first = await client.wait_for(PIECES)
    assert first["params"]["delta"] == "one\n"
    (home.workspace / "go").touch()
    await client.wait_for(is_completion_of(turn["id"]))
    messages = client.received[since:]
    assert items(messages, "commandExecution")[0]["aggregatedOutput"] == "one\ntwo\n"
    assert flow(messages)[: len(STARTED) + 2] == [*STARTED, "item/started commandExecution inProgress", PIECES]


def whole(messages: list[Any]) -> list[str]:
    """The flow without pieces of output: a command that ends at once may have sent none."""
    return [label for label in flow(messages) if label != PIECES]


def made(home: Home) -> bool:
    return (home.workspace / "made.txt").exists()
