"""What a model may answer beside a proper answer: turns end to end, in memory."""

from __future__ import annotations

import json
from typing import Any

import pytest

from spindled.agent.turn.notes import is_note
from spindled.agent.turn.verdicts import MAX_UNASKED
from spindled.model.errors import Kind, ModelError
from spindled.model.events import Completed, Incomplete, ItemAdded, ItemDone, TextDelta, Usage
from spindled.tools.base import ToolCall, ToolContext, ToolOutput
from tests.unit.agent.conftest import NewWorld
from tests.unit.agent.world import (
    FakeTool,
    Gate,
    Json,
    Step,
    World,
    assert_valid,
    begun,
    called,
    completed,
    said,
    texts_of,
    words,
)


def thought(item_id: str = "rs") -> list[Step]:
    item = {"type": "reasoning", "id": item_id, "summary": [], "encrypted_content": "sealed"}
    return [ItemAdded({"type": "reasoning", "id": item_id, "summary": []}), ItemDone(item)]


def early(*lost: str, reason: str = "max_output_tokens") -> Incomplete:
    return Incomplete("r", Usage(input_tokens=1, output_tokens=1, total_tokens=2), reason, list(lost))


def kinds(world: World, request: int) -> list[str]:
    """What a request holds behind the context."""
    items = world.model.requests[request].input
    return [
        "note" if is_note(item) else str(item.get("role") or item["type"])
        for item in items
        if item.get("role") != "developer" and not str(item.get("content", "")).count("<environment_context>")
    ]


def warnings(world: World) -> list[str]:
    return [params["message"] for params in world.followers.of("warning")]


def outputs(items: list[Json]) -> list[Any]:
    return [item["output"] for item in items if item["type"] == "function_call_output"]


# -- thoughts without an answer


async def test_thoughts_without_an_answer_are_asked_for_once_more(new_world: NewWorld) -> None:
    """Row 4-54."""
    world = new_world([*thought(), completed(3)], [*thought(), *said("m", "yes"), completed(3)])
    turn = await world.run()
    assert turn["status"] == "completed"
    assert kinds(world, 1) == ["user"]
    assert world.model.requests[1].input == world.model.requests[0].input
    assert [item.get("role") or item["type"] for item in world.history][-3:] == ["user", "reasoning", "assistant"]
    shown = world.followers.items("reasoning")
    assert len({item["id"] for item in shown}) == 2
    assert world.followers.of("error") == []
    assert warnings(world) == []
    assert world.thread.usage.total.totalTokens == 8


async def test_thoughts_without_an_answer_for_the_second_time(new_world: NewWorld) -> None:
    """Row 4-54: no bare message is persisted."""
    world = new_world([*thought("a"), completed()], [*thought("b"), completed()])
    turn = await world.run()
    assert turn["status"] == "failed"
    assert turn["error"]["codexErrorInfo"] == "other"
    assert "without an answer" in turn["error"]["message"]
    assert len(world.model.requests) == 2
    assert [item.get("role") for item in world.history][-1] == "user"
    assert (await world.run())["status"] == "completed"


async def test_a_blank_message_is_no_answer(new_world: NewWorld) -> None:
    """Row 4-54: reasoning but no content."""
    world = new_world([*thought(), *said("m", " \n"), completed()], [*said("n", "yes"), completed()])
    turn = await world.run()
    assert [item["text"] for item in turn["items"]] == ["yes"]
    assert texts_of(world.model.requests[1].input, "assistant") == []
    assert len(world.followers.items("agentMessage")) == 2


async def test_an_empty_answer_ends_the_turn(new_world: NewWorld) -> None:
    """The reference's empty_reply."""
    world = new_world([completed(1)])
    turn = await world.run()
    assert (turn["status"], turn["items"]) == ("completed", [])
    assert len(world.model.requests) == 1


