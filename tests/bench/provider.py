"""The fake provider in a process of its own, so that it takes no time from the client; as a script, that process.

Each line of its input is a JSON object `{"messages": M, "deltas": N}`: from then on every request is answered with M
messages of N one-word deltas, written at once. It answers each line, and its start, with its base URL.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from tests.support.fake_items import message  # noqa: E402
from tests.support.fake_provider import FakeProvider, Reply, stream  # noqa: E402

WORD = "word "


def burst(messages: int, deltas: int) -> Reply:
    """The whole stream as one piece of bytes, made once."""
    reply = stream(*(message(deltas=[WORD] * deltas) for _ in range(messages)))
    body = b"".join(step for step in reply.steps("resp_bench") if isinstance(step, bytes))
    return Reply(lambda _id: [body], head=reply.head, chunked=True)


class Provider:
    """The handle of that process."""

    def __init__(self, process: asyncio.subprocess.Process, base_url: str):
        self._process = process
        self.base_url = base_url

    @classmethod
    async def start(cls) -> Self:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(sys.executable, __file__, stdin=pipe, stdout=pipe, cwd=ROOT)
        return cls(process, await _line(process))

    async def answer_with(self, messages: int = 1, deltas: int = 1) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"messages": messages, "deltas": deltas}).encode() + b"\n")
        await _line(self._process)

    async def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()


async def _line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


async def serve() -> None:
    """Until the end of input."""
    async with FakeProvider() as fake:
        print(fake.base_url, flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            fake.requests.clear()
            fake.default = burst(**json.loads(line))
            print(fake.base_url, flush=True)


if __name__ == "__main__":
    asyncio.run(serve())
