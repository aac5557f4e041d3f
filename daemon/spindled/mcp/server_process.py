"""A server that is a child of ours: lines in, lines out. Knows nothing of the protocol."""

from __future__ import annotations

import asyncio
import logging
import os
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from spindled.mcp.errors import ServerGone, StartupFailed
from spindled.process.child import STDOUT
from spindled.process.spawn import spawn

if TYPE_CHECKING:
    from spindled.mcp.launch import Launch

MAX_LINE = 64 << 20  # bytes
UNREAD = 1 << 20  # bytes of lines that wait before the server has to
LEAVE_SECONDS = 0.5  # to go by itself once its input has ended

log = logging.getLogger(__name__)


class ServerProcess:
    """Spawned when made; raises StartupFailed. What it says is kept until it is read, and then it has to wait."""

    def __init__(self, launch: Launch):
        assert launch.server.command is not None
        self._launch = launch
        self._lines: deque[bytes] = deque()
        self._waiting = 0  # bytes of _lines
        self._part: list[bytes] = []
        self._part_size = 0
        self._news = asyncio.Event()
        self._ended = self._paused = False
        try:
            self._child = spawn(
                [launch.server.command, *launch.server.args],
                cwd=Path(launch.cwd),
                environment=launch.environment,
                output=self._output,
                stdin=True,
            )
        except (OSError, ValueError) as error:  # ValueError: a null character
            number = getattr(error, "errno", None)
            reason = f"{os.strerror(number)} (os error {number})" if number else "it cannot be a command"
            raise StartupFailed(reason) from error
        self._child.add_done_callback(self._exited)

    @property
    def ended(self) -> bool:
        """It will say nothing more."""
        return self._ended

    async def receive(self) -> bytes | None:
        """The next line; None once there is none any more."""
        while not self._lines:
            if self._ended:
                return None
            self._news.clear()
            await self._news.wait()
        line = self._lines.popleft()
        self._waiting -= len(line)
        if self._paused and self._waiting < UNREAD and not self._child.finished:
            self._paused = False
            self._child.resume()
        return line

    def send(self, line: bytes) -> None:
        """Queue a line for it. Raises ServerGone."""
        try:
            self._child.write(line + b"\n")
        except BrokenPipeError:
            raise ServerGone from None

    async def close(self) -> None:
        """End it with all that descends from it; it may leave by itself first. Runs to its end once begun."""
        self._child.close_stdin()
        if self._paused:
            self._paused = False
            self._child.resume()
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                await self._child.wait()
        except TimeoutError:
            log.debug("%s does not leave by itself", self._launch.name)
        finally:
            await self._child.kill()

    # -- called from the loop

    def _output(self, stream: int, data: bytes) -> None:
        if stream != STDOUT:
            self._log(data)
            return
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._line(b"".join([*self._part, line]))
            self._part, self._part_size = [], 0
        if rest:
            self._part.append(rest)
            self._part_size += len(rest)
        if self._part_size > MAX_LINE:
            log.warning("%s: a message of more than %d bytes; the server is ended", self._launch.name, MAX_LINE)
            self._part, self._part_size = [], 0
            self._finish()
        if self._waiting > UNREAD and not self._paused and not self._ended:
            self._paused = True
            self._child.pause()
        self._news.set()

    def _line(self, line: bytes) -> None:
        if line.strip() and not self._ended:
            self._lines.append(line)
            self._waiting += len(line)

    def _exited(self) -> None:
        log.debug("%s: exit code %s", self._launch.name, self._child.exit_code)
        self._finish()

    def _finish(self) -> None:
        self._ended = True
        self._news.set()

    def _log(self, data: bytes) -> None:
        if not log.isEnabledFor(logging.DEBUG):
            return
        text = data.decode(errors="replace")
        for secret in self._launch.secrets:
            text = text.replace(secret, "***")
        for line in text.splitlines():
            log.debug("%s: %s", self._launch.name, line[:1000])
