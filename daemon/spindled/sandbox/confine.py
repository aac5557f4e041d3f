"""The place where a command line becomes a confined command line.

There is no backend yet, so every policy that would need one is answered with Unavailable: callers ask or refuse.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from spindled.sandbox.policy import unrestricted

if TYPE_CHECKING:
    from spindled_protocol.types import SandboxPolicy


class Confined(Struct, frozen=True):
    """What to run so that the policy holds."""

    command: list[str]


class Unavailable(Struct, frozen=True):
    """Nothing here can hold a command to the policy."""

    reason: str


def confine(command: Sequence[str], policy: SandboxPolicy, cwd: Path) -> Confined | Unavailable:
    """The command line that keeps `command` within the policy in `cwd`."""
    if unrestricted(policy):
        return Confined(list(command))
    return Unavailable("no sandbox on this system can confine a command")
