"""The tools by name: found for a call, described for a request."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from spindled.tools.base import Tool, ToolCall, ToolContext, ToolError, ToolOptions, ToolOutput


def built_in() -> list[Tool]:
    """In the order in which the model sees them. Loaded when first needed: a thread starts without them."""
    from spindled.tools.apply_patch import ApplyPatch
    from spindled.tools.commands.exec_command import ExecCommand
    from spindled.tools.commands.write_stdin import WriteStdin
    from spindled.tools.files.read_file import ReadFile
    from spindled.tools.files.view_image import ViewImage
    from spindled.tools.goals import CreateGoal, GetGoal, UpdateGoal
    from spindled.tools.request_user_input import RequestUserInput
    from spindled.tools.update_plan import UpdatePlan

    goals: list[Tool] = [GetGoal(), CreateGoal(), UpdateGoal()]
    files: list[Tool] = [ApplyPatch(), ReadFile(), ViewImage()]
    return [ExecCommand(), WriteStdin(), UpdatePlan(), RequestUserInput(), *files, *goals]


class Registry:
    def __init__(self, tools: Iterable[Tool] | None = None) -> None:
        self._given = tools

    @cached_property
    def _tools(self) -> dict[str, Tool]:
        return {tool.name: tool for tool in (built_in() if self._given is None else self._given)}

    def find(self, call: ToolCall, options: ToolOptions) -> Tool | None:
        """The tool for a call; None if there is none or it is not offered under these options."""
        tool = self._tools.get(call.name) if call.namespace is None else None
        return tool if tool and tool.offered(options) else None

    def specs(self, options: ToolOptions) -> list[dict[str, Any]]:
        """What a request lists as its tools."""
        return [tool.spec(options) for tool in self._tools.values() if tool.offered(options)]

    async def run(self, call: ToolCall, context: ToolContext) -> ToolOutput:
        """Carry out a call. Raises ToolError, also for an unknown tool."""
        tool = self.find(call, context.tool_options)
        if tool is None:
            raise ToolError(f"unsupported call: {call.name}")
        return await tool.run(call, context)
