"""The gate of the app-server protocol, with the real table of methods and a small application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from spindled.faces.appserver import AppServer, Backend, Dispatch
from spindled.rpc.connection import Connection, Then
from spindled.rpc.router import Route
from tests.unit.rpc.wire import Client, serving


class Application:
    def __init__(self) -> None:
        self.sessions = 0

    def session(self, connection: Connection) -> Connection:
        self.sessions += 1
        return connection

    async def close(self, deadline_seconds: float) -> None:
        pass


async def thread_start(session: Connection, params: Any) -> Any:
    await asyncio.sleep(0)
    return Then({"cwd": params.cwd}, lambda: session.notify("thread/started", {}))


def loaded_list(session: Connection, params: Any) -> Any:
    return {"data": [], "nextCursor": None}


def home(session: Connection, params: None) -> Any:
    return {"params": params}


ROUTES = {
    "thread/start": Route(f"{__name__}:thread_start"),
    "thread/loaded/list": Route(f"{__name__}:loaded_list"),
    "thread/search": Route(f"{__name__}:loaded_list"),
    "account/logout": Route(f"{__name__}:home"),
}


@pytest.fixture
def application() -> Application:
    return Application()


@pytest.fixture
async def client(application: Application) -> AsyncIterator[Client]:
    failures: list[Exception] = []
    server = AppServer(Backend("/home/x", lambda: ROUTES, lambda: application), failures.append)
    async with serving(Dispatch(server)) as (client, _):
        yield client
    assert failures == []


async def initialize(client: Client, **capabilities: Any) -> Any:
    return await client.call(
        "init", "initialize", {"clientInfo": {"name": "ed", "version": "1"}, "capabilities": capabilities}
    )


async def refusal(client: Client, method: str, params: Any = None) -> tuple[int, str]:
    answer = await client.call("r", method, params)
    assert answer["id"] == "r"
    return answer["error"]["code"], answer["error"]["message"]


async def test_the_handshake_comes_first_and_once(client: Client) -> None:
    for method in ("thread/start", "thread/search", "turn/start"):
        assert await refusal(client, method, {}) == (-32600, "Not initialized")
    code, message = await refusal(client, "no/such/method")
    assert code == -32600
    assert message.startswith("Invalid request: unknown variant `no/such/method`")
    assert (await refusal(client, "initialize", {})) == (-32600, "Invalid request: missing field `clientInfo`")
    answer = await initialize(client)
    assert answer["result"]["userAgent"].startswith("ed/")
    assert answer["result"]["codexHome"] == "/home/x"
    answer = await initialize(client)
    assert answer["error"] == {"code": -32600, "message": "Already initialized"}
    assert (await client.call(1, "thread/loaded/list", {}))["result"] == {"data": [], "nextCursor": None}


async def test_requests_of_the_same_write_as_initialize_are_served(client: Client, application: Application) -> None:
    client.send(
        {"id": 0, "method": "initialize", "params": {"clientInfo": {"name": "ed", "version": "1"}}},
        {"method": "initialized"},
        {"id": 1, "method": "thread/start", "params": {"cwd": "/w"}},
        {"id": 2, "method": "account/logout"},
    )
    answers = [await client.receive() for _ in range(4)]
    assert answers[0]["id"] == 0
    assert {"id": 1, "result": {"cwd": "/w"}} in answers
    assert {"id": 2, "result": {"params": None}} in answers
    assert answers[-1]["method"] == "thread/started"
    assert application.sessions == 1


async def test_experimental_parts_need_the_capability(client: Client) -> None:
    await initialize(client)
    needs = "requires experimentalApi capability"
    assert await refusal(client, "thread/search", {}) == (-32600, f"thread/search {needs}")
    for field, value in (("dynamicTools", []), ("experimentalRawEvents", True), ("historyMode", "legacy")):
        expected = (-32600, f"thread/start.{field} {needs}")
        assert await refusal(client, "thread/start", {field: value}) == expected
    harmless = {"dynamicTools": None, "experimentalRawEvents": False, "cwd": "/w"}
    assert "error" not in await client.call(1, "thread/start", harmless)


async def test_with_the_capability_they_are_open(client: Client) -> None:
    await initialize(client, experimentalApi=True)
    assert (await refusal(client, "thread/search", {}))[1].startswith("Invalid request: missing field")
    assert "error" not in await client.call(1, "thread/start", {"dynamicTools": [], "cwd": "/w"})


async def test_params_are_checked(client: Client) -> None:
    await initialize(client)
    assert await refusal(client, "thread/start", {"cwd": 5}) == (
        -32600,
        "Invalid request: invalid type: integer, expected a string at `cwd`",
    )
    client.send({"id": 1, "method": "thread/start"})
    assert (await client.receive())["error"]["message"] == "Invalid request: missing field `params`"


async def test_a_method_that_is_not_served(client: Client) -> None:
    await initialize(client)
    assert await refusal(client, "turn/start", {}) == (-32601, "`turn/start` is not supported yet")


async def test_opting_out_at_initialize(client: Client) -> None:
    await initialize(client, optOutNotificationMethods=["thread/started"])
    await client.call(1, "thread/start", {"cwd": "/w"})
    assert (await client.call(2, "thread/loaded/list", {}))["id"] == 2


async def test_an_application_that_does_not_open() -> None:
    failures: list[Exception] = []

    def broken() -> Application:
        raise ValueError("bad configuration")

    server = AppServer(Backend("/", lambda: ROUTES, broken), failures.append)
    async with serving(Dispatch(server)) as (client, _):
        await initialize(client)
        assert (await refusal(client, "thread/loaded/list", {}))[0] == -32603
    assert str(failures[0]) == "bad configuration"


async def test_what_clients_need_later_is_loaded_behind_the_first_answers(application: Application) -> None:
    bound, failures = asyncio.Event(), list[Exception]()

    class Watched(dict[str, Route]):
        def get(self, name: str, default: Any = None) -> Any:
            bound.set()
            return super().get(name, default)

    backend = Backend("/", lambda: Watched(ROUTES), lambda: application, methods=["thread/start", "thread/search"])
    server = AppServer(backend, failures.append)
    async with serving(Dispatch(server)) as (client, _):
        assert not bound.is_set()
        await initialize(client)
        assert not bound.is_set()
        await bound.wait()
        assert (await client.call(1, "thread/loaded/list", {}))["id"] == 1
    assert failures == []


async def test_the_parts_of_the_application_are_loaded_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded, made = list[str](), asyncio.Event()
    monkeypatch.setattr("spindled.faces.appserver.import_module", loaded.append)

    def application() -> Application:
        made.set()
        return Application()

    server = AppServer(Backend("/", lambda: ROUTES, application, parts=["one", "two"]), lambda _: None)
    async with serving(Dispatch(server)):
        server.warm_up_soon(lambda: loaded.append("then"))
        assert not made.is_set()
        await made.wait()
        assert loaded == ["one", "two", "then"]
