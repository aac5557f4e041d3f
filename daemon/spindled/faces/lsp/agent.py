"""The api, called from within the process as a client calls it over the wire."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any

import msgspec

from spindled.faces.appserver import Dispatch
from spindled.rpc.connection import Connection, Then

if TYPE_CHECKING:
    from spindled.api.session import Session

__all__ = ["Agent"]


class Agent:
    """Calls in the name of a connection, which also gets the notifications and questions that follow."""

    def __init__(self, dispatch: Dispatch, connection: Connection) -> None:
        self._dispatch = dispatch
        self._connection = connection

    @property
    def session(self) -> Session:
        session: Session = self._dispatch.session(self._connection)
        return session

    async def call(self, method: str, **params: Any) -> Any:
        """The result, as its type of the wire. Raises RpcError."""
        encoded = msgspec.Raw(msgspec.json.encode(params))
        result = self._dispatch.request(self._connection, method, encoded)()
        if inspect.isawaitable(result):
            result = await result
        if isinstance(result, Then):
            asyncio.get_running_loop().call_soon(result.start)  # once the caller has the result
            return result.result
        return result

    async def ask(self, thread_id: str, text: str) -> str:
        """Start a turn, or steer the one that runs; the turn's id. Raises RpcError."""
        message = {"type": "text", "text": text, "text_elements": []}
        started = await self.call("turn/start", threadId=thread_id, input=[message])
        return str(started.turn.id)