async def test_a_retry_does_not_end_in_a_thought(new_world: NewWorld) -> None:
    """Rows 0-44, 4-54: a provider refuses reasoning that nothing follows."""
    broken = ModelError(Kind.DISCONNECTED, "gone", retry_after=0.0)
    world = new_world([*thought("a"), begun("m"), TextDelta("m", "Hal"), broken], [*thought("b"), *said("n", "Hello")])
    await world.run()
    assert kinds(world, 1) == ["user"]
    assert [item.get("id") for item in world.history if item["type"] == "reasoning"] == ["b"]


async def test_a_steer_behind_a_thought(new_world: NewWorld) -> None:
    gate = Gate()
    world = new_world([*thought(), gate], [*said("m", "ok"), completed()])
    running = world.start("first")
    await gate.reached.wait()
    world.thread.turns.steer(words("second"), running.id)
    assert (await world.ended(running))["status"] == "completed"
    assert kinds(world, 1) == ["user", "user"]


async def test_thoughts_go_with_the_call_that_follows(new_world: NewWorld) -> None:
    world = new_world([*thought("a"), *thought("b"), *called("c"), *thought("d"), completed()], [*said("m", "ok")])
    await world.run()
    assert kinds(world, 1) == ["user", "reasoning", "reasoning", "function_call", "function_call_output"]


# -- answers that the provider does not hold for the end


async def test_a_provider_that_wants_to_be_asked_again(new_world: NewWorld) -> None:
    world = new_world([*said("m", "first"), Completed("r", None, False)], [*said("n", "second"), completed()])
    turn = await world.run()
    assert [item["text"] for item in turn["items"]] == ["second"]
    assert kinds(world, 1) == ["user", "assistant"]


async def test_its_thoughts_are_kept_then(new_world: NewWorld) -> None:
    world = new_world([*thought(), Completed("r", None, False)], [*said("n", "ok"), completed()])
    await world.run()
    assert kinds(world, 1) == ["user", "reasoning"]


async def test_it_is_not_asked_for_ever(new_world: NewWorld) -> None:
    world = new_world(*[[*said(f"m{n}", "more"), Completed("r", None, False)] for n in range(30)])
    assert (await world.run())["status"] == "completed"
    assert len(world.model.requests) == MAX_UNASKED + 1


# -- the output limit


async def test_cut_off_text_is_continued(new_world: NewWorld) -> None:
    """Row 3-30. Row 4-26."""
    world = new_world([*said("a", "part one "), early()], [*said("b", "part two"), completed()])
    turn = await world.run()
    assert turn["status"] == "completed"
    assert [item["text"] for item in world.followers.items("agentMessage")] == ["part one ", "part two"]
    assert kinds(world, 1) == ["user", "assistant", "note"]
    assert len(world.followers.items("userMessage")) == 1
    [warning] = warnings(world)
    assert "(1 of 3)" in warning


async def test_at_most_three_times(new_world: NewWorld) -> None:
    """Row 3-30: there was no cap."""
    world = new_world(*[[*said(f"m{n}", "x"), early()] for n in range(9)])
    turn = await world.run()
    assert turn["status"] == "failed"
    assert turn["error"]["message"].endswith("reason: max_output_tokens")
    assert len(world.model.requests) == 4
    assert len(warnings(world)) == 3
    assert texts_of(world.history, "assistant") == ["x"] * 4


async def test_lost_calls_are_named_and_finished_ones_run(new_world: NewWorld) -> None:
    """Row 1-22."""
    world = new_world([*called("a"), early("write", "write")], [*said("m", "ok"), completed()])
    assert (await world.run())["status"] == "completed"
    request = world.model.requests[1].input
    assert outputs(request) == ["echo {}"]
    assert kinds(world, 1) == ["user", "function_call", "function_call_output", "note"]
    assert "`write`" in texts_of(request, "user")[-1]
    assert_valid(request)


async def test_a_limit_that_only_thoughts_reached(new_world: NewWorld) -> None:
    world = new_world([*thought(), early()], [*said("m", "ok"), completed()])
    assert (await world.run())["status"] == "completed"
    assert kinds(world, 1) == ["user", "note"]


