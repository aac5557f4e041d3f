"""What the daemon logs, for the client's own log."""

from __future__ import annotations

import logging

from lsprotocol import types

from spindled.faces.lsp.window import Window

__all__ = ["ClientLog"]

KINDS = (
    (logging.ERROR, types.MessageType.Error),
    (logging.WARNING, types.MessageType.Warning),
    (logging.INFO, types.MessageType.Info),
)


class ClientLog(logging.Handler):
    """`window/logMessage` for each record of ours at WARNING or above; what pygls logs about sending stays out."""

    def __init__(self, window: Window) -> None:
        super().__init__(logging.WARNING)
        self._window = window

    def attach(self) -> None:
        logging.getLogger("spindled").addHandler(self)

    def detach(self) -> None:
        logging.getLogger("spindled").removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        kind = next((kind for level, kind in KINDS if record.levelno >= level), types.MessageType.Log)
        try:
            self._window.log(f"{record.name}: {record.getMessage()}", kind)
        except Exception:
            self.handleError(record)
