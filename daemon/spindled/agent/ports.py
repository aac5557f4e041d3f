"""What the agent needs from the world, as small protocols; `api` and the lower layers provide them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Protocol, TypeVar

from spindled_protocol.base import Wire

if TYPE_CHECKING:
    from spindled.model.events import ModelEvent
    from spindled.model.request import ModelRequest

Answer = TypeVar("Answer", bound=Wire)


class Followers(Protocol):
    """The clients that follow one thread."""

    def publish(self, method: str, params: Wire) -> None:
        """Queue a notification for every follower; never blocks."""

    async def writable(self) -> None:
        """Wait while a follower is too far behind."""

    async def ask(self, method: str, params: Wire, answer: type[Answer]) -> Answer | None:
        """Ask the followers; the first valid answer counts. None: refused, malformed, or nobody there to ask."""


class Model(Protocol):
    """One provider's model."""

    def stream(self, request: ModelRequest) -> AsyncGenerator[list[ModelEvent], None]:
        """One attempt: lists of events as they arrive, the last one terminal. Raises ModelError."""
