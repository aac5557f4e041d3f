"""Paths as params have them."""

from __future__ import annotations

import os
from pathlib import Path

from spindled.rpc.errors import INVALID_REQUEST, RpcError, invalid_request


def absolute_path(text: str) -> Path:
    """An absolute path without `.` and `..`, which are taken out by name; raises RpcError for any other."""
    if "\0" in text:
        raise RpcError(INVALID_REQUEST, "file name contained an unexpected NUL byte")
    if not text.startswith("/"):
        raise invalid_request("AbsolutePathBuf deserialized without a base path")
    return Path(os.path.normpath(text))
