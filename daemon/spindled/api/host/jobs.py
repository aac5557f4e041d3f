"""What command/exec and process/* share: the running jobs of one connection by the client's names for them."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from spindled.agent.settings import either, given
from spindled.api.host import base64
from spindled.api.host.system import system_error
from spindled.process.child import STDOUT
from spindled.process.environment import child_environment
from spindled.process.job import Job, Plan, Reader
from spindled.process.pty import DEFAULT_SIZE
from spindled.rpc.errors import INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST, RpcError

if TYPE_CHECKING:
    from spindled.config.schema import Config
    from spindled.rpc.connection import Connection
    from spindled_protocol.base import Wire

Stream: TypeAlias = Literal["stdout", "stderr"]

DEFAULT_CAP = 1 << 20
"""Bytes of each output, unless the client says otherwise."""
DEFAULT_SECONDS = 10.0


class Words(NamedTuple):
    """How the errors of one family name things."""

    start: str  # the method that starts one
    write: str  # the method that writes to one
    thing: str  # what cannot be spawned
    one: str  # what there is none of under a name
    name: str  # what that name is
    active: str  # what there must not be two of
    output: str  # the notification of output


class Jobs(ABC):
    """Named jobs of a connection. A name is free again once its job has ended."""

    def __init__(self, words: Words, connection: Connection) -> None:
        self.words = words
        self.connection = connection
        self._running: dict[str, Job] = {}
        self._nameless: set[Job] = set()
        self._closed = False

    def start(self, name: str | None, plan: Plan, reader: Reader | None) -> Job:
        """`run` must follow. Raises RpcError: the name is in use, or it cannot be started."""
        if name is not None and name in self._running:
            raise RpcError(INVALID_REQUEST, f'duplicate active {self.words.active}: "{name}"')
        if self._closed:
            raise RpcError(INVALID_REQUEST, "the connection is closed")
        try:
            job = Job(plan, reader)
        except OSError as error:
            raise system_error(error, f"failed to spawn {self.words.thing}") from None
        except ValueError as error:
            raise RpcError(INTERNAL_ERROR, f"failed to spawn {self.words.thing}: {error}") from None
        if name is None:
            self._nameless.add(job)
        else:
            self._running[name] = job
        return job

    @abstractmethod
    def delta(self, name: str, stream: Stream, data: str, last: bool) -> Wire:
        """The params of the notification of output, which is in base64."""

    def reader(self, name: str) -> Reader:
        """Tells the client what the job of that name writes, as fast as it reads."""

        def take(stream: int, data: bytes, last: bool) -> None:
            shown: Stream = "stdout" if stream == STDOUT else "stderr"
            self.connection.notify(self.words.output, self.delta(name, shown, base64.encode(data), last))

        return Reader(take, self.connection.wait_writable)

    async def run(self, name: str | None, job: Job) -> int:
        """Its exit code, once nothing of it runs any more."""
        try:
            return await job.end()
        finally:
            self._nameless.discard(job)
            if name is not None:
                del self._running[name]

    def find(self, name: str) -> Job:
        """Raises RpcError."""
        job = self._running.get(name)
        if job is None:
            raise RpcError(INVALID_REQUEST, f'no active {self.words.one} for {self.words.name} "{name}"')
        return job

    async def write(self, name: str, delta: Any, close: Any) -> None:
        """Input as base64, the end of input, or both. Returns when most of it was taken. Raises RpcError."""
        closing = either(close, False)
        if not given(delta) and not closing:
            raise RpcError(INVALID_PARAMS, f"{self.words.write} requires deltaBase64 or closeStdin")
        try:
            data = base64.decode(either(delta, ""))
        except ValueError as error:
            raise RpcError(INVALID_PARAMS, f"invalid deltaBase64: {error}") from None
        job = self.find(name)
        if not (job.plan.stdin or job.plan.terminal):
            raise RpcError(INVALID_REQUEST, f"stdin streaming is not enabled for this {self.words.one}")
        if data:
            try:
                job.child.write(data)
            except BrokenPipeError:
                raise RpcError(INVALID_REQUEST, "stdin is already closed") from None
        if closing:
            job.child.close_stdin()
        await job.child.taken()

    def resize(self, name: str, size: Any) -> None:
        rows, columns = self.size(size)
        try:
            self.find(name).child.resize(rows, columns)
        except OSError:
            reason = "failed to resize PTY: process is not attached to a PTY"
            raise RpcError(INVALID_REQUEST, reason) from None

    def size(self, size: Any) -> tuple[int, int]:
        if size.rows == 0 or size.cols == 0:
            raise RpcError(INVALID_PARAMS, f"{self.words.one} size rows and cols must be greater than 0")
        return size.rows, size.cols

    def terminal(self, params: Any) -> tuple[int, int] | None:
        """The size of the terminal that is asked for."""
        tty = either(params.tty, False)
        if given(params.size) and not tty:
            raise RpcError(INVALID_PARAMS, f"{self.words.start} size requires tty: true")
        if given(params.size):
            return self.size(params.size)
        return DEFAULT_SIZE if tty else None

    def seconds(self, milliseconds: Any) -> float:
        wanted = either(milliseconds, None)
        if wanted is None:
            return DEFAULT_SECONDS
        if wanted < 0:
            raise RpcError(INVALID_PARAMS, f"{self.words.start} timeoutMs must be non-negative, got {wanted}")
        return float(wanted / 1000)

    async def close(self) -> None:
        """End every job; whoever waits for one gets its exit code."""
        self._closed = True
        jobs = [*self._running.values(), *self._nameless]
        for job in jobs:
            job.stop()
        await asyncio.gather(*(job.ended.wait() for job in jobs))


def job_environment(config: Config, changes: Any) -> dict[str, str]:
    """The daemon's variables as the configuration leaves them for commands, with the client's changes."""
    from spindled.api.settings.toolbox import tool_options

    options = tool_options(config)
    variables = child_environment(options.environment, options.environment_policy, options.secret_variables)
    changed: Mapping[str, str | None] = either(changes, {})
    merged: dict[str, str | None] = {**variables, **changed}
    return {name: value for name, value in merged.items() if value is not None}


def check_command(command: list[str]) -> list[str]:
    if not command:
        raise RpcError(INVALID_REQUEST, "command must not be empty")
    return command
