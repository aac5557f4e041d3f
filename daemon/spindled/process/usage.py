"""What a process uses, as /proc tells it."""

from __future__ import annotations

import os
from typing import NamedTuple

from spindled.process.tree import clock_ticks, stat_fields


class Usage(NamedTuple):
    """`cpu_percent`: of one core, over the life of the process."""

    cpu_percent: float
    rss_kb: int


def usage(pid: int) -> Usage | None:
    """None if it is gone, or there is no /proc."""
    fields = stat_fields(pid)
    if fields is None:
        return None
    used, started_at, pages = int(fields[11]) + int(fields[12]), int(fields[19]), int(fields[21])
    lived = max(clock_ticks() - started_at, 1)
    return Usage(round(100 * used / lived, 1), pages * os.sysconf("SC_PAGE_SIZE") // 1024)
