"""Asking the model for a summary of a history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from spindled.agent.history.compaction import PROMPT, without_oldest
from spindled.agent.history.tokens import estimate_all, overflow_in
from spindled.agent.prompt.prompt import message
from spindled.agent.sampling.answer import answer
from spindled.agent.sampling.fallbacks import fall_back
from spindled.agent.sampling.healing import Healing
from spindled.agent.sampling.request import model_request
from spindled.agent.sampling.retries import Retries
from spindled.model.errors import Kind, ModelError, incomplete_error, no_answer_error
from spindled.model.events import Incomplete

if TYPE_CHECKING:
    from spindled.agent.settings import ThreadSettings
    from spindled.agent.turn.turn import RunningTurn
    from spindled.model.request import ModelRequest

Item = dict[str, Any]

SHARE = 8
"""A summary that is refused as too long is asked for again with an eighth less, so often that nothing is left."""


async def summarise(turn: RunningTurn, settings: ThreadSettings, items: list[Item]) -> str:
    """The model's summary of `items`, never empty. It changes nothing but what was spent.

    Raises ModelError, BudgetExceeded.
    """

    def go_on_from(others: list[Item]) -> None:
        nonlocal items
        items = others

    retries = Retries(turn.thread, turn.id)
    healing = Healing(lambda: items, turn.thread.surroundings.efforts, go_on_from)
    share = estimate_all(items) // SHARE + 1
    while True:
        request = _request(turn, settings, items)
        try:
            return await _answer(turn, request)
        except ModelError as error:
            healed = healing.cure(error, request)
            if healed is not None:
                turn.thread.events.warning(healed)
                continue
            if error.kind is not Kind.CONTEXT_WINDOW:
                try:
                    await retries.wait(error)
                except ModelError:
                    if not fall_back(turn, error, settings.model):
                        raise
                    settings, retries = turn.settings, Retries(turn.thread, turn.id)
                continue
            fewer = without_oldest(items, max(share, _excess(error.said)))
            if fewer is None:
                raise
            items = fewer


def _excess(text: str) -> int:
    requested, maximum = overflow_in(text)
    return requested - maximum if requested and maximum else 0


def _request(turn: RunningTurn, settings: ThreadSettings, items: list[Item]) -> ModelRequest:
    prompt = turn.thread.surroundings.config.settings.compact_prompt or PROMPT
    request = model_request(turn, settings)
    return replace(request, input=[*items, message("user", prompt)], tools=[], output_schema=None)


async def _answer(turn: RunningTurn, request: ModelRequest) -> str:
    text, terminal = await answer(turn.thread, turn.budget, "compaction", request)
    if terminal is not None and terminal.usage is not None:
        turn.thread.spend(turn.id, terminal.usage)
    if isinstance(terminal, Incomplete) and not (text and terminal.reason == "max_output_tokens"):
        raise incomplete_error(terminal.reason)
    if not text:
        raise no_answer_error()
    return text
