"""One request to the model and what comes of it: the stream, the calls it makes and their outputs."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from spindled.agent.history.history import OUTPUT_OF, message_text
from spindled.agent.sampling.stream import Drafts
from spindled.agent.sampling.telemetry import ModelCall
from spindled.agent.turn.arguments import checked
from spindled.agent.turn.calls import Calls
from spindled.agent.turn.verdicts import Ending
from spindled.model.errors import ModelError
from spindled.model.events import Completed, Incomplete
from spindled.model.sealed import may_stand_last

if TYPE_CHECKING:
    from spindled.agent.turn.turn import RunningTurn
    from spindled_protocol.types import ThreadItem


class Attempt:
    """Runs once. What the model finishes is recorded as it comes and never taken back.

    Reasoning enters the history with what follows it: a provider refuses a request that ends in it.
    """

    def __init__(self, turn: RunningTurn):
        self.turn = turn
        self.thread = turn.thread
        self.request = turn.request()
        self.calls = Calls(self.thread.toolset, turn.context, turn.budget.admit)
        self.terminal: Completed | Incomplete | None = None
        self.streaming: asyncio.Task[None] | None = None
        self.thoughts: list[dict[str, Any]] = []
        self.thought = self.spoke = False

    async def run(self) -> Ending:
        """Stream, run the calls and answer them. Raises ModelError, also then with every call answered.

        Raises BudgetExceeded before anything is sent.
        """
        await self.turn.budget.model_call("turn", self.request.model)
        failure: ModelError | None = None
        try:
            try:
                await self._stream()
            except ModelError as error:
                failure = error
                self.turn.budget.used(self.request.model, error.usage)
            await self.calls.finish()
        except asyncio.CancelledError:
            await self.calls.abandon()
            raise
        finally:
            self._answer_calls()
        for note in self.turn.guards.hear(self.calls.outcomes()):
            self.thread.tell(note)
        if failure is not None:
            raise failure
        return Ending(self.terminal, bool(self.calls), self.spoke, self.thought)

    def cut(self) -> None:
        """Stop streaming now; what the user saw stays, and calls already made run to their end."""
        if self.streaming is not None and not self.calls:
            self.streaming.cancel()

    async def _stream(self) -> None:
        """Returns also when it was cut; an interrupt wins over whatever the stream ends with."""
        task = asyncio.get_running_loop().create_task(self._consume())
        self.streaming = task
        try:
            await task
        except (asyncio.CancelledError, ModelError) as ended:
            current = asyncio.current_task()
            if current is None or current.cancelling():
                raise asyncio.CancelledError from ended
            if not task.cancelled():
                raise
        finally:
            self.streaming = None

    async def _consume(self) -> None:
        drafts = Drafts(
            self.thread.events,
            self.turn.id,
            self._done,
            raw_reasoning=self.thread.surroundings.raw_reasoning,
            new_id=self.turn.item_id,
            planning=self.turn.settings.mode == "plan",
        )
        writable = self.thread.events.followers.writable
        try:
            with ModelCall("turn", self.request) as call:
                async with aclosing(self.thread.model.stream(self.request)) as stream:
                    async for batch in stream:
                        call.heard()
                        for event in batch:
                            if isinstance(event, Completed | Incomplete):
                                call.ended(event)
                                self._ended(event)
                            else:
                                drafts.feed(event)
                        await writable()
        except asyncio.CancelledError:
            self.thoughts.clear()  # what they led to is not whole
            for item, shown in drafts.cut():
                self._done(item, *shown)
            raise

    def _ended(self, terminal: Completed | Incomplete) -> None:
        self.terminal = terminal
        self.turn.budget.used(self.request.model, terminal.usage)
        if not isinstance(terminal, Completed):
            return
        if terminal.end_turn is False:
            self._remember()  # the provider wants to be asked again with these thoughts
        elif self.spoke or self.calls:
            self.thoughts = [item for item in self.thoughts if may_stand_last(item)]
            self._remember()

    def _done(self, item: dict[str, Any], *shown: ThreadItem) -> None:
        kind = item.get("type")
        if kind in OUTPUT_OF:
            call = checked(self.thread.history.unique_call(item))
            self._remember(call.item)
            self.calls.start(call.item, call.fault)
            return
        if kind == "reasoning":
            self.thought = True
            self.thoughts.append(item)
        elif kind != "message" or message_text(item).strip():
            self.spoke = True
            self._remember(item)
            for each in shown:
                self.turn.last_message(each)
        for each in shown:
            self.thread.complete_item(self.turn.id, each)

    def _remember(self, *items: dict[str, Any]) -> None:
        self.thread.remember([*self.thoughts, *items])
        self.thoughts.clear()

    def _answer_calls(self) -> None:
        """Every call is answered once, then the usage is told."""
        if self.calls:
            self.thread.remember(self.calls.outputs(self.turn.cut_off_text))
        if self.terminal is not None and self.terminal.usage is not None:
            self.thread.count_usage(self.turn.id, self.terminal.usage)
