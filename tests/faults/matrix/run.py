"""Runs all cells: the cells of a row at once, rows one after the other in each of some daemons."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from pathlib import Path

from tests.faults.matrix.cell import PATIENCE, Cell, World
from tests.faults.matrix.failures import CELLS, Failure, Moment
from tests.faults.matrix.verdict import findings
from tests.support.client import Client
from tests.support.fake_provider import FakeProvider, Reply, Request
from tests.support.home import Home
from tests.support.inside import Inside, command
from tests.support.link import Certificates, Link
from tests.support.schema import checker

DAEMONS = 3
LONGEST = 150.0
"""Seconds for the whole matrix; it takes a fifth of that."""
LEAVING = 5.0
"""Seconds for what is closed to be gone; less once something was left behind, which is likely to go on."""
SHORT = {
    "contextWindowExceeded": "contextWindow",
    "httpConnectionFailed": "connection",
    "internalServerError": "serverError",
    "responseStreamConnectionFailed": "noStream",
    "responseTooManyFailedAttempts": "tooManyAttempts",
    "serverOverloaded": "overloaded",
    "usageLimitExceeded": "usageLimit",
}


async def run(folder: Path) -> list[Cell]:
    """Every cell, with its state and its problems."""
    certificates = Certificates()
    async with FakeProvider() as provider:
        cells = [_cell(number, row, moment, provider, certificates) for number, (row, moment) in enumerate(CELLS)]
        by_key = {cell.key: cell for cell in cells}

        def choose(request: Request) -> Reply:
            return by_key[request.path.split("/")[1]].reply(request)

        provider.choose = choose
        rows: dict[str, list[Cell]] = {}
        for cell in cells:
            rows.setdefault(cell.row.name, []).append(cell)
        waiting = deque(rows.values())
        folders = [folder / f"daemon{number}" for number in range(DAEMONS)]
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST):
                await asyncio.gather(*(_daemon(each, cells, waiting, provider, certificates) for each in folders))
    for cell in cells:
        if not cell.state:
            cell.problems.append(f"not done after {LONGEST} s")
    return cells


def _cell(number: int, row: Failure, moment: Moment, provider: FakeProvider, certificates: Certificates) -> Cell:
    expected = row.outcome(moment)
    assert expected is not None
    link = Link(provider, row.link, certificates) if row.link else None
    return Cell(f"cell{number}", row, moment, expected, link=link)


async def _daemon(
    folder: Path,
    cells: list[Cell],
    waiting: deque[list[Cell]],
    provider: FakeProvider,
    certificates: Certificates,
) -> None:
    folder.mkdir()
    home, inside = Home.create(folder), Inside(folder)
    settings = {cell.key: cell.settings(provider.base_url) for cell in cells}
    home.write_config(provider.base_url, providers=settings)
    certificates.write_bundle(folder / "bundle.pem")
    environment = home.environment(
        **inside.environment, REQUESTS_CA_BUNDLE=str(folder / "bundle.pem"), NO_PROXY="*", no_proxy="*"
    )
    client = await Client.start(command("app-server"), env=environment, cwd=home.workspace, check=checker())
    async with client:
        inside.pid = client.process.pid
        await client.initialize()
        world = World(client, provider, inside, certificates)
        while waiting:
            await _row(world, waiting.popleft())
        assert await client.close() == 0


async def _row(world: World, cells: list[Cell]) -> None:
    await _each(world.open, cells)
    before = await _counted(world)
    await _each(world.play, cells)
    await _each(world.go_on, cells)
    await _each(lambda cell: _judge(world, cell), cells)
    await _nothing_is_left(world, cells, before)
    for cell in cells:
        await world.close(cell)


async def _each(act: object, cells: list[Cell]) -> None:
    async def one(cell: Cell) -> None:
        if cell.state != "stuck":
            try:
                await act(cell)  # type: ignore[operator]
            except Exception as error:  # one cell that goes wrong is that cell's finding
                cell.state = "stuck"
                cell.problems.append(f"{type(error).__name__}: {str(error)[:2000]}")

    await asyncio.gather(*map(one, cells))


async def _judge(world: World, cell: Cell) -> None:
    params = {"threadId": cell.thread, "includeTurns": True}
    read = await world.client.request("thread/read", params, patience=PATIENCE)
    cell.state = _state(cell)
    cell.problems += findings(cell, read)


def _state(cell: Cell) -> str:
    """How it ended, and how many retries were told: `overloaded +1`."""
    assert cell.told is not None
    turn = cell.told.of("turn/completed", cell.begun)[0]["turn"]
    info = (turn["error"] or {}).get("codexErrorInfo", turn["status"])
    if isinstance(info, dict):
        name, details = next(iter(info.items()))
        code = details.get("httpStatusCode")
        info = SHORT.get(name, name) + (f" {code}" if code else "")
    notices = sum(each["willRetry"] for each in cell.told.of("error", cell.begun))
    shown = min(notices, 1) if cell.retries > 1 else notices
    return SHORT.get(info, info) + (f" +{shown}" if shown else "")


async def _counted(world: World) -> tuple[list[str], int, int]:
    """What is there when nothing runs: tasks, sockets that do not reach the provider, other descriptors."""
    sockets, others = world.inside.descriptors()
    return await world.inside.tasks(), sockets, others


async def _nothing_is_left(world: World, cells: list[Cell], before: tuple[list[str], int, int]) -> None:
    """As many tasks and descriptors as before, and of sockets no more than one a cell."""
    tasks, sockets, others = before
    most = sockets + sum(cell.cold or cell.link is not None for cell in cells)
    loop = asyncio.get_running_loop()
    end = loop.time() + (0.3 if world.leaks else LEAVING)
    while True:
        now = await _counted(world)
        left = len(now[0]) - len(tasks), max(0, now[1] - most), now[2] - others
        if not any(left):
            return
        if loop.time() > end:
            break
        await asyncio.sleep(0.02)
    world.leaks = True
    for cell in cells:
        cell.problems.append(f"left behind in this row: {left} tasks, sockets, descriptors; tasks: {now[0]}")
