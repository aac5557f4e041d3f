"""One turn: input, answers and tool calls until the model has nothing left to do."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from spindled.agent.budget.turn_budget import TurnBudget
from spindled.agent.clock import now_ms
from spindled.agent.prompt.prompt import message
from spindled.agent.sampling.fallbacks import stand_in
from spindled.agent.sampling.request import model_request
from spindled.agent.sampling.sampling import Sampling
from spindled.agent.turn.calls import ABORTED_BY_USER
from spindled.agent.turn.context import TurnContext
from spindled.agent.turn.guards import Guards
from spindled.agent.turn.outcome import COMPLETED, INTERRUPTED, INTERRUPTED_NOTE, OUT_OF_TIME_NOTE, outcome_of
from spindled.agent.turn.pending import Pending
from spindled.agent.turn.verdicts import SoFar
from spindled.store.ids import new_id
from spindled_protocol.types import AgentMessageThreadItem, Turn, TurnError

if TYPE_CHECKING:
    from typing import Any

    from spindled.agent.budget.ledger import Given
    from spindled.agent.prompt.inputs import PreparedInput
    from spindled.agent.settings import ThreadSettings
    from spindled.agent.thread import Thread
    from spindled.agent.turn.outcome import Outcome
    from spindled.model.request import ModelRequest
    from spindled_protocol.types import ThreadItem, TurnStatus


class RunningTurn:
    """The active turn of a thread. `run` is its task's body and always concludes it."""

    kind = "regular"
    steerable = True
    promised = True  # a client knows its id before it begins

    def __init__(
        self,
        thread: Thread,
        settings: ThreadSettings,
        first: PreparedInput | None = None,
        output_schema: Any = None,
        budget: Given | None = None,
    ):
        self.thread = thread
        self.settings = settings
        self.wanted_model = settings.model
        self.id = new_id()
        self.output_schema = output_schema
        self.root_id = self.id
        """The turn that this one belongs to, as a client says."""
        self.metadata: dict[str, str] = {}
        """Of the client, for the provider."""
        self.service_tier: str | None = None
        """Instead of that of the settings."""
        self.context = TurnContext(thread, self.id, settings, self.interrupt)
        self.budget = TurnBudget(
            thread.ledger, budget or {}, partial(thread.approvals.question, self.id), self._run_out_of_time
        )
        self.pending = Pending(self, first)
        self.sampling: Sampling | None = None
        self.guards = Guards()
        self.so_far = SoFar()
        self.task: asyncio.Task[None] | None = None
        self.stopping = False
        self.out_of_time = False
        self.stopped = asyncio.Event()
        self.concluded = asyncio.Event()
        self.final: AgentMessageThreadItem | None = None
        self.started_ms: int | None = None
        self.used_ids: set[str] = set()
        self.outcome: Turn | None = None
        self.held = False

    # -- what the thread does with a turn

    def start(self) -> None:
        """Begin to run, once; nothing if it was interrupted before."""
        if self.task is not None or self.stopping:
            return
        self.task = asyncio.get_running_loop().create_task(self.run(), name=f"turn {self.id}")
        self.task.add_done_callback(self._never_began)

    def steer(self, prepared: PreparedInput) -> None:
        """Give the running turn more input; the model hears it at once if it is only writing."""
        self.pending.add(prepared)
        if self.sampling is not None:
            self.sampling.cut()

    def whisper(self, item: dict[str, Any], *, urgent: bool = False) -> None:
        """Tell the model something with its next request, beside the input; an urgent word makes for one."""
        self.pending.whisper(item, urgent=urgent)

    def change_settings(self, settings: ThreadSettings) -> None:
        """From the next request on."""
        self.settings, self.wanted_model = settings, settings.model

    def interrupt(self) -> None:
        """Stop at the next await; idempotent, so that a second one does not cut short how tools end."""
        if self.stopping or self.stopped.is_set():
            return
        self.stopping = True
        if self.task is not None:
            self.task.cancel()
        else:
            self._stop(INTERRUPTED)

    def _run_out_of_time(self) -> None:
        """End as an interrupt does, but failed. A turn that is being stopped already stays what it is."""
        self.out_of_time = self.out_of_time or not (self.stopping or self.stopped.is_set())
        self.interrupt()

    async def interrupted(self) -> None:
        """Interrupt, and wait until nothing of the turn runs. `conclude` then tells the followers."""
        self.held = True
        try:
            self.interrupt()
            await self.stopped.wait()
        except BaseException:
            self.held = False
            if self.stopped.is_set():
                self.conclude()
            raise

    def conclude(self) -> None:
        """Tell the followers how the turn ended; once."""
        if self.outcome is not None:
            outcome, self.outcome = self.outcome, None
            self.thread.turns.ended(self, outcome)
            self.concluded.set()

    # -- the loop

    async def run(self) -> None:
        try:
            await self._loop()
            outcome = COMPLETED
        except (Exception, asyncio.CancelledError) as cause:
            outcome = outcome_of(self.id, cause, self.budget.exceeded if self.out_of_time else None)
            if isinstance(cause, asyncio.CancelledError):
                await self.thread.user_commands.end(self.id)
            await self.pending.keep()
        self._stop(outcome)

    async def _loop(self) -> None:
        self._announce()
        await self._converse()

    async def _converse(self) -> None:
        self.budget.begin()
        await self.thread.servers.settled(self.thread.surroundings.startup_grace_seconds)
        stand_in(self)
        await self.thread.pressure.before_turn(self)
        self.thread.remember([*self.thread.told.news(self.settings), *self.thread.unsaved.news()])
        goes_on = await self._sample()
        while goes_on or self.pending.wants_request:
            await self.thread.pressure.before_request(self)
            goes_on = await self._sample()

    async def _sample(self) -> bool:
        await self.pending.take()
        self.sampling = Sampling(self)
        goes_on = await self.sampling.run()
        self.sampling = None
        return goes_on

    def _begin(self) -> None:
        self._announce()
        self.budget.begin()

    def _announce(self) -> None:
        self.started_ms = now_ms()
        snapshot = self.snapshot("inProgress")
        self.thread.events.active()
        self.thread.events.turn_started(snapshot)
        self.thread.record.turn_started(
            snapshot, self.settings, self.thread.surroundings.context_window(self.settings.model)
        )
        if self.thread.follow_ups is not None:
            self.thread.follow_ups.goal.turn_began()

    def _stop(self, outcome: Outcome) -> None:
        self.budget.end()
        if outcome.status == "interrupted" or self.out_of_time:
            self._note_interrupt()
        self.outcome = self.snapshot(*outcome)
        self.thread.record.turn_ended(self.outcome, self.final)
        self.stopped.set()
        if not self.held:
            self.conclude()

    def _note_interrupt(self) -> None:
        self.thread.remember([message("user", OUT_OF_TIME_NOTE if self.out_of_time else INTERRUPTED_NOTE)])

    def _never_began(self, task: asyncio.Task[None]) -> None:
        """A task cancelled before its first step never enters `run`."""
        if not self.stopped.is_set():
            self._stop(INTERRUPTED)

    # -- what a sampling asks of its turn

    @property
    def cut_off_text(self) -> str:
        """What the model hears of a call that did not end."""
        exceeded = self.budget.exceeded if self.out_of_time else None
        return f"This call was ended before it finished. {exceeded.text}" if exceeded else ABORTED_BY_USER

    def request(self) -> ModelRequest:
        return model_request(self)

    def item_id(self, proposed: str) -> str:
        """The model's id for an item, or a new one where it is missing or was used before."""
        item_id = proposed if proposed and proposed not in self.used_ids else new_id()
        self.used_ids.add(item_id)
        return item_id

    def last_message(self, item: ThreadItem) -> None:
        if isinstance(item, AgentMessageThreadItem):
            self.final = item

    def snapshot_at_start(self) -> Turn:
        """What turn/start answers: nothing of the turn has happened yet."""
        return Turn(id=self.id, rootTurnId=self.root_id, items=[], itemsView="notLoaded", status="inProgress")

    def snapshot(self, status: TurnStatus, error: TurnError | None = None) -> Turn:
        """The turn as the wire shows it: without items while it runs, with its last message once completed."""
        ended = status != "inProgress"
        completed = now_ms()
        shown = [self.final] if status == "completed" and self.final is not None else []
        return Turn(
            id=self.id,
            rootTurnId=self.root_id,
            items=list(shown),
            itemsView="summary" if shown else "notLoaded",
            status=status,
            error=error,
            startedAt=self.started_ms // 1000 if self.started_ms is not None else None,
            completedAt=completed // 1000 if ended else None,
            durationMs=completed - self.started_ms if ended and self.started_ms is not None else None,
        )
