"""What the latest turn with edits did to files, undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled.api.errors import handler
from spindled.api.threads.ids import thread_id

if TYPE_CHECKING:
    from spindled.api.session import Session


@handler
async def undo_edits(session: Session, thread: str) -> list[str]:
    """The files that have their earlier text again. Raises RpcError."""
    loaded = session.application.threads.get(thread_id(thread))
    return [str(path) for path in await loaded.edits.undo(session.application.files)]
