"""The write_stdin tool: type into a running command, or look at what it has printed since."""

from __future__ import annotations

import signal
import time
from typing import Any

from msgspec import Struct

from spindled.sandbox.confine import Confined, confine
from spindled.sandbox.policy import unrestricted
from spindled.tools.arguments import decode, function_spec
from spindled.tools.base import CommandApproval, ToolCall, ToolContext, ToolError, ToolOptions, ToolOutput, Verdict
from spindled.tools.commands.exec_command import DEFAULT_OUTPUT_TOKENS, MIN_YIELD_MS, answer
from spindled.tools.commands.exec_sessions import ExecSession
from spindled.tools.grants import InputGrant
from spindled.tools.policy import Ask, Refuse, decide_input

WRITE_YIELD_MS, MAX_WRITE_YIELD_MS = 250, 30_000
MIN_POLL_MS, MAX_POLL_MS = 5_000, 300_000
_MAX_UNWRITTEN = 1024 * 1024
_INTERRUPT = "\x03"
_SHOWN = 2000  # characters of the text that the user is asked about


class WriteArguments(Struct, kw_only=True):
    session_id: int
    chars: str = ""
    yield_time_ms: float | None = None
    max_output_tokens: float = DEFAULT_OUTPUT_TOKENS


_PROPERTIES = {
    "session_id": {"type": "number", "description": "The session that exec_command named."},
    "chars": {"type": "string", "description": "Text to type, control characters included; empty: only look."},
    "yield_time_ms": {
        "type": "number",
        "description": "How long to wait for output: 250 (default) to 30000 after typing, 5000 to 300000 otherwise.",
    },
    "max_output_tokens": {"type": "number", "description": "Longest output in tokens, default 10000."},
}


class WriteStdin:
    name = "write_stdin"
    parallel = True

    def offered(self, options: ToolOptions) -> bool:
        return options.shell_tool

    def spec(self, options: ToolOptions) -> dict[str, Any]:
        description = (
            "Type into a command that exec_command left running, or wait for more of its output. "
            "Answers early when the command ends."
        )
        return function_spec(self.name, description, _PROPERTIES, "session_id")

    async def run(self, call: ToolCall, context: ToolContext) -> ToolOutput:
        arguments = decode(call, WriteArguments)
        session = context.sessions.find(arguments.session_id)
        if session is None:
            raise ToolError(f"There is no session {arguments.session_id}: it never ran here or is over.")
        started = time.monotonic()
        if arguments.chars and not session.finished:
            if arguments.chars != _INTERRUPT:
                await _permit(session, arguments.chars, context)
            _write(session, arguments.chars)
        context.terminal_input(session.item.id, str(session.number), arguments.chars)
        # A cancelled look leaves the command alone: it was started by an earlier call.
        await session.wait(_seconds(arguments))
        return answer(session, started, arguments.max_output_tokens, context)


async def _permit(session: ExecSession, chars: str, context: ToolContext) -> None:
    """Raises ToolError unless the text may be typed."""
    policy = context.sandbox_policy
    grant = InputGrant(session.item.id, session.item.cwd)
    confined = isinstance(confine(["true"], policy, context.cwd), Confined)
    granted = context.grants.covers(grant)
    decision = decide_input(context.approval_policy, not unrestricted(policy), confined, granted)
    if isinstance(decision, Refuse):
        raise ToolError(f"Nothing was typed: {decision.reason}")
    if isinstance(decision, Ask):
        reason = f"Type into the running command: {chars[:_SHOWN]!r}"
        verdict = await context.approve_command(
            CommandApproval(item=session.item, grant=grant, kind="writeStdin", reason=reason)
        )
        if verdict is not Verdict.ACCEPTED:
            raise ToolError("Nothing was typed: rejected by the user.")
        session.done.add_done_callback(lambda _: context.grants.take(grant))


def _write(session: ExecSession, chars: str) -> None:
    if not session.tty:
        if chars != _INTERRUPT:
            raise ToolError("This command has no terminal, so its input is closed. Run it again with `tty` true.")
        session.child.signal(signal.SIGINT)
        return
    if session.child.unwritten > _MAX_UNWRITTEN:
        raise ToolError("The command does not read its input; nothing was written.")
    try:
        session.child.write(chars.encode("utf-8", "replace"))
    except BrokenPipeError as error:
        raise ToolError("The command's input is closed.") from error


def _seconds(arguments: WriteArguments) -> float:
    low, high = (MIN_YIELD_MS, MAX_WRITE_YIELD_MS) if arguments.chars else (MIN_POLL_MS, MAX_POLL_MS)
    default = WRITE_YIELD_MS if arguments.chars else MIN_POLL_MS
    wanted = default if arguments.yield_time_ms is None else arguments.yield_time_ms
    return min(max(wanted, low), high) / 1000
