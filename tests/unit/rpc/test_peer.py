"""A Peer over an in-memory transport: what goes in, what comes out, in which order."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.rpc.connection import Client as ClientInfo
from spindled.rpc.connection import Connection, Then
from spindled.rpc.envelope import encode_notification
from spindled.rpc.errors import ConnectionClosed, RpcError
from spindled.rpc.peer import MOST_RUNNING
from tests.unit.rpc.wire import Client, Table, serving


def echo(_: Connection, params: Any) -> Any:
    return params


async def echo_later(_: Connection, params: Any) -> Any:
    await asyncio.sleep(0)
    return params


@pytest.mark.parametrize("id", [0, 1, -5, 2**53 + 1, 2**64, -(2**63), "", "abc", "ä\n"])
async def test_an_id_comes_back_as_it_was(id: Any) -> None:
    async with serving(Table(echo=echo)) as (client, _):
        assert await client.call(id, "echo", {"x": 1}) == {"id": id, "result": {"x": 1}}


async def test_members_stand_in_the_order_of_the_wire() -> None:
    def fail(_: Connection, params: Any) -> Any:
        raise RpcError(-1, "no", {"why": 1} if params else None)

    async with serving(Table(echo=echo, fail=fail)) as (client, peer):
        client.send({"id": 1, "method": "echo", "params": {}}, {"id": 2, "method": "fail"})
        client.send({"id": 3, "method": "fail", "params": 1})
        assert await client.line() == b'{"id":1,"result":{}}'
        assert await client.line() == b'{"id":2,"error":{"code":-1,"message":"no"}}'
        assert await client.line() == b'{"id":3,"error":{"code":-1,"message":"no","data":{"why":1}}}'
        peer.notify("thread/started", {"a": None})
        request = peer.request("ask", {"b": 1})
        assert (await client.line()).startswith(b'{"method":"thread/started","params":{"a":null},"emittedAtMs":1')
        assert await client.line() == b'{"method":"ask","id":0,"params":{"b":1}}'
        assert request.id == 0


async def test_ten_thousand_requests_in_one_write() -> None:
    async with serving(Table(echo=echo, later=echo_later)) as (client, _):
        methods = ["echo", "later"]
        client.send(*({"id": n, "method": methods[n % 2], "params": n} for n in range(10_000)))
        answers = [await client.receive() for _ in range(10_000)]
    assert sorted(a["id"] for a in answers) == list(range(10_000))
    assert all(a["result"] == a["id"] for a in answers)


async def test_no_request_overtakes_the_start_of_an_earlier_one() -> None:
    order = []

    async def slow(_: Connection, params: Any) -> None:
        order.append(params)
        await asyncio.sleep(0)

    def fast(_: Connection, params: Any) -> None:
        order.append(params)

    async with serving(Table(slow=slow, fast=fast)) as (client, _):
        client.send(*({"id": n, "method": "fast" if n % 3 else "slow", "params": n} for n in range(9)))
        for _ in range(9):
            await client.receive()
    assert order == list(range(9))


async def test_failing_handlers_are_answered_without_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    def now(_: Connection, params: Any) -> Any:
        raise ValueError("secret detail")

    async def later(_: Connection, params: Any) -> Any:
        await asyncio.sleep(0)
        raise ValueError("secret detail")

    async with serving(Table(now=now, later=later)) as (client, _):
        for method in ("now", "later"):
            answer = await client.call(1, method)
            assert answer["error"] == {"code": -32603, "message": f"Internal error: {method} failed"}
    assert caplog.text.count("ValueError: secret detail") == 2


@pytest.mark.parametrize("result", [object(), "\ud800", {1.5: object()}, Then({"x": object()}, lambda: None)])
async def test_a_result_that_cannot_be_encoded_is_an_error(result: Any) -> None:
    async with serving(Table(bad=lambda *_: result, echo=echo)) as (client, _):
        assert (await client.call(1, "bad"))["error"]["code"] == -32603
        assert (await client.call(2, "echo"))["result"] is None


async def test_an_error_whose_data_cannot_be_encoded() -> None:
    def fail(*_: Any) -> None:
        raise RpcError(-1, "x", object())

    async with serving(Table(fail=fail)) as (client, _):
        assert (await client.call(1, "fail"))["error"]["code"] == -32603


async def test_what_a_handler_starts_comes_after_its_answer() -> None:
    def start(connection: Connection, _: Any) -> Then:
        return Then("ok", lambda: connection.notify("started", {}))

    async def start_later(connection: Connection, _: Any) -> Then:
        await asyncio.sleep(0)
        return Then("ok", lambda: connection.notify("started", {}))

    def start_badly(*_: Any) -> Then:
        return Then("ok", lambda: 1 / 0)  # type: ignore[arg-type,return-value]

    async with serving(Table(now=start, later=start_later, badly=start_badly)) as (client, _):
        for method in ("now", "later"):
            assert await client.call(1, method) == {"id": 1, "result": "ok"}
            assert (await client.receive())["method"] == "started"
        assert await client.call(2, "badly") == {"id": 2, "result": "ok"}


async def test_equal_ids_of_client_and_server_do_not_meet() -> None:
    async def ask(connection: Connection, _: Any) -> Any:
        return json.loads(bytes(await connection.request("ask", None)))

    async with serving(Table(ask=ask)) as (client, _):
        client.send({"id": 0, "method": "ask"})
        assert await client.receive() == {"method": "ask", "id": 0, "params": None}
        client.send({"id": 0, "result": "yes"})
        assert await client.receive() == {"id": 0, "result": "yes"}


async def test_answers_that_are_errors_or_unknown_or_late(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with serving(Table(echo=echo)) as (client, peer):
        refused, odd, given_up = (peer.request("ask", {}) for _ in range(3))
        given_up.cancel()
        client.send(
            {"id": 0, "error": {"code": 7, "message": "no", "data": [1]}},
            {"id": 1, "error": "what"},
            {"id": 2, "result": 1},
            {"id": 99, "result": 1},
            {"id": "x", "error": None},
        )
        with pytest.raises(RpcError) as caught:
            await refused
        assert (caught.value.code, caught.value.message, caught.value.data) == (7, "no", [1])
        with pytest.raises(RpcError):
            await odd
        with pytest.raises(asyncio.CancelledError):
            await given_up
        assert (await _after_requests(client)) == {"id": 5, "result": 5}
    assert "late answer to request 2" in caplog.text
    assert "unknown request 99" in caplog.text


async def _after_requests(client: Client) -> Any:
    for _ in range(3):
        assert (await client.receive())["method"] == "ask"
    return await client.call(5, "echo", 5)


async def test_the_end_fails_what_waits() -> None:
    async with serving(Table()) as (_, peer):
        waiting = peer.request("ask", {})
        await peer.close(0)
        assert peer.closed.is_set()
        with pytest.raises(ConnectionClosed):
            await waiting
        with pytest.raises(ConnectionClosed):
            await peer.request("ask", {})
        peer.notify("x", {})
        await peer.wait_writable()


async def test_finish_lets_requests_end_and_then_cancels_them() -> None:
    release = asyncio.Event()

    async def ends(*_: Any) -> str:
        await release.wait()
        return "done"

    async def hangs(*_: Any) -> None:
        await asyncio.Event().wait()

    async with serving(Table(ends=ends, hangs=hangs)) as (client, peer):
        client.send({"id": 1, "method": "ends"}, {"id": 2, "method": "hangs"})
        asyncio.get_running_loop().call_soon(release.set)
        await asyncio.sleep(0)
        await peer.finish(0.05)
        assert await client.receive() == {"id": 1, "result": "done"}
        assert (await client.receive())["error"]["message"] == "Internal error: the request was cancelled"


async def test_only_the_request_that_is_named_is_cancelled() -> None:
    release, started = asyncio.Event(), asyncio.Semaphore(0)

    async def waits(*_: Any) -> str:
        started.release()
        await release.wait()
        return "done"

    async with serving(Table(waits=waits, other=waits)) as (client, peer):
        client.send(*({"id": id, "method": method} for id, method in [(1, "waits"), ("1", "waits"), (2, "other")]))
        client.send({"id": 3, "method": "waits"})
        for _ in range(4):
            await started.acquire()
        for id, method in [(1, "waits"), (2, "waits"), (4, "waits"), (1, "waits")]:
            peer.cancel(id, method)
        ended = await client.receive()
        assert (ended["id"], ended["error"]["message"]) == (1, "Internal error: the request was cancelled")
        release.set()
        assert [(await client.receive())["id"] for _ in range(3)] == ["1", 2, 3]
        peer.cancel(3, "waits")


MALFORMED = [
    (b"this is not json", None, -32700),
    (b'{"id":1,"method":"echo","params":{"a":NaN}}', None, -32700),
    (b'{"id":1,"method":"\xff"}', None, -32700),
    (b"[]", None, -32600),
    (b'[{"id":1,"method":"echo"}]', None, -32600),
    (b"42", None, -32600),
    (b"null", None, -32600),
    (b'{"id":77}', 77, -32600),
    (b'{"id":"s"}', "s", -32600),
    (b"{}", None, -32600),
    (b'{"method":5,"id":78}', 78, -32600),
    (b'{"id":1.5,"method":"echo"}', None, -32600),
    (b'{"id":null,"method":"echo"}', None, -32600),
    (b'{"id":true,"method":"echo"}', None, -32600),
    (b'{"id":[1],"method":"echo"}', None, -32600),
    (b'{"id":1,"method":"echo","params":' + b"[" * 100_000, None, -32600),
    (b"x" * 1_000_001, None, -32600),
]


@pytest.mark.parametrize(("line", "id", "code"), MALFORMED, ids=[repr(m[0][:24]) for m in MALFORMED])
async def test_malformed_lines_are_answered(line: bytes, id: Any, code: int) -> None:
    async with serving(Table(echo=echo), limit=1_000_000) as (client, _):
        client.send(line)
        answer = await client.receive()
        assert (answer["id"], answer["error"]["code"]) == (id, code)
        assert await client.call(1, "echo", "still here") == {"id": 1, "result": "still here"}


async def test_notifications_have_no_answer() -> None:
    table = Table(echo=echo)
    async with serving(table) as (client, _):
        client.send({"method": "unknown"}, {"method": "boom", "params": {}}, {"jsonrpc": "2.0", "method": "echo"})
        assert await client.call(1, "echo") == {"id": 1, "result": None}
    assert table.notified == ["unknown", "boom", "echo"]


async def test_opting_out() -> None:
    async with serving(Table()) as (client, peer):
        peer.client = ClientInfo(opt_out=frozenset({"thread/started"}))
        assert not peer.wants("thread/started")
        peer.notify("thread/started", {})
        peer.send(encode_notification("thread/closed", {}))
        assert (await client.receive())["method"] == "thread/closed"


async def test_a_producer_waits_for_a_slow_client() -> None:
    async with serving(Table()) as (client, peer):
        frame = encode_notification("delta", {"text": "x" * 100_000})

        sent = 0

        async def produce() -> None:
            nonlocal sent
            for sent in range(1, 101):  # noqa: B007
                peer.send(frame)
                await peer.wait_writable()

        producing = asyncio.create_task(produce())
        for _ in range(100):
            await asyncio.sleep(0)
        assert sent == 11  # the first above the bound
        for _ in range(100):
            assert (await client.receive())["method"] == "delta"
        await producing


async def test_what_is_too_much_is_refused_and_may_be_sent_again() -> None:
    """Every request is answered, by its result or by -32001."""
    go_on = asyncio.Event()

    async def wait(_: Connection, params: Any) -> Any:
        await go_on.wait()
        return params

    async with serving(Table(wait=wait, echo=echo)) as (client, _):
        client.send(*({"id": n, "method": "wait", "params": n} for n in range(MOST_RUNNING + 2)))
        for n in range(2):
            assert await client.receive() == {
                "id": MOST_RUNNING + n,
                "error": {"code": -32001, "message": "Server overloaded; retry later."},
            }
        go_on.set()
        answers = [(await client.receive())["id"] for _ in range(MOST_RUNNING)]
        assert sorted(answers) == list(range(MOST_RUNNING))
        assert (await client.call("again", "echo", 1))["result"] == 1


async def test_a_client_is_disconnected_and_the_log_says_why(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(Table()) as (client, peer):
        peer.client = ClientInfo(name="snail")
        peer.send(encode_notification("delta", {"text": "x" * 5_000_000}))
        assert peer.behind
        peer.drop("it reads too slowly")
        peer.notify("late", {})
        assert not peer.behind
        with pytest.raises(StopAsyncIteration):
            await client.line()
    assert "disconnected 'snail': it reads too slowly" in caplog.text


garbage = st.one_of(
    st.binary().map(lambda data: data.replace(b"\n", b" ")),
    st.builds(lambda method: {"method": method}, st.text()),
    st.dictionaries(st.sampled_from(["id", "method", "params", "result", "error"]), st.none() | st.integers()),
)


@given(st.lists(st.sampled_from(["echo", "later", "nope"]) | garbage))
def test_every_request_gets_exactly_one_answer(sent: list[Any]) -> None:
    requests = {f"r{n}": method for n, method in enumerate(sent) if isinstance(method, str)}
    lines = [{"id": f"r{n}", "method": m} if isinstance(m, str) else m for n, m in enumerate(sent)]

    async def run() -> list[Any]:
        async with serving(Table(echo=echo, later=echo_later, last=echo_later)) as (client, _):
            client.send(*lines, {"id": "last", "method": "last"})
            answers = []
            while (answer := await client.receive())["id"] != "last":
                answers.append(answer)
            return answers

    answered = [answer["id"] for answer in asyncio.run(run()) if answer["id"] in requests]
    assert sorted(answered) == sorted(requests)


async def test_a_client_gives_its_request_up() -> None:
    started, never = asyncio.Event(), asyncio.Event()

    async def wait(_: Connection, params: Any) -> Any:
        started.set()
        await never.wait()

    async with serving(Table(wait=wait, echo=echo)) as (client, peer):
        client.send({"id": "a", "method": "wait"}, {"id": 1, "method": "wait"})
        await started.wait()
        assert not peer.give_up("b")
        assert peer.give_up("a")
        assert (await client.receive()) == {
            "id": "a",
            "error": {"code": -32800, "message": "the request was cancelled"},
        }
        assert not peer.give_up("a")
        assert await client.call(2, "echo", 5) == {"id": 2, "result": 5}
