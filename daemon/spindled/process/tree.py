"""Everything that descends from a child: found in /proc, ended together.

A process belongs to a root if it carries the root's mark in its environment, is in the root's session, or has a
parent that belongs. Signals go through pidfds whose start time was read again, so a reused pid is never hit.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from spindled.process.numbers import running, younger

MARK = "SPINDLED_CHILD"
_DAEMON = secrets.token_hex(8)
_KILL_ROUNDS = 5
_KILL_WAIT = 0.02


@dataclass(slots=True, eq=False)
class Root:
    """A child as the origin of a tree. `ended_at`: clock ticks when it was reaped, None while its pid is ours."""

    mark: str
    pid: int = 0
    started_at: int = 0
    ended_at: int | None = None


class _Process(NamedTuple):
    pid: int
    parent: int
    group: int
    session: int
    started_at: int


def new_mark(number: int) -> str:
    return f"{_DAEMON}.{number}"


def clock_ticks() -> int:
    """Now, in the unit of a process's start time."""
    import time

    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK"))


def start_time(pid: int) -> int:
    """Start of a process in clock ticks since boot, 0 if it is gone."""
    process = _read(pid)
    return process.started_at if process else 0


async def terminate(roots: Iterable[Root], grace: float) -> None:
    """End every process of these trees: SIGTERM, up to `grace` seconds, SIGKILL. Returns when they are gone."""
    roots = list(roots)
    if not roots:
        return
    if grace > 0:
        await _signal(roots, signal.SIGTERM, grace)
    for _ in range(_KILL_ROUNDS):  # a process may fork while it is being looked for
        if not await _signal(roots, signal.SIGKILL, _KILL_WAIT):
            return


async def _signal(roots: list[Root], number: signal.Signals, wait: float) -> bool:
    """Signal whatever is alive and wait for it; False if nothing was."""
    processes = members(roots)
    if not hasattr(os, "pidfd_open"):
        return await _signal_by_number(processes, number, wait)
    handles: list[int] = []
    try:
        for process in processes:
            with contextlib.suppress(OSError):
                handles.append(os.pidfd_open(process.pid))
                if start_time(process.pid) == process.started_at:
                    signal.pidfd_send_signal(handles[-1], number)
        await _gone(handles, wait)
    finally:
        for handle in handles:
            os.close(handle)
    return bool(handles)


async def _signal_by_number(processes: list[_Process], number: signal.Signals, wait: float) -> bool:
    """For systems without pidfds: a number could be reused in the instant between the look and the signal."""
    for process in processes:
        if start_time(process.pid) == process.started_at:
            with contextlib.suppress(OSError):
                os.kill(process.pid, number)
    deadline = asyncio.get_running_loop().time() + wait
    while any(start_time(process.pid) for process in processes):
        if asyncio.get_running_loop().time() >= deadline:
            break
        await asyncio.sleep(0.005)
    return bool(processes)


async def _gone(handles: list[int], wait: float) -> None:
    loop = asyncio.get_running_loop()
    left = set(handles)
    done = loop.create_future()

    def exited(handle: int) -> None:
        loop.remove_reader(handle)
        left.discard(handle)
        if not left and not done.done():
            done.set_result(None)

    for handle in handles:
        loop.add_reader(handle, exited, handle)
    try:
        if left:
            await asyncio.wait([done], timeout=wait)
    finally:
        for handle in left:
            loop.remove_reader(handle)


def members(roots: Iterable[Root]) -> list[_Process]:
    """The living processes of these trees, in one walk of what /proc has of them."""
    roots = list(roots)
    sessions = {root.pid: root for root in roots if root.pid}
    marks = {root.mark.encode() for root in roots}
    since = min((root.started_at for root in roots), default=0)
    daemon = os.getpid()
    numbers = _numbers(roots[0]) if len(roots) == 1 else running()
    looked_at = (_read(number) for number in numbers if number != daemon)
    processes = [process for process in looked_at if process and process.started_at >= since]
    found = {process.pid: process for process in processes if _in_session(process, sessions) or _marked(process, marks)}
    children: dict[int, list[_Process]] = {}
    for process in processes:
        children.setdefault(process.parent, []).append(process)
    queue = list(found)
    while queue:
        for child in children.get(queue.pop(), ()):
            if child.pid not in found:
                found[child.pid] = child
                queue.append(child.pid)
    return list(found.values())


def _numbers(root: Root) -> list[int]:
    """Of the processes that may belong to this root."""
    if not root.pid:
        return running()
    ticks = clock_ticks() - root.started_at + 1
    left = younger(root.pid, ticks / os.sysconf("SC_CLK_TCK"))
    return left if root.ended_at is not None else [root.pid, *left]


def _in_session(process: _Process, sessions: dict[int, Root]) -> bool:
    root = sessions.get(process.session) or sessions.get(process.group)
    if root is None:
        return False
    # Once the leader is reaped its number may name a new session; only what is older than that was its own.
    return root.ended_at is None or process.started_at <= root.ended_at


def _marked(process: _Process, marks: set[bytes]) -> bool:
    try:
        with open(f"/proc/{process.pid}/environ", "rb") as file:
            environment = file.read()
    except OSError:
        return False
    prefix = MARK.encode() + b"="
    at = environment.find(prefix)
    if at < 0 or (at and environment[at - 1]):
        return False
    return environment[at + len(prefix) :].split(b"\0", 1)[0] in marks


def stat_fields(pid: int) -> list[bytes] | None:
    """/proc/PID/stat from the state on, which is number 3 in proc(5); None if the process is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            stat = file.read()
    except OSError:
        return None
    return stat[stat.rindex(b")") + 2 :].split()  # the name in parentheses may hold anything


def _read(pid: int) -> _Process | None:
    fields = stat_fields(pid)
    if fields is None or fields[0] in (b"Z", b"X"):
        return None
    return _Process(pid, int(fields[1]), int(fields[2]), int(fields[3]), int(fields[19]))
