"""review/start: a reviewer looks at changes, on behalf of a thread."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from spindled.agent.clock import now_s
from spindled.agent.identity import ThreadIdentity
from spindled.agent.review.prompt import review_instructions
from spindled.agent.review.turn import ReviewTurn
from spindled.agent.thread import Thread
from spindled.api.errors import handler
from spindled.api.threads.ids import thread_id
from spindled.api.threads.loading import session_meta
from spindled.rpc.connection import Then
from spindled.store.ids import new_id
from spindled_protocol.types import ReviewStartResponse, SessionSourceObject

if TYPE_CHECKING:
    from spindled.agent.ports import Followers
    from spindled.api.application import Application
    from spindled.api.session import Session
    from spindled_protocol.types import ReviewStartParams


@handler
def review_start(session: Session, params: ReviewStartParams) -> Then:
    thread = session.application.threads.get(thread_id(params.threadId))
    thread.turns.check_open()
    turn = ReviewTurn(thread, params.target, partial(reviewer_of, session.application, thread))
    session.follow(thread)
    response = ReviewStartResponse(turn=turn.snapshot_of_request(), reviewThreadId=thread.id)
    return Then(response, partial(thread.turns.interpose, turn))


def reviewer_of(application: Application, thread: Thread, followers: Followers) -> Thread:
    """A conversation that knows nothing of the thread's and works under its policies. It is stored if that one is."""
    settings = replace(
        thread.settings,
        model=thread.surroundings.config.settings.review_model or thread.settings.model,
        base_instructions=review_instructions(),
        mode=None,
        mode_instructions=None,
    )
    identity = ThreadIdentity(
        id=new_id(),
        session_id=thread.identity.session_id,
        created_at=now_s(),
        originator=thread.identity.originator,
        source=SessionSourceObject(subAgent="review"),
        thread_source="subagent",
        parent=thread.id,
        git=thread.identity.git,
    )
    journal = None
    if not thread.identity.ephemeral:
        journal = application.store.create(session_meta(identity, settings))
        identity.path = str(journal.path)
    return Thread(
        identity=identity,
        settings=settings,
        surroundings=thread.surroundings,
        model=thread.model,
        followers=followers,
        journal=journal,
        grants=thread.approvals.grants,
        ledger=thread.ledger,
    )
