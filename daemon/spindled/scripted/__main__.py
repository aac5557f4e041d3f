"""`python -m spindled.scripted [--port N]`: the endpoint on its own, until it is interrupted."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys

from .endpoint import start


async def _serve(port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    endpoint = await start(port)
    sys.stdout.write(f"{endpoint.base_url}\nAuthorization: Bearer {endpoint.token}\n")
    sys.stdout.flush()
    try:
        await stop.wait()
    finally:
        await endpoint.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m spindled.scripted", description="A scripted model on loopback.")
    parser.add_argument("--port", type=int, default=0, help="a free one unless given")
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(arguments.port))
    return 0


if __name__ == "__main__":
    sys.exit(main())
