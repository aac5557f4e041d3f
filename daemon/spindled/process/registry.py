"""Every child of the daemon, so that shutdown leaves nothing behind."""

from __future__ import annotations

import itertools
from collections import deque
from typing import TYPE_CHECKING

from spindled.process.tree import Root, new_mark, terminate
from spindled.process.unstoppable import to_its_end

if TYPE_CHECKING:
    from spindled.process.child import Child

_REMEMBERED = 4096

_running: set[Child] = set()
# What a finished command left in the background still belongs to its root.
_ended: deque[Root] = deque(maxlen=_REMEMBERED)
_numbers = itertools.count(1)


def new_root() -> Root:
    return Root(mark=new_mark(next(_numbers)))


def add(child: Child) -> None:
    _running.add(child)


def ended(child: Child) -> None:
    _running.discard(child)
    _ended.append(child.root)


def running() -> list[Child]:
    return list(_running)


async def kill_all(grace: float = 0.05) -> None:
    """End every child and all that descends from it; returns within about `grace` + 0.1 seconds, also if cancelled."""
    await to_its_end(_kill_all(grace))


async def _kill_all(grace: float) -> None:
    children = running()
    roots = [child.root for child in children] + list(_ended)
    _ended.clear()
    await terminate(roots, grace)
    for child in children:
        child.abandon()
