"""Loading modules ahead of their use, piece by piece: between two of them the loop does what came in meanwhile."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable, Iterable

__all__ = ["Piece", "load", "load_in_turn"]

Piece = Callable[[], object]

log = logging.getLogger(__name__)


def load(piece: Piece) -> None:
    """Run it without the garbage collector; what it raises is logged."""
    gc.disable()  # nothing to collect in what imports allocate
    try:
        piece()
    except Exception:
        log.exception("the application cannot be opened")
    gc.enable()
    gc.freeze()  # what is loaded now stays; the collector need not look at it again


def load_in_turn(pieces: Iterable[Piece], then: Piece = lambda: None) -> None:
    """Begin with the first one when the loop comes to it, and call `then` behind the last."""
    left = iter(pieces)

    def go_on() -> None:
        piece = next(left, None)
        if piece is None:
            then()
        else:
            load(piece)
            loop.call_soon(go_on)

    loop = asyncio.get_running_loop()
    loop.call_soon(go_on)
