"""thread/sample, thread/sample/cancel: ask the model of a thread something that the thread does not keep."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NoReturn

from spindled.agent.budget.budget import BudgetExceeded
from spindled.agent.sampling.sample import check_source, sample
from spindled.agent.settings import either
from spindled.api.errors import handler
from spindled.api.threads.ids import thread_id
from spindled.model.errors import ModelError
from spindled.rpc.errors import INTERNAL_ERROR, INVALID_REQUEST, RpcError
from spindled_protocol.types import ThreadSampleCancelResponse, ThreadSampleResponse

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled_protocol.types import ThreadSampleCancelParams, ThreadSampleParams

METHOD = "thread/sample"
MOST_BYTES = 4000


@handler
async def thread_sample(session: Session, params: ThreadSampleParams) -> ThreadSampleResponse:
    if not params.expectedTurnId or not 0 < len(params.prompt.encode()) <= MOST_BYTES:
        refuse(f"{METHOD} requires expectedTurnId and a prompt of at most {MOST_BYTES} bytes")
    thread = session.application.threads.find(thread_id(params.threadId))
    if thread is None:
        refuse(f"{METHOD} requires a loaded source")
    check_source(thread, params.expectedTurnId, may_run=bool(either(params.allowInProgressTurn, False)))
    try:
        found = await sample(thread, params.prompt, either(params.effort, None))
    except asyncio.CancelledError:
        raise RpcError(INTERNAL_ERROR, "sample canceled") from None
    except (ModelError, BudgetExceeded) as error:
        raise RpcError(INTERNAL_ERROR, str(error)) from error
    usage = found.usage
    return ThreadSampleResponse(
        sourceTurnId=params.expectedTurnId,
        responseId=found.response_id,
        text=found.text or None,
        inputTokens=usage.input_tokens if usage else None,
        cachedInputTokens=usage.cached_input_tokens if usage else None,
        outputTokens=usage.output_tokens if usage else None,
    )


@handler
def thread_sample_cancel(session: Session, params: ThreadSampleCancelParams) -> ThreadSampleCancelResponse:
    """Of this client's own samples; one that has ended, or never was, is none to cancel."""
    session.connection.cancel(params.requestId, METHOD)
    return ThreadSampleCancelResponse()


def refuse(text: str) -> NoReturn:
    raise RpcError(INVALID_REQUEST, text)
