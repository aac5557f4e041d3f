"""The app-server protocol: JSON-RPC over any transport, answered by the api's handlers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec

from spindled.faces.gate import check_fields, check_method
from spindled.faces.handshake import read_client
from spindled.faces.server_info import describe_server
from spindled.faces.warming import Piece, load, load_in_turn
from spindled.rpc.connection import Client, Connection, Then
from spindled.rpc.errors import INVALID_REQUEST, RpcError
from spindled.rpc.peer import Call

if TYPE_CHECKING:
    from spindled.cli import Options
    from spindled.rpc.router import Route, Router

__all__ = ["AppServer", "Application", "Backend", "Dispatch", "product"]

log = logging.getLogger(__name__)

QUIET_S = 0.1
"""After the start, before what most clients need later is loaded: first requests come before it."""

PARTS = (
    "spindled.store.index.database",
    "spindled.store.library.library",
    "spindled.store.threads",
    "spindled.config.layers.load",
    "spindled.agent.surroundings",
    "spindled.api.application",
)
OF_A_THREAD = (
    "spindled.agent.turn.turn",
    "spindled.agent.thread",
    "spindled.api.threads.loading",
    "spindled.model.client",
)
"""Clients ask for one while their user still looks at the screen."""
FIRST_METHODS = ("thread/start", "thread/resume", "turn/start")


class Application(Protocol):
    """What serves every connection of this process."""

    def session(self, connection: Connection) -> Any:
        """What handlers get beside their params."""

    @property
    def busy(self) -> bool:
        """Whether a turn runs."""

    async def close(self, deadline_seconds: float) -> None:
        """Interrupt what runs and leave no child behind. May be cancelled, and called again with less time."""


class Backend(NamedTuple):
    """What a face needs to serve; all of it is loaded after the first answer."""

    home: str
    routes: Callable[[], Mapping[str, Route]]
    application: Callable[[], Application]
    parts: Sequence[str] = ()
    """The modules that the application is made of, a piece each to load."""
    later: Sequence[str] = ()
    """Modules that most clients need a little later."""
    methods: Sequence[str] = ()
    """What most clients ask for first."""


def product(options: Options, home: str) -> Backend:
    """The daemon itself."""

    def routes() -> Mapping[str, Route]:
        from spindled.api.routes import ROUTES

        return ROUTES

    def application() -> Application:
        from pathlib import Path

        from spindled.api.application import Application

        return Application(Path(home), options.overrides, options)

    return Backend(home, routes, application, PARTS, OF_A_THREAD, FIRST_METHODS)


class AppServer:
    """The state that connections share. `on_failure` hears why the application could not be opened."""

    def __init__(self, backend: Backend, on_failure: Callable[[Exception], None]) -> None:
        self.home = backend.home
        self._backend = backend
        self._on_failure = on_failure
        self._router: Router | None = None
        self._application: Application | None = None
        self._warm = False

    @property
    def served(self) -> Iterable[str]:
        """The names of the methods that have a handler."""
        return self._backend.routes()

    @property
    def router(self) -> Router:
        if self._router is None:
            from spindled.rpc.router import Router
            from spindled_protocol import types
            from spindled_protocol.methods import METHODS

            self._router = Router(METHODS, self._backend.routes(), partial(getattr, types))
        return self._router

    @property
    def application(self) -> Application:
        if self._application is None:
            try:
                self._application = self._backend.application()
            except Exception as error:
                self._on_failure(error)
                raise
        return self._application

    def warm_up_soon(self, then: Callable[[], None]) -> None:
        """Load what will be needed next, once the answers that are queued have been written; then go on."""

        def go_on() -> None:
            self.warm_up()
            if self._application is not None:
                then()

        load_in_turn(modules(() if self._warm else self._backend.parts), go_on)

    def warm_up(self) -> None:
        """Load what will be needed next, once."""
        if self._warm:
            return
        self._warm = True
        load(lambda: (self.router, self.application))
        later: list[Piece] = [
            *modules(self._backend.later),
            *(partial(self._bind, name) for name in self._backend.methods),
        ]
        asyncio.get_running_loop().call_later(QUIET_S, lambda: load_in_turn(later))

    def _bind(self, name: str) -> None:
        self.router.bind(self.router.method(name))

    @property
    def busy(self) -> bool:
        return self._application is not None and self._application.busy

    async def close(self, deadline_seconds: float) -> None:
        if self._application is not None:
            await self._application.close(deadline_seconds)


def modules(names: Iterable[str]) -> list[Piece]:
    """What loads each of them."""
    return [partial(import_module, name) for name in names]


class Dispatch:
    """The Dispatcher of one connection."""

    def __init__(self, server: AppServer) -> None:
        self._server = server
        self._initialized = False
        self._session: Any = None

    def request(self, connection: Connection, method: str, params: msgspec.Raw) -> Call:
        if method == "initialize":
            return self._initialize(connection, params)
        router = self._server.router
        found = router.method(method)
        if not self._initialized:
            raise RpcError(INVALID_REQUEST, "Not initialized")
        check_method(found, connection.client)
        bound = router.bind(found)
        check_fields(found, params, connection.client)
        return partial(bound.handler, self.session(connection), bound.decode(params))

    def notification(self, connection: Connection, method: str, params: msgspec.Raw) -> None:
        if method != "initialized":
            log.debug("ignored notification %.100r", method)

    def _initialize(self, connection: Connection, params: msgspec.Raw) -> Call:
        client = read_client(params)
        if self._initialized:
            raise RpcError(INVALID_REQUEST, "Already initialized")
        self._welcome(connection, client)
        answer = describe_server(client.name, self._server.home)
        return lambda: Then(answer, partial(self._settle_in, connection))

    def greeted(self, connection: Connection, params: bytes) -> None:
        """The client's `initialize` was answered before the loop began (see `greeting`)."""
        self._welcome(connection, read_client(msgspec.Raw(params)))
        self._settle_in(connection)

    def _welcome(self, connection: Connection, client: Client) -> None:
        connection.client = client
        self._initialized = True

    def _settle_in(self, connection: Connection) -> None:
        """The client hears from now on what all are told, asked for or not."""
        self._server.warm_up_soon(lambda: self.session(connection))

    def session(self, connection: Connection) -> Any:
        """What handlers get beside their params; made at the first call. Raises what keeps the application shut."""
        if self._session is None:
            self._session = self._server.application.session(connection)
        return self._session
