"""process/*: programs that the client runs beside its threads, unconfined, and hears of by notifications."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from spindled.agent.settings import either
from spindled.api.errors import handler
from spindled.api.host.jobs import DEFAULT_CAP, Jobs, Stream, Words, check_command, job_environment
from spindled.api.host.paths import absolute_path
from spindled.process.child import STDERR, STDOUT
from spindled.process.job import Job, Plan
from spindled.rpc.connection import Then
from spindled.rpc.errors import INVALID_REQUEST, RpcError
from spindled_protocol.types import (
    ProcessExitedNotification,
    ProcessKillResponse,
    ProcessOutputDeltaNotification,
    ProcessResizePtyResponse,
    ProcessSpawnResponse,
    ProcessWriteStdinResponse,
)

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled.rpc.connection import Connection
    from spindled_protocol.base import Wire
    from spindled_protocol.types import (
        ProcessKillParams,
        ProcessResizePtyParams,
        ProcessSpawnParams,
        ProcessWriteStdinParams,
    )

WORDS = Words(
    start="process/spawn",
    write="process/writeStdin",
    thing="process",
    one="process",
    name="process handle",
    active="process handle",
    output="process/outputDelta",
)


class Processes(Jobs):
    """A connection's processes, each with the task that tells how it ended."""

    def __init__(self, connection: Connection):
        super().__init__(WORDS, connection)
        self._waiting: set[asyncio.Task[None]] = set()

    def delta(self, name: str, stream: Stream, data: str, last: bool) -> Wire:
        return ProcessOutputDeltaNotification(processHandle=name, stream=stream, deltaBase64=data, capReached=last)

    def follow(self, handle: str, job: Job) -> None:
        """Tell the client when it has ended."""
        waiting = asyncio.get_running_loop().create_task(self._follow(handle, job), name=f"process {handle}")
        self._waiting.add(waiting)
        waiting.add_done_callback(self._waiting.discard)

    async def _follow(self, handle: str, job: Job) -> None:
        exit_code = await self.run(handle, job)
        out, err = job.outputs[STDOUT], job.outputs[STDERR]
        self.connection.notify(
            "process/exited",
            ProcessExitedNotification(
                processHandle=handle,
                exitCode=exit_code,
                outputDrainTimedOut=job.child.cut_off,
                stdout=out.text,
                stdoutCapReached=out.capped,
                stderr=err.text,
                stderrCapReached=err.capped,
            ),
        )

    async def close(self) -> None:
        await super().close()
        if self._waiting:
            await asyncio.wait(self._waiting)


@handler
def process_spawn(session: Session, params: ProcessSpawnParams) -> Then:
    processes, handle = session.kept(Processes), params.processHandle
    command, cwd = check_command(params.command), absolute_path(params.cwd)
    if not handle:
        raise RpcError(INVALID_REQUEST, "processHandle must not be empty")
    terminal = processes.terminal(params)
    plan = Plan(
        command=command,
        cwd=cwd,
        environment=job_environment(session.application.config(cwd), params.env),
        stdin=either(params.streamStdin, False),
        terminal=terminal,
        cap=unless_null(params.outputBytesCap, either(params.outputBytesCap, DEFAULT_CAP)),
        seconds=unless_null(params.timeoutMs, processes.seconds(params.timeoutMs)),
    )
    streams = terminal is not None or either(params.streamStdoutStderr, False)
    job = processes.start(handle, plan, processes.reader(handle) if streams else None)
    return Then(ProcessSpawnResponse(), lambda: processes.follow(handle, job))


def unless_null(given: Any, value: Any) -> Any:
    """null takes a limit off, here; what is left out has the default."""
    return None if given is None else value


@handler
async def process_write_stdin(session: Session, params: ProcessWriteStdinParams) -> ProcessWriteStdinResponse:
    await session.kept(Processes).write(params.processHandle, params.deltaBase64, params.closeStdin)
    return ProcessWriteStdinResponse()


@handler
def process_resize_pty(session: Session, params: ProcessResizePtyParams) -> ProcessResizePtyResponse:
    session.kept(Processes).resize(params.processHandle, params.size)
    return ProcessResizePtyResponse()


@handler
def process_kill(session: Session, params: ProcessKillParams) -> Then:
    return Then(ProcessKillResponse(), session.kept(Processes).find(params.processHandle).stop)
