"""turn/start, turn/steer, turn/interrupt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled.agent.prompt.additional_context import context_messages
from spindled.agent.prompt.inputs import InputError, PreparedInput
from spindled.agent.settings import either, given, tier
from spindled.agent.settings_shown import shown
from spindled.api.errors import handler
from spindled.api.threads.budgets import limits
from spindled.api.threads.ids import thread_id
from spindled.rpc.connection import Then
from spindled_protocol.types import TurnInterruptResponse, TurnStartResponse, TurnSteerResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from spindled.agent.turn.turn import RunningTurn
    from spindled.api.session import Session
    from spindled_protocol.types import TurnInterruptParams, TurnStartParams, TurnSteerParams


@handler
def turn_start(session: Session, params: TurnStartParams) -> Then | Awaitable[Then]:
    thread = session.application.threads.get(thread_id(params.threadId))
    return begin_when_quiet(session, params) if thread.turns.engaged else begin(session, params)


@handler
async def begin_when_quiet(session: Session, params: TurnStartParams) -> Then:
    """What follows an interrupt at once is a turn of its own, not input of the one that ends."""
    await session.application.threads.get(thread_id(params.threadId)).turns.quiet()
    return begin(session, params)


def begin(session: Session, params: TurnStartParams) -> Then:
    thread = session.application.threads.get(thread_id(params.threadId))
    check_supported(params)
    prepared = prepare(params)
    before = thread.settings
    settings = before.with_turn(params)
    session.follow(thread)
    running = thread.turns.active
    turn = thread.turns.start(prepared, settings, either(params.outputSchema, None), limits(params.budget))
    if turn is not running:
        for_this_turn(turn, params)

    if settings != before:
        thread.events.settings_updated(shown(settings))
    return Then(TurnStartResponse(turn=turn.snapshot_at_start()), turn.start)


def prepare(params: TurnStartParams | TurnSteerParams) -> PreparedInput:
    """Raises InputError."""
    context = context_messages(either(params.additionalContext, {}))
    return PreparedInput(params.input, either(params.clientUserMessageId, None), context)


def check_supported(params: TurnStartParams) -> None:
    """Raises InputError for what would otherwise be left out in silence."""
    if given(params.toolOutput):
        if params.input:
            raise InputError("`toolOutput` cannot be combined with nonempty `input`")
        raise InputError("`toolOutput` is not supported")
    if given(params.outputSchema) and not isinstance(params.outputSchema, dict):
        raise InputError("`outputSchema` must be a JSON object")


def for_this_turn(turn: RunningTurn, params: TurnStartParams) -> None:
    """What does not stay with the thread."""
    turn.root_id = either(params.rootTurnId, turn.id)
    turn.metadata = {
        **either(params.responsesapiClientMetadata, {}),
        **either(params.responsesapiClientMetadataPatch, {}),
    }
    if given(params.serviceTierForTurn):
        turn.service_tier = tier(str(params.serviceTierForTurn))


@handler
def turn_steer(session: Session, params: TurnSteerParams) -> TurnSteerResponse:
    thread = session.application.threads.get(thread_id(params.threadId))
    if not params.input:
        thread.turns.check_active(params.expectedTurnId)
        raise InputError("input must not be empty")
    prepared = prepare(params)
    return TurnSteerResponse(turnId=thread.turns.steer(prepared, params.expectedTurnId).id)


@handler
async def turn_interrupt(session: Session, params: TurnInterruptParams) -> Then:
    thread = session.application.threads.get(thread_id(params.threadId))
    turn = await thread.turns.interrupt(params.turnId)
    return Then(TurnInterruptResponse(), turn.conclude)
