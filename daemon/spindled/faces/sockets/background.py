"""`spindled app-server daemon`: one server of this home in the background, on the socket where clients look for it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from spindled.faces.sockets.address import default_socket
from spindled.faces.sockets.probe import Answering, answering
from spindled_protocol import WIRE_VERSION

__all__ = ["run"]

START_SECONDS = 20.0
STOP_SECONDS = 10.0
POLL_SECONDS = 0.02
PID_FILE = "app-server.pid"
LOG_FILE = "app-server.log"


class DaemonError(Exception):
    """What could not be done, for the user."""


class Found(NamedTuple):
    """A server that answers. `managed`: `start` started it."""

    pid: int
    version: str | None
    managed: bool


def run(command: str, home: str, overrides: list[tuple[str, object]]) -> int:
    """Carry out start, restart, stop, status or version.

    The outcome is printed as one line of JSON (0); what went wrong is told on stderr (1).
    """
    background = Background(Path(home), overrides)
    try:
        outcome = background.commands[command]()
    except (DaemonError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 1
    print(json.dumps(outcome, separators=(",", ":")))  # noqa: T201
    return 0


class Background:
    """The background server of a home. Each method gives what is to be printed; raises DaemonError, OSError."""

    def __init__(self, home: Path, overrides: list[tuple[str, object]]) -> None:
        self._socket = default_socket(home)
        self._overrides = overrides
        self.commands: dict[str, Callable[[], dict[str, object]]] = {
            "start": self.start,
            "restart": self.restart,
            "stop": self.stop,
            "status": self.status,
            "version": self.version,
        }

    def status(self) -> dict[str, object]:
        found = self._find()
        return self._outcome("running" if found else "notRunning", found)

    def version(self) -> dict[str, object]:
        found = self._find()
        if found is None:
            raise DaemonError(f"no app server is running on {self._socket}")
        return self._outcome("running", found)

    def start(self) -> dict[str, object]:
        with self._alone():
            found = self._find()
            return self._outcome("alreadyRunning", found) if found else self._outcome("started", self._start())

    def stop(self) -> dict[str, object]:
        with self._alone():
            return self._outcome("stopped" if self._stop() else "notRunning")

    def restart(self) -> dict[str, object]:
        with self._alone():
            self._stop()
            return self._outcome("restarted", self._start())

    # -- how

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Two that start or stop at once do it one after the other."""
        self._socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(self._socket.parent / "app-server-startup.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    def _find(self) -> Found | None:
        server = answering(self._socket)
        return self._known(server) if server else None

    def _known(self, server: Answering) -> Found:
        try:
            managed = int((self._socket.parent / PID_FILE).read_text()) == server.pid
        except (OSError, ValueError):
            managed = False
        return Found(server.pid, server.version, managed)

    def _start(self) -> Found:
        arguments = [word for key, value in self._overrides for word in ("-c", f"{key}={_toml(value)}")]
        log = os.open(self._socket.parent / LOG_FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            child = subprocess.Popen(
                [sys.executable, "-m", "spindled", *arguments, "app-server", "--listen", "unix://"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
        finally:
            os.close(log)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = child.wait(POLL_SECONDS)
                raise DaemonError(f"the app server ended with {code}; see {self._socket.parent / LOG_FILE}")
            server = answering(self._socket)
            if server is not None and server.pid == child.pid:
                _write_private(self._socket.parent / PID_FILE, f"{child.pid}\n")
                child.returncode = 0  # it is not ours to wait for any more
                return self._known(server)
        child.kill()
        child.wait()
        raise DaemonError(f"the app server did not listen within {START_SECONDS:.0f} s")

    def _stop(self) -> bool:
        """False if none runs."""
        found = self._find()
        if found is None:
            return False
        if not found.managed:
            raise DaemonError("the app server that is running was not started by `app-server daemon`")
        with contextlib.suppress(ProcessLookupError):
            handle = os.pidfd_open(found.pid)
            try:
                self._end(handle, found.pid)
            finally:
                os.close(handle)
        (self._socket.parent / PID_FILE).unlink(missing_ok=True)
        return True

    def _end(self, handle: int, pid: int) -> None:
        server = answering(self._socket)  # asked again: now the handle cannot be of another process
        if server is None or server.pid != pid:
            return
        signal.pidfd_send_signal(handle, signal.SIGTERM)
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        if not poll.poll(STOP_SECONDS * 1000):
            raise DaemonError(f"the app server (process {pid}) did not end within {STOP_SECONDS:.0f} s")

    def _outcome(self, status: str, found: Found | None = None) -> dict[str, object]:
        outcome: dict[str, object] = {"status": status}
        if found and found.managed:
            outcome["backend"] = "pid"
        if found:
            outcome["pid"] = found.pid
        outcome |= {
            "managedCodexPath": sys.executable,
            "managedCodexVersion": None,
            "socketPath": str(self._socket),
            "cliVersion": WIRE_VERSION,
        }
        if found:
            outcome["appServerVersion"] = found.version
        return outcome


def _write_private(path: Path, text: str) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(fd, "w") as file:
        file.write(text)


def _toml(value: object) -> str:
    """A value of the command line as one could have typed it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(member)}" for key, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str | bool | int | float):
        return json.dumps(value, ensure_ascii=False)
    return str(value)  # dates and times
