"""One answer of the model in plain text, for requests that are no part of the conversation: nothing of it is shown."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, NamedTuple

from spindled.agent.history.history import message_text
from spindled.agent.sampling.telemetry import ModelCall
from spindled.model.errors import ModelError
from spindled.model.events import Completed, Incomplete, ItemDone

if TYPE_CHECKING:
    from spindled.agent.budget.turn_budget import TurnBudget
    from spindled.agent.thread import Thread
    from spindled.model.request import ModelRequest


class Answer(NamedTuple):
    text: str
    terminal: Completed | Incomplete | None


async def answer(thread: Thread, budget: TurnBudget, purpose: str, request: ModelRequest) -> Answer:
    """What the model says; calls that it makes are passed over. Raises ModelError, BudgetExceeded."""
    texts: list[str] = []
    terminal: Completed | Incomplete | None = None
    await budget.model_call(purpose, request.model)
    try:
        with ModelCall(purpose, request) as call:
            async with aclosing(thread.model.stream(request)) as stream:
                async for batch in stream:
                    call.heard()
                    for event in batch:
                        if isinstance(event, Completed | Incomplete):
                            terminal = event
                            call.ended(event)
                            budget.used(request.model, event.usage)
                        elif isinstance(event, ItemDone) and event.item.get("role") == "assistant":
                            texts.append(message_text(event.item))
    except ModelError as error:
        budget.used(request.model, error.usage)
        raise
    return Answer("\n".join(texts).strip(), terminal)
