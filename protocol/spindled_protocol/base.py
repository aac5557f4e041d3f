"""What the generated types are made of."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

__all__ = ["UNSET", "Amount", "Int32", "UInt8", "UInt16", "UInt32", "UInt64", "UnsetType", "Wire"]

Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
UInt8 = Annotated[int, Meta(ge=0, le=2**8 - 1)]
UInt16 = Annotated[int, Meta(ge=0, le=2**16 - 1)]
UInt32 = Annotated[int, Meta(ge=0, le=2**32 - 1)]
Amount = Annotated[float, Meta(ge=0)]
# msgspec bounds are signed 64-bit; larger numbers occur nowhere on this wire.
UInt64 = Annotated[int, Meta(ge=0)]


class Wire(Struct):
    """A JSON object of the wire: attributes bear the wire's names, keyword only.

    `T | None` without UnsetType is always sent, as null if need be; a field that may be absent is UNSET.
    Trees only (no cycles), so the collector does not track them (gc=False is not inherited: each class says it).
    """
