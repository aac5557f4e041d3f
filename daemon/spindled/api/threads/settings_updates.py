"""thread/settings/update, turn/settings/update: how the next turn runs, and the rest of this one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled.agent.settings import given
from spindled.agent.settings_shown import shown
from spindled.api.errors import handler
from spindled.api.threads.ids import thread_id
from spindled.config.features import enabled
from spindled.rpc.connection import Then
from spindled.rpc.errors import INVALID_REQUEST, RpcError
from spindled_protocol.types import ThreadSettingsUpdateResponse, TurnSettingsUpdateResponse, TurnStartParams

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled_protocol.types import ThreadSettingsUpdateParams, TurnSettingsUpdateParams

SWITCHED = ("environments", "model", "effort", "summary", "serviceTier")
"""What the requests of a turn may be changed to if the feature is on; who reviews approvals may always be."""


@handler
def thread_settings_update(session: Session, params: ThreadSettingsUpdateParams) -> Then:
    """What is absent or null stays. The turn that runs goes on as it began."""
    thread = session.application.threads.get(thread_id(params.threadId))
    before = thread.settings
    settings = before.with_turn(as_of_turn(params))
    if settings == before:
        return Then(ThreadSettingsUpdateResponse(), lambda: None)
    thread.change_settings(settings)
    return Then(ThreadSettingsUpdateResponse(), lambda: thread.events.settings_updated(shown(settings)))


@handler
def turn_settings_update(session: Session, params: TurnSettingsUpdateParams) -> TurnSettingsUpdateResponse:
    """From the next request of a turn on; the thread keeps its settings."""
    thread = session.application.threads.get(thread_id(params.threadId))
    switched = [name for name in SWITCHED if given(getattr(params, name))]
    only_reviewer = given(params.approvalsReviewer) and not switched
    if not only_reviewer and not enabled(thread.surroundings.config.settings, "step_model_switching"):
        raise RpcError(INVALID_REQUEST, "turn settings updates require the step_model_switching feature")
    turn = thread.turns.active
    if turn is None or turn.id != params.turnId or turn.stopping or not turn.steerable:
        return TurnSettingsUpdateResponse(status="targetUnavailable")
    turn.change_settings(turn.settings.with_turn(as_of_turn(params)))
    return TurnSettingsUpdateResponse(status="applied")


def as_of_turn(params: ThreadSettingsUpdateParams | TurnSettingsUpdateParams) -> TurnStartParams:
    """The same settings as a turn/start would bring them."""
    names = set(params.__struct_fields__) & set(TurnStartParams.__struct_fields__)
    return TurnStartParams(input=[], **{name: getattr(params, name) for name in names})
