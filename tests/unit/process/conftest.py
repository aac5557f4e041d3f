from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest_asyncio

from spindled.process.child import Child
from spindled.process.registry import kill_all
from spindled.process.spawn import spawn


class Recorded:
    """A child and everything it wrote."""

    def __init__(self) -> None:
        self.chunks: list[tuple[int, bytes]] = []
        self.child: Child

    def receive(self, stream: int, data: bytes) -> None:
        self.chunks.append((stream, data))

    def text(self, stream: int | None = None) -> bytes:
        return b"".join(data for each, data in self.chunks if stream in (None, each))


@pytest_asyncio.fixture
async def run(tmp_path: Path) -> AsyncIterator[Callable[..., Recorded]]:
    """`run("script", ...)` starts a shell script; nothing outlives the test."""

    def start(script: str, **options: Any) -> Recorded:
        recorded = Recorded()
        recorded.child = spawn(
            ["/bin/bash", "-c", script],
            cwd=tmp_path,
            environment={"PATH": "/usr/bin:/bin"},
            output=recorded.receive,
            **options,
        )
        return recorded

    yield start
    await kill_all(0)
