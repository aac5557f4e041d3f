"""What the library refuses, where the wire calls that invalid params."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from spindled.rpc.errors import INVALID_PARAMS, RpcError
from spindled.store.library.errors import LibraryError


@contextmanager
def invalid_params() -> Iterator[None]:
    """A LibraryError within is the wire's -32602."""
    try:
        yield
    except LibraryError as error:
        raise RpcError(INVALID_PARAMS, str(error)) from error
