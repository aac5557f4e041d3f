"""The commands of one thread that run or wait to be polled, each with its item and its output."""

from __future__ import annotations

import asyncio
import codecs
import random
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from spindled.process.child import GRACE, Child
from spindled.process.pty import DEFAULT_SIZE
from spindled.process.spawn import spawn
from spindled.process.tail import HeadTail
from spindled.process.tree import Root, terminate
from spindled.tools.base import ToolContext
from spindled.tools.clock import now_ms
from spindled.tools.commands.open_questions import OpenQuestions

if TYPE_CHECKING:
    from spindled_protocol.types import CommandExecutionThreadItem

MAX_SESSIONS = 64
OUTPUT_LIMIT = 1024 * 1024  # bytes kept of an output: for the item, and between two looks of the model
DELTA_LIMIT = 1024 * 1024  # characters of live output per command
_DELTA_PAUSE = 0.01
_AT_ONCE = 0.15  # seconds: what ends sooner is shown as a whole, by its item
_SHORT = 4096  # characters that are held back that long
_REMEMBERED_ROOTS = 256


class LiveOutput:
    """Output as deltas: merged within 10 ms, characters whole, the total bounded.

    `held`: seconds from now in which a short output waits. If the command ends within them, its item says it all and
    no delta is sent: most commands of a model are that short.
    """

    def __init__(self, context: ToolContext, item_id: str, held: float = 0.0) -> None:
        self._context = context
        self._item_id = item_id
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pending: list[str] = []
        self._waiting = 0
        self._left = DELTA_LIMIT
        self._next_at = self._held_until = asyncio.get_running_loop().time() + held
        self._timer: asyncio.TimerHandle | None = None

    def add(self, data: bytes, final: bool = False) -> None:
        if self._left <= 0:
            return
        if text := self._decoder.decode(data, final):
            self._pending.append(text)
            self._waiting += len(text)
        loop = asyncio.get_running_loop()
        if self._waiting > _SHORT and loop.time() < self._held_until:
            self._next_at = self._held_until = loop.time()
            self._stop_timer()
        if self._pending and self._timer is None:
            self._timer = loop.call_at(max(self._next_at, loop.time()), self._send)

    def end(self) -> None:
        self.add(b"", final=True)
        if asyncio.get_running_loop().time() < self._held_until:
            self._pending.clear()
        self._send()

    def _send(self) -> None:
        self._stop_timer()
        text = "".join(self._pending)
        self._pending.clear()
        self._waiting = 0
        if not text:
            return
        if len(text) > self._left:
            text = text[: self._left] + "\n[... no more live output of this command ...]\n"
            self._left = 0
        else:
            self._left -= len(text)
        self._next_at = asyncio.get_running_loop().time() + _DELTA_PAUSE
        self._context.output_delta(self._item_id, text)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class ExecSession:
    """One started command. Its item is completed by itself when the process ends, whoever waits."""

    def __init__(
        self,
        number: int,
        item: CommandExecutionThreadItem,
        context: ToolContext,
        tty: bool,
        questions: OpenQuestions,
        held: float = 0.0,
    ) -> None:
        """`held`: see LiveOutput."""
        self.number = number
        self.item = item
        self.tty = tty
        self.child: Child
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._context = context
        self._questions = questions
        self._started = time.monotonic()
        self._whole = HeadTail(OUTPUT_LIMIT)
        self._unread = HeadTail(OUTPUT_LIMIT)
        self._live = LiveOutput(context, item.id, held)

    @property
    def finished(self) -> bool:
        return self.done.done()

    def begin(self, child: Child) -> None:
        self.child = child
        child.add_done_callback(self._complete)

    def receive(self, stream: int, data: bytes) -> None:
        self._whole.append(data)
        self._unread.append(data)
        self._live.add(data)

    def take_output(self) -> HeadTail:
        """What came since the last look."""
        output, self._unread = self._unread, HeadTail(OUTPUT_LIMIT)
        return output

    async def wait(self, seconds: float) -> None:
        """Return at the end of the command or after `seconds`, in which no client asks its user something."""
        await self._questions.wait(self.done, seconds)

    async def kill(self, grace: float = GRACE) -> None:
        """End the process tree; the item is completed when this returns, or raises for the caller's cancellation."""
        try:
            await self.child.kill(grace)
        finally:
            self._complete()

    def standing(self) -> str:
        if not self.finished:
            return f"Process running with session ID {self.number}"
        return f"Process exited with code {self.item.exitCode}"

    def _complete(self) -> None:
        if self.finished or self.child.exit_code is None:
            return
        self._live.end()
        self.item = replace(
            self.item,
            status="completed" if self.child.exit_code == 0 else "failed",
            aggregatedOutput=self._whole.text() or None,
            exitCode=self.child.exit_code,
            durationMs=round((time.monotonic() - self._started) * 1000),
            completedAtMs=now_ms(),
        )
        self.done.set_result(None)
        self._context.item_completed(self.item)


