"""What handlers get beside their params: one client's view of the application."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from spindled.api.cloudless import cloudless
from spindled.rpc.errors import INVALID_REQUEST, RpcError

if TYPE_CHECKING:
    from spindled.agent.thread import Thread
    from spindled.api.application import Application
    from spindled.rpc.connection import Connection
    from spindled_protocol.types import SessionSource


class Belonging(Protocol):
    """What lives as long as a connection: its processes, watches, searches."""

    async def close(self) -> None:
        """End all of it; nothing can be started afterwards. May be called again."""


Kept = TypeVar("Kept", bound=Belonging)


class Session:
    """One connection and the application that serves it."""

    def __init__(self, application: Application, connection: Connection):
        self.application = application
        self.connection = connection
        self.source: SessionSource = "vscode"  # what the threads that it starts are listed as
        self._kept: dict[object, Belonging] = {}
        self._closed = False
        self.warned: set[str] = set()
        """What this client was told about the configuration."""

    def kept(self, kind: Callable[[Connection], Kept]) -> Kept:
        """This connection's one `kind`, made at its first use and closed with the connection; raises RpcError then."""
        if kind not in self._kept:
            if self._closed:
                raise RpcError(INVALID_REQUEST, "the connection is closed")
            self._kept[kind] = kind(self.connection)
        return cast("Kept", self._kept[kind])

    async def close(self) -> None:
        """End what belongs to the connection."""
        self._closed = True
        await asyncio.gather(*(belonging.close() for belonging in self._kept.values()))

    def follow(self, thread: Thread) -> None:
        """From here on this client gets the thread's notifications and questions."""
        self.application.followers(thread.id).add(self.connection)

    def follows(self, thread: Thread) -> bool:
        return self.connection in self.application.followers(thread.id).connections

    def rejoin(self, thread: Thread, after: int, *, knows: bool) -> None:
        """Follow a thread from the event after this number on, also those that have been.

        Who does not know the thread hears first of the items that go on. Who follows it has heard everything, unless
        it asks by number.
        """
        followers = self.application.followers(thread.id)
        if not knows and self.follows(thread):
            return
        if thread.turns.active is not None and not knows:
            followers.recall(self.connection, after)
        followers.join(self.connection, after)

    def unfollow(self, thread_id: str) -> bool:
        """False if it did not follow."""
        return self.application.followers(thread_id).remove(self.connection)

    def refusal(self, answer: cloudless.Refused, params: Any) -> RpcError:
        """How this user is refused what needs a vendor's cloud."""
        return cloudless.refusal(answer, params, logged_in=self.application.login.key() is not None)
