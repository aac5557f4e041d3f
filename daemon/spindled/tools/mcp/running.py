"""A call of a server as an item: shown when it begins, completed however it ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from spindled.mcp.errors import McpError
from spindled.tools.base import ToolError
from spindled.tools.clock import now_ms
from spindled_protocol.types import McpToolCallError, McpToolCallThreadItem

if TYPE_CHECKING:
    from spindled.tools.base import ToolContext
    from spindled_protocol.types import McpToolCallResult, McpToolCallStatus

INTERRUPTED = "the call was ended before the server answered"


class Running:
    """A call that has begun. `done` or `failed` is said once."""

    def __init__(self, context: ToolContext, item: McpToolCallThreadItem):
        self.item = item
        self._context = context
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def done(self, result: McpToolCallResult, status: McpToolCallStatus = "completed") -> None:
        self._complete(status=status, result=result)

    def failed(self, message: str) -> None:
        self._complete(status="failed", error=McpToolCallError(message=message))

    def _complete(self, **changes: Any) -> None:
        times = {"durationMs": int(self.seconds * 1000), "completedAtMs": now_ms()}
        self._context.item_completed(replace(self.item, **times, **changes))


@asynccontextmanager
async def running(
    context: ToolContext,
    item_id: str,
    server: str,
    tool: str,
    arguments: dict[str, Any],
    read_only: bool | None = None,
) -> AsyncIterator[Running]:
    """A failure of the server becomes the item's, and a ToolError."""
    item = McpToolCallThreadItem(
        id=item_id,
        server=server,
        tool=tool,
        status="inProgress",
        arguments=arguments,
        readOnlyHint=read_only,
        startedAtMs=now_ms(),
        completedAtMs=None,
    )
    call = Running(context, item)
    context.item_started(item)
    try:
        yield call
    except (McpError, ToolError) as error:
        call.failed(str(error))
        raise ToolError(str(error)) from error
    except asyncio.CancelledError:
        call.failed(INTERRUPTED)
        raise
    except Exception as error:
        call.failed(type(error).__name__)
        raise
