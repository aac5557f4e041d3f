"""Keeps the daemon's own environment, where providers' keys are, from the commands that it runs."""

from __future__ import annotations

import logging
from functools import cache

PR_SET_DUMPABLE = 4

log = logging.getLogger(__name__)


@cache
def hide_environment() -> bool:
    """Make `/proc/<daemon>/environ` and memory unreadable to other processes of the same user; False if refused.

    Root, and whoever may trace processes, reads them all the same. No core file is written any more either.
    """
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "prctl"):  # not Linux
        return False
    if libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        log.warning("the daemon's environment cannot be hidden from commands: errno %d", ctypes.get_errno())
        return False
    return True
