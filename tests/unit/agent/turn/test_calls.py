from __future__ import annotations

import asyncio
from typing import Any

from spindled.agent.turn.calls import ABORTED_BY_USER, Calls
from spindled.tools.base import Tool, ToolCall, ToolContext, ToolError, ToolOutput
from spindled.tools.registry import Registry
from tests.unit.agent.world import OPTIONS, FakeTool, Gate, assert_valid


class Context:
    tool_options = OPTIONS


class Stage:
    """Tools that wait at a gate of their own; `log` is the order of what happened."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.gates: dict[str, Gate] = {}
        self.lingering = asyncio.Event()
        tools = [FakeTool("many", self._run), FakeTool("alone", self._run, parallel=False)]
        tools += [
            FakeTool("refuses", self._refuse),
            FakeTool("breaks", self._break),
            FakeTool("stubborn", self._linger),
        ]
        self.calls = Calls(Registry(tools), Context(), self._admit)  # type: ignore[arg-type]
        self.refused: set[str] = set()

    def start(self, name: str, call_id: str, **item: Any) -> Gate:
        self.gates[call_id] = Gate()
        self.calls.start({"type": "function_call", "call_id": call_id, "name": name, "arguments": "{}", **item})
        return self.gates[call_id]

    async def _admit(self, call: ToolCall, tool: Tool | None) -> str | None:
        return "not that one" if call.call_id in self.refused else None

    async def _run(self, call: ToolCall, context: ToolContext) -> ToolOutput:
        self.log.append(f"+{call.call_id}")
        await self.gates[call.call_id].wait()
        self.log.append(f"-{call.call_id}")
        return ToolOutput(call.call_id)

    async def _refuse(self, call: ToolCall, context: ToolContext) -> ToolOutput:
        raise ToolError("not that way")

    async def _break(self, call: ToolCall, context: ToolContext) -> ToolOutput:
        raise RuntimeError("broken")

    async def _linger(self, call: ToolCall, context: ToolContext) -> ToolOutput:
        self.log.append("lingers")
        self.lingering.set()
        try:
            await asyncio.Event().wait()
        finally:
            await self.gates[call.call_id].wait()
            self.log.append("cleaned up")
        raise AssertionError

    def outputs(self) -> list[Any]:
        items = self.calls.outputs()
        assert [item["call_id"] for item in items] == [item["call_id"] for item in self.calls.items]
        assert_valid([*self.calls.items, *items])
        return [item["output"] for item in items]


async def test_parallel_calls_run_beside_each_other_and_answer_in_call_order() -> None:
    stage = Stage()
    first, second = stage.start("many", "a"), stage.start("many", "b")
    await first.reached.wait()
    await second.reached.wait()
    second.open()
    first.open()
    await stage.calls.finish()
    assert stage.log[:2] == ["+a", "+b"]
    assert stage.outputs() == ["a", "b"]


async def test_an_exclusive_call_runs_alone() -> None:
    stage = Stage()
    before, alone = stage.start("many", "a"), stage.start("alone", "b")
    after, last = stage.start("many", "c"), stage.start("alone", "d")
    await before.reached.wait()
    assert stage.log == ["+a"]
    for gate in (last, after, alone, before):
        gate.open()
    await stage.calls.finish()
    assert stage.log == ["+a", "-a", "+b", "-b", "+c", "-c", "+d", "-d"]
    assert stage.outputs() == ["a", "b", "c", "d"]


async def test_what_goes_wrong_is_told_to_the_model() -> None:
    stage = Stage()
    stage.start("refuses", "a")
    stage.start("breaks", "b")
    stage.start("unknown", "c")
    await stage.calls.finish()
    refused, broken, unsupported = stage.outputs()
    assert refused == "not that way"
    assert "RuntimeError: broken" in broken
    assert unsupported == "unsupported call: unknown"


async def test_kinds_of_calls() -> None:
    stage = Stage()
    stage.calls.start({"type": "custom_tool_call", "call_id": "a", "name": "nope", "input": "free"})
    stage.calls.start({"type": "local_shell_call", "call_id": "b", "action": {}})
    stage.calls.start({"type": "function_call", "call_id": "c", "name": "many", "arguments": "", "namespace": "mcp"})
    await stage.calls.finish()
    assert stage.outputs() == [f"unsupported call: {name}" for name in ("nope", "local_shell_call", "many")]
    kinds = [item["type"] for item in stage.calls.outputs()]
    assert kinds == ["custom_tool_call_output", "function_call_output", "function_call_output"]


async def test_abandoned_calls_are_answered_too() -> None:
    stage = Stage()
    done, running, _waiting = stage.start("many", "a"), stage.start("alone", "b"), stage.start("many", "c")
    done.open()
    await running.reached.wait()
    await stage.calls.abandon()
    assert stage.outputs() == ["a", ABORTED_BY_USER, ABORTED_BY_USER]
    assert stage.log == ["+a", "-a", "+b"]  # the waiting one never ran


async def test_abandon_waits_for_what_a_tool_cleans_up() -> None:
    stage = Stage()
    gate = stage.start("stubborn", "a")
    await stage.lingering.wait()
    ending = asyncio.ensure_future(stage.calls.abandon())
    await gate.reached.wait()
    assert not ending.done()
    gate.open()
    await ending
    assert stage.log == ["lingers", "cleaned up"]
    assert stage.outputs() == [ABORTED_BY_USER]


async def test_a_call_that_is_not_admitted_does_not_run() -> None:
    stage = Stage()
    stage.refused = {"b"}
    stage.start("many", "a").open()
    stage.start("alone", "b")
    stage.start("many", "c").open()
    await stage.calls.finish()
    assert stage.log == ["+a", "-a", "+c", "-c"]
    assert stage.outputs() == ["a", "not that one", "c"]
