"""Places in an order that users arrange: whole numbers with room between them."""

from __future__ import annotations

from collections.abc import Sequence

STEP = 1 << 20


def place(taken: Sequence[int], before: int | None) -> int | None:
    """A free number before the one at an index of `taken`, which ascends; at the end for None. None: no room there."""
    if before is None:
        return (taken[-1] if taken else 0) + STEP
    low = taken[before - 1] if before else taken[0] - 2 * STEP
    middle = (low + taken[before]) // 2
    return middle if middle > low else None
