from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from spindled.process.usage import usage


def test_of_this_process() -> None:
    used = usage(os.getpid())
    assert used is not None
    assert used.rss_kb > 1000
    assert used.cpu_percent > 0


async def test_of_one_that_is_gone(run: Callable[..., Any]) -> None:
    child = run("exit 0").child
    await child.wait()
    assert usage(child.pid) is None