async def test_the_content_filter_fails_the_turn(new_world: NewWorld) -> None:
    world = new_world([*said("m", "How to"), early(reason="content_filter")])
    turn = await world.run()
    assert turn["status"] == "failed"
    assert "content filter" in turn["error"]["message"]
    assert turn["error"]["codexErrorInfo"] == "other"
    assert [item["text"] for item in world.followers.items("agentMessage")] == ["How to"]
    assert (await world.run())["status"] == "completed"


async def test_a_refusal_is_an_answer(new_world: NewWorld) -> None:
    content = [{"type": "refusal", "refusal": "I will not."}]
    item = {"type": "message", "id": "m", "role": "assistant", "content": content}
    world = new_world([begun("m"), TextDelta("m", "I will not."), ItemDone(item), completed()])
    turn = await world.run()
    assert turn["status"] == "completed"
    assert [each["text"] for each in turn["items"]] == ["I will not."]
    assert world.history[-1]["content"] == content


async def test_notes_are_in_the_rollout(new_world: NewWorld) -> None:
    world = new_world([*said("a", "one"), early()], [*said("b", "two"), completed()])
    await world.run()
    stored = [row.payload for row in world.journal.rows if row.type == "response_item"]
    assert sum(map(is_note, stored)) == 1
    assert stored == world.history


# -- calls


async def test_a_malformed_call_hurts_no_sibling(new_world: NewWorld) -> None:
    """Rows 1-24, 1-26, 1-28 and section 7, test 5."""
    ran: list[str] = []

    async def run(call: ToolCall, context: ToolContext) -> ToolOutput:
        ran.append(call.call_id)
        if call.call_id == "c":
            raise RuntimeError("broken")
        return ToolOutput("fine")

    world = new_world(
        [
            *called("a", "tool"),
            *called("b", "tool", '{"path": "x'),
            *called("c", "tool"),
            *called("d", "nope"),
            *called("e", "tool", "[1]"),
            *called("f", "tool"),
            completed(),
        ],
        [*said("m", "ok"), completed()],
        tools=[FakeTool("tool", run)],
    )
    assert (await world.run())["status"] == "completed"
    assert ran == ["a", "c", "f"]
    request = world.model.requests[1].input
    assert_valid(request)
    first, bad, raised, unknown, shape, last = outputs(request)
    assert (first, last, unknown) == ("fine", "fine", "unsupported call: nope")
    assert "not valid JSON" in bad
    assert '{"path": "x' in bad
    assert "RuntimeError: broken" in raised
    assert "not an object" in shape
    calls = [item for item in request if item["type"] == "function_call"]
    assert [item["call_id"] for item in calls] == list("abcdef")
    assert all(isinstance(json.loads(item["arguments"]), dict) for item in calls)


async def test_repeated_malformed_calls_get_one_note(new_world: NewWorld) -> None:
    """Row 1-25."""
    world = new_world(*[[*called(f"c{n}", arguments="{"), completed()] for n in range(4)])
    await world.run()
    assert [kinds(world, n).count("note") for n in range(5)] == [0, 0, 1, 1, 1]
    assert kinds(world, 2)[-1] == "note"
    assert len(warnings(world)) == 1


async def test_a_steer_ends_the_streak(new_world: NewWorld) -> None:
    """Row 1-25: there it survived a new user message."""
    world = new_world([*called("a", arguments="{"), completed()], [*said("m", "hm"), completed()])
    await world.run()
    world.model.attempts += [[*called("b", arguments="{"), completed()], [*said("n", "hm"), completed()]]
    await world.run()
    assert warnings(world) == []


