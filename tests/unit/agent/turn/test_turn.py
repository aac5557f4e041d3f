"""Turns end to end: model, tools, journal and followers in memory."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from spindled.agent.prompt.inputs import PreparedInput
from spindled.agent.turn.outcome import INTERRUPTED_NOTE
from spindled.agent.turns import TurnConflict
from spindled.model.errors import Kind, ModelError
from spindled.model.events import Incomplete, TextDelta
from spindled.tools.base import ToolCall, ToolContext, ToolOutput
from spindled_protocol.types import LocalImageUserInput, TextUserInput
from tests.unit.agent.conftest import NewWorld
from tests.unit.agent.world import (
    FakeTool,
    Gate,
    World,
    assert_valid,
    begun,
    called,
    completed,
    said,
    texts_of,
    words,
)


def broken(**more: Any) -> ModelError:
    return ModelError(Kind.DISCONNECTED, "The stream broke off", retry_after=0.0, **more)


def waiting_tool(gate: Gate, log: list[str]) -> FakeTool:
    async def run(call: ToolCall, context: ToolContext) -> ToolOutput:
        log.append("began")
        try:
            await gate.wait()
        except asyncio.CancelledError:
            log.append("cancelled")
            raise
        log.append("ended")
        return ToolOutput("done")

    return FakeTool("wait", run)


async def test_a_turn_that_completes(new_world: NewWorld) -> None:
    world = new_world([*said("m", "Hel", "lo"), completed(10)])
    turn = await world.run()
    assert world.followers.methods == [
        "thread/status/changed",
        "turn/started",
        "item/started",
        "item/completed",
        "item/started",
        "item/agentMessage/delta",
        "item/agentMessage/delta",
        "item/completed",
        "thread/tokenUsage/updated",
        "thread/status/changed",
        "turn/completed",
    ]
    assert (turn["status"], turn["error"], turn["itemsView"]) == ("completed", None, "summary")
    assert [item["text"] for item in turn["items"]] == ["Hello"]
    assert world.followers.statuses == [[], "idle"]
    assert world.journal.kinds == [
        "task_started",
        "turn_context",
        "spindled_spending",  # a turn
        *["response_item"] * 3,  # permissions, environment, the question
        "item_completed",
        "spindled_spending",  # a request
        "response_item",
        "item_completed",
        "spindled_spending",  # its tokens
        "token_count",
        "spindled_spending",  # the time
        "task_complete",
    ]
    assert texts_of(world.history, "assistant") == ["Hello"]


async def test_calls_are_run_and_the_model_hears_their_output(new_world: NewWorld) -> None:
    world = new_world(
        [*called("a", arguments='{"n": 1}'), *called("b", "nope"), *called("c", arguments='{"n": 3}'), completed(5)],
        [*said("m", "done"), completed(7)],
    )
    turn = await world.run()
    assert turn["status"] == "completed"
    outputs = [item["output"] for item in world.model.requests[1].input if item["type"] == "function_call_output"]
    assert outputs == ['echo {"n": 1}', "unsupported call: nope", 'echo {"n": 3}']
    assert_valid(world.model.requests[1].input)
    usage = world.followers.of("thread/tokenUsage/updated")
    assert [each["tokenUsage"]["last"]["inputTokens"] for each in usage] == [5, 7]
    assert usage[-1]["tokenUsage"]["total"]["totalTokens"] == 14


async def test_call_ids_that_count_from_zero_in_every_response(new_world: NewWorld) -> None:
    world = new_world(
        [*called("call_0", arguments='{"n": 1}'), completed()],
        [*called("call_0", arguments='{"n": 2}'), completed()],
        said("m", "k"),
    )
    await world.run()
    outputs = [item["output"] for item in world.model.requests[2].input if item["type"] == "function_call_output"]
    assert outputs == ['echo {"n": 1}', 'echo {"n": 2}']


async def test_a_turn_that_fails(new_world: NewWorld) -> None:
    world = new_world([begun("m"), TextDelta("m", "Hal"), ModelError(Kind.USAGE_LIMIT, "no money")])
    turn = await world.run()
    assert turn["status"] == "failed"
    assert (turn["error"]["message"], turn["error"]["codexErrorInfo"]) == ("no money", "usageLimitExceeded")
    [error] = world.followers.of("error")
    assert (error["willRetry"], error["turnId"]) == (False, turn["id"])
    assert world.followers.statuses == [[], "systemError"]
    assert (await world.run())["status"] == "completed"


async def test_a_surprise_fails_the_turn_and_not_the_thread(new_world: NewWorld) -> None:
    world = new_world([KeyError("oops")])
    turn = await world.run()
    assert turn["status"] == "failed"
    assert "KeyError" in turn["error"]["message"]
    assert world.journal.kinds[-1] == "task_complete"
    assert (await world.run())["status"] == "completed"


async def test_an_incomplete_response_fails_the_turn_after_its_calls(new_world: NewWorld) -> None:
    world = new_world([*called("a"), Incomplete("r", None, "cancelled")])
    turn = await world.run()
    assert turn["status"] == "failed"
    assert "reason: cancelled" in turn["error"]["message"]
    assert_valid(world.history)


async def test_a_retry_tells_so_and_doubles_no_text(new_world: NewWorld) -> None:
    """Rows 0-40, 4-21."""
    world = new_world(
        [begun("m"), TextDelta("m", "Hal"), broken()], [*said("m", "Hello"), completed()], [*said("m2", "x")]
    )
    turn = await world.run()
    assert turn["status"] == "completed"
    [notice] = world.followers.of("error")
    assert notice["willRetry"]
    assert notice["error"]["message"] == "Reconnecting... 1/2"
    deltas = world.followers.of("item/agentMessage/delta")
    assert len({each["itemId"] for each in deltas}) == 2
    assert [item["text"] for item in world.followers.items("agentMessage")] == ["Hello"]
    assert texts_of(world.history, "assistant") == ["Hello"]
    assert texts_of(world.model.requests[1].input, "assistant") == []


async def test_no_retry_is_left(new_world: NewWorld) -> None:
    world = new_world([broken()], [broken()], [broken()])
    turn = await world.run()
    assert turn["status"] == "failed"
    assert [each["willRetry"] for each in world.followers.of("error")] == [True, True, False]
    assert len(world.model.requests) == 3


async def test_what_was_finished_before_the_stream_broke_is_kept(new_world: NewWorld) -> None:
    """Row 0-07."""
    world = new_world(
        [*said("m1", "first"), *called("a", arguments='{"n": 1}'), broken()], [*said("m2", "last"), completed()]
    )
    await world.run()
    assert_valid(world.model.requests[1].input)
    assert [item["output"] for item in world.model.requests[1].input if "output" in item] == ['echo {"n": 1}']
    assert [item["text"] for item in world.followers.items("agentMessage")] == ["first", "last"]


# -- interrupts


def stalls(world: World, gate: Gate) -> None:
    world.model.attempts.append([begun("m"), TextDelta("m", "Hal"), gate])


async def test_interrupt_while_the_model_stalls(new_world: NewWorld) -> None:
    """Rows 0-48, 1-09."""
    world, gate = new_world(), Gate()
    stalls(world, gate)
    running = world.start()
    await gate.reached.wait()
    turn = await world.interrupt(running)
    assert turn["status"] == "interrupted"
    assert turn["error"] is None
    assert world.model.closed == 1
    assert [item["text"] for item in world.followers.items("agentMessage")] == ["Hal"]
    assert texts_of(world.history, "assistant") == ["Hal"]
    assert texts_of(world.history, "user")[-1] == INTERRUPTED_NOTE
    assert world.journal.kinds[-1] == "turn_aborted"
    assert world.followers.statuses == [[], "idle"]
    assert (await world.run())["status"] == "completed"


async def test_interrupt_while_a_tool_runs(new_world: NewWorld) -> None:
    """Row 1-30."""
    gate, log = Gate(), list[str]()
    world = new_world([*called("a"), *called("b", "wait"), completed(5)], tools=[waiting_tool(gate, log)])
    running = world.start()
    await gate.reached.wait()
    turn = await world.interrupt(running)
    assert turn["status"] == "interrupted"
    assert log == ["began", "cancelled"]
    assert_valid(world.history)
    assert world.followers.of("thread/tokenUsage/updated")


async def test_interrupt_while_it_waits_for_a_retry(new_world: NewWorld) -> None:
    """Row 0-48."""
    world = new_world([ModelError(Kind.DISCONNECTED, "gone", retry_after=500.0)])
    running = world.start()
    await world.followers.wait_for("error")
    assert (await world.interrupt(running))["status"] == "interrupted"
    assert len(world.model.requests) == 1


async def test_interrupt_while_a_follower_does_not_read(new_world: NewWorld) -> None:
    world = new_world([begun("m"), TextDelta("m", "Hal"), *said("n", "more")])
    world.followers.full = gate = Gate()
    running = world.start()
    await gate.reached.wait()
    assert (await world.interrupt(running))["status"] == "interrupted"
    world.followers.full = None


async def test_interrupt_while_an_image_is_read(new_world: NewWorld, tmp_path: Any) -> None:
    world = new_world()
    image = LocalImageUserInput(path=str(tmp_path / "missing.png"))
    running = world.thread.turns.start(PreparedInput([image], None), world.settings)
    running.start()
    await world.followers.wait_for("turn/started")
    assert (await world.interrupt(running))["status"] == "interrupted"


async def test_an_image_that_cannot_be_read_is_told_to_the_model(new_world: NewWorld, tmp_path: Any) -> None:
    world = new_world()
    image = LocalImageUserInput(path=str(tmp_path / "missing.png"))
    running = world.thread.turns.start(PreparedInput([TextUserInput(text="see"), image], "mine"), world.settings)
    running.start()
    assert (await world.ended(running))["status"] == "completed"
    assert "could not be read" in texts_of(world.history, "user")[0]
    assert world.followers.items("userMessage")[0]["clientId"] == "mine"


async def test_a_turn_cancelled_before_its_first_step(new_world: NewWorld) -> None:
    world = new_world()
    running = world.start()
    turn = await world.interrupt(running)
    assert turn["status"] == "interrupted"
    assert world.model.requests == []
    assert (await world.run())["status"] == "completed"


async def test_a_turn_interrupted_before_it_was_started(new_world: NewWorld) -> None:
    world = new_world()
    running = world.thread.turns.start(words("hello"), world.settings)
    turn = await world.interrupt(running)
    running.start()
    assert turn["status"] == "interrupted"
    assert running.task is None
    assert world.thread.turns.active is None


async def test_several_interrupts_at_once(new_world: NewWorld) -> None:
    world, gate = new_world(), Gate()
    stalls(world, gate)
    running = world.start()
    await gate.reached.wait()
    turns = await asyncio.gather(*(world.thread.turns.interrupt(running.id) for _ in range(3)))
    assert world.followers.of("turn/completed") == []  # only after the answers to the interrupts
    for turn in turns:
        turn.conclude()
    assert len(world.followers.of("turn/completed")) == 1
    with pytest.raises(TurnConflict, match="no active turn"):
        await world.thread.turns.interrupt(running.id)


async def test_a_second_interrupt_does_not_cut_short_how_a_tool_ends(new_world: NewWorld) -> None:
    began, ending, log = Gate(), Gate(), list[str]()

    async def run(call: ToolCall, context: ToolContext) -> ToolOutput:
        try:
            await began.wait()
        finally:
            await ending.wait()
            log.append("ended")
        return ToolOutput("")

    world = new_world([*called("a", "slow")], tools=[FakeTool("slow", run)])
    running = world.start()
    await began.reached.wait()
    first = asyncio.ensure_future(world.thread.turns.interrupt(running.id))
    await ending.reached.wait()

    async def again() -> None:
        (await world.thread.turns.interrupt(running.id)).conclude()
        log.append("answered")

    others = asyncio.gather(again(), again())
    ending.open()
    (await first).conclude()
    await others
    assert log == ["ended", "answered", "answered"]


async def test_an_interrupt_whose_caller_is_gone_still_concludes(new_world: NewWorld) -> None:
    world, gate = new_world(), Gate()
    stalls(world, gate)
    running = world.start()
    await gate.reached.wait()
    asking = asyncio.ensure_future(world.thread.turns.interrupt(running.id))
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    running.interrupt()
    assert (await world.ended(running))["status"] == "interrupted"


async def test_an_interrupt_wins_over_a_stream_that_breaks_while_it_closes(new_world: NewWorld) -> None:
    world, gate = new_world(), Gate()

    async def stream(request: Any) -> Any:
        try:
            await gate.wait()
            yield []
        except asyncio.CancelledError:
            raise broken() from None

    world.model.stream = stream  # type: ignore[method-assign]
    running = world.start()
    await gate.reached.wait()
    assert (await world.interrupt(running))["status"] == "interrupted"


async def test_interrupting_another_turn_is_refused(new_world: NewWorld) -> None:
    world, gate = new_world(), Gate()
    stalls(world, gate)
    running = world.start()
    with pytest.raises(TurnConflict, match="expected active turn id other"):
        await world.thread.turns.interrupt("other")
    await gate.reached.wait()
    (await world.thread.turns.interrupt("")).conclude()
    assert (await world.ended(running))["status"] == "interrupted"


# -- steering


async def test_steering_while_the_model_writes_cuts_it_short(new_world: NewWorld) -> None:
    world, gate = new_world(), Gate()
    stalls(world, gate)
    world.model.attempts.append([*said("m", "better"), completed()])
    running = world.start("first")
    await gate.reached.wait()
    assert world.thread.turns.steer(words("second", "id2"), running.id) is running
    turn = await world.ended(running)
    assert turn["status"] == "completed"
    request = world.model.requests[1].input
    assert texts_of(request, "user") == ["first", "second"]
    assert texts_of(request, "assistant") == ["Hal"]
    assert [item["text"] for item in world.followers.items("agentMessage")] == ["Hal", "better"]
    assert [item["clientId"] for item in world.followers.items("userMessage")] == [None, "id2"]


async def test_steering_while_a_tool_runs_waits_for_it(new_world: NewWorld) -> None:
    gate, log = Gate(), list[str]()
    world = new_world([*called("a", "wait"), completed()], tools=[waiting_tool(gate, log)])
    running = world.start("first")
    await gate.reached.wait()
    world.thread.turns.steer(words("second"), running.id)
    gate.open()
    await world.ended(running)
    assert log == ["began", "ended"]
    request = world.model.requests[1].input
    assert_valid(request)
    assert texts_of(request, "user") == ["first", "second"]
    assert request[-1]["role"] == "user"


async def test_a_turn_start_while_one_runs_steers_it(new_world: NewWorld) -> None:
    """Row 2-01."""
    world, gate = new_world(), Gate()
    stalls(world, gate)
    running = world.start("first")
    await gate.reached.wait()
    assert world.start("second") is running
    await world.ended(running)
    assert texts_of(world.history, "user") == ["first", "second"]


async def test_steering_before_the_first_step_and_during_a_retry(new_world: NewWorld) -> None:
    world = new_world([broken()])
    running = world.start("first")
    world.thread.turns.steer(words("second"), running.id)
    await world.followers.wait_for("error")
    world.thread.turns.steer(words("third"), running.id)
    assert (await world.ended(running))["status"] == "completed"
    assert texts_of(world.history, "user") == ["first", "second", "third"]


async def test_steering_what_does_not_run(new_world: NewWorld) -> None:
    world, gate = new_world(), Gate()
    with pytest.raises(TurnConflict, match="no active turn to steer"):
        world.thread.turns.steer(words("x"), "turn")
    stalls(world, gate)
    running = world.start()
    with pytest.raises(TurnConflict, match="expected active turn id `other` but found"):
        world.thread.turns.steer(words("x"), "other")
    await gate.reached.wait()
    running.interrupt()
    with pytest.raises(TurnConflict, match="no active turn to steer"):
        world.thread.turns.steer(words("x"), running.id)
    with pytest.raises(TurnConflict, match="being stopped"):
        world.start("x")
    await world.thread.turns.quiet()
    assert (await world.run("next"))["id"] != running.id
    assert texts_of(world.history, "user")[-1] == "next"


async def test_both_a_steer_and_an_interrupt(new_world: NewWorld) -> None:
    world, gate = new_world(), Gate()
    stalls(world, gate)
    running = world.start()
    await gate.reached.wait()
    world.thread.turns.steer(words("more"), running.id)
    assert (await world.interrupt(running))["status"] == "interrupted"
    assert [item["text"] for item in world.followers.items("agentMessage")] == ["Hal"]


async def test_input_sent_before_an_interrupt_is_kept(new_world: NewWorld) -> None:
    gate = Gate()
    world = new_world([*called("c", "wait"), completed(1)], tools=[waiting_tool(gate, [])])
    turn = world.start("first")
    await gate.reached.wait()
    turn.steer(words("and this"))
    assert (await world.interrupt(turn))["status"] == "interrupted"
    assert texts_of(world.history, "user") == ["first", "and this", INTERRUPTED_NOTE]
    assert_valid(world.history)
