"""The tool calls of one response: run as they come, answered once each, in the order of the calls."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Protocol

from spindled.agent.history.history import output_item
from spindled.agent.turn.bounds import bounded
from spindled.agent.turn.guards import Outcome
from spindled.tools.base import ToolCall, ToolError, ToolOutput

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from spindled.tools.base import Tool, ToolContext, ToolOptions

log = logging.getLogger(__name__)


class Tools(Protocol):
    def find(self, call: ToolCall, options: ToolOptions) -> Tool | None:
        """The tool that is to run a call; None if there is none."""


ABORTED_BY_USER = "The user interrupted this call before it finished."


class Calls:
    """Starts each call at once, unless it or one before it must run alone.

    `admit` is asked about each, with the tool that is to run it if one is; what it answers, unless None, is the output
    of a call that does not run.
    """

    def __init__(
        self, tools: Tools, context: ToolContext, admit: Callable[[ToolCall, Tool | None], Awaitable[str | None]]
    ):
        self.tools = tools
        self.context = context
        self.admit = admit
        self.items: list[dict[str, Any]] = []
        self.calls: list[ToolCall] = []
        self.faults: list[str | None] = []
        self.tasks: list[asyncio.Task[ToolOutput]] = []
        self.exclusive: asyncio.Task[ToolOutput] | None = None

    def __bool__(self) -> bool:
        return bool(self.items)

    def start(self, item: dict[str, Any], fault: str | None = None) -> None:
        """Run a finished call item; a kind of call that we do not offer is an unsupported one.

        With a fault it does not run and is answered with that.
        """
        arguments = item.get("input" if item["type"] == "custom_tool_call" else "arguments")
        call = ToolCall(
            call_id=item["call_id"],
            name=str(item.get("name") or item["type"]),
            arguments=arguments if isinstance(arguments, str) else "",
            custom=item["type"] == "custom_tool_call",
            namespace=item.get("namespace"),
        )
        tool = self.tools.find(call, self.context.tool_options)
        alone = tool is not None and not tool.parallel
        before = list(self.tasks) if alone else [self.exclusive] if self.exclusive else []
        task = asyncio.get_running_loop().create_task(self._run(tool, call, fault, before), name=f"call {call.call_id}")
        self.items.append(item)
        self.calls.append(call)
        self.faults.append(fault)
        self.tasks.append(task)
        if alone:
            self.exclusive = task

    async def _run(
        self, tool: Tool | None, call: ToolCall, fault: str | None, before: list[asyncio.Task[ToolOutput]]
    ) -> ToolOutput:
        if before:
            await asyncio.wait(before)
        try:
            refusal = await self.admit(call, tool if fault is None else None)
            if refusal is not None:
                return ToolOutput(refusal, success=False)
            if tool is None:
                return ToolOutput(f"unsupported call: {call.name}", success=False)
            if fault is not None:
                return ToolOutput(fault, success=False)
            return await tool.run(call, self.context)
        except ToolError as error:
            return ToolOutput(str(error), success=False)
        except Exception as error:
            log.exception("tool %s failed", call.name)
            return ToolOutput(f"{call.name} failed: {type(error).__name__}: {error}", success=False)

    async def finish(self) -> None:
        """Wait until every call has ended."""
        if self.tasks:
            await asyncio.wait(self.tasks)

    async def abandon(self) -> None:
        """Cancel what still runs and wait until nothing of it is left."""
        for task in self.tasks:
            task.cancel()
        await self.finish()

    def outputs(self, cut_off: str = ABORTED_BY_USER) -> list[dict[str, Any]]:
        """One output item for each call, in call order. `cut_off`: what is said of a call that did not end."""
        limit = self.context.tool_options.output_tokens
        return [
            output_item(item, bounded(task.result().content if ended(task) else cut_off, limit))
            for item, task in zip(self.items, self.tasks, strict=True)
        ]

    def outcomes(self) -> list[Outcome]:
        """The calls that came to an end, in call order."""
        return [
            Outcome(
                name=call.name,
                arguments=call.arguments,
                output=task.result().content,
                malformed=fault is not None,
            )
            for call, fault, task in zip(self.calls, self.faults, self.tasks, strict=True)
            if ended(task)
        ]


def ended(task: asyncio.Task[ToolOutput]) -> bool:
    return task.done() and not task.cancelled()
