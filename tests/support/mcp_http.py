"""A real MCP server over HTTP as a child: `async with http_server("http") as server: server.url`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

SERVER = Path(__file__).parent / "mcp_server.py"


class HttpServer(NamedTuple):
    url: str
    """Of the endpoint."""
    process: asyncio.subprocess.Process


@asynccontextmanager
async def http_server(kind: str, **environment: str) -> AsyncIterator[HttpServer]:
    """`kind`: "http", or "login" for one that wants a token. It is killed in the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(SERVER),
        kind,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment or None,
    )
    assert process.stdout is not None
    try:
        base = (await process.stdout.readline()).decode().strip()
        assert base, "the server did not start"
        yield HttpServer(f"{base}/mcp", process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
