"""What the operating system refuses, in the words of the wire."""

from __future__ import annotations

import os

from spindled.rpc.errors import INTERNAL_ERROR, RpcError


def system_error(error: OSError, doing: str = "") -> RpcError:
    """ "No such file or directory (os error 2)", after what was being done, if that is said."""
    reason = f"{os.strerror(error.errno)} (os error {error.errno})" if error.errno else str(error)
    return RpcError(INTERNAL_ERROR, f"{doing}: {reason}" if doing else reason)
