from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from spindled.agent.asking.approvals import command_decisions
from spindled.config.rules.rules import rules_file
from spindled.tools.base import CommandApproval, PatchApproval, ToolCall, ToolContext, ToolError, ToolOutput, Verdict
from spindled.tools.grants import CommandGrant, FileGrant
from spindled_protocol.types import CommandExecutionThreadItem, FileChangeThreadItem
from tests.unit.agent.conftest import NewWorld
from tests.unit.agent.world import FakeTool, Gate, World, assert_valid, called, completed, said

GRANT = CommandGrant(words=("make", "test"), cwd="/w")
PATCHED = {"/w/a": [Path("/w/a")], "/w/b": [Path("/w/c"), Path("/w/b")]}


def command_item(item_id: str, status: Any = "inProgress") -> CommandExecutionThreadItem:
    return CommandExecutionThreadItem(
        id=item_id, command="make test", cwd="/w", source="agent", status=status, commandActions=[], startedAtMs=5
    )


async def run_command(call: ToolCall, context: ToolContext) -> ToolOutput:
    """Like the real one: asks, then runs or completes the item as declined."""
    item = command_item(call.call_id)
    ask = CommandApproval(item=item, grant=GRANT, reason="why", amendment=["make", "test"])
    try:
        verdict = await context.approve_command(ask)
    except BaseException:
        context.item_completed(command_item(call.call_id, "declined"))
        raise
    if verdict is not Verdict.ACCEPTED:
        context.item_completed(command_item(call.call_id, "declined"))
        raise ToolError("declined")
    context.item_completed(command_item(call.call_id, "completed"))
    return ToolOutput("ran")


async def run_patch(call: ToolCall, context: ToolContext) -> ToolOutput:
    item = FileChangeThreadItem(id=call.call_id, changes=[], status="inProgress", startedAtMs=5)
    context.item_started(item)
    answer = await context.approve_patch(PatchApproval(item=item, files=PATCHED, reason="why"))
    status: Any = "completed" if answer.verdict is Verdict.ACCEPTED else "declined"
    context.item_completed(FileChangeThreadItem(id=call.call_id, changes=[], status=status))
    return ToolOutput(" ".join([answer.verdict.value, *sorted(answer.paths)]))


def files(*paths: str) -> list[FileGrant]:
    return [FileGrant(Path(path)) for path in paths]


TOOLS = [FakeTool("command", run_command), FakeTool("patch", run_patch)]


def asking(new_world: NewWorld, *names: str) -> World:
    calls = [step for number, name in enumerate(names) for step in called(f"c{number}", name)]
    return new_world([*calls, completed()], [*said("m", "done"), completed()], tools=TOOLS)


def outputs(world: World) -> list[Any]:
    return [item["output"] for item in world.history if item["type"] == "function_call_output"]


def index(world: World, method: str, nth: int = 0) -> int:
    return [place for place, name in enumerate(world.followers.methods) if name == method][nth]


async def test_accepting_a_command(new_world: NewWorld) -> None:
    world = asking(new_world, "command")
    world.followers.answer = "accept"
    assert (await world.run())["status"] == "completed"
    assert world.followers.statuses == [[], ["waitingOnApproval"], [], "idle"]
    [(method, asked)] = world.followers.asked
    assert method == "item/commandExecution/requestApproval"
    assert asked["itemId"] == "c0"
    assert asked["command"] == "make test"
    assert asked["reason"] == "why"
    assert asked["proposedExecpolicyAmendment"] == ["make", "test"]
    assert world.followers.items("commandExecution", "item/started")[0]["id"] == "c0"
    assert outputs(world) == ["ran"]


@pytest.mark.parametrize("answer", ["decline", None])
@pytest.mark.parametrize("kind", ["command", "patch"])
async def test_no_yes_is_a_no(new_world: NewWorld, kind: str, answer: str | None) -> None:
    world = asking(new_world, kind)
    world.followers.answer = answer
    assert (await world.run())["status"] == "completed"
    item = "commandExecution" if kind == "command" else "fileChange"
    assert [each["status"] for each in world.followers.items(item)] == ["declined"]
    assert outputs(world) == ["declined"]
    assert world.followers.statuses == [[], ["waitingOnApproval"], [], "idle"]


async def test_a_declined_command_waits_until_its_item_is_completed(new_world: NewWorld) -> None:
    world = asking(new_world, "command")
    world.followers.answer = "decline"
    await world.run()
    assert index(world, "item/completed", 1) < index(world, "thread/status/changed", 2)


@pytest.mark.parametrize("kind", ["command", "patch"])
async def test_cancel_declines_and_interrupts(new_world: NewWorld, kind: str) -> None:
    world = asking(new_world, kind)
    world.followers.answer = "cancel"
    assert (await world.run())["status"] == "interrupted"
    item = "commandExecution" if kind == "command" else "fileChange"
    assert [each["status"] for each in world.followers.items(item)] == ["declined"]
    assert_valid(world.history)
    assert len(world.model.requests) == 1
    assert not world.thread.approvals.open
    assert world.followers.statuses[-1] == "idle"


