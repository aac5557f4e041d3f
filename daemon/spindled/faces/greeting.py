"""Answers a client that speaks at once, before asyncio and the wire's types are loaded.

A client that spawns the daemon writes `initialize` into the pipe and waits. That answer needs nothing but who we are,
so it goes out while most of the start is still to come: 3 to 4 times sooner. Only a plain, valid `initialize` is
answered here; whatever else is there, or is odd in any way, is left for the connection to deal with.
"""

from __future__ import annotations

import os
import select
from typing import Any, NamedTuple

from spindled.faces.server_info import describe_server, is_header_value

__all__ = ["NOTHING_SAID", "Greeting", "greet"]

PATIENCE_MS = 5  # a client that speaks later finds the loop running
READ_SIZE = 1 << 16


class Greeting(NamedTuple):
    """`unread`: input that is still to be handled. `params`: of the `initialize` that was answered, if one was."""

    unread: bytes = b""
    params: bytes | None = None


NOTHING_SAID = Greeting()


def greet(read_fd: int, write_fd: int, home: str) -> Greeting:
    """Answer an `initialize` that is waiting, if one is."""
    said = _waiting_line(read_fd)
    line, newline, rest = said.partition(b"\n")
    request = _read_initialize(line) if newline else None
    if request is None:
        return Greeting(said)
    import json

    params = request["params"]
    answer = {"id": request["id"], "result": describe_server(params["clientInfo"]["name"], home)}
    _write(write_fd, json.dumps(answer, separators=(",", ":"), ensure_ascii=False).encode() + b"\n")
    return Greeting(rest, json.dumps(params).encode())


def _waiting_line(fd: int) -> bytes:
    poll = select.poll()
    try:
        poll.register(fd, select.POLLIN)
        said = b""
        while b"\n" not in said and poll.poll(PATIENCE_MS):
            chunk = os.read(fd, READ_SIZE)
            if not chunk:
                break
            said += chunk
        return said
    except OSError:
        return b""


def _read_initialize(line: bytes) -> dict[str, Any] | None:
    """The request, if it is an `initialize` in which every member that matters is as it must be."""
    if b'"initialize"' not in line:
        return None
    import json

    try:
        request = json.loads(line)
        params = request["params"]
        info, capabilities = params["clientInfo"], params.get("capabilities") or {}
        name = info["name"]
        opt_out = capabilities.get("optOutNotificationMethods") or []
        plain = (
            request["method"] == "initialize"
            and type(request["id"]) in (int, str)
            and isinstance(name, str)
            and is_header_value(name)
            and isinstance(info["version"], str)
            and isinstance(info.get("title"), str | None)
            and isinstance(capabilities.get("experimentalApi", False), bool)
            and isinstance(opt_out, list)
            and all(isinstance(method, str) for method in opt_out)
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return request if plain else None


def _write(fd: int, answer: bytes) -> None:
    try:
        while answer:
            answer = answer[os.write(fd, answer) :]
    except OSError:
        return  # nobody reads: the connection finds out
