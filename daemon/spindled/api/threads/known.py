"""Threads that a request names, loaded or stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled.agent.threads import ThreadNotLoaded
from spindled.rpc.errors import INVALID_REQUEST, RpcError
from spindled.store.errors import ThreadLookupError

if TYPE_CHECKING:
    from spindled.api.application import Application
    from spindled.store.index.summary import Summary


def require_thread(application: Application, thread_id: str) -> None:
    """Raises ThreadNotLoaded, with its text, for a thread that is neither loaded nor stored."""
    if application.threads.find(thread_id) is None:
        require_stored(application, thread_id)


def refuse_ephemeral(application: Application, thread_id: str, text: str, code: int = INVALID_REQUEST) -> None:
    """Raises RpcError with this text for a thread that is not kept: what it has been cannot be shown or changed."""
    loaded = application.threads.find(thread_id)
    if loaded is not None and loaded.identity.ephemeral:
        raise RpcError(code, text)


def require_stored(application: Application, thread_id: str) -> Summary:
    """Raises ThreadNotLoaded, with its text, for a thread that is not stored."""
    try:
        return application.store.summary(thread_id)
    except ThreadLookupError as error:
        raise ThreadNotLoaded(thread_id) from error
