"""The fake provider in a process of its own, so that it takes no time from the client; as a script, that process.

Each line of its input is a JSON object `{"messages": M, "deltas": N, "api": A, "kind": K, "word": W}`: from then on
every request is answered with M messages (K "text"), reasoning items ("reasoning") or calls ("arguments") of N deltas
W, written at once, as a provider of that API does. It answers each line, and its start, with its base URL.
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

from tests.support.fake_chat import chat_stream  # noqa: E402
from tests.support.fake_items import Item, function_call, message, reasoning  # noqa: E402
from tests.support.fake_messages import messages_stream  # noqa: E402
from tests.support.fake_provider import FakeProvider, Reply, stream  # noqa: E402
from tests.support.spoken import Call, Say, Spoken, Think  # noqa: E402

WORD = "word "


def burst(messages: int, deltas: int, api: str = "responses", kind: str = "text", word: str = WORD) -> Reply:
    """The whole stream as one piece of bytes, made once."""
    if api == "responses":
        reply = stream(*(_item(kind, word, deltas, number) for number in range(messages)))
    else:
        speak = chat_stream if api == "chat" else messages_stream
        reply = speak(*(_part(kind, word, deltas, number) for number in range(messages)))
    body = b"".join(step for step in reply.steps("resp_bench") if isinstance(step, bytes))
    return Reply(lambda _id: [body], head=reply.head, chunked=True)


def _item(kind: str, word: str, deltas: int, number: int) -> Item:
    if kind == "reasoning":
        return reasoning([word] * deltas)
    if kind == "arguments":
        return function_call("nope", json.dumps({"a": word * deltas}), call_id=f"call_{number}", deltas=deltas)
    return message(deltas=[word] * deltas)


def _part(kind: str, word: str, deltas: int, number: int) -> Spoken:
    if kind == "reasoning":
        return Think(word * deltas, deltas)
    if kind == "arguments":
        return Call("nope", json.dumps({"a": word * deltas}), f"call_{number}", deltas=deltas)
    return Say(word * deltas, deltas)


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

    async def answer_with(self, messages: int = 1, deltas: int = 1, **more: str) -> None:
        """`more`: api, kind, word."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"messages": messages, "deltas": deltas, **more}).encode() + b"\n")
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
