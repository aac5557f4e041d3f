"""A question beside the conversation: the model answers from its history, and nothing of it is kept or shown there."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from spindled.agent.budget.turn_budget import TurnBudget
from spindled.agent.prompt.prompt import message
from spindled.agent.sampling.answer import answer
from spindled.agent.sampling.request import request_of
from spindled.agent.turns import TurnConflict
from spindled.model import retry
from spindled.model.errors import ModelError, incomplete_error
from spindled.model.events import Incomplete, Usage
from spindled.store.ids import new_id

if TYPE_CHECKING:
    from spindled.agent.thread import Thread


class Sample(NamedTuple):
    """`text` is empty if the model only made calls, which are not run."""

    response_id: str
    text: str
    usage: Usage | None


def check_source(thread: Thread, turn_id: str, *, may_run: bool) -> None:
    """Raises TurnConflict unless that turn is the thread's latest, and has ended if it must have."""
    if thread.turns.active is not None and not may_run:
        raise TurnConflict("sample source must be idle")
    if turn_id != (thread.turns.active.id if thread.turns.active is not None else thread.turns.latest):
        raise TurnConflict(f"sample source turn must be the latest {'turn' if may_run else 'finished turn'}")


async def sample(thread: Thread, prompt: str, effort: str | None = None) -> Sample:
    """One answer, charged to the thread's budget. Raises ModelError, BudgetExceeded."""
    turn_id = new_id()
    budget = TurnBudget(thread.ledger, {}, partial(thread.approvals.question, turn_id), lambda: None)
    settings = replace(thread.settings, effort=effort) if effort else thread.settings
    request = request_of(thread, settings, turn_id)
    request = replace(request, input=[*request.input, message("user", prompt)])
    attempts = 0
    while True:
        try:
            text, terminal = await answer(thread, budget, "sample", request)
            break
        except ModelError as error:
            attempts += 1
            delay = retry.stream_delay(error, attempts, thread.surroundings.provider.stream_max_retries)
            if delay is None:
                raise
            await asyncio.sleep(delay)
    if isinstance(terminal, Incomplete) and not text:
        raise incomplete_error(terminal.reason)
    return Sample(terminal.response_id if terminal else "", text, terminal.usage if terminal else None)
