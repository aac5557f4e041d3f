"""Calls that cannot run, and a model that is stuck."""

from __future__ import annotations

from tests.conformance.conftest import Launch
from tests.conformance.steps import command, open_thread, outputs
from tests.support.client import Client
from tests.support.fake_items import Item, function_call, message
from tests.support.fake_provider import FakeProvider, Request, stream
from tests.support.flow import of

TAG = "<turn_note>"


def broken(call_id: str, name: str = "exec_command") -> Item:
    return function_call(name, '{"cmd": "ls', call_id=call_id)


def noted(request: Request) -> int:
    """How many notes a request holds."""
    return request.body.decode().count(TAG)


def arguments(request: Request) -> list[str]:
    return [item["arguments"] for item in request.json["input"] if item["type"] == "function_call"]


async def test_malformed_calls_again_and_again(client: Client, provider: FakeProvider) -> None:
    """Row 1-25: one note, not one per request."""
    provider.script(*[stream(broken(f"call_{number}")) for number in range(4)])
    messages = await client.run_turn(await open_thread(client), "go")
    assert [noted(request) for request in provider.requests] == [0, 0, 1, 1, 1]
    assert "`exec_command`" in of(messages, "warning")[0]["message"]
    assert len(of(messages, "warning")) == 1
    assert [label["item"]["type"] for label in of(messages, "item/started")] == ["userMessage", "agentMessage"]


async def test_another_tool_or_the_user_breaks_the_streak(client: Client, provider: FakeProvider) -> None:
    """Row 1-25: there it survived a new user message."""
    provider.script(
        stream(broken("a")), stream(function_call("nope", call_id="b")), stream(broken("c")), stream(message("hm"))
    )
    thread = await open_thread(client)
    await client.run_turn(thread, "go")
    provider.script(stream(broken("d")), stream(message("hm")))
    await client.run_turn(thread, "again")
    assert [noted(request) for request in provider.requests] == [0] * 6


async def test_a_round_of_two_commands(launch: Launch, provider: FakeProvider) -> None:
    """Row 1-27: cycles."""
    client = await launch(approval_policy="never", sandbox_mode="danger-full-access")
    calls = [command(f"echo {number % 2}", f"call_{number}") for number in range(6)]
    provider.script(*[stream(call) for call in calls])
    await client.run_turn(await open_thread(client), "go")
    assert [noted(request) for request in provider.requests] == [0] * 6 + [1]


async def test_a_note_is_part_of_the_thread(launch: Launch, provider: FakeProvider) -> None:
    """Row 1-25: the next turn's request still holds it, the user's items do not."""
    client = await launch()
    provider.script(stream(broken("a")), stream(broken("b")), stream(message("hm")))
    thread = await open_thread(client)
    await client.run_turn(thread, "go")
    await client.run_turn(thread, "again")
    assert noted(provider.requests[-1]) == 1
    read = await client.request("thread/read", {"threadId": thread, "includeTurns": True})
    assert TAG not in str(read)


async def test_long_output_is_cut_head_and_tail(launch: Launch, provider: FakeProvider) -> None:
    """Tool output is truncated head and tail by token budget."""
    client = await launch(approval_policy="never", sandbox_mode="danger-full-access", tool_output_token_limit=100)
    provider.script(stream(command("echo begin; seq 10000; echo end")))
    await client.run_turn(await open_thread(client), "go")
    [(_, output)] = outputs(provider.requests[1])
    assert "begin\n1\n2\n" in output
    assert output.endswith("10000\nend\n")
    assert "tokens left out" in output
    assert output.count("left out") == 1
    assert len(output) < 1000
