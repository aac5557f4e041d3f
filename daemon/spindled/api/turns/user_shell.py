"""thread/shellCommand: the user's own command in a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled.agent.settings import either
from spindled.api.errors import handler
from spindled.api.threads.ids import thread_id
from spindled.rpc.connection import Then
from spindled.rpc.errors import INVALID_PARAMS, INVALID_REQUEST, RpcError
from spindled.tools.commands.user_command import UserCommand
from spindled_protocol.types import ThreadShellCommandResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from spindled.api.session import Session
    from spindled_protocol.types import ThreadShellCommandParams

DEFAULT_MS = 60 * 60 * 1000


@handler
def thread_shell_command(session: Session, params: ThreadShellCommandParams) -> Then | Awaitable[Then]:
    milliseconds = either(params.timeoutMs, DEFAULT_MS)
    if milliseconds < 0:
        raise RpcError(INVALID_PARAMS, f"thread/shellCommand timeoutMs must be non-negative, got {milliseconds}")
    if not params.command.strip():
        raise RpcError(INVALID_REQUEST, "command must not be empty")
    command = UserCommand(params.command.strip(), milliseconds / 1000)
    thread = session.application.threads.get(thread_id(params.threadId))
    return begin_when_stopped(session, params, command) if thread.turns.stopping else begin(session, params, command)


@handler
async def begin_when_stopped(session: Session, params: ThreadShellCommandParams, command: UserCommand) -> Then:
    """What follows an interrupt at once is no part of the turn that ends."""
    await session.application.threads.get(thread_id(params.threadId)).turns.stopped()
    return begin(session, params, command)


def begin(session: Session, params: ThreadShellCommandParams, command: UserCommand) -> Then:
    thread = session.application.threads.get(thread_id(params.threadId))
    session.follow(thread)
    return Then(ThreadShellCommandResponse(), thread.user_commands.beginning(command))
