"""A program that uses a client, and tells in lines how far it has come."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

DRIVERS = Path(__file__).with_name("drivers")
PATIENCE = 60.0


class Driver:
    """Made by the `drive` fixture. The program writes `WORD JSON` on a line of its own; other lines are its chatter."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[str] = []
        self._errors = asyncio.ensure_future(self._read_errors())

    @classmethod
    async def start(cls, command: Sequence[str | Path], env: dict[str, str], cwd: Path) -> Driver:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *command, env=env, cwd=cwd, stdin=pipe, stdout=pipe, stderr=pipe, limit=1 << 24, start_new_session=True
        )
        return cls(process)

    async def says(self, word: str) -> Any:
        """What comes with the next line of this word."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            while line := (await self.process.stdout.readline()).decode():
                self.lines.append(line)
                first, _, rest = line.rstrip("\n").partition(" ")
                if first == word:
                    return json.loads(rest or "null")
        raise AssertionError(f"it ended without saying {word}\n{await self.story()}")

    def tell(self, line: str = "") -> None:
        """A line for the program to go on."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())

    async def done(self) -> None:
        """Wait for its good end."""
        async with asyncio.timeout(PATIENCE):
            assert self.process.stdout is not None
            while line := await self.process.stdout.readline():
                self.lines.append(line.decode())
            code = await self.process.wait()
        assert code == 0, f"exit code {code}\n{await self.story()}"

    async def story(self) -> str:
        return "".join(self.lines[-30:]) + (await self._errors)[-6000:]

    async def close(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        await self._errors
        assert self.process.stdin is not None
        self.process.stdin.close()

    async def _read_errors(self) -> str:
        assert self.process.stderr is not None
        return (await self.process.stderr.read()).decode(errors="replace")
