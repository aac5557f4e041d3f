from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from spindled.agent.threads import ThreadNotLoaded, Threads
from spindled.agent.turn.turn import RunningTurn
from spindled.agent.turns import TurnConflict
from spindled_protocol.types import ReadOnlySandboxPolicy
from tests.unit.agent.conftest import NewWorld
from tests.unit.agent.world import Gate, begun, called, completed, said, words


def contexts(items: list[dict[str, Any]]) -> list[str]:
    """The roles of the agent's own messages."""
    starts = ("<permissions", "<environment_context", "<project_instructions")
    return [
        item["role"] for item in items if item["type"] == "message" and item["content"][0]["text"].startswith(starts)
    ]


async def test_context_is_told_once_and_again_after_a_change(new_world: NewWorld, tmp_path: Path) -> None:
    world = new_world()
    await world.run()
    await world.run()
    assert contexts(world.history) == ["developer", "user"]
    other = tmp_path / "other"
    other.mkdir()
    await world.run("there", msgspec.structs.replace(world.settings, cwd=other, workspace_roots=(str(other),)))
    assert contexts(world.history) == ["developer", "user", "user"]
    await world.run("there")
    read_only = ReadOnlySandboxPolicy(networkAccess=False)
    await world.run("safe", msgspec.structs.replace(world.thread.settings, sandbox_policy=read_only))
    assert contexts(world.history) == ["developer", "user", "user", "developer"]


async def test_a_resumed_thread_knows_what_it_told(new_world: NewWorld) -> None:
    first = new_world()
    await first.run()
    second = new_world(history=first.history)
    await second.run()
    assert contexts(second.history) == ["developer", "user"]


async def test_project_documents_are_told_and_told_again_when_they_change(new_world: NewWorld) -> None:
    world = new_world()
    document = world.workspace / "AGENTS.md"
    document.write_text("be brief")
    await world.run()
    assert "be brief" in str(world.model.requests[0].input)
    document.write_text("be long")
    await world.run()
    assert "be long" in str(world.model.requests[1].input)


async def test_settings_of_a_turn_stay_for_the_next(new_world: NewWorld) -> None:
    """Row 3-33."""
    world = new_world()
    await world.run("x", msgspec.structs.replace(world.settings, model="gpt-5.4", effort="high"))
    await world.run("y")
    assert [(request.model, request.effort) for request in world.model.requests] == [("gpt-5.4", "high")] * 2
    assert world.thread.snapshot().model == "gpt-5.4"


async def test_requests_name_the_thread_and_the_turn(new_world: NewWorld) -> None:
    world = new_world()
    turn = await world.run()
    [request] = world.model.requests
    assert request.cache_key == "thread"
    assert request.metadata["turn_id"] == turn["id"]
    assert [tool["name"] for tool in request.tools] == ["echo"]
    assert request.instructions


async def test_an_output_schema_is_of_its_turn(new_world: NewWorld) -> None:
    world = new_world()
    running = world.start(output_schema={"type": "object"})
    await world.ended(running)
    await world.run()
    assert [request.output_schema for request in world.model.requests] == [{"type": "object"}, None]


async def test_a_resumed_history_with_a_call_that_was_cut_off(new_world: NewWorld) -> None:
    """Rows 1-29, 2-03."""
    from tests.unit.agent.world import assert_valid

    call = {"type": "function_call", "call_id": "a", "name": "echo", "arguments": "{}"}
    shell = {"type": "local_shell_call", "id": "lsc", "call_id": None, "action": {}}
    world = new_world(
        called("a"), history=[call, shell, {"type": "function_call_output", "call_id": "z", "output": ""}]
    )
    await world.run()
    for request in world.model.requests:
        assert_valid(request.input)
    assert len(world.model.requests) == 2


async def test_the_preview_is_the_first_question(new_world: NewWorld) -> None:
    world = new_world()
    await world.run("first")
    await world.run("second")
    assert world.thread.snapshot().preview == "first"


async def test_closing_stops_the_turn_and_takes_no_other(new_world: NewWorld) -> None:
    gate = Gate()
    world = new_world([begun("m"), gate])
    world.start()
    await gate.reached.wait()
    await world.thread.close()
    assert world.followers.of("turn/completed")[0]["turn"]["status"] == "interrupted"
    assert world.journal.closed
    with pytest.raises(TurnConflict, match="closed"):
        world.start()


async def test_loaded_threads(new_world: NewWorld) -> None:
    world = new_world([*said("m", "x"), completed()])
    threads = Threads()
    thread = threads.add(world.thread)
    assert list(threads) == [thread]
    assert threads.get("thread") is threads.find("thread") is thread
    assert await threads.unload("thread") is thread
    assert await threads.unload("thread") is None
    assert threads.find("thread") is None
    with pytest.raises(ThreadNotLoaded, match="thread not found: thread"):
        threads.get("thread")
    threads.add(world.thread)
    await threads.close()
    assert list(threads) == []


async def test_a_turn_that_waits_is_given_up_for_another(new_world: NewWorld) -> None:
    gate = Gate()
    world = new_world([begun("m"), gate])
    running = world.start()
    await gate.reached.wait()
    first, second = (RunningTurn(world.thread, world.settings, words(text)) for text in ("first", "second"))
    world.thread.turns.interpose(first)
    world.thread.turns.interpose(second)
    await world.ended(second)
    ends = [(turn["turn"]["id"], turn["turn"]["status"]) for turn in world.followers.of("turn/completed")]
    assert ends == [(first.id, "interrupted"), (running.id, "interrupted"), (second.id, "completed")]
    assert world.followers.statuses.count("idle") == 2  # not for the one that never ran


async def test_a_turn_that_waits_ends_with_the_thread(new_world: NewWorld) -> None:
    gate = Gate()
    world = new_world([begun("m"), gate])
    world.start()
    await gate.reached.wait()
    waiting = RunningTurn(world.thread, world.settings, words("later"))
    world.thread.turns.interpose(waiting)
    await world.thread.close()
    ends = {params["turn"]["id"]: params["turn"]["status"] for params in world.followers.of("turn/completed")}
    assert ends[waiting.id] == "interrupted" and len(ends) == 2
