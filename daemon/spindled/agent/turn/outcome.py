"""How a turn ended, from what ended it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, NamedTuple

from spindled.agent.budget.budget import BudgetExceeded
from spindled.model.errors import ModelError, to_codex_error_info
from spindled_protocol.types import TurnError

if TYPE_CHECKING:
    from spindled.agent.budget.budget import Exceeded
    from spindled_protocol.types import TurnStatus

log = logging.getLogger(__name__)

INTERRUPTED_NOTE = (
    "<turn_aborted>\nThe user stopped the turn here. Commands that were running have been ended; "
    "what they had done by then may be incomplete.\n</turn_aborted>"
)

OUT_OF_TIME_NOTE = (
    "<turn_aborted>\nThe time for this turn was used up here. Commands that were running have been ended; "
    "what they had done by then may be incomplete.\n</turn_aborted>"
)


class TurnFailed(Exception):
    """The turn ends with this error."""

    def __init__(self, error: TurnError):
        super().__init__(error.message)
        self.error = error


class Outcome(NamedTuple):
    status: TurnStatus
    error: TurnError | None = None


COMPLETED = Outcome("completed")
INTERRUPTED = Outcome("interrupted")


def outcome_of(turn_id: str, cause: BaseException, out_of_time: Exceeded | None) -> Outcome:
    """`out_of_time`: the budget of time that was used up, if that is why the turn was cancelled."""
    match cause:
        case asyncio.CancelledError():
            return Outcome("failed", out_of_time.to_turn_error()) if out_of_time else INTERRUPTED
        case BudgetExceeded():
            return Outcome("failed", cause.exceeded.to_turn_error())
        case TurnFailed():
            return Outcome("failed", cause.error)
        case ModelError():
            return Outcome("failed", TurnError(message=str(cause), codexErrorInfo=to_codex_error_info(cause)))
        case _:
            log.error("turn %s failed", turn_id, exc_info=cause)
            text = f"Internal error: {type(cause).__name__}: {cause}"
            return Outcome("failed", TurnError(message=text, codexErrorInfo="other"))
