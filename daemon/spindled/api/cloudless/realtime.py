"""thread/realtime/*: spoken conversations need a service that is not here; the thread is told so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spindled.api.errors import handler
from spindled.api.threads.ids import thread_id
from spindled.rpc.connection import Then
from spindled.store.ids import new_id
from spindled_protocol.types import (
    ErrorNotification,
    ThreadRealtimeClosedNotification,
    ThreadRealtimeErrorNotification,
    TurnError,
)

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled_protocol.types import ThreadRealtimeStartParams, ThreadRealtimeStopParams


@handler
def realtime_start(session: Session, params: ThreadRealtimeStartParams) -> Then:
    """The answer of the reference: a result, and the failure as a notification."""
    wanted = session.application.threads.get(thread_id(params.threadId)).id
    message = "realtime conversations are not available in this server"
    notice = ThreadRealtimeErrorNotification(threadId=wanted, message=message)
    return Then({}, lambda: session.application.followers(wanted).publish("thread/realtime/error", notice))


@handler
def realtime_append(session: Session, params: Any) -> Then:
    wanted = session.application.threads.get(thread_id(params.threadId)).id
    error = TurnError(message="conversation is not running", codexErrorInfo="badRequest")
    notice = ErrorNotification(error=error, willRetry=False, threadId=wanted, turnId=new_id())
    return Then({}, lambda: session.application.followers(wanted).publish("error", notice))


@handler
def realtime_stop(session: Session, params: ThreadRealtimeStopParams) -> Then:
    wanted = session.application.threads.get(thread_id(params.threadId)).id
    notice = ThreadRealtimeClosedNotification(threadId=wanted, reason="requested")
    return Then({}, lambda: session.application.followers(wanted).publish("thread/realtime/closed", notice))
