"""Asks a socket who listens there."""

from __future__ import annotations

import json
import re
import socket
import struct
from pathlib import Path
from typing import NamedTuple

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

__all__ = ["Answering", "answering"]

SECONDS = 5.0
ME = {"name": "spindled_daemon", "title": None, "version": "0"}


class Answering(NamedTuple):
    """The process that listens, and the version of the wire that it speaks, if it tells."""

    pid: int
    version: str | None


def answering(path: Path) -> Answering | None:
    """None if nobody listens there, or somebody who does not answer."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(SECONDS)
            connection.connect(str(path))
            pid, _, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
            return Answering(pid, _version(connection))
    except (OSError, WebSocketException, ValueError, TimeoutError):
        return None


def _version(connection: socket.socket) -> str | None:
    request = {"id": 0, "method": "initialize", "params": {"clientInfo": ME}}
    with connect("ws://localhost/", sock=connection, compression=None, proxy=None, open_timeout=SECONDS) as websocket:
        websocket.send(json.dumps(request))
        answer = json.loads(websocket.recv(SECONDS))
    found = re.search(r"/(\d+\.\d+\.\d+\S*)", answer["result"]["userAgent"])
    return found[1] if found else None
