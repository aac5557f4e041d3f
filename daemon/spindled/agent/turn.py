"""One turn: input, answers and tool calls until the model has nothing left to do."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from spindled.agent.budget import BudgetExceeded
from spindled.agent.calls import ABORTED_BY_USER
from spindled.agent.clock import now_ms
from spindled.agent.context import TurnContext
from spindled.agent.fallbacks import stand_in
from spindled.agent.guards import Guards
from spindled.agent.prompt import message
from spindled.agent.request import model_request
from spindled.agent.sampling import Sampling
from spindled.agent.turn_budget import TurnBudget
from spindled.agent.verdicts import SoFar
from spindled.model.errors import ModelError, to_codex_error_info
from spindled.store.ids import new_id
from spindled_protocol.types import AgentMessageThreadItem, Turn, TurnError, UserMessageThreadItem

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from spindled.agent.inputs import PreparedInput
    from spindled.agent.ledger import Given
    from spindled.agent.settings import ThreadSettings
    from spindled.agent.thread import Thread
    from spindled.model.request import ModelRequest
    from spindled_protocol.types import ThreadItem, TurnStatus

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
        self.inputs: deque[PreparedInput] = deque([first] if first is not None else [])
        self.whispers: list[dict[str, Any]] = []
        self.must_tell = False
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
        self.inputs.append(prepared)
        if self.sampling is not None:
            self.sampling.cut()

    def whisper(self, item: dict[str, Any], *, urgent: bool = False) -> None:
        """Tell the model something with its next request, beside the input; an urgent word makes for one."""
        self.whispers.append(item)
        self.must_tell = self.must_tell or urgent

    def interrupt(self) -> None:
        """Stop at the next await; idempotent, so that a second one does not cut short how tools end."""
        if self.stopping or self.stopped.is_set():
            return
        self.stopping = True
        if self.task is not None:
            self.task.cancel()
        else:
            self._stop("interrupted", None)

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
            self.thread.turn_ended(self, outcome)
            self.concluded.set()

    # -- the loop

    async def run(self) -> None:
        error: TurnError | None = None
        status: TurnStatus = "completed"
        try:
            await self._loop()
        except asyncio.CancelledError:
            exceeded = self.budget.exceeded if self.out_of_time else None
            status, error = ("failed", exceeded.to_turn_error()) if exceeded else ("interrupted", None)
            await self.thread.user_commands.end(self.id)
            await self._keep_inputs()
        except BudgetExceeded as stop:
            status, error = "failed", stop.exceeded.to_turn_error()
            await self._keep_inputs()
        except TurnFailed as failure:
            status, error = "failed", failure.error
        except ModelError as failure:
            status, error = "failed", TurnError(message=str(failure), codexErrorInfo=to_codex_error_info(failure))
        except Exception as failure:
            log.exception("turn %s failed", self.id)
            text = f"Internal error: {type(failure).__name__}: {failure}"
            status, error = "failed", TurnError(message=text, codexErrorInfo="other")
        self._stop(status, error)

    async def _loop(self) -> None:
        self._announce()
        await self._converse()

    async def _converse(self) -> None:
        self.budget.begin()
        stand_in(self)
        await self._make_room(self.thread.pressure.before_turn)
        self.thread.remember(self.thread.new_context(self.settings))
        goes_on = await self._sample()
        while goes_on or self.inputs or self.must_tell or self.thread.user_commands.heard:
            await self._make_room(self.thread.pressure.before_request)
            goes_on = await self._sample()

    async def _sample(self) -> bool:
        self.thread.remember(self.whispers)
        self.whispers, self.must_tell = [], False
        await self._take_inputs()
        self.sampling = Sampling(self)
        goes_on = await self.sampling.run()
        self.sampling = None
        return goes_on

    async def _make_room(self, relief: Callable[[RunningTurn], Awaitable[None]]) -> None:
        try:
            await relief(self)
        except ModelError:
            await self._keep_inputs()
            raise

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

    async def _take_inputs(self) -> None:
        self.thread.remember(self.thread.user_commands.take())
        while self.inputs:
            prepared = self.inputs.popleft()
            self.thread.remember([item for item in prepared.context if item not in self.thread.history.items])
            if not prepared.inputs:
                continue
            content = await prepared.content()
            self.guards.reset()
            at_ms = now_ms()
            item = UserMessageThreadItem(
                id=new_id(), clientId=prepared.client_id, content=prepared.inputs, startedAtMs=at_ms, completedAtMs=None
            )
            self.thread.events.item_started(self.id, item, at_ms)
            said = {"type": "message", "role": "user", "content": content}
            self.thread.remember([said, *self.thread.skills_named(prepared.inputs, self.settings)])
            item.completedAtMs = at_ms
            self.thread.complete_item(self.id, item)

    async def _keep_inputs(self) -> None:
        """What was sent before the turn ended belongs to the conversation, heard or not."""
        try:
            await self._take_inputs()
        except Exception:
            log.exception("turn %s: input is lost", self.id)

    def _stop(self, status: TurnStatus, error: TurnError | None) -> None:
        self.budget.end()
        if status == "interrupted" or self.out_of_time:
            self._note_interrupt()
        self.outcome = self.snapshot(status, error)
        self.thread.record.turn_ended(self.outcome, self.final)
        self.stopped.set()
        if not self.held:
            self.conclude()

    def _note_interrupt(self) -> None:
        self.thread.remember([message("user", OUT_OF_TIME_NOTE if self.out_of_time else INTERRUPTED_NOTE)])

    def _never_began(self, task: asyncio.Task[None]) -> None:
        """A task cancelled before its first step never enters `run`."""
        if not self.stopped.is_set():
            self._stop("interrupted", None)

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
