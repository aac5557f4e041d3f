"""Prints for how long the daemon's event loop stands still under what is large.

    python tests/bench/pauses.py [--runs N] [--quick]

A heartbeat runs on the loop of a real daemon (tests/support/inside.py). A figure is the longest pause: the median of
the runs, and the best of them in brackets. What else the machine does lengthens pauses too: the first line is an idle
daemon.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.process import Server
from tests.support.fake_items import function_call, message
from tests.support.fake_provider import FakeProvider, stream
from tests.support.home import Home
from tests.support.inside import Inside, command

TOKENS, OUTPUT = 200_000, 10_000_000
IDLE_SECONDS = 0.5
PIECE = "some words " * 700
"""Of an answer: about 1900 tokens."""
Pauses = dict[str, list[float]]


async def measure(runs: int, tokens: int, output: int) -> Pauses:
    """What was done -> the longest pause of each run, in milliseconds."""
    pauses: Pauses = {}
    for _ in range(runs):
        with tempfile.TemporaryDirectory(prefix="pauses-") as folder:
            for name, seconds in (await _run(Path(folder), tokens, output)).items():
                pauses.setdefault(name, []).append(seconds * 1e3)
    return pauses


def table(pauses: Pauses) -> str:
    width = max(map(len, pauses))
    rows = [f"{name:{width}}  {statistics.median(each):8.1f} ({min(each):.1f})" for name, each in pauses.items()]
    return "\n".join([f"{'longest pause of the event loop, ms':{width}}", *rows])


async def _run(folder: Path, tokens: int, output: int) -> dict[str, float]:
    home, found = Home.create(folder), dict[str, float]()
    answers = max(1, tokens // (len(PIECE) // 4))
    long = [message(PIECE, deltas=20) for _ in range(answers)]
    print_it = f"head -c {output} /dev/zero | tr '\\0' 'x' | fold -w 100"
    async with FakeProvider() as fake, AsyncExitStack() as stack:
        home.write_config(fake.base_url, model_auto_compact_token_limit=10 * tokens, model_context_window=20 * tokens)

        async def daemon() -> tuple[Server, Inside]:
            stack_folder = folder / f"inside{len(found)}"
            stack_folder.mkdir()
            inside = Inside(stack_folder)
            environment = home.environment(**inside.environment)
            server = await Server.spawn(command("app-server"), environment, home.workspace, folder / "stderr")
            stack.push_async_callback(server.stop)
            await server.initialize()
            return server, inside

        async def pause(name: str, inside: Inside, act: Callable[[], Awaitable[object]]) -> None:
            await inside.pause()
            await act()
            found[name] = await inside.pause()

        server, inside = await daemon()
        thread = await server.start_thread()
        await server.turn(thread)
        await pause("idle", inside, lambda: asyncio.sleep(IDLE_SECONDS))
        await pause("a turn of one delta", inside, lambda: server.turn(thread))
        fake.script(stream(function_call("exec_command", {"cmd": print_it, "yield_time_ms": 30_000})))
        await pause(f"a tool output of {output:,} bytes", inside, lambda: server.turn(thread))
        fake.script(stream(*long))
        await pause(f"an answer of {tokens:,} tokens", inside, lambda: server.turn(thread))
        await pause("a turn behind it", inside, lambda: server.turn(thread))
        read = {"threadId": thread, "includeTurns": True}
        await pause("thread/read of it", inside, lambda: server.request("thread/read", read))
        await server.stop()

        server, inside = await daemon()
        small: list[str] = []

        async def start() -> None:
            small.append(await server.start_thread())

        await pause("the first thread of a process (imports)", inside, start)
        await pause("its first turn (imports)", inside, lambda: server.turn(small[0]))
        await pause("thread/resume of it", inside, lambda: server.request("thread/resume", {"threadId": thread}))
        await pause("the first turn after that", inside, lambda: server.turn(thread))
    return found


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, metavar="N")
    parser.add_argument("--quick", action="store_true", help="small sizes, one run: shows that it works, no more")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    chosen = parse()
    sizes = (1, 5_000, 100_000) if chosen.quick else (chosen.runs, TOKENS, OUTPUT)
    print(table(asyncio.run(measure(*sizes))))
