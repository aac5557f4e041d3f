"""thread/memoryMode/set and memory/reset. No memories are made here; those that another server left can be removed."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from spindled.api.errors import handler
from spindled.api.threads.ids import thread_id
from spindled.rpc.errors import INTERNAL_ERROR, RpcError
from spindled_protocol.types import MemoryResetResponse, ThreadMemoryModeSetResponse

if TYPE_CHECKING:
    from pathlib import Path

    from spindled.api.session import Session
    from spindled_protocol.types import ThreadMemoryModeSetParams


@handler
def thread_memory_mode_set(session: Session, params: ThreadMemoryModeSetParams) -> ThreadMemoryModeSetResponse:
    """Whether memories may be made of the thread; none are, so any answer is fine for one that exists."""
    wanted = thread_id(params.threadId)
    if session.application.threads.find(wanted) is None:
        session.application.store.summary(wanted)
    return ThreadMemoryModeSetResponse()


@handler
def memory_reset(session: Session, params: None) -> MemoryResetResponse:
    try:
        clear(session.application.home / "memories")
    except OSError as error:
        raise RpcError(INTERNAL_ERROR, f"failed to clear the memories: {error.strerror}") from error
    return MemoryResetResponse()


def clear(folder: Path) -> None:
    """Remove what is in a folder, nothing that a link leads to. Raises OSError."""
    if folder.is_symlink():
        raise NotADirectoryError(None, f"{folder} is a link")
    for entry in folder.iterdir() if folder.exists() else ():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
