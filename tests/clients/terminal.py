"""A program in a terminal, and what it shows."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import signal
import struct
import termios
from collections.abc import Sequence
from pathlib import Path

import pyte

PATIENCE = 60.0
LINES, COLUMNS = 50, 140


class Screen(pyte.Screen):
    """Answers what a program asks its terminal."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(COLUMNS, LINES)
        self._descriptor = descriptor

    def write_process_input(self, data: str) -> None:
        with contextlib.suppress(OSError):
            os.write(self._descriptor, data.encode())


class Terminal:
    """Made by `Terminal.start`."""

    def __init__(self, process: asyncio.subprocess.Process, descriptor: int) -> None:
        self.process = process
        self._descriptor = descriptor
        self._screen = Screen(descriptor)
        self._stream = pyte.ByteStream(self._screen)
        self._changed = asyncio.Event()
        asyncio.get_running_loop().add_reader(descriptor, self._read)

    @classmethod
    async def start(cls, command: Sequence[str | Path], env: dict[str, str], cwd: Path) -> Terminal:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                env={**env, "TERM": "xterm-256color"},
                cwd=cwd,
                stdin=theirs,
                stdout=theirs,
                stderr=theirs,
                start_new_session=True,
            )
        finally:
            os.close(theirs)
        return cls(process, ours)

    async def __aenter__(self) -> Terminal:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self._screen.display).strip()

    async def shows(self, text: str) -> None:
        """Wait until this is on the screen."""
        try:
            async with asyncio.timeout(PATIENCE):
                while text not in self.text:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"{text!r} is not shown\n{self.text}") from None

    def type(self, keys: str) -> None:
        os.write(self._descriptor, keys.encode())

    async def ends(self) -> int:
        """The exit code."""
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, 1 << 16)
        except OSError:  # the program has gone
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self._descriptor)
        self._stream.feed(data)
        self._changed.set()
