from __future__ import annotations

import asyncio
from typing import Any

import pytest

from spindled.agent.turns import TurnConflict
from spindled.tools.commands.user_command import ABORTED, UserCommand
from tests.unit.agent.conftest import NewWorld
from tests.unit.agent.world import Gate, World, assert_valid, begun, called, completed, said, texts_of, words

SLEEP = "echo begun; sleep 60"


def begin(world: World, script: str, seconds: float = 60) -> None:
    world.thread.user_commands.beginning(UserCommand(script, seconds))()


def outputs(items: list[dict[str, Any]]) -> list[str]:
    """What the model hears of commands: their outputs, without the rest."""
    told = [text for text in texts_of(items, "user") if text.startswith("<user_shell_command>")]
    return [text.split("Output:\n")[1].removesuffix("\n</result>\n</user_shell_command>") for text in told]


async def test_in_an_idle_thread_it_is_a_turn_without_the_model(new_world: NewWorld) -> None:
    world = new_world()
    begin(world, "echo one; exit 2")
    done = await world.followers.wait_for("turn/completed")
    assert (done["turn"]["status"], done["turn"]["items"]) == ("completed", [])
    assert world.model.requests == []
    item = world.followers.items("commandExecution")[0]
    assert (item["source"], item["status"], item["exitCode"]) == ("userShell", "failed", 2)
    assert world.followers.statuses == [[], "idle"]
    assert outputs(world.history) == ["one\n"]
    kinds = world.journal.kinds
    assert kinds.index("task_started") < kinds.index("response_item") < kinds.index("task_complete")
    await world.run("next")
    assert outputs(world.model.requests[0].input) == ["one\n"]


async def test_beside_a_turn_the_model_hears_of_it_before_the_turn_ends(new_world: NewWorld) -> None:
    gate = Gate()
    world = new_world([begun("m"), gate, *said("m", "one")[1:], completed()], [*said("n", "two"), completed()])
    running = world.start()
    await gate.reached.wait()
    begin(world, "echo beside")
    await world.followers.until(lambda: bool(world.followers.items("commandExecution")))
    assert world.followers.of("item/completed")[-1]["turnId"] == running.id
    gate.open()
    await world.ended(running)
    assert [outputs(request.input) for request in world.model.requests] == [[], ["beside\n"]]
    assert_valid(world.history)


async def test_between_a_call_and_its_output_nothing_comes(new_world: NewWorld) -> None:
    world = new_world([*called("c"), completed()])
    running = world.start()
    begin(world, "echo beside")
    await world.ended(running)
    await world.followers.until(lambda: bool(world.followers.items("commandExecution")))
    assert_valid(world.history)


async def test_one_that_outlives_its_turn_is_heard_of_in_the_next(new_world: NewWorld) -> None:
    world = new_world()
    running = world.start()
    begin(world, "until [ -e go ]; do sleep 0.01; done; echo late")
    await world.ended(running)
    assert outputs(world.history) == []
    (world.workspace / "go").touch()
    await world.thread.user_commands.ended(running.id)
    await world.run("next")
    assert outputs(world.model.requests[-1].input) == ["late\n"]


async def test_several_in_one_turn_of_their_own(new_world: NewWorld) -> None:
    world = new_world()
    begin(world, "until [ -e go ]; do sleep 0.01; done; echo one")
    begin(world, "echo two; touch go")
    await world.followers.wait_for("turn/completed")
    assert len({params["turnId"] for params in world.followers.of("item/completed")}) == 1
    assert sorted(outputs(world.history)) == ["one\n", "two\n"]


async def test_input_meanwhile_is_answered_when_it_is_done(new_world: NewWorld) -> None:
    world = new_world()
    begin(world, "until [ -e go ]; do sleep 0.01; done; echo first")
    assert world.thread.turns.active is not None
    assert world.start("what was that?") is world.thread.turns.active
    (world.workspace / "go").touch()
    await world.followers.wait_for("turn/completed")
    assert outputs(world.model.requests[0].input) == ["first\n"]
    assert texts_of(world.model.requests[0].input, "user")[-1] == "what was that?"
    assert len(world.followers.of("turn/completed")) == 1


async def test_an_interrupt_ends_it(new_world: NewWorld) -> None:
    world = new_world()
    begin(world, SLEEP)
    await world.followers.wait_for("item/commandExecution/outputDelta")
    assert world.thread.turns.active is not None
    ended = await world.interrupt(world.thread.turns.active)
    assert ended["status"] == "interrupted"
    assert world.followers.items("commandExecution")[0]["status"] == "failed"
    assert outputs(world.history) == [f"begun\n\n{ABORTED}"]


async def test_an_interrupt_of_a_turn_ends_those_of_that_turn(new_world: NewWorld) -> None:
    gate = Gate()
    world = new_world([gate])
    running = world.start()
    await gate.reached.wait()
    begin(world, SLEEP)
    await world.followers.wait_for("item/commandExecution/outputDelta")
    await world.interrupt(running)
    assert outputs(world.history) == [f"begun\n\n{ABORTED}"]


async def test_beside_a_compaction_it_is_told_to_what_comes_of_it(new_world: NewWorld) -> None:
    gate = Gate()
    world = new_world([*said("m", "ok"), completed()], [gate, *said("s", "a summary"), completed()])
    await world.run()
    world.thread.turns.compact()
    await gate.reached.wait()
    begin(world, "echo beside")
    await world.followers.until(lambda: bool(world.followers.items("commandExecution")))
    gate.open()
    await world.followers.wait_for("turn/completed", 2)
    assert outputs(world.history) == ["beside\n"]


async def test_after_an_interrupt_it_waits_for_a_turn_of_its_own(new_world: NewWorld) -> None:
    gate = Gate()
    world = new_world([gate])
    running = world.start()
    await gate.reached.wait()
    running.interrupt()
    await world.thread.turns.stopped()
    assert world.thread.turns.active is None
    begin(world, "echo after")
    await world.followers.wait_for("turn/completed", 2)
    assert outputs(world.history) == ["after\n"]


async def test_a_thread_that_closes_leaves_nothing(new_world: NewWorld) -> None:
    world = new_world()
    begin(world, SLEEP)
    await world.followers.wait_for("item/commandExecution/outputDelta")
    await asyncio.gather(world.thread.close())
    assert world.followers.items("commandExecution")[0]["status"] == "failed"
    with pytest.raises(TurnConflict):
        world.thread.user_commands.beginning(UserCommand("true", 1))


async def test_steering_goes_to_it_too(new_world: NewWorld) -> None:
    world = new_world()
    begin(world, "until [ -e go ]; do sleep 0.01; done")
    assert world.thread.turns.active is not None
    world.thread.turns.steer(words("more"), world.thread.turns.active.id)
    (world.workspace / "go").touch()
    await world.followers.wait_for("turn/completed")
    assert texts_of(world.model.requests[0].input, "user")[-1] == "more"
