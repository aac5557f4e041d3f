"""One answer of the model: attempts until one counts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from spindled.agent.sampling.attempt import Attempt
from spindled.agent.sampling.fallbacks import fall_back
from spindled.agent.sampling.healing import Healing
from spindled.agent.sampling.retries import Retries
from spindled.agent.turn.verdicts import Again, Fail, GoOn, judge
from spindled.model.errors import Kind, ModelError

if TYPE_CHECKING:
    from spindled.agent.turn.turn import RunningTurn


class Sampling:
    """Samples once for a turn: tries again when the stream breaks or a request can be healed."""

    def __init__(self, turn: RunningTurn):
        self.turn = turn
        self.thread = turn.thread
        self.healing = Healing(
            lambda: self.thread.history.items,
            self.thread.surroundings.efforts,
            replace=partial(self.thread.replace_history, ""),
        )
        self.attempt: Attempt | None = None
        self.retries = Retries(self.thread, turn.id)
        self.relieved = False

    async def run(self) -> bool:
        """Whether the turn goes on with another sampling.

        Raises ModelError when nothing is left to try, BudgetExceeded when nothing may be tried.
        """
        while True:
            self.attempt = Attempt(self.turn)
            try:
                ending = await self.attempt.run()
            except ModelError as error:
                await self._recover(error, self.attempt)
                continue
            verdict, self.turn.so_far = judge(ending, self.turn.so_far)
            if isinstance(verdict, Again):
                continue
            if isinstance(verdict, Fail):
                raise verdict.error
            if isinstance(verdict, GoOn) and verdict.note is not None:
                self.thread.tell(verdict.note)
            return isinstance(verdict, GoOn)

    def cut(self) -> None:
        """Stop streaming now; what the user saw stays, and calls already made run to their end."""
        if self.attempt is not None:
            self.attempt.cut()

    async def _recover(self, error: ModelError, attempt: Attempt) -> None:
        """Returns when another attempt is worth it; raises the error if none is, BudgetExceeded if none may be."""
        self.turn.budget.check()
        healed = self.healing.cure(error, attempt.request)
        if healed is not None:
            self.thread.events.warning(healed)
            return
        if error.kind is Kind.CONTEXT_WINDOW and not self.relieved:
            self.relieved = True
            if await self.thread.pressure.on_overflow(self.turn, error):
                return
        try:
            await self.retries.wait(error)
        except ModelError:
            if not fall_back(self.turn, error, attempt.request.model):
                raise
            self.retries = Retries(self.thread, self.turn.id)
