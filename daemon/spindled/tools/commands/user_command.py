"""A command that the user runs in a thread: neither asked about nor confined, and the model hears of it."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from spindled.process import quoting
from spindled.tools.clock import now_ms
from spindled.tools.commands.exec_output import shortened
from spindled.tools.commands.shell import command_environment, shell_command

if TYPE_CHECKING:
    from spindled.tools.base import ToolContext
    from spindled.tools.commands.exec_sessions import ExecSession
    from spindled_protocol.types import CommandExecutionThreadItem

TIME_IS_UP = "[ended here: its time was up]"
ABORTED = "[ended here by the user]"
NOT_STARTED = -1


class UserCommand(Struct, frozen=True):
    """A script for the user's shell; `seconds` is its time limit."""

    script: str
    seconds: float


async def run_for_user(command: UserCommand, context: ToolContext) -> str:
    """Run it as an item of the turn; what the model hears of it. Cancelled, it is ended and told all the same."""
    words = shell_command(command.script, None, True, context.tool_options).words
    item = _item(command, words, context)
    context.item_started(item)
    started = time.monotonic()
    try:
        session = context.sessions.start_apart(item, words, context, command_environment(context, tty=False))
    except (OSError, ValueError) as error:
        return _not_started(command, item, f"The command could not be started: {error}", context)
    note = await _end(session, command.seconds)
    output = shortened(session.take_output(), context.tool_options.output_tokens)
    return told(command.script, session.item.exitCode, time.monotonic() - started, output + note)


async def _end(session: ExecSession, seconds: float) -> str:
    """Wait for its end, or bring it about; why that was necessary."""
    try:
        async with asyncio.timeout(seconds):
            await asyncio.wait([session.done])
    except TimeoutError:
        note = TIME_IS_UP
    except asyncio.CancelledError:
        note = ABORTED
    else:
        return ""
    await session.kill()
    return f"\n{note}"


def _not_started(command: UserCommand, item: CommandExecutionThreadItem, reason: str, context: ToolContext) -> str:
    failed = replace(
        item,
        status="failed",
        aggregatedOutput=reason,
        exitCode=NOT_STARTED,
        durationMs=0,
        completedAtMs=now_ms(),
    )
    context.item_completed(failed)
    return told(command.script, NOT_STARTED, 0.0, reason)


def told(script: str, exit_code: int | None, seconds: float, output: str) -> str:
    """In the form that the reference gives it, so that each reads the other's threads."""
    return (
        f"<user_shell_command>\n<command>\n{script}\n</command>\n<result>\nExit code: {exit_code}\n"
        f"Duration: {seconds:.4f} seconds\nOutput:\n{output}\n</result>\n</user_shell_command>"
    )


def _item(command: UserCommand, words: list[str], context: ToolContext) -> CommandExecutionThreadItem:
    from spindled.tools.commands.command_actions import command_actions
    from spindled_protocol.types import CommandExecutionThreadItem

    return CommandExecutionThreadItem(
        id=str(uuid.uuid4()),
        command=quoting.join(words),
        cwd=str(context.cwd),
        source="userShell",
        status="inProgress",
        commandActions=command_actions(command.script, context.cwd),
        startedAtMs=now_ms(),
        completedAtMs=None,
    )
