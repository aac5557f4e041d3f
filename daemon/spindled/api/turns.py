"""turn/start, turn/steer, turn/interrupt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled.agent.inputs import InputError, PreparedInput
from spindled.agent.settings import either
from spindled.agent.settings_shown import shown
from spindled.api.budgets import limits
from spindled.api.errors import handler
from spindled.api.ids import thread_id
from spindled.rpc.connection import Then
from spindled_protocol.types import TurnInterruptResponse, TurnStartResponse, TurnSteerResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from spindled.api.session import Session
    from spindled_protocol.types import TurnInterruptParams, TurnStartParams, TurnSteerParams


@handler
def turn_start(session: Session, params: TurnStartParams) -> Then | Awaitable[Then]:
    thread = session.application.threads.get(thread_id(params.threadId))
    return begin_when_quiet(session, params) if thread.engaged else begin(session, params)


@handler
async def begin_when_quiet(session: Session, params: TurnStartParams) -> Then:
    """What follows an interrupt at once is a turn of its own, not input of the one that ends."""
    await session.application.threads.get(thread_id(params.threadId)).quiet()
    return begin(session, params)


def begin(session: Session, params: TurnStartParams) -> Then:
    thread = session.application.threads.get(thread_id(params.threadId))
    prepared = PreparedInput(params.input, either(params.clientUserMessageId, None))
    before = thread.settings
    settings = before.with_turn(params)
    session.follow(thread)
    turn = thread.start_turn(prepared, settings, either(params.outputSchema, None), limits(params.budget))

    def start() -> None:
        if settings != before:
            thread.events.settings_updated(shown(settings))
        turn.start()

    return Then(TurnStartResponse(turn=turn.snapshot_at_start()), start)


@handler
def turn_steer(session: Session, params: TurnSteerParams) -> TurnSteerResponse:
    thread = session.application.threads.get(thread_id(params.threadId))
    if not params.input:
        thread.check_active(params.expectedTurnId)
        raise InputError("input must not be empty")
    prepared = PreparedInput(params.input, either(params.clientUserMessageId, None))
    return TurnSteerResponse(turnId=thread.steer(prepared, params.expectedTurnId).id)


@handler
async def turn_interrupt(session: Session, params: TurnInterruptParams) -> Then:
    thread = session.application.threads.get(thread_id(params.threadId))
    turn = await thread.interrupt(params.turnId)
    return Then(TurnInterruptResponse(), turn.conclude)
