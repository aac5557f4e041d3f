"""Several calls in one response: each is answered once, in the order of the calls."""

from __future__ import annotations

from tests.conformance.steps import command, decide, open_thread, outputs
from tests.support.client import Client
from tests.support.fake_items import function_call, message
from tests.support.fake_provider import FakeProvider, stream
from tests.support.flow import ANSWERED, COMPLETED, PIECES, STARTED, flow, items


async def test_commands_run_side_by_side_and_are_answered_in_call_order(client: Client, provider: FakeProvider) -> None:
    # Each waits for the one after it, so they end only if they run at once.
    cmds = {
        "cA": "until [ -e b ]; do sleep 0.01; done; echo A",
        "cB": "until [ -e c ]; do sleep 0.01; done; echo B; touch b",
        "cC": "echo C; touch c",
    }
    provider.script(stream(*(command(cmd, call_id) for call_id, cmd in cmds.items())), stream(message("All done.")))
    messages = await client.run_turn(await open_thread(client), "go")
    ends = [item["aggregatedOutput"] for item in items(messages, "commandExecution")]
    assert sorted(ends) == ["A\n", "B\n", "C\n"]
    answers = outputs(provider.requests[1])
    assert [call for call, _ in answers] == ["cA", "cB", "cC"]
    assert [output.rstrip()[-1] for _, output in answers] == ["A", "B", "C"]
    calm = [label for label in flow(messages) if label != PIECES and "commandExecution" not in label]
    assert calm == [*STARTED, "thread/tokenUsage/updated", *ANSWERED, *COMPLETED]


async def test_each_waits_for_its_own_answer(client: Client, provider: FakeProvider) -> None:
    provider.script(stream(command("echo A", "cA"), command("echo B", "cB")))
    asked = decide(client, "decline", "accept")
    messages = await client.run_turn(await open_thread(client, approvalPolicy="untrusted"), "go")
    status = {item["id"]: item["status"] for item in items(messages, "commandExecution")}
    assert [ask["itemId"] for ask in asked] == ["cA", "cB"]
    assert status == {"cA": "declined", "cB": "completed"}
    assert [call for call, _ in outputs(provider.requests[1])] == ["cA", "cB"]


async def test_calls_that_fail_are_answered_beside_those_that_do_not(client: Client, provider: FakeProvider) -> None:
    provider.script(
        stream(
            function_call("no_such_tool", {}, call_id="c1"),
            command("echo fine", "c2"),
            function_call("exec_command", "{this is no JSON", call_id="c3"),
            function_call("exec_command", {}, call_id="c4"),
        )
    )
    await client.run_turn(await open_thread(client), "go")
    answers = outputs(provider.requests[1])
    assert [call for call, _ in answers] == ["c1", "c2", "c3", "c4"]
    assert "fine" in answers[1][1]
