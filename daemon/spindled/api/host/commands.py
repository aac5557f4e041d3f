"""command/exec and what is sent to a running one. The command is confined as the configuration or the client says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from spindled.agent.settings import either, given, profile_mode, sandbox_policy
from spindled.api.application import working_directory
from spindled.api.errors import handler
from spindled.api.host.jobs import DEFAULT_CAP, Jobs, Stream, Words, check_command, job_environment
from spindled.process.child import STDERR, STDOUT
from spindled.process.job import Plan
from spindled.rpc.connection import Then
from spindled.rpc.errors import INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST, RpcError
from spindled.sandbox.confine import Confined, confine
from spindled_protocol.types import (
    CommandExecOutputDeltaNotification,
    CommandExecResizeResponse,
    CommandExecResponse,
    CommandExecTerminateResponse,
    CommandExecWriteResponse,
)

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled.config.schema import Config
    from spindled.rpc.connection import Connection
    from spindled_protocol.base import Wire
    from spindled_protocol.types import (
        CommandExecParams,
        CommandExecResizeParams,
        CommandExecTerminateParams,
        CommandExecWriteParams,
        SandboxPolicy,
    )

WORDS = Words(
    start="command/exec",
    write="command/exec/write",
    thing="command",
    one="command/exec",
    name="process id",
    active="command/exec process id",
    output="command/exec/outputDelta",
)


class Commands(Jobs):
    """A connection's commands."""

    def __init__(self, connection: Connection):
        super().__init__(WORDS, connection)

    def delta(self, name: str, stream: Stream, data: str, last: bool) -> Wire:
        return CommandExecOutputDeltaNotification(processId=name, stream=stream, deltaBase64=data, capReached=last)


@handler
async def command_exec(session: Session, params: CommandExecParams) -> CommandExecResponse:
    commands = session.kept(Commands)
    plan = command_plan(session, params, commands)
    process_id = either(params.processId, None)
    streams = plan.terminal is not None or either(params.streamStdoutStderr, False)
    if process_id is None and (streams or plan.stdin):
        raise RpcError(INVALID_REQUEST, "command/exec tty or streaming requires a client-supplied processId")
    job = commands.start(process_id, plan, commands.reader(process_id) if process_id is not None and streams else None)
    exit_code = await commands.run(process_id, job)
    return CommandExecResponse(exitCode=exit_code, stdout=job.outputs[STDOUT].text, stderr=job.outputs[STDERR].text)


def command_plan(session: Session, params: CommandExecParams, commands: Commands) -> Plan:
    """Raises RpcError, ConfigError."""
    command = check_command(params.command)
    if given(params.timeoutMs) and either(params.disableTimeout, False):
        raise RpcError(INVALID_PARAMS, "command/exec cannot set both timeoutMs and disableTimeout")
    if given(params.outputBytesCap) and either(params.disableOutputCap, False):
        raise RpcError(INVALID_PARAMS, "command/exec cannot set both outputBytesCap and disableOutputCap")
    cwd = working_directory(either(params.cwd, None))
    config = session.application.config(cwd)
    return Plan(
        command=confined(command, policy(params, config), cwd),
        cwd=cwd,
        environment=job_environment(config, params.env),
        stdin=either(params.streamStdin, False),
        terminal=commands.terminal(params),
        cap=None if either(params.disableOutputCap, False) else either(params.outputBytesCap, DEFAULT_CAP),
        seconds=None if either(params.disableTimeout, False) else commands.seconds(params.timeoutMs),
    )


def policy(params: CommandExecParams, config: Config) -> SandboxPolicy:
    """What the client asks for, else what is configured. Raises RpcError, SettingsError."""
    profile = either(params.permissionProfile, None)
    chosen: Any = either(params.sandboxPolicy, None)
    if profile is not None and chosen is not None:
        raise RpcError(INVALID_REQUEST, "`permissionProfile` cannot be combined with `sandboxPolicy`")
    if chosen is not None:
        return chosen  # type: ignore[no-any-return]
    mode = profile_mode(profile) if profile is not None else config.sandbox_mode
    return sandbox_policy(mode, config.settings.sandbox_workspace_write)


def confined(command: list[str], wanted: SandboxPolicy, cwd: Path) -> list[str]:
    """The command line that holds to the policy; raises RpcError where nothing here can."""
    held = confine(command, wanted, cwd)
    if isinstance(held, Confined):
        return held.command
    raise RpcError(INTERNAL_ERROR, f"failed to spawn command: {held.reason} as the sandbox policy wants")


@handler
async def command_exec_write(session: Session, params: CommandExecWriteParams) -> CommandExecWriteResponse:
    await session.kept(Commands).write(params.processId, params.deltaBase64, params.closeStdin)
    return CommandExecWriteResponse()


@handler
def command_exec_resize(session: Session, params: CommandExecResizeParams) -> CommandExecResizeResponse:
    session.kept(Commands).resize(params.processId, params.size)
    return CommandExecResizeResponse()


@handler
def command_exec_terminate(session: Session, params: CommandExecTerminateParams) -> Then:
    return Then(CommandExecTerminateResponse(), session.kept(Commands).find(params.processId).stop)
