"""One server as the daemon keeps it: started when it is needed, started again when it ended, ended with the daemon."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from spindled.mcp import library
from spindled.mcp.errors import CallTimeout, McpError, ServerGone, StartupFailed, StartupTimeout, leaves
from spindled.mcp.listing import Listing, listing
from spindled.mcp.server_process import ServerProcess

if TYPE_CHECKING:
    from spindled.mcp.credentials import Credentials
    from spindled.mcp.launch import Launch
    from spindled.mcp.session import Progress, Session

log = logging.getLogger(__name__)

Json = dict[str, Any]
Ask = Callable[[Json], Awaitable[Json]]
State = Literal["notStarted", "starting", "connected", "failed"]
DECLINED: Json = {"action": "decline"}
LISTS_CHANGED = ("notifications/tools/list_changed",)


class Call(Struct, eq=False):
    """A request that waits for its answer; its time stands still while its user is asked something."""

    thread: str | None
    ask: Ask
    timeout: asyncio.Timeout


class Connection:
    """`observer` hears each change of `state`. Nothing runs until `start` or a request."""

    def __init__(self, launch: Launch, credentials: Credentials, observer: Callable[[Connection], None]):
        self.launch = launch
        self.state: State = "notStarted"
        self.failure: StartupFailed | None = None
        self.listing = Listing()
        self._credentials = credentials
        self._observer = observer
        self._life: asyncio.Task[None] | None = None
        self._opened: asyncio.Future[Session] | None = None
        self._listening = asyncio.Event()  # the library is there: from here on the time is the server's
        self._listening_at = 0.0
        self._calls: list[Call] = []
        self._refreshing: asyncio.Task[None] | None = None

    @property
    def logged_in(self) -> bool:
        """Whether there is a login to go by."""
        url = self.launch.server.url
        grant = self._credentials.of(self.launch.name, url) if url is not None else None
        return grant is not None and grant.tokens is not None

    def start(self) -> None:
        """Begin a life unless one goes on."""
        if self._life is not None and not self._life.done():
            return
        self._listening.clear()
        self._opened = asyncio.get_running_loop().create_future()
        self._opened.add_done_callback(seen)
        self._tell("starting")
        self._life = asyncio.get_running_loop().create_task(self._live(), name=f"mcp {self.launch.name}")

    async def ready(self) -> Session:
        """The session of this life, or of a new one. Raises StartupFailed, ServerGone."""
        self.start()
        assert self._opened is not None
        return await asyncio.shield(self._opened)

    async def settled(self, seconds: float | None = None) -> None:
        """Wait until it is connected, or has failed to; at most so long after it could speak to us."""
        if self._opened is None or self._opened.done():
            return
        await self._listening.wait()
        left = None if seconds is None else max(self._listening_at + seconds - asyncio.get_running_loop().time(), 0.0)
        await asyncio.wait([self._opened], timeout=left)

    async def request(
        self,
        method: str,
        params: Json,
        *,
        thread: str | None = None,
        ask: Ask | None = None,
        progress: Progress | None = None,
    ) -> Json:
        """The server's result, within its tool time. `ask` puts its questions to the user of `thread`.

        Raises StartupFailed, ServerError, CallTimeout, ServerGone. A cancel is passed on to the server.
        """
        for last in (False, True):
            session = await self.ready()
            try:
                return await self._request(session, method, params, thread, ask, progress)
            except ServerGone as gone:
                session.lost.set()
                await self.ended()
                if not gone.unheard or last:
                    raise
        raise ServerGone

    async def _request(
        self,
        session: Session,
        method: str,
        params: Json,
        thread: str | None,
        ask: Ask | None,
        progress: Progress | None,
    ) -> Json:
        seconds = self.launch.server.tool_seconds
        try:
            async with asyncio.timeout(seconds) as timeout:
                call = Call(thread, ask or decline, timeout)
                self._calls.append(call)
                try:
                    return await session.request(method, params, progress)
                finally:
                    self._calls.remove(call)
        except TimeoutError:
            raise CallTimeout(method, seconds) from None

    async def ended(self) -> None:
        """Wait until the server does not run, or no more."""
        if self._life is not None and not self._life.done():
            await asyncio.wait([self._life])

    async def close(self) -> None:
        """End the server, if it runs. Idempotent."""
        if self._life is not None and not self._life.done():
            self._life.cancel()
            await self.ended()

    # -- a life

    async def _live(self) -> None:
        assert self._opened is not None
        opened = self._opened
        try:
            await self._serve(opened)
        except asyncio.CancelledError:
            self._fail(opened, StartupFailed("it was stopped"), "notStarted")
            raise
        except Exception as error:
            failure = self._failure_in(error)
            log.info("mcp server %s: %s", self.launch.name, failure)
            self._fail(opened, failure, "notStarted" if opened.done() else "failed")
        else:
            log.info("mcp server %s: the connection ended", self.launch.name)
            self.state = "notStarted"

    async def _serve(self, opened: asyncio.Future[Session]) -> None:
        launch = self.launch
        if launch.problem is not None:
            raise StartupFailed(launch.problem)
        seconds = launch.server.startup_seconds
        process = ServerProcess(launch) if launch.server.command is not None else None
        async with AsyncExitStack() as stack:
            if process is not None:
                stack.push_async_callback(process.close)
            ours = await library.module(
                "spindled.mcp.session"
            )  # the server starts meanwhile, and this time is not its own
            self._listen()
            try:
                async with asyncio.timeout(seconds):
                    session = await stack.enter_async_context(
                        ours.opened(launch, process, self._credentials, self._elicit, self._heard)
                    )
                    self.listing = await listing(session)
            except TimeoutError:
                raise StartupTimeout(seconds) from None
            opened.set_result(session)
            self.failure = None
            self._tell("connected")
            await session.lost.wait()

    def _failure_in(self, error: Exception) -> StartupFailed:
        told = next((each for each in leaves(error) if isinstance(each, McpError)), None)
        if told is None:
            log.error("mcp server %s", self.launch.name, exc_info=error)
            return StartupFailed(type(error).__name__)
        return told if isinstance(told, StartupFailed) else StartupFailed(str(told))

    def _listen(self) -> None:
        self._listening_at = asyncio.get_running_loop().time()
        self._listening.set()

    def _fail(self, opened: asyncio.Future[Session], error: StartupFailed, state: State) -> None:
        self._listening.set()
        if opened.done():
            self.state = state
            return
        self.failure = error
        opened.set_exception(error)
        self._tell(state)

    def _tell(self, state: State) -> None:
        self.state = state
        self._observer(self)

    # -- what the server says by itself

    async def _elicit(self, params: Json) -> Json:
        """Ask the user of the thread whose calls run. With those of several, nobody can tell whom it means."""
        calls = list(self._calls)
        if not calls or len({call.thread for call in calls}) > 1:
            log.info("mcp server %s asks, and it is not clear whom", self.launch.name)
            return DECLINED
        loop = asyncio.get_running_loop()
        left = {id(call): (call.timeout.when() or loop.time()) - loop.time() for call in calls}
        for call in calls:
            call.timeout.reschedule(None)
        try:
            return await calls[0].ask(params)
        finally:
            for call in calls:
                if call in self._calls:
                    call.timeout.reschedule(loop.time() + max(left[id(call)], 0.0))

    def _heard(self, method: str) -> None:
        if method in LISTS_CHANGED and self.state == "connected" and self._opened is not None:
            if self._refreshing is not None:
                self._refreshing.cancel()
            self._refreshing = asyncio.get_running_loop().create_task(self._refresh(self._opened.result()))

    async def _refresh(self, session: Session) -> None:
        try:
            async with asyncio.timeout(self.launch.server.startup_seconds):
                self.listing = await listing(session)
        except (McpError, TimeoutError) as error:
            log.info("mcp server %s: its new list of tools cannot be had: %s", self.launch.name, error)


async def decline(_: Json) -> Json:
    return DECLINED


def seen(future: asyncio.Future[Any]) -> None:
    """A failure that nobody waits for is told by the state."""
    if not future.cancelled():
        future.exception()
