"""One tool of one server."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from spindled.sandbox.policy import unrestricted
from spindled.tools.arguments import decode
from spindled.tools.base import ToolApproval, ToolCall, ToolError, ToolOutput, Verdict
from spindled.tools.grants import ToolGrant
from spindled.tools.mcp.policy import decide_tool
from spindled.tools.mcp.progress import Progress
from spindled.tools.mcp.results import model_content, wire_result
from spindled.tools.mcp.running import Running, running
from spindled.tools.mcp.schemas import tool_schema
from spindled.tools.policy import Ask, Refuse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from spindled.config.mcp import McpServer
    from spindled.tools.base import ToolContext, ToolOptions

Json = dict[str, Any]

REJECTED, CANCELLED = "user rejected MCP tool call", "user cancelled MCP tool call"
MOST_DESCRIPTION = 8_000  # characters


class Connection(Protocol):
    """A server that takes requests."""

    async def request(
        self,
        method: str,
        params: Json,
        *,
        thread: str | None,
        ask: Callable[[Json], Awaitable[Json]] | None,
        progress: Callable[[float, float | None, str | None], None] | None,
    ) -> Json: ...


class McpTool:
    """`described` is the tool as its server lists it; `name` is the model's name for it."""

    def __init__(self, name: str, server: str, settings: McpServer, described: Json, connection: Connection):
        self.name = name
        self.server = server
        self.tool: str = described["name"]
        self._settings = settings
        self._described = described
        self._connection = connection
        self._spec: Json | None = None

    @property
    def parallel(self) -> bool:
        return self._settings.supports_parallel_tool_calls or self._annotations.get("readOnlyHint") is True

    @property
    def _annotations(self) -> Json:
        annotations: Json = self._described.get("annotations") or {}
        return annotations

    @property
    def _description(self) -> str:
        text = self._described.get("description") or self._described.get("title")
        return text[:MOST_DESCRIPTION] if isinstance(text, str) else ""

    def offered(self, options: ToolOptions) -> bool:
        return True

    def spec(self, options: ToolOptions) -> Json:
        if self._spec is None:
            self._spec = {
                "type": "function",
                "name": self.name,
                "description": self._description,
                "strict": False,
                "parameters": tool_schema(self._described["inputSchema"]),
            }
        return self._spec

    async def run(self, call: ToolCall, context: ToolContext) -> ToolOutput:
        arguments: Json = decode(call, dict)
        read_only = self._annotations.get("readOnlyHint")
        hint = read_only if isinstance(read_only, bool) else None
        async with running(context, call.call_id, self.server, self.tool, arguments, hint) as shown:
            await self._approved(arguments, context)
            result = await self._connection.request(
                "tools/call",
                {"name": self.tool, "arguments": arguments},
                thread=context.thread_id,
                ask=partial(context.elicit, self.server),
                progress=Progress(partial(context.tool_progress, call.call_id)),
            )
            return self._answer(result, shown)

    def _answer(self, result: Json, shown: Running) -> ToolOutput:
        failed = result.get("isError") is True
        shown.done(wire_result(result), "failed" if failed else "completed")
        return ToolOutput(model_content(result, shown.seconds), success=not failed)

    async def _approved(self, arguments: Json, context: ToolContext) -> None:
        """Raises ToolError unless it may run."""
        mode = self._settings.approval_mode(self.tool)
        granted = context.grants.covers(ToolGrant(self.server, self.tool))
        free = unrestricted(context.sandbox_policy)
        decision = decide_tool(mode, self._annotations, context.approval_policy, free, granted)
        if isinstance(decision, Refuse):
            raise ToolError(decision.reason)
        if not isinstance(decision, Ask):
            return
        verdict = await context.approve_tool(
            ToolApproval(
                server=self.server,
                tool=self.tool,
                description=self._description,
                arguments=arguments,
                keepable=mode != "prompt",
            )
        )
        if verdict is not Verdict.ACCEPTED:
            raise ToolError(CANCELLED if verdict is Verdict.CANCELLED else REJECTED)
