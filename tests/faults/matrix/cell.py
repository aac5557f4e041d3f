"""One cell: a thread of its own at a provider of its own, which fails at one moment and then no more."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from tests.conformance.steps import command, text_input
from tests.faults.matrix.failures import SECOND, Failure, Moment, Outcome
from tests.support.broken import says
from tests.support.client import Client, Message
from tests.support.fake_items import Hold
from tests.support.fake_provider import End, FakeProvider, Reply, Request, stream
from tests.support.inside import Inside
from tests.support.link import Certificates, Link

FIRST, LAST = "first answer", "last answer"
PATIENCE = 30.0


class Told:
    """What a daemon tells of one thread, in order."""

    def __init__(self, client: Client, thread: str) -> None:
        self.messages: list[Message] = []
        self.path = ""
        self._thread = thread
        self._news = asyncio.Event()
        client.watch(self._hear)

    def of(self, method: str, since: int = 0) -> list[Message]:
        return [each["params"] for each in self.messages[since:] if each["method"] == method]

    def items(self, kind: str, since: int = 0) -> list[Message]:
        """Those that are completed."""
        found = [params["item"] for params in self.of("item/completed", since)]
        return [item for item in found if item["type"] == kind]

    async def until(self, method: str, since: int) -> Message:
        """The first of this method from there on."""
        async with asyncio.timeout(PATIENCE):
            while not (found := self.of(method, since)):
                self._news.clear()
                await self._news.wait()
        return found[0]

    def _hear(self, message: Message) -> None:
        if message.get("method") and message.get("params", {}).get("threadId") == self._thread:
            self.messages.append(message)
            self._news.set()


@dataclass
class Cell:
    """Its provider is all right but for the moment that it is about."""

    key: str
    row: Failure
    moment: Moment
    expected: Outcome
    failing: int | None = 0  # how many more requests fail; None: all
    calls_first: bool = False
    requests: list[Request] = field(default_factory=list)
    says: str = FIRST
    link: Link | None = None
    thread: str = ""
    told: Told | None = None
    begun: int = 0  # index in what was told
    made: slice = field(default_factory=lambda: slice(0))  # the requests of the moment
    problems: list[str] = field(default_factory=list)
    state: str = ""

    @property
    def cold(self) -> bool:
        """Without a turn before, which would find the address."""
        return self.row.no_address

    @property
    def hold(self) -> str | None:
        return f"{self.key} held" if self.moment is Moment.INTERRUPT else None

    @property
    def retries(self) -> int:
        """How many visible ones are configured: where nothing holds the next attempt up, enough to come in between."""
        return 50 if self.row.make is None and self.moment in (Moment.ONCE, Moment.WAIT) else 1

    @property
    def host(self) -> str:
        return f"{self.key}.test"

    def settings(self, base_url: str) -> Message:
        """Of its model provider."""
        if self.link is not None:
            base_url = self.link.base_url
        elif self.row.no_address:
            base_url = base_url.replace("127.0.0.1", self.host)
        idle = 20_000 if self.moment is Moment.INTERRUPT else self.row.idle_ms
        return {
            "name": self.key,
            "base_url": f"{base_url.removesuffix('/v1')}/{self.key}/v1",
            "wire_api": self.row.api,
            "request_max_retries": 1,
            "stream_max_retries": self.retries,
            "stream_idle_timeout_ms": idle,
        }

    def reply(self, request: Request) -> Reply:
        """The answer to its next request."""
        self.requests.append(request)
        if self.calls_first:
            self.calls_first = False
            reply = stream(command("echo called"))
            if self.link is not None:
                self.link.close()
                reply.end = End.CLOSE
            return reply
        if self.row.make is None or self.failing == 0:
            reply = says(self.row.api, self.says)
            if self.link is not None:  # the next one has to connect
                reply.end = End.CLOSE
            return reply
        if self.failing is not None:
            self.failing -= 1
        reply = self.row.make(self.hold)
        if self.moment is Moment.WAIT and len(self.requests) - self.made.start > self.expected.requests:
            reply.before = Hold(f"{self.key} again")  # an interrupt that comes late meets the next attempt
        return reply


class World:
    """One daemon with the cells that run in it, and their common provider."""

    def __init__(self, client: Client, provider: FakeProvider, inside: Inside, certificates: Certificates) -> None:
        self.client, self.provider, self.inside, self.certificates = client, provider, inside, certificates
        self.leaks = False

    async def open(self, cell: Cell) -> None:
        """A thread that is all right, after a turn."""
        await self._heal(cell)
        thread = await self.client.start_thread(modelProvider=cell.key)
        cell.thread = thread["id"]
        cell.told = Told(self.client, cell.thread)
        cell.told.path = thread["path"]
        if not cell.cold:
            await self._turn(cell, "first question")

    async def play(self, cell: Cell) -> None:
        """The moment, and that nothing is written to the provider or waited for afterwards."""
        assert cell.told is not None
        cell.begun, cell.says = len(cell.told.messages), SECOND
        before = len(cell.requests)
        cell.made = slice(before, None)
        cell.failing = 1 if cell.moment is Moment.ONCE else None
        cell.calls_first = cell.moment is Moment.TOOL
        if not (cell.calls_first and cell.link):
            await self._break(cell)
        turn = await self._begin(cell)
        if cell.moment is Moment.INTERRUPT:
            assert cell.hold is not None
            await asyncio.wait_for(self.provider.reached(cell.hold), PATIENCE)
            await self._interrupt(cell, turn)
        elif cell.moment is Moment.WAIT:
            await cell.told.until("error", cell.begun)
            await self._interrupt(cell, turn)
        elif cell.moment is Moment.ONCE and cell.row.make is None:
            await cell.told.until("error", cell.begun)
            await self._heal(cell)
        await cell.told.until("turn/completed", cell.begun)
        cell.made = slice(before, len(cell.requests))
        async with asyncio.timeout(PATIENCE):
            for request in cell.requests:
                await request.answered.wait()

    async def go_on(self, cell: Cell) -> None:
        """One more turn, with a provider that is all right."""
        await self._heal(cell)
        cell.failing, cell.says = 0, LAST
        await self._turn(cell, "last question")

    async def close(self, cell: Cell) -> None:
        if cell.link is not None:
            cell.link.close(port_too=True)

    async def _begin(self, cell: Cell) -> str:
        """The id of the turn that is to fail."""
        assert cell.told is not None
        if cell.moment is Moment.COMPACT:
            await self.client.request("thread/compact/start", {"threadId": cell.thread}, patience=PATIENCE)
            started = await cell.told.until("turn/started", cell.begun)
            return str(started["turn"]["id"])
        return str((await self._start(cell, "second question"))["id"])

    async def _turn(self, cell: Cell, text: str) -> None:
        assert cell.told is not None
        since = len(cell.told.messages)
        await self._start(cell, text)
        ended = (await cell.told.until("turn/completed", since))["turn"]
        if ended["status"] != "completed":
            cell.problems.append(f"the turn of the {text} ended {ended['status']}: {ended['error']}")

    async def _start(self, cell: Cell, text: str) -> Message:
        params = {"threadId": cell.thread, "input": text_input(text)}
        turn: Message = (await self.client.request("turn/start", params, patience=PATIENCE))["turn"]
        return turn

    async def _interrupt(self, cell: Cell, turn: str) -> None:
        await self.client.request("turn/interrupt", {"threadId": cell.thread, "turnId": turn}, patience=PATIENCE)

    async def _break(self, cell: Cell) -> None:
        if cell.link is not None:
            await cell.link.down()
        elif cell.row.no_address:
            self._name(cell, known=False)

    async def _heal(self, cell: Cell) -> None:
        if cell.link is not None:
            await cell.link.up()
        elif cell.row.no_address:
            self._name(cell, known=cell.moment is not Moment.FIRST or cell.told is not None)

    def _name(self, cell: Cell, *, known: bool) -> None:
        names: set[Any] = set(self.inside.names.read_text().split()) - {cell.host}
        self.inside.names.write_text("\n".join(names | ({cell.host} if known else set())))
