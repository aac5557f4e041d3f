"""What a model says, whatever API it says it through: the parts of one response, for the builders of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Think:
    """`signature`: of a thinking block; `redacted`: nothing else of it is told."""

    text: str = ""
    deltas: int = 1
    signature: str = "signed"
    redacted: str = ""


@dataclass(frozen=True)
class Say:
    text: str
    deltas: int = 1


@dataclass(frozen=True)
class Call:
    """`arguments`: JSON text, possibly cut. `custom`: `arguments` is the free text of a custom tool."""

    name: str
    arguments: str = "{}"
    call_id: str = "call_1"
    custom: bool = False
    deltas: int = 1


Spoken: TypeAlias = Think | Say | Call
