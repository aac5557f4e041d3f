"""The `mcp` library is loaded with the first server: it takes a second of CPU, which no start may wait for."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import threading
from types import ModuleType

# What these say of a message or a request holds parts of it; what matters is told by the errors that they raise.
CHATTY = ("mcp", "client", "httpx2", "httpcore2")

_loaded: dict[str, ModuleType] = {}


async def module(name: str) -> ModuleType:
    """A module of ours that needs the library; the loop goes on while it loads. Raises what an import raises."""
    if name in _loaded:
        return _loaded[name]
    loop = asyncio.get_running_loop()
    loaded: asyncio.Future[ModuleType] = loop.create_future()
    # Not the loop's executor: nobody waits for this thread when the daemon ends.
    threading.Thread(target=_load, args=(name, loop, loaded), name="load mcp", daemon=True).start()
    return await loaded


def _load(name: str, loop: asyncio.AbstractEventLoop, loaded: asyncio.Future[ModuleType]) -> None:
    def tell(found: ModuleType | BaseException) -> None:
        if loaded.done():
            return
        if isinstance(found, BaseException):
            loaded.set_exception(found)
        else:
            loaded.set_result(found)

    found: ModuleType | BaseException
    try:
        found = _loaded[name] = importlib.import_module(name)
        for chatty in CHATTY:
            logging.getLogger(chatty).setLevel(logging.CRITICAL)
    except BaseException as error:
        found = error
    with contextlib.suppress(RuntimeError):  # the loop is closed
        loop.call_soon_threadsafe(tell, found)
