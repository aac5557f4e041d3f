"""The exec_command tool: run a shell script, answer with its output or with a session that goes on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from spindled.process import quoting
from spindled.sandbox.confine import Confined, confine
from spindled.sandbox.policy import unrestricted
from spindled.tools.arguments import decode, function_spec
from spindled.tools.base import CommandApproval, ToolCall, ToolContext, ToolError, ToolOptions, ToolOutput, Verdict
from spindled.tools.clock import now_ms
from spindled.tools.commands.exec_output import report
from spindled.tools.commands.shell import ShellCommand, command_environment, shell_command, working_directory
from spindled.tools.grants import CommandGrant
from spindled.tools.policy import Ask, Proposal, Refuse, Run, decide

if TYPE_CHECKING:
    from spindled.tools.commands.exec_sessions import ExecSession
    from spindled_protocol.types import CommandExecutionThreadItem

DEFAULT_YIELD_MS = 10_000
MIN_YIELD_MS, MAX_YIELD_MS = 250, 30_000
DEFAULT_OUTPUT_TOKENS = 10_000


class ExecArguments(Struct, kw_only=True):
    cmd: str
    workdir: str | None = None
    shell: str | None = None
    login: bool = True
    tty: bool = False
    yield_time_ms: float = DEFAULT_YIELD_MS
    max_output_tokens: float = DEFAULT_OUTPUT_TOKENS
    sandbox_permissions: Literal["use_default", "require_escalated"] = "use_default"
    justification: str | None = None
    prefix_rule: list[str] | None = None


_PROPERTIES = {
    "cmd": {"type": "string", "description": "The shell script to run."},
    "workdir": {"type": "string", "description": "Folder to run in; default: the turn's working directory."},
    "shell": {"type": "string", "description": "Shell program; default: the user's."},
    "login": {"type": "boolean", "description": "Whether the shell reads the login profile (default true)."},
    "tty": {
        "type": "boolean",
        "description": "Give the command a terminal. Needed to write to it later; default false: pipes, empty stdin.",
    },
    "yield_time_ms": {
        "type": "number",
        "description": "How long to wait before answering while it still runs: 250 to 30000, default 10000.",
    },
    "max_output_tokens": {
        "type": "number",
        "description": "Longest output in tokens, default 10000; the middle of a longer one is left out.",
    },
    "sandbox_permissions": {
        "type": "string",
        "enum": ["use_default", "require_escalated"],
        "description": "`require_escalated` asks the user to let this command run outside the sandbox.",
    },
    "justification": {
        "type": "string",
        "description": "With `require_escalated`: the question that the user is asked, in one sentence.",
    },
    "prefix_rule": {
        "type": "array",
        "items": {"type": "string"},
        "description": "With `require_escalated`: first words of the command that the user may allow for good.",
    },
}


class ExecCommand:
    name = "exec_command"
    parallel = True

    def offered(self, options: ToolOptions) -> bool:
        return options.shell_tool

    def spec(self, options: ToolOptions) -> dict[str, Any]:
        description = (
            "Run a command in the user's shell. Answers with the output and the exit code, or, if it is still "
            "running after `yield_time_ms`, with a session ID for write_stdin."
        )
        return function_spec(self.name, description, _PROPERTIES, "cmd")

    async def run(self, call: ToolCall, context: ToolContext) -> ToolOutput:
        from spindled.tools.commands.command_words import shell_patch

        arguments = decode(call, ExecArguments)
        cwd = working_directory(arguments.workdir, context.cwd)
        if patch := shell_patch(arguments.cmd):
            from spindled.tools.apply_patch import apply_patch

            return await apply_patch(call.call_id, patch.patch, working_directory(patch.folder, cwd), context)
        return await self._execute(call.call_id, arguments, cwd, context)

    async def _execute(self, item_id: str, arguments: ExecArguments, cwd: Path, context: ToolContext) -> ToolOutput:
        shell = shell_command(arguments.cmd, arguments.shell, arguments.login, context.tool_options)
        escalated = arguments.sandbox_permissions == "require_escalated"
        confined = confine(shell.words, context.sandbox_policy, cwd)
        proposal = _proposal(shell, arguments, cwd, context, isinstance(confined, Confined))
        decision = decide(proposal, context.rules, context.grants.covers(proposal.grant))
        if isinstance(decision, Refuse):
            raise ToolError(f"The command was not run: {decision.reason}")
        item = _item(item_id, shell.words, arguments.cmd, cwd)
        shown = isinstance(decision, Ask)
        if isinstance(decision, Ask):
            await _approved(item, _ask(item, proposal, decision, arguments), context)
        outside = escalated or not isinstance(decision, Run) or decision.outside
        command = confined.command if isinstance(confined, Confined) and not outside else shell.words
        session = _start(item, shown, command, cwd, arguments.tty, context)
        started = time.monotonic()
        try:
            await session.wait(_clamp(arguments.yield_time_ms, MIN_YIELD_MS, MAX_YIELD_MS) / 1000)
        except BaseException:
            context.sessions.forget(session)
            await session.kill()
            raise
        return answer(session, started, arguments.max_output_tokens, context)


def answer(session: ExecSession, started: float, max_tokens: float, context: ToolContext) -> ToolOutput:
    """How the command stands, with its new output; a finished one is forgotten."""
    if session.finished:
        context.sessions.forget(session)
    tokens = int(_clamp(max_tokens, 1, context.tool_options.output_tokens))
    text = report(session.take_output(), time.monotonic() - started, session.standing(), tokens)
    return ToolOutput(text, success=not session.finished or session.item.exitCode == 0)


def _proposal(
    shell: ShellCommand, arguments: ExecArguments, cwd: Path, context: ToolContext, confined: bool
) -> Proposal:
    from spindled.tools.commands.command_words import mentioned_commands, plain_commands
    from spindled.tools.commands.shell_syntax import UnreadableScript

    try:
        mentioned = mentioned_commands(arguments.cmd) if context.rules else []
    except UnreadableScript:
        mentioned = None
    plain = plain_commands(arguments.cmd) if shell.trusted else None
    escalated = arguments.sandbox_permissions == "require_escalated"
    return Proposal(
        commands=plain or [shell.words],
        mentioned=mentioned,
        grant=CommandGrant(words=tuple(shell.words), cwd=str(cwd), escalated=escalated),
        approval_policy=context.approval_policy,
        limited=not unrestricted(context.sandbox_policy),
        confined=confined,
        escalated=escalated,
        justification=arguments.justification if escalated else None,
    )


def _ask(
    item: CommandExecutionThreadItem, proposal: Proposal, decision: Ask, arguments: ExecArguments
) -> CommandApproval:
    amendment = decision.amendment
    prefix = arguments.prefix_rule
    if prefix and amendment and proposal.escalated and amendment[: len(prefix)] == prefix:
        amendment = prefix
    return CommandApproval(item=item, grant=proposal.grant, reason=decision.reason, amendment=amendment)


async def _approved(item: CommandExecutionThreadItem, ask: CommandApproval, context: ToolContext) -> None:
    """Return once the user accepts; otherwise complete the item as declined and raise."""
    try:
        verdict = await context.approve_command(ask)
    except BaseException:
        context.item_completed(replace(item, status="declined", completedAtMs=now_ms()))
        raise
    if verdict is not Verdict.ACCEPTED:
        context.item_completed(replace(item, status="declined", completedAtMs=now_ms()))
        raise ToolError("The command was not run: the user rejected it.")


def _start(
    item: CommandExecutionThreadItem,
    shown: bool,
    command: Sequence[str],
    cwd: Path,
    tty: bool,
    context: ToolContext,
) -> ExecSession:
    """Start the command and show its item; its output can only arrive afterwards."""
    try:
        session = context.sessions.start(
            item, command, context, cwd=cwd, environment=command_environment(context, tty), tty=tty
        )
    except (OSError, ValueError) as error:
        message = f"The command could not be started: {error}"
        started = replace(item, source="unifiedExecStartup")
        if not shown:
            context.item_started(started)
        context.item_completed(
            replace(
                started,
                status="failed",
                aggregatedOutput=message,
                exitCode=-1,
                durationMs=0,
                completedAtMs=now_ms(),
            )
        )
        raise ToolError(message) from error
    if not shown:
        context.item_started(session.item)
    return session


def _item(item_id: str, words: Sequence[str], script: str, cwd: Path) -> CommandExecutionThreadItem:
    from spindled.tools.commands.command_actions import command_actions
    from spindled_protocol.types import CommandExecutionThreadItem

    return CommandExecutionThreadItem(
        id=item_id,
        command=quoting.join(words),
        cwd=str(cwd),
        source="agent",
        status="inProgress",
        commandActions=command_actions(script, cwd),
        startedAtMs=now_ms(),
        completedAtMs=None,
    )


def _clamp(value: float, low: float, high: float) -> float:
    return low if value != value else min(max(value, low), high)  # NaN counts as nothing given