async def test_a_loop_gets_one_note(new_world: NewWorld) -> None:
    """Row 1-27 and section 7, test 9."""
    world = new_world(*[[*called(f"c{n}"), completed()] for n in range(6)])
    assert (await world.run())["status"] == "completed"
    assert [kinds(world, n).count("note") for n in range(7)] == [0, 0, 0, 1, 1, 1, 1]
    assert outputs(world.history) == ["echo {}"] * 6


async def test_polling_is_no_loop(new_world: NewWorld) -> None:
    """Row 1-27 and section 7, test 9."""
    seen: list[str] = []

    async def run(call: ToolCall, context: ToolContext) -> ToolOutput:
        seen.append(call.call_id)
        return ToolOutput(f"{len(seen)} done")

    calls = [[*called(f"c{n}", "poll"), completed()] for n in range(10)]
    world = new_world(*calls, tools=[FakeTool("poll", run)])
    await world.run()
    assert warnings(world) == []


async def test_calls_of_a_stream_that_breaks_count_too(new_world: NewWorld) -> None:
    broken = ModelError(Kind.DISCONNECTED, "gone", retry_after=0.0)
    world = new_world(*[[*called(f"c{n}", arguments="{"), broken] for n in range(2)])
    await world.run()
    assert kinds(world, 2)[-1] == "note"


async def test_no_output_is_longer_than_configured(new_world: NewWorld) -> None:
    async def run(call: ToolCall, context: ToolContext) -> ToolOutput:
        return ToolOutput([{"type": "input_text", "text": f"begin{'-' * 100_000}end"}])

    world = new_world([*called("a", "long"), completed()], tools=[FakeTool("long", run)])
    await world.run()
    [[part]] = outputs(world.history)
    assert part["text"].startswith("begin")
    assert part["text"].endswith("end")
    assert len(part["text"]) < 42_000


# -- requests that can be healed


def refused(message: str, **more: Any) -> ModelError:
    return ModelError(Kind.BAD_REQUEST, message, status=400, **more)


async def test_an_unsupported_effort(new_world: NewWorld) -> None:
    """Row 1-05: and a later turn does not meet the failure again."""
    refusal = refused("Unsupported value: 'xhigh'. Supported values are: 'low', 'high'.", param="reasoning.effort")
    world = new_world([refusal], [*said("m", "ok"), completed()], effort="xhigh")
    assert (await world.run())["status"] == "completed"
    assert (await world.run())["status"] == "completed"
    assert [request.effort for request in world.model.requests] == ["xhigh", "high", "high"]
    assert len(warnings(world)) == 1
    assert world.followers.of("error") == []


async def test_stale_encrypted_content(new_world: NewWorld) -> None:
    """Row 1-06."""
    refusal = refused("The encrypted content gA could not be verified.", code="invalid_encrypted_content")
    world = new_world([*thought(), *said("m", "one"), completed()], [refusal], [*said("n", "two"), completed()])
    await world.run()
    assert (await world.run("again"))["status"] == "completed"
    assert "reasoning" in kinds(world, 1)
    assert kinds(world, 2) == ["user", "assistant", "user"]
    [healed] = [row.payload for row in world.journal.rows if row.type == "compacted"]
    assert healed.replacement_history == world.history[:-1]  # a resumed thread is healed too
    assert len(warnings(world)) == 1


@pytest.mark.parametrize("message", ["The encrypted content gA could not be verified.", "Invalid schema"])
async def test_what_cannot_be_healed_fails_at_once(new_world: NewWorld, message: str) -> None:
    """Row 1-06: no strip possible, no retry."""
    world = new_world([refused(message)])
    assert (await world.run())["status"] == "failed"
    assert len(world.model.requests) == 1
    assert warnings(world) == []


async def test_a_request_that_is_refused_again_after_it_was_healed(new_world: NewWorld) -> None:
    """Row 1-05: once per call."""
    refusal = refused("reasoning.effort is not supported", code="unsupported_parameter")
    world = new_world([refusal], [refusal], effort="high")
    assert (await world.run())["status"] == "failed"
    assert [request.effort for request in world.model.requests] == ["high", None]
