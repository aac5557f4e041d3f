"""hooks/list: what is configured. Hooks are not run."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from spindled.agent.settings import either
from spindled.api.application import working_directory
from spindled.api.errors import handler
from spindled.api.threads.ids import thread_id
from spindled.config.hooks import CommandHandler, find_hooks
from spindled.rpc.errors import INVALID_REQUEST, RpcError
from spindled_protocol.types import CommandHookMetadata, HooksListEntry, HooksListResponse, McpToolHookMetadata

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled.config.hooks import Found, Hook
    from spindled_protocol.types import HookMetadata, HooksListParams

NOT_RUN = "hooks are listed here, but this server does not run them"


@handler
async def hooks_list(session: Session, params: HooksListParams) -> HooksListResponse:
    """Those of each folder, or of a thread's; of the daemon's own if none is named."""
    cwds, thread = either(params.cwds, []), either(params.threadId, None)
    if cwds and thread is not None:
        raise RpcError(INVALID_REQUEST, "specify either threadId or cwds")
    if thread is not None:
        cwds = [str(session.application.threads.get(thread_id(thread)).settings.cwd)]
    entries: list[HooksListEntry] = []
    for cwd in cwds or [str(working_directory(None))]:
        found = await asyncio.to_thread(find_hooks, session.application.config(working_directory(cwd)))
        entries.append(entry(cwd, found))
    return HooksListResponse(data=entries)


def entry(cwd: str, found: Found) -> HooksListEntry:
    hooks = [shown(hook, order) for order, hook in enumerate(found.hooks)]
    return HooksListEntry(cwd=cwd, hooks=hooks, warnings=[*found.warnings, *([NOT_RUN] if hooks else [])], errors=[])


def shown(hook: Hook, order: int) -> HookMetadata:
    common: dict[str, Any] = {
        "key": hook.key,
        "eventName": hook.event[0].lower() + hook.event[1:],
        "matcher": hook.matcher,
        "timeoutSec": hook.timeout,
        "statusMessage": hook.handler.statusMessage,
        "additionalContextLimit": hook.handler.additionalContextLimit,
        "sourcePath": str(hook.path),
        "source": hook.source,
        "displayOrder": order,
        "enabled": hook.enabled,
        "isManaged": False,
        "currentHash": hook.current,
        "trustStatus": trust(hook),
    }
    if isinstance(hook.handler, CommandHandler):
        return CommandHookMetadata(command=hook.handler.command, async_=hook.handler.async_, **common)
    return McpToolHookMetadata(server=hook.handler.server, tool=hook.handler.tool, **common)


def trust(hook: Hook) -> str:
    if hook.trusted is None:
        return "untrusted"
    return "trusted" if hook.trusted == hook.current else "modified"
