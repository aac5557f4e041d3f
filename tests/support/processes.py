"""Processes as /proc shows them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def alive(pid: int) -> bool:
    """Whether the process or any of its group runs; a zombie does not."""
    return any(_group(stat) == pid for stat in _stats())


def runs(pid: int) -> bool:
    """Whether the process itself runs."""
    return any(stat.split(" ", 1)[0] == str(pid) for stat in _stats())


def with_environment(name: str, value: str, *, besides: int) -> list[int]:
    """The processes, but one, that were started with this variable in their environment."""
    wanted = f"{name}={value}".encode()
    found = []
    for stat in _stats():
        pid = int(stat.split(" ", 1)[0])
        try:
            variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if wanted in variables and pid != besides:
            found.append(pid)
    return found


def _stats() -> Iterator[str]:
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            stat = path.read_text(errors="replace")
        except OSError:
            continue
        if stat.rsplit(")", 1)[1].split()[0] != "Z":
            yield stat


def _group(stat: str) -> int:
    return int(stat.rsplit(")", 1)[1].split()[2])
