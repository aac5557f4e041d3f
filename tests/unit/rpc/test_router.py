"""Method names to handlers."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from spindled.rpc.envelope import ABSENT
from spindled.rpc.errors import RpcError
from spindled.rpc.router import Route, Router
from spindled_protocol.methods import Method


class ReadParams(msgspec.Struct):
    threadId: str


class NamedParams(msgspec.Struct):
    name: str = "nobody"


def named(method: str) -> Any:
    return lambda session, params: (method, params.name)


def read(session: Any, params: ReadParams) -> str:
    return params.threadId


def _method(name: str, params: str | None = None, kind: Any = "client_request") -> Method:
    return Method(name, kind, params, None, False, ())


METHODS = {
    m.name: m
    for m in (
        _method("thread/read", "ReadParams"),
        _method("thread/list"),
        _method("thread/later"),
        _method("thread/named", "NamedParams")._replace(params_optional=True),
        _method("thread/started", kind="server_notification"),
    )
}


@pytest.fixture
def router() -> Router:
    routes = {"thread/read": Route(f"{__name__}:read"), "thread/list": Route(f"{__name__}:read")}
    routes["thread/named"] = Route(f"{__name__}:named", by_method=True)
    return Router(METHODS, routes, globals().__getitem__)


def test_params_are_decoded_to_their_type(router: Router) -> None:
    bound = router.bind(router.method("thread/read"))
    assert bound.decode(msgspec.Raw(b'{"threadId":"t"}')) == ReadParams("t")
    assert bound.handler(None, ReadParams("t")) == "t"
    assert router.bind(router.method("thread/read")) is bound


def test_missing_params(router: Router) -> None:
    with pytest.raises(RpcError, match=r"^Invalid request: missing field `params`$"):
        router.bind(router.method("thread/read")).decode(ABSENT)
    assert router.bind(router.method("thread/list")).decode(ABSENT) is None


def test_an_unknown_method_names_its_neighbours(router: Router) -> None:
    with pytest.raises(RpcError, match="unknown variant `thread/lisst`, expected one of `thread/list`"):
        router.method("thread/lisst")
    with pytest.raises(RpcError, match=r"^Invalid request: unknown variant `x{100}`$"):
        router.method("x" * 10_000)


def test_what_the_server_sends_is_no_request(router: Router) -> None:
    with pytest.raises(RpcError, match="unknown variant `thread/started`"):
        router.method("thread/started")


def test_a_method_without_a_route(router: Router) -> None:
    with pytest.raises(RpcError) as caught:
        router.bind(router.method("thread/later"))
    assert (caught.value.code, caught.value.message) == (-32601, "`thread/later` is not supported yet")


@pytest.mark.parametrize("params", [ABSENT, msgspec.Raw(b"null"), msgspec.Raw(b"{}")])
def test_params_that_may_be_left_out_and_a_handler_made_for_its_method(router: Router, params: msgspec.Raw) -> None:
    bound = router.bind(router.method("thread/named"))
    assert bound.handler(None, bound.decode(params)) == ("thread/named", "nobody")
