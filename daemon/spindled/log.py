"""Logs go to stderr or to a file, never to the wire."""

from __future__ import annotations

import logging
import os
import select

__all__ = ["configure"]

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


class StderrHandler(logging.Handler):
    """Writes to descriptor 2 as long as somebody reads it: a full pipe costs log lines, it never stops the daemon."""

    def __init__(self) -> None:
        super().__init__()
        self._poll = select.poll()
        self._poll.register(2, select.POLLOUT)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            data = (self.format(record) + "\n").encode(errors="backslashreplace")
            while data and self._poll.poll(0):
                data = data[os.write(2, data[: select.PIPE_BUF]) :]  # so much never blocks once it is ready
        except OSError:
            pass
        except Exception:
            self.handleError(record)


def configure(verbosity: int, file: str | None = None) -> None:
    """`verbosity` 0 is WARNING, 1 INFO, 2 DEBUG; the name of a level in SPINDLED_LOG counts too, the lower one wins.

    Raises OSError if the file cannot be opened.
    """
    handler = private_file(file) if file else StderrHandler()
    handler.setFormatter(logging.Formatter(_FORMAT))
    logging.getLogger().addHandler(handler)  # libraries stay at WARNING: their details hold headers and bodies
    logging.getLogger("spindled").setLevel(min(_LEVELS[min(verbosity, 2)], _level_of_environment()))


def private_file(path: str) -> logging.Handler:
    """A new file is the user's alone: a log tells what was worked on. Raises OSError."""
    os.close(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600))
    return logging.FileHandler(path, encoding="utf-8")


def _level_of_environment() -> int:
    named = os.environ.get("SPINDLED_LOG", "").strip().upper()
    return logging.getLevelNamesMapping().get(named) or logging.CRITICAL
