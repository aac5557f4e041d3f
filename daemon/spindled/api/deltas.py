"""Deltas of one item, which a slow client gets in fewer notifications: the same text, the same order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict, replace

from spindled.rpc.envelope import add_members, encode_notification
from spindled_protocol.methods import METHODS

if TYPE_CHECKING:
    from spindled.rpc.outbox import Piece
    from spindled_protocol.base import Wire

__all__ = ["DELTAS", "Delta"]

DELTAS = frozenset(name for name, method in METHODS.items() if "firstSeq" in method.experimental_fields)


class Delta:
    """Implements rpc.outbox.Piece. `seq`: its number, for clients that get numbers."""

    __slots__ = ("method", "params", "seq")

    def __init__(self, method: str, params: Any, seq: int | None) -> None:
        self.method = method
        self.params = params
        self.seq = seq

    def follows(self, before: Piece) -> bool:
        return isinstance(before, Delta) and before.method == self.method and before._place() == self._place()

    def merged(self, pieces: Sequence[Piece]) -> bytes:
        deltas = [piece for piece in pieces if isinstance(piece, Delta)]
        whole: Wire = replace(self.params, delta="".join(delta.params.delta for delta in deltas))
        frame = encode_notification(self.method, whole)
        first = deltas[0].seq
        return frame if first is None or self.seq is None else add_members(frame, firstSeq=first, seq=self.seq)

    def _place(self) -> dict[str, Any]:
        place = asdict(self.params)
        del place["delta"]
        return place
