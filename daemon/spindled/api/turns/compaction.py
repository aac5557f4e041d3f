"""thread/compact/start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled.api.errors import handler
from spindled.api.threads.ids import thread_id
from spindled.rpc.connection import Then
from spindled_protocol.types import ThreadCompactStartResponse

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled_protocol.types import ThreadCompactStartParams


@handler
def thread_compact_start(session: Session, params: ThreadCompactStartParams) -> Then:
    thread = session.application.threads.get(thread_id(params.threadId))
    thread.turns.check_open()
    session.follow(thread)
    return Then(ThreadCompactStartResponse(), thread.turns.compact)
