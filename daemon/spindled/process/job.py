"""A command run to its end on somebody's behalf: its output kept or passed on up to a cap, its time limited."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from spindled.process.child import STDERR, STDOUT, Child
from spindled.process.spawn import spawn
from spindled.process.tree import terminate

TIMED_OUT = 124
"""The exit code of a command whose time was up."""
_UNREAD = 256 * 1024  # bytes that are passed on before the reader is waited for
_ENVELOPE = 256  # what passing on a piece takes besides


class Plan(NamedTuple):
    """What to run. `cap`: bytes of each output, None for all. `seconds`: the time limit, None for none.

    With `terminal` (rows, columns) input is open and all output is stdout's.
    """

    command: Sequence[str]
    cwd: Path
    environment: Mapping[str, str]
    stdin: bool = False
    terminal: tuple[int, int] | None = None
    cap: int | None = None
    seconds: float | None = None


class Reader(NamedTuple):
    """Who gets the output as it comes: `take(stream, data, last)`, `last` once the cap is reached.

    `ready` returns when more can be taken; the command is held up meanwhile.
    """

    take: Callable[[int, bytes, bool], None]
    ready: Callable[[], Awaitable[None]]


class Output:
    """The first `cap` bytes of one stream: kept, or passed on."""

    def __init__(self, cap: int | None, take: Callable[[bytes, bool], None] | None) -> None:
        self.capped = False
        self.kept = bytearray()
        self._cap = cap
        self._left = cap
        self._take = take

    def add(self, data: bytes) -> None:
        if self.capped:
            return
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
            self.capped = self._left == 0
        if self._take is None:
            self.kept += data
        else:
            self._take(data, self.capped)

    @property
    def text(self) -> str:
        return self.kept.decode("utf-8", "replace")


class Job:
    """A running command. `end` must be awaited; whatever becomes of it, nothing of the command is left then."""

    def __init__(self, plan: Plan, reader: Reader | None = None) -> None:
        """Starts it. Raises OSError, or ValueError for what no command line can hold."""
        self.plan = plan
        self._reader = reader
        self._unread = 0
        self._holding: asyncio.Task[None] | None = None
        self._stopping: asyncio.Task[None] | None = None
        self.ended = asyncio.Event()
        """Set once nothing of it runs any more."""
        self.outputs = {stream: Output(plan.cap, self._passing(stream)) for stream in (STDOUT, STDERR)}
        self.child: Child = spawn(
            plan.command,
            cwd=plan.cwd,
            environment=plan.environment,
            output=self._received,
            stdin=plan.stdin,
            terminal=plan.terminal,
        )

    def _passing(self, stream: int) -> Callable[[bytes, bool], None] | None:
        reader = self._reader
        return None if reader is None else lambda data, last: reader.take(stream, data, last)

    async def end(self) -> int:
        """The exit code, TIMED_OUT if the time was up. Cancelled, the command is ended first."""
        try:
            async with asyncio.timeout(self.plan.seconds):
                await self.child.wait()
        except TimeoutError:
            return TIMED_OUT
        finally:
            await self._finish()
        assert self.child.exit_code is not None
        return self.child.exit_code

    def stop(self) -> None:
        """Begin to end it and all that descends from it; `end` tells when that is done."""
        if self._stopping is None:
            self._stopping = asyncio.get_running_loop().create_task(self.child.kill(0), name="stop a job")

    async def _finish(self) -> None:
        try:
            if self._stopping is not None:
                await self._stopping
            elif self.child.finished:
                await terminate([self.child.root], 0)  # what it left in the background
            else:
                await self.child.kill(0)
        finally:
            if self._holding is not None:
                self._holding.cancel()
            self.ended.set()

    def _received(self, stream: int, data: bytes) -> None:
        self.outputs[stream].add(data)
        if self._reader is None:
            return
        self._unread += len(data) + _ENVELOPE
        if self._unread > _UNREAD and self._holding is None:
            self.child.pause()
            self._holding = asyncio.get_running_loop().create_task(self._hold(self._reader), name="output held up")

    async def _hold(self, reader: Reader) -> None:
        try:
            await reader.ready()
        finally:
            self._unread, self._holding = 0, None
            self.child.resume()
