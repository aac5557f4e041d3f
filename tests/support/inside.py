"""The daemon, with a thread beside it that looks into it: for tests that count what is left behind, and for benchmarks.

As a script: `inside.py ARGUMENTS` is `spindled ARGUMENTS`. The variable INSIDE names a Unix socket. Who connects and
sends `tasks` gets the names of the event loop's tasks as a JSON list; `pause` gives the longest time in seconds for
which the loop could not run a heartbeat since that was last asked for. NAMES names a file with the host names under
.test that exist: they are 127.0.0.1, all others there are unknown.
"""

from __future__ import annotations

import asyncio
import json
import os
import queue
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

PATIENCE = 10.0
BEAT = 0.001


class Inside:
    """What a test asks of a daemon that this module started."""

    def __init__(self, folder: Path, pid: int | None = None) -> None:
        self.socket = folder / "inside"
        self.names = folder / "names"
        self.names.touch()
        self.pid = pid

    @property
    def environment(self) -> dict[str, str]:
        return {"INSIDE": str(self.socket), "NAMES": str(self.names)}

    async def tasks(self) -> list[str]:
        """The names of the tasks that are not done, but for the main one."""
        names: list[str] = await self._ask("tasks")
        return names

    async def pause(self) -> float:
        """The longest pause of its event loop since this was last asked for, in seconds; the first answer is 0."""
        seconds: float = await self._ask("pause")
        return seconds

    async def _ask(self, what: str) -> Any:
        reader, writer = await asyncio.open_unix_connection(str(self.socket))
        try:
            writer.write(what.encode())
            writer.write_eof()
            return json.loads(await reader.read())
        finally:
            writer.close()
            await writer.wait_closed()

    def descriptors(self) -> tuple[int, int]:
        """How many of the process's descriptors are TCP sockets, and how many anything else but files."""
        internet = _internet_sockets()
        sockets = others = 0
        for link in Path(f"/proc/{self.pid}/fd").iterdir():
            try:
                target = os.readlink(link)
            except FileNotFoundError:
                continue
            if target.removeprefix("socket:") in internet:
                sockets += 1
            elif not target.startswith("/") and str(self.socket) not in target:
                others += 1
        return sockets, others


def command(*arguments: str) -> list[str]:
    return [sys.executable, __file__, *arguments]


def _internet_sockets() -> set[str]:
    """As the links in /proc name them, without `socket:`."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if Path(table).exists():
            found |= {f"[{line.split()[9]}]" for line in Path(table).read_text().splitlines()[1:]}
    return found


# -- within the daemon


def watch(path: str) -> None:
    """Answer on the socket, for the loop that runs first."""
    loops: queue.SimpleQueue[asyncio.AbstractEventLoop] = queue.SimpleQueue()
    run_forever = asyncio.BaseEventLoop.run_forever

    def seen(self: asyncio.BaseEventLoop) -> None:
        loops.put(self)
        run_forever(self)

    asyncio.BaseEventLoop.run_forever = seen  # type: ignore[method-assign]
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    threading.Thread(target=_answer, args=(listener, loops), daemon=True).start()


class Heartbeat:
    """Beats on a loop as often as it can, and notes for how long it could not."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._longest = 0.0

    def longest(self, loop: asyncio.AbstractEventLoop) -> float:
        """Since the last call."""
        if self._last is None:
            self._last = time.perf_counter()
            self._beat(loop)
        longest, self._longest = self._longest, 0.0
        return longest

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        now = time.perf_counter()
        assert self._last is not None
        self._longest = max(self._longest, now - self._last - BEAT)
        self._last = now
        loop.call_later(BEAT, self._beat, loop)


def _answer(listener: socket.socket, loops: queue.SimpleQueue[asyncio.AbstractEventLoop]) -> None:
    heart, loop = Heartbeat(), loops.get()
    while True:
        connection, _ = listener.accept()
        with connection:
            what = connection.recv(64)
            answers: queue.SimpleQueue[Any] = queue.SimpleQueue()

            def answer(what: bytes = what, answers: queue.SimpleQueue[Any] = answers) -> None:
                if what == b"pause":
                    answers.put(heart.longest(loop))
                else:
                    answers.put(sorted(task.get_name() for task in asyncio.all_tasks(loop)))

            loop.call_soon_threadsafe(answer)
            connection.sendall(json.dumps(answers.get(timeout=PATIENCE)).encode())


def resolve(names: str) -> None:
    """Look host names under .test up in a file."""
    getaddrinfo = socket.getaddrinfo

    def found(host: Any, *arguments: Any, **options: Any) -> Any:
        if isinstance(host, str) and host.endswith(".test"):
            if host not in Path(names).read_text().split():
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            host = "127.0.0.1"
        return getaddrinfo(host, *arguments, **options)

    socket.getaddrinfo = found


if __name__ == "__main__":
    sys.path.pop(0)
    watch(os.environ.pop("INSIDE"))
    resolve(os.environ.pop("NAMES"))
    from spindled.__main__ import main

    main()
