"""thread/backgroundTerminals/*: the commands of a thread that go on running."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled.api.errors import handler
from spindled.api.reading.pages import page
from spindled.api.threads.ids import thread_id
from spindled.process.usage import usage
from spindled.rpc.errors import INVALID_REQUEST, RpcError
from spindled_protocol.types import (
    ThreadBackgroundTerminal,
    ThreadBackgroundTerminalsCleanResponse,
    ThreadBackgroundTerminalsListResponse,
    ThreadBackgroundTerminalsTerminateResponse,
)

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled.tools.commands.exec_sessions import ExecSession
    from spindled_protocol.types import (
        ThreadBackgroundTerminalsCleanParams,
        ThreadBackgroundTerminalsListParams,
        ThreadBackgroundTerminalsTerminateParams,
    )


@handler
def background_terminals_list(
    session: Session, params: ThreadBackgroundTerminalsListParams
) -> ThreadBackgroundTerminalsListResponse:
    running = session.application.threads.get(thread_id(params.threadId)).sessions.running()
    shown, following = page(params, running)
    return ThreadBackgroundTerminalsListResponse(data=[terminal(command) for command in shown], nextCursor=following)


def terminal(command: ExecSession) -> ThreadBackgroundTerminal:
    used = usage(command.child.pid)
    return ThreadBackgroundTerminal(
        itemId=command.item.id,
        processId=str(command.number),
        command=command.item.command,
        cwd=command.item.cwd,
        osPid=command.child.pid,
        cpuPercent=used.cpu_percent if used else None,
        rssKb=used.rss_kb if used else None,
    )


@handler
async def background_terminals_clean(
    session: Session, params: ThreadBackgroundTerminalsCleanParams
) -> ThreadBackgroundTerminalsCleanResponse:
    await session.application.threads.get(thread_id(params.threadId)).sessions.clean()
    return ThreadBackgroundTerminalsCleanResponse()


@handler
async def background_terminals_terminate(
    session: Session, params: ThreadBackgroundTerminalsTerminateParams
) -> ThreadBackgroundTerminalsTerminateResponse:
    sessions = session.application.threads.get(thread_id(params.threadId)).sessions
    if not (params.processId.isascii() and params.processId.isdecimal()):
        raise RpcError(INVALID_REQUEST, "invalid background terminal process id: invalid digit found in string")
    return ThreadBackgroundTerminalsTerminateResponse(terminated=await sessions.terminate(params.processId))
