"""A server under measurement: a client that decodes next to nothing, and what the kernel says of the process."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

Message = dict[str, Any]

DELTA = b'"item/agentMessage/delta"'
AT_ONCE = 16
"""Requests that wait for their answer at the same time."""
OVERLOADED = -32001
"""The reference refuses a request with it when too many wait; its clients are to send it again."""
PATIENCE = 300.0
CPU_CLOCK = 2
"""In the number of a process's own clock, which begins with its inverted number: see clock_getcpuclockid(3)."""


class Refused(Exception):
    """A request was answered with an error, or a turn did not complete."""


class Server:
    """A running server. Delta notifications are counted and not decoded."""

    def __init__(self, process: asyncio.subprocess.Process, spawned: float):
        self.process = process
        self.spawned = spawned
        self.deltas = 0
        self._answers: dict[int, asyncio.Future[Message]] = {}
        self._turns: dict[str, asyncio.Future[Message]] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._number = 0
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def spawn(cls, command: Sequence[str], env: dict[str, str], cwd: Path, log: Path) -> Self:
        """`log` takes what the server says on stderr."""
        pipe = asyncio.subprocess.PIPE
        with log.open("ab") as stderr:
            spawned = time.perf_counter()
            process = await asyncio.create_subprocess_exec(
                *command, stdin=pipe, stdout=pipe, stderr=stderr, env=env, cwd=cwd
            )
        return cls(process, spawned)

    async def initialize(self) -> float:
        """Seconds from the spawn to the answer."""
        info = {"name": "bench", "title": None, "version": "1"}
        await self.request("initialize", {"clientInfo": info, "capabilities": {"experimentalApi": True}})
        answered = time.perf_counter()
        self._send({"method": "initialized"})
        return answered - self.spawned

    async def request(self, method: str, params: Message) -> Message:
        """The result; raises Refused."""
        wait = 0.02
        while True:
            async with self._slots:
                self._number += 1
                answer = self._answers[self._number] = asyncio.get_running_loop().create_future()
                self._send({"method": method, "id": self._number, "params": params})
                message = await asyncio.wait_for(answer, PATIENCE)
            if "result" in message:
                result: Message = message["result"]
                return result
            if message["error"]["code"] != OVERLOADED:
                raise Refused(f"{method}: {message['error']['message']}")
            await asyncio.sleep(wait)
            wait = min(wait * 2, 0.5)

    async def start_thread(self) -> str:
        return str((await self.request("thread/start", {}))["thread"]["id"])

    async def turn(self, thread: str, text: str = "hello") -> float:
        """Seconds from turn/start to turn/completed; raises Refused unless it completed."""
        done = self._turns[thread] = asyncio.get_running_loop().create_future()
        begun = time.perf_counter()
        content = [{"type": "text", "text": text, "text_elements": []}]
        await self.request("turn/start", {"threadId": thread, "input": content})
        turn = await asyncio.wait_for(done, PATIENCE)
        if turn["status"] != "completed":
            raise Refused(f"turn {turn['status']}: {turn['error']}")
        return time.perf_counter() - begun

    async def stop(self) -> None:
        """End of input, and wait for the exit."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            await asyncio.wait_for(self.process.wait(), 10)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
        await self._reader

    # What the kernel says

    def cpu(self) -> float:
        """Seconds of processor time so far."""
        return time.clock_gettime(~self.process.pid << 3 | CPU_CLOCK)

    def memory(self) -> float:
        """Resident MB now."""
        return self._megabytes("VmRSS")

    def peak_memory(self) -> float:
        """The most that ever was resident, MB."""
        return self._megabytes("VmHWM")

    def _megabytes(self, field: str) -> float:
        line = next(line for line in self._proc("status").splitlines() if line.startswith(field))
        return int(line.split()[1]) / 1024

    def _proc(self, name: str) -> str:
        return Path(f"/proc/{self.process.pid}/{name}").read_text()

    # The wire

    def _send(self, message: Message) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")

    async def _read(self) -> None:
        assert self.process.stdout is not None
        rest = b""
        while chunk := await self.process.stdout.read(1 << 18):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                if DELTA in line[:80]:
                    self.deltas += 1
                else:
                    self._receive(json.loads(line))
        for future in [*self._answers.values(), *self._turns.values()]:
            if not future.done():
                future.set_exception(Refused("the server ended"))

    def _receive(self, message: Message) -> None:
        if message.get("method") == "turn/completed":
            params = message["params"]
            self._turns.pop(params["threadId"]).set_result(params["turn"])
        elif "method" not in message:
            self._answers.pop(message["id"]).set_result(message)
