"""thread/increment_elicitation, thread/decrement_elicitation: questions that a client asks its user on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled.agent.turns import TurnConflict
from spindled.api.errors import handler
from spindled.api.threads.ids import thread_id
from spindled_protocol.types import ThreadDecrementElicitationResponse, ThreadIncrementElicitationResponse

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled_protocol.types import ThreadDecrementElicitationParams, ThreadIncrementElicitationParams


@handler
def thread_increment_elicitation(
    session: Session, params: ThreadIncrementElicitationParams
) -> ThreadIncrementElicitationResponse:
    thread = session.application.threads.get(thread_id(params.threadId))
    thread.open_questions.asked()
    return ThreadIncrementElicitationResponse(count=thread.open_questions.count, paused=True)


@handler
def thread_decrement_elicitation(
    session: Session, params: ThreadDecrementElicitationParams
) -> ThreadDecrementElicitationResponse:
    thread = session.application.threads.get(thread_id(params.threadId))
    try:
        thread.open_questions.answered()
    except ValueError as error:
        raise TurnConflict("out-of-band elicitation count is already zero") from error
    return ThreadDecrementElicitationResponse(count=thread.open_questions.count, paused=thread.open_questions.count > 0)
