"""Method names to handlers: modules and decoders are loaded at a method's first use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from spindled.rpc.envelope import ABSENT
from spindled.rpc.errors import invalid_request, not_supported, unknown_variant
from spindled.rpc.validation import decode_params

if TYPE_CHECKING:
    from spindled_protocol.methods import Method

NOTHING = msgspec.Raw(b"{}")

__all__ = ["Bound", "Handler", "Route", "Router"]

Handler = Callable[[Any, Any], Any]
"""`handler(session, params)`: a plain function answers at once, a coroutine function as a task. May give a Then."""


class Route(NamedTuple):
    """Where a method is handled: "package.module:function".

    `by_method`: the function does not handle the method; it takes its name and gives the handler.
    """

    handler: str
    by_method: bool = False


class Bound(NamedTuple):
    """A method ready to serve; `decoder` is None for one without params."""

    method: Method
    handler: Handler
    decoder: msgspec.json.Decoder[Any] | None

    def decode(self, params: msgspec.Raw) -> Any:
        """Raises RpcError."""
        if self.decoder is None:
            return None
        if params is ABSENT or bytes(params) == b"null":
            if not self.method.params_optional:
                raise invalid_request("missing field `params`")
            params = NOTHING
        return decode_params(self.decoder, params)


class Router:
    """`methods` is the whole wire, `routes` what is served of it, `load_type` finds a params type by name."""

    def __init__(
        self, methods: Mapping[str, Method], routes: Mapping[str, Route], load_type: Callable[[str], Any]
    ) -> None:
        self._methods = methods
        self._routes = routes
        self._load_type = load_type
        self._bound: dict[str, Bound] = {}

    def method(self, name: str) -> Method:
        """Raises RpcError for what is no request of a client."""
        found = self._methods.get(name)
        if found is None or found.kind != "client_request":
            raise unknown_variant(name, [m.name for m in self._methods.values() if m.kind == "client_request"])
        return found

    def bind(self, method: Method) -> Bound:
        """Raises RpcError for a method that is not served."""
        bound = self._bound.get(method.name)
        if bound is None:
            bound = self._bound[method.name] = self._load(method)
        return bound

    def _load(self, method: Method) -> Bound:
        route = self._routes.get(method.name)
        if route is None:
            raise not_supported(method.name)
        module, _, function = route.handler.partition(":")
        decoder = msgspec.json.Decoder(self._load_type(method.params)) if method.params else None
        found = getattr(import_module(module), function)
        return Bound(method, found(method.name) if route.by_method else found, decoder)
