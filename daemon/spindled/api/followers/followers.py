"""The connections that follow a thread: each notification is encoded once for all of them, and numbered."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from spindled.api.followers.audience import BROADCAST, drop_slow
from spindled.api.followers.deltas import DELTAS, Delta
from spindled.api.followers.questions import RETURN_SECONDS, Question
from spindled.api.followers.unfinished import unfinished
from spindled.rpc.envelope import encode_notification, without_last
from spindled_protocol.base import Wire
from spindled_protocol.methods import METHODS

if TYPE_CHECKING:
    from spindled.api.followers.audience import Audience
    from spindled.api.followers.eventlog import EventLog
    from spindled.rpc.connection import Connection

Answer = TypeVar("Answer", bound=Wire)

NUMBERS = ("seq", "firstSeq")
"""The fields of a notification that are filled in here."""

NOTIFICATIONS = {method.name: method for method in METHODS.values() if method.kind == "server_notification"}
NUMBERED = frozenset(name for name, method in NOTIFICATIONS.items() if "seq" in method.experimental_fields)
OURS = frozenset(name for name, method in NOTIFICATIONS.items() if method.experimental)
HELD_BACK = {
    name: fields
    for name, method in NOTIFICATIONS.items()
    if (fields := tuple(field for field in method.experimental_fields if field not in NUMBERS))
}


class ThreadFollowers:
    """Implements `agent.ports.Followers` for one thread. `log` numbers its events and keeps the latest."""

    def __init__(self, thread_id: str, log: EventLog, audience: Audience):
        self.thread_id = thread_id
        self.log = log
        self.connections: list[Connection] = []
        self._audience = audience
        self._questions: list[Question] = []
        self._last_left: float | None = None

    def add(self, connection: Connection) -> None:
        """From here on; it is also asked what is open."""
        self.join(connection, self.log.last)

    def join(self, connection: Connection, after: int) -> None:
        """Tell a connection what came after this number, and what is still asked, in the order in which it came.

        From then on it follows the thread.
        """
        questions = [question for question in self._questions if connection not in self.connections]
        for seq, method, frame in self.log.since(after):
            while questions and questions[0].after < seq:
                questions.pop(0).ask_late(connection)
            if wants(connection, method):
                told = frame if connection.client.experimental else self._plain(method, frame, seq)
                connection.send(told, asked_for=True)
        for question in questions:
            question.ask_late(connection)
        if connection not in self.connections:
            self.connections.append(connection)

    def recall(self, connection: Connection, until: int) -> None:
        """Tell a connection of the items that went on when this event came; without numbers, since they are past."""
        for seq, method, frame in unfinished(event for event in self.log.since(0) if event[0] <= until):
            if wants(connection, method):
                connection.send(self._plain(method, frame, seq), asked_for=True)

    def remove(self, connection: Connection) -> bool:
        """False if it did not follow."""
        if connection not in self.connections:
            return False
        self.connections.remove(connection)
        if not self.connections:
            self._last_left = asyncio.get_running_loop().time()
        for question in self._questions:
            question.withdraw(connection)
        return True

    def publish(self, method: str, params: Any) -> None:
        """Events of the thread get their number here, in `params`."""
        if numbered := method in NUMBERED:
            params.seq = self.log.last + 1
        frame = encode_notification(method, params)
        if numbered:
            self.log.add(method, frame)
        mergeable = method in DELTAS
        piece = Delta(method, params, True) if mergeable else None
        plain: tuple[bytes, Delta | None] | None = None
        for connection in self.connections:
            if not wants(connection, method):
                continue
            if connection.client.experimental:
                connection.send(frame, piece)
                continue
            if plain is None:
                plain = self._plain(method, frame, self.log.last), Delta(method, params, False) if mergeable else None
            connection.send(*plain)
        if method in BROADCAST:
            self._audience.send(method, self._plain(method, frame, self.log.last), besides=self.connections)
        if not mergeable:  # of those many come at once, and then `writable` is asked
            drop_slow(self.connections)

    async def writable(self) -> None:
        """Wait while every follower is too far behind; who alone is does not hold up the others (`drop_slow`)."""
        drop_slow(self.connections)
        if not self.connections or not all(connection.full for connection in self.connections):
            return
        waiting = [asyncio.ensure_future(connection.wait_writable()) for connection in self.connections]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for future in waiting:
                future.cancel()

    async def ask(self, method: str, params: Wire, answer: type[Answer]) -> Answer | None:
        """Who follows the thread is asked, and who comes to follow it; the first valid answer wins.

        Nobody is waited for, unless the last one went away just now: it may come back.
        """
        question = Question(self.thread_id, method, params, answer, self.log.last)
        for connection in self.connections:
            question.ask(connection)
        question.wait_for_somebody(self._patience())
        self._questions.append(question)
        try:
            given: Answer | None = await question.answer()
            return given
        finally:
            self._questions.remove(question)

    def _patience(self) -> float:
        if self._last_left is None:
            return 0.0
        return max(0.0, self._last_left + RETURN_SECONDS - asyncio.get_running_loop().time())

    def _plain(self, method: str, frame: bytes, seq: int) -> bytes:
        """A notification as a client gets it that wants nothing experimental; `seq` is its number, if it has one."""
        if method in NUMBERED:
            frame = without_last(frame, "seq", seq)
        return without_extensions(method, frame) if method in HELD_BACK else frame


def wants(connection: Connection, method: str) -> bool:
    """Whether a connection is told such events: a plain client knows nothing of our own."""
    return connection.wants(method) and (connection.client.experimental or method not in OURS)


def without_extensions(method: str, frame: bytes) -> bytes:
    """A notification without other fields that are experimental."""
    message = msgspec.json.decode(frame)
    for field in HELD_BACK[method]:
        message["params"].pop(field, None)
    return msgspec.json.encode(message) + b"\n"
