"""What handlers get beside their params: one client's view of the application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spindled.api import cloudless

if TYPE_CHECKING:
    from spindled.agent.thread import Thread
    from spindled.api.application import Application
    from spindled.rpc.connection import Connection
    from spindled.rpc.errors import RpcError


class Session:
    """One connection and the application that serves it."""

    def __init__(self, application: Application, connection: Connection):
        self.application = application
        self.connection = connection

    def follow(self, thread: Thread) -> None:
        """From here on this client gets the thread's notifications and questions."""
        self.application.followers(thread.id).add(self.connection)

    def unfollow(self, thread_id: str) -> bool:
        """False if it did not follow."""
        return self.application.followers(thread_id).remove(self.connection)

    def refusal(self, answer: cloudless.Refused, params: Any) -> RpcError:
        """How this user is refused what needs a vendor's cloud."""
        return cloudless.refusal(answer, params, logged_in=self.application.login.key() is not None)
