"""All clients that have shaken hands, whatever they follow."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from spindled.rpc.envelope import encode_notification

if TYPE_CHECKING:
    from collections.abc import Container

    from spindled.rpc.connection import Connection

__all__ = ["BROADCAST", "Audience", "drop_slow"]

BROADCAST = frozenset({"thread/started", "thread/status/changed", "thread/name/updated"})
"""Events of a thread that every client is told, to keep its list of threads."""


class Audience:
    """Each is told once, with one encoding for all."""

    def __init__(self) -> None:
        self.connections: list[Connection] = []

    def tell(self, method: str, params: Any) -> None:
        self.send(method, encode_notification(method, params))

    def send(self, method: str, frame: bytes, besides: Container[Connection] = ()) -> None:
        for connection in self.connections:
            if connection not in besides and connection.wants(method):
                connection.send(frame)
        drop_slow(self.connections)


def drop_slow(connections: Collection[Connection]) -> None:
    """Disconnect who is too far behind, if others who are told the same are not.

    If all are, whoever produces so much waits (`ThreadFollowers.writable`).
    """
    slow = [connection for connection in connections if connection.behind]
    if slow and len(slow) < len(connections):
        for connection in slow:
            connection.drop("it reads too slowly")
