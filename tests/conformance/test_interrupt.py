"""turn/interrupt: of a stream and of a command, whose whole process group is gone afterwards."""

from __future__ import annotations

from tests.conformance.steps import (
    INVALID,
    NOWHERE,
    command,
    open_thread,
    outputs,
    refusal,
    text_input,
)
from tests.support.client import Client, is_completion_of
from tests.support.fake_items import message
from tests.support.fake_provider import FakeProvider, stream
from tests.support.flow import ANSWERED, COMPLETED, INTERRUPTED, PIECES, STARTED, flow, items
from tests.support.home import Home
from tests.support.processes import alive, with_environment

HALF = message("one two three four", deltas=["one ", "two ", "three ", "four"], hold_after=(2, "half"))
SLEEP = "echo $$ > pid; sleep 1000 & echo started; sleep 1000; echo never"


async def test_of_a_stream(client: Client, provider: FakeProvider) -> None:
    """Row 1-09."""
    provider.script(stream(HALF))
    thread = await open_thread(client)
    since = client.mark()
    turn = await client.start_turn(thread, "hi")
    await client.wait_for(lambda m: m.get("params", {}).get("delta") == "two ")
    wrong = await refusal(client, "turn/interrupt", {"threadId": thread, "turnId": NOWHERE})
    assert wrong == (INVALID, f"expected active turn id {NOWHERE} but found {turn['id']}")
    assert await client.request("turn/interrupt", {"threadId": thread, "turnId": turn["id"]}) == {}
    await client.wait_for(is_completion_of(turn["id"]))
    # docs/compatibility.md, "Items are always completed": the text that was seen is kept.
    assert flow(client.received[since:]) == [
        *STARTED,
        "item/started agentMessage",
        "item/agentMessage/delta x2",
        f"error {INVALID}",
        "item/completed agentMessage",
        "result",
        *INTERRUPTED,
    ]
    assert items(client.received, "agentMessage")[0]["text"] == "one two "
    await provider.requests[0].gone.wait()

    assert await refusal(client, "turn/interrupt", {"threadId": thread, "turnId": turn["id"]}) == (
        INVALID,
        "no active turn to interrupt",
    )
    assert flow(await client.run_turn(thread, "go on")) == [*STARTED, *ANSWERED, *COMPLETED]
    told = [part["text"] for item in provider.requests[1].json["input"] for part in item["content"]]
    assert "one two " in told
    assert any(text.startswith("<turn_aborted>") for text in told)


async def test_of_a_command(client: Client, provider: FakeProvider, home: Home) -> None:
    """Row 1-30."""
    provider.script(stream(command(SLEEP, yield_time_ms=20_000)))
    thread = await open_thread(client)
    since = client.mark()
    turn = await client.start_turn(thread, "hi")
    await client.wait_for(PIECES)
    group = int((home.workspace / "pid").read_text())
    assert alive(group)
    await client.request("turn/interrupt", {"threadId": thread, "turnId": turn["id"]})
    await client.wait_for(is_completion_of(turn["id"]))
    # docs/compatibility.md, "Interrupt ends commands"
    assert not alive(group)
    assert not with_environment("SPINDLED_HOME", str(home.path), besides=client.process.pid)
    assert flow(client.received[since:]) == [
        *STARTED,
        "item/started commandExecution inProgress",
        PIECES,
        "item/completed commandExecution failed",
        "thread/tokenUsage/updated",
        "result",
        *INTERRUPTED,
    ]
    assert flow(await client.run_turn(thread, "go on")) == [*STARTED, *ANSWERED, *COMPLETED]
    assert [call for call, _ in outputs(provider.requests[1])] == ["call_1"]


async def test_between_turn_start_and_the_first_step(client: Client, provider: FakeProvider) -> None:
    thread = await open_thread(client)
    answer = client.post("turn/start", {"threadId": thread, "input": text_input("hi")})
    stop = client.post("turn/interrupt", {"threadId": thread, "turnId": ""})
    turn = (await answer)["result"]["turn"]
    assert (await stop)["result"] == {}
    done = await client.wait_for(is_completion_of(turn["id"]))
    assert done["params"]["turn"]["status"] == "interrupted"
    assert flow(await client.run_turn(thread, "go on"))[-3:] == [*COMPLETED]
