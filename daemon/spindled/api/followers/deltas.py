"""Deltas of one item, which a slow client gets in fewer notifications: the same text, the same order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict, replace

from spindled.rpc.envelope import encode_notification
from spindled_protocol.base import UNSET
from spindled_protocol.methods import METHODS

if TYPE_CHECKING:
    from spindled.rpc.outbox import Piece

__all__ = ["DELTAS", "Delta"]

DELTAS = frozenset(name for name, method in METHODS.items() if "firstSeq" in method.experimental_fields)


class Delta:
    """Implements rpc.outbox.Piece. `numbered`: for a client that gets numbers."""

    __slots__ = ("method", "numbered", "params")

    def __init__(self, method: str, params: Any, numbered: bool) -> None:
        self.method = method
        self.params = params
        self.numbered = numbered

    def follows(self, before: Piece) -> bool:
        return isinstance(before, Delta) and before.method == self.method and before._place() == self._place()

    def merged(self, pieces: Sequence[Piece]) -> bytes:
        deltas = [piece.params for piece in pieces if isinstance(piece, Delta)]
        numbers = {"firstSeq": deltas[0].seq} if self.numbered else {"seq": UNSET}
        return encode_notification(self.method, replace(self.params, delta="".join(d.delta for d in deltas), **numbers))

    def _place(self) -> dict[str, Any]:
        place = asdict(self.params)
        del place["delta"], place["seq"]
        return place