async def test_grants_for_the_session(new_world: NewWorld) -> None:
    world = asking(new_world, "command", "patch")
    world.followers.answer = "acceptForSession"
    await world.run()
    grants = world.thread.approvals.grants
    assert [given.grant for given in grants] == [GRANT, *files("/w/a", "/w/c", "/w/b")]
    assert [given.command for given in grants] == ["make test", "", "", ""]
    assert world.followers.methods.count("thread/grants/changed") == 4
    assert not grants.covers(GRANT, *files("/w/d"))


@pytest.mark.parametrize(
    ("accepted", "output"),
    [
        (["/w/a"], "accepted /w/a"),
        (["/w/b", "/w/a", "/w/a"], "accepted /w/a /w/b"),
        ([], "declined"),
        (["/w/c"], "declined"),
        (["/w/a", "/w/unknown"], "declined"),
    ],
)
async def test_a_part_of_a_patch(new_world: NewWorld, accepted: list[str], output: str) -> None:
    world = asking(new_world, "patch")
    world.followers.answer = {"decision": "accept", "acceptedPaths": accepted}
    await world.run()
    assert world.followers.asked[0][1]["availablePaths"] == ["/w/a", "/w/b"]
    assert outputs(world) == [output]


async def test_a_part_of_a_patch_for_the_session(new_world: NewWorld) -> None:
    world = asking(new_world, "patch")
    world.followers.answer = {"decision": "acceptForSession", "acceptedPaths": ["/w/b"]}
    await world.run()
    assert [given.grant for given in world.thread.approvals.grants] == files("/w/c", "/w/b")


async def test_paths_make_no_yes_of_a_no(new_world: NewWorld) -> None:
    world = asking(new_world, "patch")
    world.followers.answer = {"decision": "decline", "acceptedPaths": ["/w/a"]}
    await world.run()
    assert outputs(world) == ["declined"]


async def test_an_accepted_amendment_becomes_a_rule(new_world: NewWorld) -> None:
    world = asking(new_world, "command")
    world.followers.answer = {"acceptWithExecpolicyAmendment": {"execpolicy_amendment": ["make"]}}
    await world.run()
    assert outputs(world) == ["ran"]
    assert any(rule.matches(["make", "x"]) for rule in world.thread.surroundings.rules.current())
    assert "make" in rules_file(world.home).read_text()


@pytest.mark.parametrize(
    "answer",
    [
        {"acceptWithExecpolicyAmendment": {"execpolicy_amendment": []}},
        {"applyNetworkPolicyAmendment": {"network_policy_amendment": {"host": "x", "action": "allow"}}},
    ],
)
async def test_an_answer_that_allows_nothing_declines(new_world: NewWorld, answer: Any) -> None:
    world = asking(new_world, "command")
    world.followers.answer = answer
    await world.run()
    assert outputs(world) == ["declined"]


async def test_an_ask_that_fails_runs_nothing(new_world: NewWorld) -> None:
    def fail(params: Any) -> Any:
        raise OSError("broken")

    world = asking(new_world, "command")
    world.followers.answer = fail
    await world.run()
    assert "broken" in outputs(world)[0]
    assert not world.thread.approvals.open


async def test_the_status_waits_for_both_of_two_questions(new_world: NewWorld) -> None:
    gates = {"c0": Gate(), "c1": Gate()}

    async def answer(params: Any) -> str:
        await gates[params.itemId].wait()
        return "accept"

    world = asking(new_world, "command", "patch")
    world.followers.answer = answer
    running = world.start()
    await gates["c0"].reached.wait()
    await gates["c1"].reached.wait()
    gates["c0"].open()
    await world.followers.until(lambda: bool(world.followers.items("commandExecution")))
    assert world.followers.statuses == [[], ["waitingOnApproval"]]
    gates["c1"].open()
    await world.ended(running)
    assert world.followers.statuses == [[], ["waitingOnApproval"], [], "idle"]


async def test_an_interrupt_gives_open_questions_up(new_world: NewWorld) -> None:
    """Row 1-62."""
    gate = Gate()

    async def answer(params: Any) -> str:
        await gate.wait()
        return "accept"

    world = asking(new_world, "command", "patch")
    world.followers.answer = answer
    running = world.start()
    await world.followers.until(lambda: len(world.followers.asked) == 2)
    await asyncio.gather(gate.reached.wait())
    turn = await world.interrupt(running)
    assert turn["status"] == "interrupted"
    assert world.followers.given_up == 2
    assert [each["status"] for each in world.followers.items("commandExecution")] == ["declined"]
    assert not world.thread.approvals.open
    assert_valid(world.history)


def test_decisions_that_a_client_may_offer() -> None:
    assert command_decisions(None) == ["accept", "acceptForSession", "decline", "cancel"]
    assert len(command_decisions(["ls"])) == 5