class ExecSessions:
    """Owns the commands of a thread: numbers them, bounds them, and ends them with it."""

    def __init__(self, questions: OpenQuestions) -> None:
        self._questions = questions
        self._sessions: dict[int, ExecSession] = {}
        self._apart: set[ExecSession] = set()
        # Also of commands that are over: what they left in the background ends with the thread.
        self._roots: deque[Root] = deque(maxlen=_REMEMBERED_ROOTS)
        self._endings: set[asyncio.Task[None]] = set()
        self._closed = False

    def start(
        self,
        item: CommandExecutionThreadItem,
        command: Sequence[str],
        context: ToolContext,
        *,
        cwd: Path,
        environment: dict[str, str],
        tty: bool,
    ) -> ExecSession:
        """Start a command for an item, which gets its processId. Raises OSError when it cannot be started."""
        self._make_room()
        number = self._new_number()
        started = replace(item, processId=str(number), source="unifiedExecStartup")
        session = ExecSession(number, started, context, tty, self._questions, _AT_ONCE)
        self._launch(session, command, cwd, environment)
        self._sessions[number] = session
        return session

    def start_apart(
        self,
        item: CommandExecutionThreadItem,
        command: Sequence[str],
        context: ToolContext,
        environment: dict[str, str],
    ) -> ExecSession:
        """Start a command that is not the model's, in the turn's folder: it has no number and is not polled.

        Raises OSError when it cannot be started.
        """
        session = ExecSession(0, item, context, False, self._questions)
        self._launch(session, command, context.cwd, environment)
        self._apart.add(session)
        session.done.add_done_callback(lambda _: self._apart.discard(session))
        return session

    def _launch(self, session: ExecSession, command: Sequence[str], cwd: Path, environment: dict[str, str]) -> None:
        if self._closed:
            raise OSError(0, "the thread is closed")
        child = spawn(
            command,
            cwd=cwd,
            environment=environment,
            output=session.receive,
            merge=True,
            terminal=DEFAULT_SIZE if session.tty else None,
        )
        session.begin(child)
        self._roots.append(child.root)

    def find(self, number: int) -> ExecSession | None:
        return self._sessions.get(number)

    def forget(self, session: ExecSession) -> None:
        """The model knows how it ended."""
        self._sessions.pop(session.number, None)

    def running(self) -> list[ExecSession]:
        return [session for session in self._sessions.values() if not session.finished]

    async def terminate(self, process_id: str) -> bool:
        """End one command by its item's processId; False if no such command runs."""
        for session in self.running():
            if str(session.number) == process_id:
                await session.kill()
                return True
        return False

    async def clean(self) -> None:
        """End every running command."""
        await asyncio.gather(*(session.kill() for session in self.running()))

    async def close(self, grace: float = GRACE) -> None:
        """End every command and what the finished ones left behind. Nothing can be started afterwards."""
        self._closed = True
        running = [*self.running(), *self._apart]
        await asyncio.gather(*(session.kill(grace) for session in running), *self._endings)
        roots = list(self._roots)
        self._roots.clear()
        await terminate(roots, grace)
        self._sessions.clear()

    def _new_number(self) -> int:
        while True:
            number = random.randrange(1000, 100_000)
            if number not in self._sessions:
                return number

    def _make_room(self) -> None:
        """The oldest finished command goes first; with none, the oldest running one is ended."""
        if len(self._sessions) < MAX_SESSIONS:
            return
        oldest = next(iter(self._sessions.values()))
        victim = next((session for session in self._sessions.values() if session.finished), oldest)
        del self._sessions[victim.number]
        if not victim.finished:
            task = asyncio.get_running_loop().create_task(victim.kill(), name=f"end session {victim.number}")
            self._endings.add(task)
            task.add_done_callback(self._endings.discard)
