"""The measurements. Each is taken of one server once, and gives figure -> value; the unit stands in the name."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.copies import copy_thread
from tests.bench.process import Server
from tests.bench.provider import Provider
from tests.support.home import Home

Figures = dict[str, float]


@dataclass(frozen=True)
class Sizes:
    """How much of everything."""

    turns: int = 50
    deltas: int = 20_000
    threads: int = 200
    deltas_each: int = 200
    stored: int = 5_000
    loaded: int = 100
    items: int = 2_000
    settle_seconds: float = 1.0


QUICK = Sizes(turns=3, deltas=200, threads=4, deltas_each=10, stored=150, loaded=5, items=20, settle_seconds=0.1)
ITEMS_PER_TURN = 10


class Subject:
    """A server command with a place for its homes, which are kept between measurements if they are asked for again."""

    def __init__(self, label: str, command: list[str], folder: Path, provider: Provider, sizes: Sizes):
        self.label, self.command, self.provider, self.sizes = label, command, provider, sizes
        self._folder = folder

    def home(self, name: str, *, fresh: bool = True) -> Home:
        place = self._folder / name
        if fresh:
            shutil.rmtree(place, ignore_errors=True)
        if place.exists():
            return Home(place / "home", place / "workspace")
        place.mkdir(parents=True)
        home = Home.create(place)
        home.write_config(self.provider.base_url)
        return home

    @asynccontextmanager
    async def running(self, home: Home, *, initialize: bool = True) -> AsyncIterator[Server]:
        env = home.environment(CODEX_HOME=str(home.path))
        server = await Server.spawn(self.command, env, home.workspace, home.path.parent / "stderr")
        try:
            if initialize:
                await server.initialize()
            yield server
        finally:
            await server.stop()


async def spawn(subject: Subject, *, cold: bool) -> Figures:
    kind = "cold" if cold else "warm"
    home = subject.home("spawn", fresh=cold)
    async with subject.running(home, initialize=False) as server:
        seconds = await server.initialize()
        await asyncio.sleep(subject.sizes.settle_seconds)
        return {
            f"spawn to initialize, {kind} home, ms": seconds * 1e3,
            f"RSS 1 s after initialize, {kind} home, MB": server.memory(),
        }


async def spawn_cold(subject: Subject) -> Figures:
    return await spawn(subject, cold=True)


async def spawn_warm(subject: Subject) -> Figures:
    return await spawn(subject, cold=False)


async def thread_start(subject: Subject) -> Figures:
    async with subject.running(subject.home("start")) as server:
        first = await timed(server.start_thread)
        later = [await timed(server.start_thread) for _ in range(subject.sizes.turns)]
    return {
        "thread/start, first of the process, ms": first * 1e3,
        "thread/start, ms": sum(later) / len(later) * 1e3,
    }


async def one_delta_turns(subject: Subject) -> Figures:
    await subject.provider.answer_with()
    turns = subject.sizes.turns
    async with subject.running(subject.home("turn")) as server:
        thread = await server.start_thread()
        first = await server.turn(thread)
        await server.turn(thread)
        before = server.cpu()
        walls = [await server.turn(thread) for _ in range(turns)]
        cpu = (server.cpu() - before) / turns
    return {
        "one-delta turn, first of the process, ms": first * 1e3,
        "one-delta turn, ms": sorted(walls)[turns // 2] * 1e3,
        "one-delta turn, CPU ms": cpu * 1e3,
    }


async def long_turn(subject: Subject) -> Figures:
    count = subject.sizes.deltas
    async with subject.running(subject.home("deltas")) as server:
        thread = await server.start_thread()
        await subject.provider.answer_with()
        await server.turn(thread)
        await subject.provider.answer_with(deltas=count)
        server.deltas, before = 0, server.cpu()
        wall = await server.turn(thread)
        return {
            f"{count} deltas in one turn, deltas/s": count / wall,
            f"{count} deltas in one turn, wall s": wall,
            f"{count} deltas in one turn, CPU s": server.cpu() - before,
            f"{count} deltas in one turn, peak RSS MB": server.peak_memory(),
            f"{count} deltas in one turn, notifications": server.deltas,
        }


async def many_turns(subject: Subject) -> Figures:
    sizes = subject.sizes
    await subject.provider.answer_with(deltas=sizes.deltas_each)
    async with subject.running(subject.home("threads")) as server:
        threads = await asyncio.gather(*(server.start_thread() for _ in range(sizes.threads)))
        before = server.cpu()
        wall = await timed(lambda: asyncio.gather(*(server.turn(thread) for thread in threads)))
        name = f"{sizes.threads} threads x {sizes.deltas_each} deltas"
        return {
            f"{name}, wall s": wall,
            f"{name}, CPU s": server.cpu() - before,
            f"{name}, peak RSS MB": server.peak_memory(),
            f"{name}, notifications": server.deltas,
        }


async def list_page(subject: Subject) -> Figures:
    home = await with_stored_threads(subject)
    async with subject.running(home) as server:
        first = await timed(lambda: server.request("thread/list", {"limit": 100}))
        later = [await timed(lambda: server.request("thread/list", {"limit": 100})) for _ in range(10)]
        seen: list[str] = []
        whole = await timed(lambda: page_through(server, seen))
    name = f"thread/list, page of 100 of {subject.sizes.stored}"
    return {
        f"{name}, first of the process, ms": first * 1e3,
        f"{name}, ms": sorted(later)[5] * 1e3,
        f"paging through {subject.sizes.stored} threads, ms": whole * 1e3,
        f"paging through {subject.sizes.stored} threads, threads": len(set(seen)),
    }


async def page_through(server: Server, seen: list[str]) -> None:
    cursor = None
    while True:
        page = await server.request("thread/list", {"limit": 100, "cursor": cursor})
        seen += [thread["id"] for thread in page["data"]]
        cursor = page["nextCursor"]
        if cursor is None:
            return


async def turn_pages(subject: Subject) -> Figures:
    """Of a thread that is not loaded, ten turns with all their items at a time."""
    home, thread = await with_long_thread(subject)
    async with subject.running(home) as server:
        params = {"threadId": thread, "limit": 10, "itemsView": "full"}
        walls, items = [], 0
        while True:
            begun = time.perf_counter()
            page = await server.request("thread/turns/list", params)
            walls.append(time.perf_counter() - begun)
            items += sum(len(turn["items"]) for turn in page["data"])
            if page["nextCursor"] is None:
                break
            params["cursor"] = page["nextCursor"]
    name = f"thread/turns/list of {subject.sizes.items} items"
    later = walls[1:] or walls
    return {
        f"{name}, first page, ms": walls[0] * 1e3,
        f"{name}, further pages, ms": sum(later) / len(later) * 1e3,
        f"{name}, items": items,
    }


async def loaded_threads(subject: Subject) -> Figures:
    await subject.provider.answer_with()
    async with subject.running(subject.home("loaded")) as server:
        await server.turn(await server.start_thread())
        await asyncio.sleep(subject.sizes.settle_seconds)
        before = server.memory()
        threads = [await server.start_thread() for _ in range(subject.sizes.loaded)]
        await asyncio.sleep(subject.sizes.settle_seconds)
        idle = server.memory()
        for thread in threads:
            await server.turn(thread)
        await asyncio.sleep(subject.sizes.settle_seconds)
        used = server.memory()
    return {
        "RSS of a loaded thread, MB": (idle - before) / len(threads),
        "RSS of a loaded thread with a turn, MB": (used - before) / len(threads),
    }


async def resume(subject: Subject) -> Figures:
    home, thread = await with_long_thread(subject)
    async with subject.running(home) as server:
        found: list[int] = []

        async def load() -> None:
            result = await server.request("thread/resume", {"threadId": thread})
            found.append(sum(len(turn["items"]) for turn in result["thread"]["turns"]))

        seconds = await timed(load)
        name = f"thread/resume of {subject.sizes.items} items"
        return {f"{name}, ms": seconds * 1e3, f"{name}, items": found[0], f"{name}, RSS MB": server.memory()}


async def resume_lightly(subject: Subject) -> Figures:
    """As programs with a screen do: no turns, or the last of them, from a server that has come to rest."""
    home, thread = await with_long_thread(subject)
    figures: Figures = {}
    for what, more in (
        ("without turns", {}),
        ("with a page of 20 turns", {"initialTurnsPage": {"limit": 20, "itemsView": "full"}}),
    ):
        async with subject.running(home) as server:
            await asyncio.sleep(subject.sizes.settle_seconds)
            params, cpu = {"threadId": thread, "excludeTurns": True, **more}, server.cpu()
            seconds = await timed(lambda server=server, params=params: server.request("thread/resume", params))  # type: ignore[misc]
            name = f"thread/resume {what}, of {subject.sizes.items} items"
            figures |= {f"{name}, ms": seconds * 1e3, f"{name}, CPU ms": (server.cpu() - cpu) * 1e3}
    return figures


async def with_stored_threads(subject: Subject) -> Home:
    """One is made through the protocol, at the first call; the others are its copies."""
    home = subject.home("stored", fresh=False)
    mark = home.path.parent / "made"
    if not mark.exists():
        await subject.provider.answer_with()
        async with subject.running(home) as server:
            thread = await server.start_thread()
            await server.turn(thread)
        copy_thread(home.path, thread, subject.sizes.stored - 1)
        async with subject.running(home) as server:  # its index is made
            await server.request("thread/list", {})
        mark.touch()
    return home


async def with_long_thread(subject: Subject) -> tuple[Home, str]:
    """Made through the protocol, at the first call."""
    home = subject.home("long", fresh=False)
    mark = home.path.parent / "made"
    if not mark.exists():
        await subject.provider.answer_with(messages=ITEMS_PER_TURN - 1)
        async with subject.running(home) as server:
            thread = await server.start_thread()
            for _ in range(subject.sizes.items // ITEMS_PER_TURN):
                await server.turn(thread)
        mark.write_text(thread)
    return home, mark.read_text()


async def timed(call: Callable[[], Awaitable[object]]) -> float:
    """Seconds."""
    begun = time.perf_counter()
    await call()
    return time.perf_counter() - begun


MEASUREMENTS: list[tuple[Callable[[Subject], Awaitable[Figures]], int]] = [
    (spawn_cold, 7),
    (spawn_warm, 7),
    (thread_start, 3),
    (one_delta_turns, 3),
    (long_turn, 5),
    (many_turns, 3),
    (list_page, 3),
    (resume, 3),
    (resume_lightly, 5),
    (turn_pages, 3),
    (loaded_threads, 3),
]
"""Each with how often it is taken."""
EQUAL = ("notifications", "items", "threads")
"""Figures that end so are no measure: they show that both servers did the same."""
MORE_IS_BETTER = ("deltas/s",)
