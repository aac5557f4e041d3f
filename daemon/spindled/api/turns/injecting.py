"""thread/inject_items and thread/prepareApprovedPlan: what a client puts into the conversation itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import msgspec

from spindled.agent.prompt.markup import escape
from spindled.agent.prompt.prompt import message
from spindled.api.errors import handler
from spindled.api.threads.ids import thread_id
from spindled.rpc.errors import INVALID_REQUEST, RpcError
from spindled_protocol.types import (
    ResponseItem,
    ThreadInjectItemsResponse,
    ThreadPrepareApprovedPlanResponse,
)

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled_protocol.types import ThreadInjectItemsParams, ThreadPrepareApprovedPlanParams

PLAN_CHARACTERS = 40_000


@handler
def thread_inject_items(session: Session, params: ThreadInjectItemsParams) -> ThreadInjectItemsResponse:
    """Items of the model's history, as the provider knows them; of a kind that nobody knows none are kept."""
    thread = session.application.threads.get(thread_id(params.threadId))
    if not params.items:
        raise RpcError(INVALID_REQUEST, "items must not be empty")
    checked = [checked_item(place, item) for place, item in enumerate(params.items)]
    thread.put_in([item for item in checked if item is not None])
    return ThreadInjectItemsResponse()


@handler
def thread_prepare_approved_plan(
    session: Session, params: ThreadPrepareApprovedPlanParams
) -> ThreadPrepareApprovedPlanResponse:
    """The model knows the plan from now on; the client sends the prompt when it wants the work to begin."""
    thread = session.application.threads.get(thread_id(params.threadId))
    plan = params.markdown.strip()
    if not plan:
        raise RpcError(INVALID_REQUEST, "The approved plan is empty.")
    if len(plan) > PLAN_CHARACTERS:
        text = f"The plan is too large to send as context: {len(plan)} characters, at most {PLAN_CHARACTERS}."
        raise RpcError(INVALID_REQUEST, f"{text} Work on it in the thread where it was made.")
    thread.put_in([message("user", f"<approved_plan>\n{escape(plan)}\n</approved_plan>")])
    return ThreadPrepareApprovedPlanResponse(prompt="Implement the plan.")


def checked_item(place: int, item: Any) -> dict[str, Any] | None:
    """The item as it came; None for a kind that nobody knows. Raises RpcError."""
    if isinstance(item, dict) and isinstance(item.get("type"), str) and item["type"] not in KINDS:
        return None
    try:
        msgspec.convert(item, ResponseItem)
    except msgspec.ValidationError as error:
        text = f"items[{place}] is not a valid response item: {error}"
        raise RpcError(INVALID_REQUEST, text) from error
    return dict(item)


KINDS = {kind.__struct_config__.tag for kind in get_args(ResponseItem)} - {"other"}
