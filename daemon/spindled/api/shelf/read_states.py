"""thread/readState/update: what a user has read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled.api.errors import handler
from spindled.api.threads.ids import thread_id
from spindled.rpc.connection import Then
from spindled.rpc.errors import INVALID_REQUEST, RpcError
from spindled.store.errors import ThreadLookupError
from spindled.store.library.read_states import ReadStateConflict
from spindled_protocol.types import (
    ReadThreadReadStateOperation,
    ThreadReadStateChangedNotification,
    ThreadReadStateUpdateResponse,
)

if TYPE_CHECKING:
    from spindled.api.application import Application
    from spindled.api.session import Session
    from spindled.store.library.read_states import Reading
    from spindled_protocol.types import ThreadReadStateUpdateParams


@handler
def read_state_update(session: Session, params: ThreadReadStateUpdateParams) -> Then:
    application, wanted = session.application, thread_id(params.threadId)
    if application.threads.find(wanted) is None:
        try:
            application.store.summary(wanted)
        except ThreadLookupError as error:
            raise RpcError(INVALID_REQUEST, f"thread not loaded: {wanted}") from error
    read = isinstance(params.operation, ReadThreadReadStateOperation)
    try:
        reading = application.store.library.read_states.update(wanted, read=read, revision=params.expectedRevision)
    except ReadStateConflict as conflict:
        data = {"reason": "readStateConflict", "readState": conflict.current.to_wire()}
        raise RpcError(INVALID_REQUEST, str(conflict), data) from conflict
    response = ThreadReadStateUpdateResponse(readState=reading.to_wire())
    return Then(response, lambda: tell_reading(application, reading))


def tell_reading(application: Application, reading: Reading) -> None:
    """Everybody hears what is read of a thread."""
    notice = ThreadReadStateChangedNotification(threadId=reading.thread_id, readState=reading.to_wire())
    application.audience.tell("thread/readState/changed", notice)
