"""When the history is made smaller, and what a failure leaves behind."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from spindled.agent.history.compaction import CLEARED
from spindled.agent.history.history import message_text
from spindled.agent.history.usage import no_usage
from spindled.agent.prompt.inputs import PreparedInput
from spindled.agent.prompt.prompt import message
from spindled.agent.turns import NotSteerable, TurnConflict
from spindled.model.errors import Kind, ModelError
from spindled.model.events import Incomplete, ItemDone
from spindled.tools.base import ToolCall, ToolContext, ToolOutput
from spindled_protocol.types import ThreadTokenUsage
from tests.unit.agent.conftest import NewWorld
from tests.unit.agent.world import FakeTool, Gate, Step, World, assert_valid, called, completed, said, texts_of, words

LIMIT = {"model_auto_compact_token_limit": 20_000}
OVER = 30_000
TOO_LONG = ModelError(Kind.CONTEXT_WINDOW, "too long")
FAILED = ModelError(Kind.BAD_REQUEST, "not like this")


def too_long(said: str) -> ModelError:
    return ModelError(Kind.CONTEXT_WINDOW, "ours", said=said)


def answer(text: str = "A", tokens: int = 100) -> list[Step]:
    return [*said("m", text), completed(tokens)]


def compactions(world: World) -> int:
    return len(world.followers.items("contextCompaction"))


def has_summary(world: World, text: str) -> bool:
    return text in message_text(world.history[-1]) or any(text in message_text(item) for item in world.history)


def old_pairs(count: int = 5, size: int = 20_000) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = [message("user", "look around")]
    for number in range(count):
        call_id = f"old_{number}"
        items.append({"type": "function_call", "call_id": call_id, "name": "echo", "arguments": "{}"})
        items.append({"type": "function_call_output", "call_id": call_id, "output": "x" * size})
    return [*items, message("assistant", "looked")]


async def compact(world: World) -> dict[str, Any]:
    count = len(world.followers.of("turn/completed"))
    world.thread.turns.check_open()
    world.thread.turns.compact()
    return dict((await world.followers.wait_for("turn/completed", count + 1))["turn"])


# -- when


async def test_under_the_limit_nothing_happens(new_world: NewWorld) -> None:
    """Rows 1-40, 4-02."""
    world = new_world(answer(tokens=19_998), answer(), config=LIMIT)
    await world.run()
    await world.run()
    assert compactions(world) == 0


async def test_before_a_turn(new_world: NewWorld) -> None:
    """Row 4-03."""
    world = new_world(answer("A1", OVER), answer("SUMMARY", 30_500), answer("A2"), config=LIMIT)
    await world.run("first")
    since = len(world.followers.told)
    turn = await world.run("second")
    assert turn["status"] == "completed"
    told = [method for method, _ in world.followers.told[since:]]
    assert told[:8] == [
        "thread/status/changed",
        "turn/started",
        "item/started",
        "thread/tokenUsage/updated",
        "thread/tokenUsage/updated",
        "item/completed",
        "item/started",
        "item/completed",
    ]
    summary, last = world.model.requests[1:]
    assert (summary.tools, summary.output_schema) == ([], None)
    assert texts_of(summary.input, "user")[:1] == ["first"]
    assert texts_of(last.input, "user")[0] == "first"
    assert "SUMMARY" in texts_of(last.input, "user")[1]
    assert texts_of(last.input, "user")[2:] == ["second"]
    assert texts_of(last.input, "assistant") == []
    assert [item["role"] for item in last.input[:2]] == ["developer", "user"]


async def test_the_rollout_carries_it(new_world: NewWorld) -> None:
    """Row 4-07."""
    world = new_world(answer("A1", OVER), answer("SUMMARY"), answer("A2"), config=LIMIT)
    await world.run("first")
    await world.run("second")
    [row] = [row for row in world.journal.rows if row.type == "compacted"]
    index = world.journal.rows.index(row)
    following = [each.payload for each in world.journal.rows[index:] if each.type == "response_item"]
    assert [*row.payload.replacement_history, *following] == world.history
    assert "SUMMARY" in row.payload.message
    assert world.journal.kinds[index : index + 3] == ["compacted", "token_count", "item_completed"]


async def test_usage_counts_and_is_reset(new_world: NewWorld) -> None:
    """Row 4-05."""
    world = new_world(answer("A1", OVER), answer("SUMMARY", 500), answer("A2"), config=LIMIT)
    await world.run("first")
    await world.run("second")
    spent, reset = [params["tokenUsage"] for params in world.followers.of("thread/tokenUsage/updated")][1:3]
    assert spent["total"]["totalTokens"] == reset["total"]["totalTokens"] == OVER + 1 + 501
    assert 0 < reset["last"]["totalTokens"] < 20_000
    assert reset["last"]["inputTokens"] == 0


async def test_between_the_calls_and_the_next_request(new_world: NewWorld) -> None:
    """Rows 1-21, 4-04."""
    first = [*called("a"), *called("b"), completed(OVER)]
    world = new_world(first, answer("SUMMARY"), answer("A2"), config=LIMIT)
    turn = await world.run("first")
    assert turn["status"] == "completed"
    assert compactions(world) == 1
    assert_valid(world.model.requests[1].input)
    assert len([item for item in world.model.requests[1].input if item["type"] == "function_call_output"]) == 2
    assert texts_of(world.model.requests[2].input, "user")[0] == "first"
    assert not [item for item in world.model.requests[2].input if item["type"].startswith("function_call")]


async def test_what_came_since_the_last_report_counts(new_world: NewWorld) -> None:
    """Row 3-14."""

    async def run(call: ToolCall, context: ToolContext) -> ToolOutput:
        return ToolOutput("x" * 30_000)

    tool = FakeTool("long", run)
    world = new_world([*called("a", "long"), completed(15_000)], answer("SUMMARY"), config=LIMIT, tools=[tool])
    await world.run()
    assert compactions(world) == 1


async def test_a_model_that_reports_nothing_is_estimated(new_world: NewWorld) -> None:
    """Row 3-14."""
    world = new_world([*said("m", "A" * 90_000), completed()], answer("SUMMARY"), config=LIMIT)
    await world.run()
    await world.run()
    assert compactions(world) == 1


async def test_before_a_switch_to_a_smaller_model_the_larger_one_summarises(new_world: NewWorld) -> None:
    world = new_world(answer(tokens=150_000), answer("SUMMARY"), answer("A2"))
    await world.run()
    smaller = msgspec.structs.replace(world.settings, model="gpt-4o")
    assert (await world.run("next", smaller))["status"] == "completed"
    assert [request.model for request in world.model.requests] == ["gpt-5.5", "gpt-5.5", "gpt-4o"]
    assert compactions(world) == 1


# -- overflow


@pytest.mark.parametrize(
    "error",
    [
        ModelError(Kind.CONTEXT_WINDOW, "too long"),
        ModelError(
            Kind.CONTEXT_WINDOW, "ours", said="maximum context length is 8192 tokens, you requested 9,000 tokens"
        ),
    ],
)
async def test_overflow_is_relieved_once_and_the_request_repeated(new_world: NewWorld, error: ModelError) -> None:
    """Rows 1-45, 3-18, 4-06."""
    world = new_world(answer("A1"), [error], answer("SUMMARY"), answer("A2"))
    await world.run("first")
    turn = await world.run("second")
    assert (turn["status"], turn["items"][0]["text"]) == ("completed", "A2")
    assert world.followers.of("error") == []
    assert texts_of(world.model.requests[3].input, "user")[:2] == ["first", "second"]
    full = world.followers.of("thread/tokenUsage/updated")[1]["tokenUsage"]["last"]["totalTokens"]
    assert full == (9000 if "9,000" in error.said else 258_400)


async def test_a_second_overflow_fails_the_turn(new_world: NewWorld) -> None:
    """Rows 1-45, 3-18."""
    world = new_world([TOO_LONG], answer("SUMMARY"), [TOO_LONG], answer("SUMMARY 2"), answer("A"))
    turn = await world.run("first")
    assert (turn["status"], turn["error"]["codexErrorInfo"]) == ("failed", "contextWindowExceeded")
    assert len(world.model.requests) == 3
    assert (await world.run("second"))["status"] == "completed"


async def test_a_window_that_the_provider_named_is_remembered(new_world: NewWorld) -> None:
    error = ModelError(
        Kind.CONTEXT_WINDOW, "ours", said="maximum context length is 9000 tokens, you requested 9500 tokens"
    )
    world = new_world([error], answer("SUMMARY"), answer("A", 8_500), answer("SUMMARY 2"), answer("A2"))
    await world.run("first")
    await world.run("second")
    assert compactions(world) == 2


async def test_calls_made_before_the_overflow_keep_their_outputs(new_world: NewWorld) -> None:
    """Row 3-18."""
    world = new_world([*called("a"), TOO_LONG], answer("SUMMARY"), answer("A2"))
    assert (await world.run())["status"] == "completed"
    assert_valid(world.model.requests[1].input)
    assert [item for item in world.model.requests[1].input if item["type"] == "function_call_output"]


# -- a summary that is too long itself


async def test_the_oldest_calls_are_left_out_of_the_summary(new_world: NewWorld) -> None:
    """Rows 3-16, 4-09."""
    world = new_world([TOO_LONG], [TOO_LONG], [TOO_LONG], answer("SUMMARY"), answer("A2"), history=old_pairs())
    before = copy.deepcopy(world.history)
    assert (await world.run())["status"] == "completed"
    asked = [[item["call_id"] for item in request.input if "call_id" in item] for request in world.model.requests]
    assert asked[1] == asked[0]
    assert asked[2] == asked[0][2:]
    assert asked[3] == asked[0][4:]
    for request in world.model.requests:
        assert_valid(request.input)
    assert world.history[: len(before)] != before


async def test_the_numbers_say_how_much_goes_at_once(new_world: NewWorld) -> None:
    error = ModelError(
        Kind.CONTEXT_WINDOW, "ours", said="maximum context length is 10000 tokens, you requested 24000 tokens"
    )
    world = new_world([TOO_LONG], [error], answer("SUMMARY"), answer("A2"), history=old_pairs())
    await world.run()
    assert len([item for item in world.model.requests[2].input if "call_id" in item]) == 4


async def test_nothing_left_to_leave_out(new_world: NewWorld) -> None:
    """Row 4-09."""
    world = new_world(*[[TOO_LONG]] * 20, history=old_pairs())
    turn = await world.run("hello")
    assert (turn["status"], turn["error"]["codexErrorInfo"]) == ("failed", "contextWindowExceeded")
    assert len(world.model.requests) < 15
    assert len([item for item in world.history if "call_id" in item]) == 10
    assert not [row for row in world.journal.rows if row.type == "compacted"]


# -- failure


@pytest.mark.parametrize(
    "summary",
    [
        pytest.param([completed(5)], id="empty"),
        pytest.param([*said("m", " \n"), completed(5)], id="blank"),
        pytest.param([ItemDone({"type": "reasoning", "id": "r", "summary": []}), completed(5)], id="reasoning only"),
        pytest.param([*called("a"), completed(5)], id="a call"),
        pytest.param([*said("m", "half"), Incomplete("r", None, "content_filter")], id="cut off"),
        pytest.param([FAILED], id="refused"),
    ],
)
async def test_no_summary_fails_the_turn_and_leaves_the_history(new_world: NewWorld, summary: list[Step]) -> None:
    """Rows 1-44, 4-08."""
    world = new_world(answer("A1", OVER), summary, answer("SUMMARY"), answer("A3"), config=LIMIT)
    await world.run("first")
    before = copy.deepcopy(world.history)
    turn = await world.run("second")
    assert (turn["status"], turn["error"]["codexErrorInfo"]) == ("failed", "contextWindowExceeded")
    assert world.followers.statuses[-1] == "systemError"
    assert compactions(world) == 0
    assert world.history[: len(before)] == before
    assert texts_of(world.history, "user") == ["first", "second"]
    assert (await world.run("third"))["status"] == "completed"
    assert texts_of(world.model.requests[-1].input, "user")[:2] == ["first", "second"]


async def test_a_summary_that_reached_the_output_limit_is_one(new_world: NewWorld) -> None:
    cut = [*said("m", "most of it"), Incomplete("r", None, "max_output_tokens")]
    world = new_world(answer("A1", OVER), cut, answer("A2"), config=LIMIT)
    await world.run()
    assert (await world.run())["status"] == "completed"
    assert has_summary(world, "most of it")


async def test_the_summary_is_retried_like_an_answer(new_world: NewWorld) -> None:
    broken = ModelError(Kind.DISCONNECTED, "The stream broke off", retry_after=0.0)
    world = new_world(answer("A1", OVER), [broken], answer("SUMMARY"), answer("A2"), config=LIMIT)
    await world.run()
    assert (await world.run())["status"] == "completed"
    [error] = world.followers.of("error")
    assert (error["willRetry"], error["error"]["message"]) == (True, "Reconnecting... 1/2")


async def test_a_result_that_is_still_too_long_fails(new_world: NewWorld) -> None:
    """Row 1-43."""
    world = new_world([TOO_LONG], answer("S" * 50_000), config={"model_context_window": 10_000})
    turn = await world.run()
    assert (turn["status"], turn["error"]["codexErrorInfo"]) == ("failed", "contextWindowExceeded")
    assert not [row for row in world.journal.rows if row.type == "compacted"]


async def test_three_failures_open_the_breaker_until_a_success(new_world: NewWorld) -> None:
    """Row 3-17."""
    world = new_world(
        answer("A1", OVER),
        [FAILED],
        [FAILED],
        [FAILED],
        answer("A5", OVER),
        answer("SUMMARY"),
        answer("A6"),
        config=LIMIT,
    )
    await world.run()
    for _ in range(3):
        assert (await world.run())["status"] == "failed"
    [warning] = world.followers.of("warning")
    assert "thread/compact/start" in warning["message"]
    requests = len(world.model.requests)
    assert (await world.run())["status"] == "completed"
    assert len(world.model.requests) == requests + 1
    assert (await compact(world))["status"] == "completed"
    assert (await world.run())["status"] == "completed"
    assert compactions(world) == 1


async def test_with_an_open_breaker_an_overflow_fails_at_once(new_world: NewWorld) -> None:
    world = new_world(answer("A1", OVER), [FAILED], [FAILED], [FAILED], [TOO_LONG], config=LIMIT)
    for _ in range(5):
        turn = await world.run()
    assert turn["error"]["codexErrorInfo"] == "contextWindowExceeded"
    assert len(world.model.requests) == 5


async def test_compactions_that_do_not_help_are_not_repeated_for_ever(new_world: NewWorld) -> None:
    """Rows 1-43, 3-17."""
    calls = [[*called(f"c{number}"), completed(OVER)] for number in range(8)]
    attempts = [calls[0]]
    for call in calls[1:4]:
        attempts += [answer("SUMMARY"), call]
    world = new_world(*attempts, *calls[4:], answer("done"), config=LIMIT)
    assert (await world.run())["status"] == "completed"
    assert compactions(world) == 3


# -- without a model


async def test_with_a_cold_cache_old_results_are_cleared(new_world: NewWorld) -> None:
    """Row 3-10."""
    world = new_world(answer("A"), config={"model_auto_compact_token_limit": 25_000}, history=old_pairs(), idle_s=3600)
    assert (await world.run())["status"] == "completed"
    [request] = world.model.requests
    results = [item["output"] for item in request.input if item["type"] == "function_call_output"]
    assert results == [CLEARED, CLEARED, *["x" * 20_000] * 3]
    [row] = [row for row in world.journal.rows if row.type == "compacted"]
    assert world.history[: len(row.payload.replacement_history)] == row.payload.replacement_history
    assert compactions(world) == 1


async def test_with_a_warm_cache_they_are_pruned(new_world: NewWorld) -> None:
    """Row 3-11."""
    world = new_world(answer("A"), config={"model_auto_compact_token_limit": 25_000}, history=old_pairs(), idle_s=3500)
    await world.run()
    [request] = world.model.requests
    results = [item["output"] for item in request.input if item["type"] == "function_call_output"]
    assert [len(result) < 1000 for result in results] == [True, True, False, False, False]
    assert CLEARED not in results


async def test_what_does_not_make_enough_room_is_not_done(new_world: NewWorld) -> None:
    """Rows 3-13, 3-15."""
    history = old_pairs(4, 26_000)
    world = new_world(answer("SUMMARY"), answer("A"), config=LIMIT, history=history, idle_s=7200)
    await world.run()
    assert CLEARED not in [item.get("output") for item in world.model.requests[0].input]
    assert has_summary(world, "SUMMARY")


# -- by hand


async def test_by_hand_also_an_empty_thread(new_world: NewWorld) -> None:
    world = new_world(answer("SUMMARY"))
    turn = await compact(world)
    assert (turn["status"], turn["items"], turn["error"]) == ("completed", [], None)
    assert world.followers.methods == [
        "thread/status/changed",
        "turn/started",
        "item/started",
        "thread/tokenUsage/updated",
        "thread/tokenUsage/updated",
        "item/completed",
        "thread/status/changed",
        "turn/completed",
    ]
    assert has_summary(world, "SUMMARY")
    [item] = world.followers.items("contextCompaction")
    assert item["completedAtMs"] >= item["startedAtMs"]


async def test_the_prompt_can_be_configured(new_world: NewWorld) -> None:
    world = new_world(answer("SUMMARY"), config={"compact_prompt": "In one line, please."})
    await compact(world)
    assert texts_of(world.model.requests[0].input, "user") == ["In one line, please."]


async def test_by_hand_a_provider_error_is_told_as_it_is(new_world: NewWorld) -> None:
    world = new_world([ModelError(Kind.USAGE_LIMIT, "no money")], [completed(3)])
    assert (await compact(world))["error"]["codexErrorInfo"] == "usageLimitExceeded"
    assert (await compact(world))["error"]["codexErrorInfo"] == "contextWindowExceeded"


async def test_it_takes_no_input(new_world: NewWorld) -> None:
    gate = Gate()
    world = new_world([gate, *answer("SUMMARY")])
    world.thread.turns.compact()
    await gate.reached.wait()
    turn = world.thread.turns.active
    assert turn is not None
    with pytest.raises(NotSteerable) as refused:
        world.thread.turns.steer(words("x"), turn.id)
    assert (str(refused.value), refused.value.kind) == ("cannot steer a compact turn", "compact")
    with pytest.raises(TurnConflict):
        world.thread.turns.steer(PreparedInput([], None), "other")
    with pytest.raises(NotSteerable):
        world.thread.turns.start(words("x"), world.settings)
    assert world.thread.turns.engaged
    gate.open()
    await world.thread.turns.quiet()
    assert not world.thread.turns.engaged


async def test_interrupted_it_leaves_everything_as_it_was(new_world: NewWorld) -> None:
    gate = Gate()
    world = new_world(answer("A1"), [*said("m", "SUM"), gate])
    await world.run()
    before = copy.deepcopy(world.history)
    world.thread.turns.compact()
    await gate.reached.wait()
    assert world.thread.turns.active is not None
    assert (await world.interrupt(world.thread.turns.active))["status"] == "interrupted"
    assert world.history == before
    assert compactions(world) == 0
    assert world.thread.pressure.failures == 0


async def test_a_turn_interrupted_while_it_makes_room_keeps_the_input(new_world: NewWorld) -> None:
    gate = Gate()
    world = new_world(answer("A1", OVER), [gate], config=LIMIT)
    await world.run("first")
    turn = world.start("second")
    await gate.reached.wait()
    assert (await world.interrupt(turn))["status"] == "interrupted"
    assert texts_of(world.history, "user")[:2] == ["first", "second"]
    assert compactions(world) == 0


async def test_steering_while_the_turn_makes_room(new_world: NewWorld) -> None:
    gate = Gate()
    world = new_world(answer("A1", OVER), [gate, *answer("SUMMARY")], answer("A2"), config=LIMIT)
    await world.run("first")
    turn = world.start("second")
    await gate.reached.wait()
    world.thread.turns.steer(words("third"), turn.id)
    gate.open()
    assert (await world.ended(turn))["status"] == "completed"
    assert texts_of(world.model.requests[-1].input, "user")[2:] == ["second", "third"]


async def test_a_call_that_waits_is_answered_before_the_summary(new_world: NewWorld) -> None:
    gate = Gate()

    async def run(call: ToolCall, context: ToolContext) -> ToolOutput:
        await gate.wait()
        return ToolOutput("never")

    world = new_world([*called("a", "wait"), completed(9)], answer("SUMMARY"), tools=[FakeTool("wait", run)])
    turn = world.start()
    await gate.reached.wait()
    assert (await compact(world))["status"] == "interrupted"
    assert (await world.followers.wait_for("turn/completed", 2))["turn"]["status"] == "completed"
    assert turn.concluded.is_set()
    assert_valid(world.model.requests[1].input)
    assert [item["call_id"] for item in world.model.requests[1].input if "output" in item] == ["a"]


async def test_closing_while_one_turn_takes_the_place_of_another(new_world: NewWorld) -> None:
    gate = Gate()
    world = new_world([gate], [gate])
    turn = world.start()
    await gate.reached.wait()
    world.thread.turns.compact()
    await world.thread.close()
    assert turn.concluded.is_set()
    assert [params["turn"]["status"] for params in world.followers.of("turn/completed")] == ["interrupted"]
    with pytest.raises(TurnConflict):
        world.thread.turns.check_open()


def test_what_was_put_in_before_the_first_turn_counts(new_world: NewWorld) -> None:
    """The model's last figure is of what was stored, whenever that is read."""
    used = replace(no_usage(), totalTokens=1_000)
    stored = [message("user", "Q"), message("assistant", "A")]
    world = new_world(history=iter(stored), usage=ThreadTokenUsage(total=used, last=used))
    assert world.thread.pressure.size == 1_000
    world = new_world(history=iter(stored), usage=ThreadTokenUsage(total=used, last=used))
    world.thread.put_in([message("assistant", "x" * 4_000)])
    assert 2_000 < world.thread.pressure.size < 2_100
