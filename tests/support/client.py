"""A client of the daemon's JSONL wire over a child's stdio, standard library only; `sockets` has one over sockets.

It waits for messages, never for time.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self, TypeAlias

Message: TypeAlias = dict[str, Any]
Handler: TypeAlias = Callable[[Message], Any | Awaitable[Any]]
"""Takes the params of a server request; what it returns (or its awaitable gives) is the result. None: no answer."""
Check: TypeAlias = Callable[[Message, str | None], None]
"""Takes a received message and, for a response, the method it answers. Raises AssertionError."""

PATIENCE = 10.0
"""Seconds after which a wait fails; not a measure of anything."""
TAIL = 25
CLIENT_INFO = {"name": "spindled_tests", "title": "spindled tests", "version": "0.0.1"}


class RequestFailed(Exception):
    """The daemon answered with an error."""

    def __init__(self, method: str, error: Message) -> None:
        super().__init__(f"{method}: {error.get('code')}: {error.get('message')}")
        self.code: int = error["code"]
        self.message: str = error["message"]
        self.data = error.get("data")


class ConnectionEnded(AssertionError):
    """The daemon's output ended before what was waited for came."""


class Line(NamedTuple):
    """One line of the transcript."""

    direction: Literal["->", "<-"]
    message: Message


class Client:
    """Made by `Client.start`. Everything is recorded: `transcript` both ways, `received` what came in, in order."""

    def __init__(self, process: asyncio.subprocess.Process, check: Check | None) -> None:
        self.process = process
        self.transcript: list[Line] = []
        self.received: list[Message] = []
        self.faults: list[str] = []
        """What `check` or a request handler raised, and lines that were no JSON."""
        self.ended = False
        """The daemon has closed its output."""
        self._check = check
        self._watchers: list[Callable[[Message], None]] = []
        self._stderr = bytearray()
        self._handlers: dict[str, Handler] = {}
        self._methods: dict[Any, str] = {}
        self._answers: dict[Any, asyncio.Future[Message]] = {}
        self._waiters: list[tuple[Callable[[Message], bool], asyncio.Future[Message]]] = []
        self._answering: set[asyncio.Task[None]] = set()
        self._readers = [asyncio.create_task(self._read()), asyncio.create_task(self._read_stderr())]

    @classmethod
    async def start(
        cls,
        command: Sequence[str | Path],
        *,
        env: dict[str, str] | None = None,
        cwd: str | Path | None = None,
        check: Check | None = None,
    ) -> Self:
        """Spawns the command in a process group of its own."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, stderr=pipe, env=env, cwd=cwd, start_new_session=True
        )
        return cls(process, check)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.kill()

    # What goes out

    def send(self, message: Message) -> None:
        """Writes a message as it stands."""
        self.transcript.append(Line("->", message))
        self.send_raw(json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode() + b"\n")

    def send_raw(self, data: bytes) -> None:
        """Writes bytes, a message or not."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)

    def notify(self, method: str, params: Message | None = None) -> None:
        self.send({"method": method} if params is None else {"method": method, "params": params})

    def post(self, method: str, params: Message | None = None) -> asyncio.Future[Message]:
        """Sends a request; the future gives the whole response, be it a result or an error."""
        number = len(self._methods) + 1
        self._methods[number] = method
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        message: Message = {"method": method, "id": number}
        self.send(message if params is None else {**message, "params": params})
        if self.ended:
            self._fail_all()
        return answer

    async def request(self, method: str, params: Message | None = None, *, patience: float = PATIENCE) -> Any:
        """The result. Raises RequestFailed, ConnectionEnded, TimeoutError (with the end of the transcript)."""
        answer: Message = await self._within(patience, self.post(method, params), f"no answer to {method}")
        if "error" in answer:
            raise RequestFailed(method, answer["error"])
        return answer["result"]

    def on_request(self, method: str, handler: Handler) -> None:
        """Answers the daemon's requests of this method from now on; others get no answer."""
        self._handlers[method] = handler

    # What comes in

    def watch(self, watcher: Callable[[Message], None]) -> None:
        """Calls the watcher with every message from now on, as it is received."""
        self._watchers.append(watcher)

    def mark(self) -> int:
        """The place in `received` from which `wait_for` is to look."""
        return len(self.received)

    async def wait_for(
        self, want: str | Callable[[Message], bool], *, since: int = 0, patience: float = PATIENCE
    ) -> Message:
        """The first received message from `since` on that has the method, or satisfies the predicate."""
        matches = want if callable(want) else lambda message: message.get("method") == want
        for message in self.received[since:]:
            if matches(message):
                return message
        found: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiters.append((matches, found))
        if self.ended:
            self._fail_all()
        missing = f"no {want if isinstance(want, str) else 'matching message'}"
        return dict(await self._within(patience, found, missing))

    def notifications(self, method: str, since: int = 0) -> list[Message]:
        """The params of all received notifications of a method, without the numbers that events have."""
        return [
            {name: value for name, value in m.get("params", {}).items() if name not in ("seq", "firstSeq")}
            for m in self.received[since:]
            if m.get("method") == method and "id" not in m
        ]

    # What most tests do

    async def initialize(self, **capabilities: Any) -> Message:
        """The handshake; the result of `initialize`."""
        capabilities = {"experimentalApi": True, **capabilities}
        result = await self.request("initialize", {"clientInfo": CLIENT_INFO, "capabilities": capabilities})
        self.notify("initialized")
        return dict(result)

    async def start_thread(self, **params: Any) -> Message:
        """The new thread."""
        return dict((await self.request("thread/start", params))["thread"])

    async def start_turn(self, thread_id: str, text: str, **params: Any) -> Message:
        """The turn as `turn/start` answers it."""
        message = {"type": "text", "text": text, "text_elements": []}
        result = await self.request("turn/start", {"threadId": thread_id, "input": [message], **params})
        return dict(result["turn"])

    async def run_turn(self, thread_id: str, text: str, *, patience: float = PATIENCE, **params: Any) -> list[Message]:
        """All messages from `turn/start` to the `turn/completed` of that turn."""
        since = self.mark()
        turn = await self.start_turn(thread_id, text, **params)
        done = await self.wait_for(is_completion_of(turn["id"]), since=since, patience=patience)
        return self.received[since : self.received.index(done, since) + 1]

    # How it ends

    @property
    def stderr(self) -> str:
        return self._stderr.decode(errors="replace")

    async def close(self) -> int:
        """End of input, as a client leaves; the exit code. Raises AssertionError for what `check` found."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        code: int = await self._within(PATIENCE, asyncio.ensure_future(self.process.wait()), "no exit at end of input")
        await self._reap()
        assert not self.faults, self.tail()
        return code

    async def kill(self) -> None:
        """SIGKILL to the whole process group. Nothing if the daemon is gone."""
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()
        await self._reap()

    def tail(self) -> str:
        """The end of the transcript and of stderr, for a person."""
        lines = [f"{line.direction} {json.dumps(line.message)[:400]}" for line in self.transcript[-TAIL:]]
        return "\n".join([*self.faults, "transcript:", *lines, "stderr:", self.stderr[-4000:]])

    async def _reap(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        for task in self._answering:
            task.cancel()
        # A descendant that survived may hold the pipes open: what it says is not waited for.
        _, open_readers = await asyncio.wait(self._readers, timeout=PATIENCE)
        for task in open_readers:
            task.cancel()
        await asyncio.gather(*self._readers, *self._answering, return_exceptions=True)
        with contextlib.suppress(ConnectionError):
            await self.process.stdin.wait_closed()

    async def _within(self, seconds: float, future: asyncio.Future[Any], missing: str) -> Any:
        try:
            async with asyncio.timeout(seconds):
                return await future
        except TimeoutError:
            raise TimeoutError(f"{missing} within {seconds} s\n{self.tail()}") from None

    def _incoming(self) -> AsyncIterator[bytes]:
        """The daemon's messages."""
        assert self.process.stdout is not None
        return lines_of(self.process.stdout)

    async def _read(self) -> None:
        try:
            async for line in self._incoming():
                self._receive(line)
        finally:
            self.ended = True
            self._fail_all()

    async def _read_stderr(self) -> None:
        assert self.process.stderr is not None
        while chunk := await self.process.stderr.read(1 << 16):
            self._stderr += chunk

    def _receive(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except ValueError:
            self.faults.append(f"no JSON: {line[:200]!r}")
            return
        self.transcript.append(Line("<-", message))
        self.received.append(message)
        self._check_message(message)
        for watcher in self._watchers:
            watcher(message)
        if "method" in message and "id" in message:
            self._answer(message)
        elif "method" not in message and (answer := self._answers.pop(message.get("id"), None)) is not None:
            _resolve(answer, message)
        for waiter in [waiter for waiter in self._waiters if waiter[0](message)]:
            self._waiters.remove(waiter)
            _resolve(waiter[1], message)

    def _check_message(self, message: Message) -> None:
        if self._check is None:
            return
        method = None if "method" in message else self._methods.get(message.get("id"))
        try:
            self._check(message, method)
        except AssertionError as error:
            self.faults.append(str(error))

    def _answer(self, message: Message) -> None:
        handler = self._handlers.get(message["method"])
        if handler is not None:
            task = asyncio.create_task(self._run_handler(handler, message))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    async def _run_handler(self, handler: Handler, message: Message) -> None:
        try:
            result = handler(message.get("params", {}))
            if inspect.isawaitable(result):
                result = await result
        except Exception as error:  # the test that registered it is to see it
            self.faults.append(f"handler of {message['method']}: {error!r}")
            return
        if result is not None:
            self.send({"id": message["id"], "result": result})

    def _fail_all(self) -> None:
        futures = [*self._answers.values(), *(future for _, future in self._waiters)]
        self._answers.clear()
        self._waiters.clear()
        for future in futures:
            if not future.done():
                future.set_exception(ConnectionEnded(f"the daemon's output ended\n{self.tail()}"))
                future.exception()  # a future that nobody awaits any more is no error of its own


def is_completion_of(turn_id: str) -> Callable[[Message], bool]:
    """Matches the `turn/completed` of a turn."""
    return lambda message: message.get("method") == "turn/completed" and message["params"]["turn"]["id"] == turn_id


def agent_texts(messages: Sequence[Message]) -> list[str]:
    """The agent's messages that were completed among these."""
    items = [message["params"]["item"] for message in messages if message.get("method") == "item/completed"]
    return [item["text"] for item in items if item["type"] == "agentMessage"]


def _resolve(future: asyncio.Future[Message], message: Message) -> None:
    if not future.done():
        future.set_result(message)


async def lines_of(stream: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Lines of any length; `readline` has a limit."""
    rest: list[bytes] = []
    while chunk := await stream.read(1 << 18):
        *lines, last = chunk.split(b"\n")
        for line in lines:
            yield b"".join([*rest, line])
            rest.clear()
        rest.append(last)
    if any(rest):
        yield b"".join(rest)
