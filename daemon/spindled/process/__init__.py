"""Operating-system children: spawned, read, and never left behind."""

from __future__ import annotations

from spindled.process.child import Child
from spindled.process.environment import EnvironmentPolicy, child_environment
from spindled.process.registry import kill_all
from spindled.process.spawn import spawn
from spindled.process.tail import HeadTail
from spindled.process.tree import Root, terminate

__all__ = [
    "Child",
    "EnvironmentPolicy",
    "HeadTail",
    "Root",
    "child_environment",
    "kill_all",
    "spawn",
    "terminate",
]
