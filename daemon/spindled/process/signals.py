"""Signals that whoever started the daemon had it ignore, as shells do for jobs in the background and `nohup` does."""

from __future__ import annotations

import signal
import threading
from types import FrameType

__all__ = ["pass_over_signals"]

OF_TERMINALS = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)


def pass_over_signals() -> None:
    """Go on ignoring them, but by a handler: children take over what is ignored and not what is handled, and ^C is to
    end a command in a terminal."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in OF_TERMINALS:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, _nothing)


def _nothing(number: int, frame: FrameType | None) -> None:
    pass
