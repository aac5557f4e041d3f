"""What a policy allows, and the place where a command is confined to it."""

from __future__ import annotations

from spindled.sandbox.confine import Confined, Unavailable, confine
from spindled.sandbox.policy import describe, unrestricted, writable

__all__ = ["Confined", "Unavailable", "confine", "describe", "unrestricted", "writable"]
