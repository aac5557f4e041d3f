"""Sockets that listen, and what is left of them in the file system."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import logging
import os
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

from spindled.faces.sockets.address import Tcp, Unix

__all__ = ["AddressInUse", "Listener", "listen"]

BACKLOG = 128
MOST_PATH_BYTES = 107
"""What the system takes for a socket's path."""

PAUSE_SECONDS = 0.2  # when the process has no descriptor left
EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

log = logging.getLogger(__name__)


class AddressInUse(OSError):
    """Another server is there."""


class Listener:
    """Made by `listen`. `address` is where it really listens."""

    def __init__(self, bound: socket.socket, address: Unix | Tcp, lock: int | None = None):
        self.address = address
        self._socket = bound
        self._lock = lock

    async def connections(self) -> AsyncIterator[socket.socket]:
        """Each client that connects. Ends when it is closed."""
        loop = asyncio.get_running_loop()
        while self._socket.fileno() >= 0:
            try:
                connection, _ = await loop.sock_accept(self._socket)
            except OSError as error:
                log.warning("a client could not be accepted: %s", error.strerror)
                if error.errno in EXHAUSTED:
                    await asyncio.sleep(PAUSE_SECONDS)
                continue
            yield connection

    def close(self) -> None:
        """Nobody gets in any more. Idempotent."""
        if self._socket.fileno() < 0:
            return
        if isinstance(self.address, Unix):
            with suppress(OSError):
                self.address.path.unlink()
        self._socket.close()
        if self._lock is not None:
            os.close(self._lock)


def listen(address: Unix | Tcp) -> Listener:
    """Raises OSError, of which AddressInUse."""
    return _listen_unix(address.path) if isinstance(address, Unix) else _listen_tcp(address)


def _listen_tcp(address: Tcp) -> Listener:
    bound = socket.socket(socket.AF_INET6 if ":" in address.host else socket.AF_INET)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _bind(bound, (address.host, address.port), str(address))
        return Listener(bound, Tcp(address.host, bound.getsockname()[1]))
    except BaseException:
        bound.close()
        raise


def _listen_unix(path: Path) -> Listener:
    """Only our user can connect: the socket has mode 0600 from its first moment, and a folder made for it 0700."""
    if len(os.fsencode(path)) > MOST_PATH_BYTES:
        raise OSError(f"the socket's path has more than {MOST_PATH_BYTES} bytes: {path}")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = path.parent.stat().st_mode
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        raise OSError(f"others can write to the socket's folder, and put another socket there: {path.parent}")
    lock = _lock(path)
    bound = socket.socket(socket.AF_UNIX)
    try:
        _remove_stale(path)
        before = os.umask(0o177)
        try:
            _bind(bound, str(path), str(path))
        finally:
            os.umask(before)
        return Listener(bound, Unix(path), lock)
    except BaseException:
        bound.close()
        os.close(lock)
        raise


def _bind(bound: socket.socket, address: tuple[str, int] | str, shown: str) -> None:
    try:
        bound.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise AddressInUse(f"already in use: {shown}") from None
        raise OSError(f"cannot listen on {shown}: {error.strerror}") from None
    bound.listen(BACKLOG)
    bound.setblocking(False)


def _lock(path: Path) -> int:
    """Held while we listen, so that two servers that start at once do not remove each other's socket."""
    fd = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise AddressInUse(f"app-server control socket is already in use at {path}") from None
    return fd


def _remove_stale(path: Path) -> None:
    """Remove a socket that nobody listens on. Anything else that has the name stays, and is an error."""
    try:
        kind = path.stat().st_mode  # through a link, which the reference puts there
    except FileNotFoundError:
        kind = path.lstat().st_mode if path.is_symlink() else 0
    if not kind:
        return
    if not (stat.S_ISSOCK(kind) or stat.S_ISLNK(kind)):
        raise OSError(f"not a socket: {path}")
    with socket.socket(socket.AF_UNIX) as probe, suppress(ConnectionRefusedError, FileNotFoundError):
        probe.connect(str(path))
        raise AddressInUse(f"app-server control socket is already in use at {path}")
    path.unlink()
