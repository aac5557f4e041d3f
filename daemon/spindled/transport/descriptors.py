"""Takes stdin and stdout away from the rest of the process, so that a stray print never reaches the wire."""

from __future__ import annotations

import contextlib
import os
import stat
import sys

__all__ = ["claim_stdio", "nonblocking_writer"]


def claim_stdio() -> tuple[int, int]:
    """(input, output): private duplicates, closed on exec. Then 0 reads nothing and 1 is stderr, in children too."""
    for fd in (0, 1, 2):
        _ensure_open(fd)
    private = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    if sys.stderr is None:  # it was closed
        sys.stderr = os.fdopen(2, "w", closefd=False)
    sys.stdout = sys.stderr
    return private


def _ensure_open(fd: int) -> None:
    try:
        os.fstat(fd)
    except OSError:
        os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest free number, hence fd


def nonblocking_writer(fd: int) -> int:
    """A descriptor to write to `fd` without blocking: a description of our own where the system gives one.

    O_NONBLOCK belongs to the open description, which stdout often shares with stderr and with other processes; it is
    therefore never set on what we were given. `fd` itself comes back if it cannot be opened anew (a socket), and
    for a regular file; else `fd` is closed.
    """
    mode = os.fstat(fd).st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
        with contextlib.suppress(OSError):
            own = os.open(f"/proc/self/fd/{fd}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
            os.close(fd)
            return own
    return fd
