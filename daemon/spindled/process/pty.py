"""Pseudo-terminals for children."""

from __future__ import annotations

import fcntl
import os
import struct
import termios
from collections.abc import Sequence

DEFAULT_SIZE = (24, 80)  # rows, columns
END_OF_FILE = b"\x04"

# A session leader's first open of a terminal makes it the controlling one. The shell opens it by name and then
# becomes the command: no code of ours runs between fork and exec.
_ADOPT_TERMINAL = ': <"$0"; exec "$@"'


def open_pty(rows: int, columns: int) -> tuple[int, int]:
    """A (master, slave) pair of the given window size; the caller closes both."""
    master, slave = os.openpty()
    try:
        set_size(slave, rows, columns)
    except OSError:
        os.close(master)
        os.close(slave)
        raise
    return master, slave


def set_size(terminal: int, rows: int, columns: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def adopting(command: Sequence[str], slave: int) -> list[str]:
    """The command line that runs `command` with the slave as its controlling terminal."""
    return ["/bin/sh", "-c", _ADOPT_TERMINAL, os.ttyname(slave), *command]
