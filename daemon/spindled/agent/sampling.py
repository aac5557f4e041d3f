"""One answer of the model: the request, its stream, the calls it makes, and another try when the stream breaks."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from spindled.agent.calls import Calls
from spindled.agent.history import OUTPUT_OF
from spindled.agent.stream import Drafts
from spindled.model import retry
from spindled.model.errors import ModelError, incomplete_error, retrying_info
from spindled.model.events import Completed, Incomplete
from spindled_protocol.types import TurnError

if TYPE_CHECKING:
    from spindled.agent.turn import RunningTurn
    from spindled_protocol.types import ThreadItem


class Sampling:
    """Samples once for a turn. What the model finishes is recorded as it comes and never taken back."""

    def __init__(self, turn: RunningTurn):
        self.turn = turn
        self.thread = turn.thread
        self.calls = Calls(self.thread.surroundings.registry, turn.context)
        self.terminal: Completed | Incomplete | None = None
        self.streaming: asyncio.Task[None] | None = None

    async def run(self) -> bool:
        """Whether the turn goes on: the model made calls. Raises ModelError when no retry is left."""
        retries = 0
        while True:
            self.calls = Calls(self.thread.surroundings.registry, self.turn.context)
            self.terminal = None
            try:
                await self._attempt()
                if isinstance(self.terminal, Incomplete):
                    raise incomplete_error(self.terminal.reason)
                return bool(self.calls)
            except ModelError as error:
                retries += 1
                delay = retry.stream_delay(error, retries, self.thread.surroundings.provider.stream_max_retries)
                if delay is None:
                    raise
                self._tell_retry(error, retries)
                await asyncio.sleep(delay)

    def cut(self) -> None:
        """Stop streaming now; what the user saw stays, and calls already made run to their end."""
        if self.streaming is not None and not self.calls:
            self.streaming.cancel()

    async def _attempt(self) -> None:
        failure: ModelError | None = None
        try:
            try:
                await self._stream()
            except ModelError as error:
                failure = error
            await self.calls.finish()
        except asyncio.CancelledError:
            await self.calls.abandon()
            raise
        finally:
            self._answer_calls()
        if failure is not None:
            raise failure

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
        )
        request = self.turn.request()
        writable = self.thread.events.followers.writable
        try:
            async with aclosing(self.thread.model.stream(request)) as stream:
                async for batch in stream:
                    for event in batch:
                        if isinstance(event, Completed | Incomplete):
                            self.terminal = event
                        else:
                            drafts.feed(event)
                    await writable()
        except asyncio.CancelledError:
            for item, shown in drafts.cut():
                self._done(item, shown)
            raise

    def _done(self, item: dict[str, Any], shown: ThreadItem | None) -> None:
        is_call = item.get("type") in OUTPUT_OF
        if is_call:
            item = self.thread.history.unique_call(item)
        self.thread.remember([item])
        if is_call:
            self.calls.start(item)
        elif shown is not None:
            self.turn.last_message(shown)
            self.thread.complete_item(self.turn.id, shown)

    def _answer_calls(self) -> None:
        """Every call is answered once, then the usage is told."""
        if self.calls:
            self.thread.remember(self.calls.outputs())
        if self.terminal is not None and self.terminal.usage is not None:
            self.thread.count_usage(self.turn.id, self.terminal.usage)

    def _tell_retry(self, error: ModelError, attempt: int) -> None:
        notice = TurnError(
            message=f"Reconnecting... {attempt}/{self.thread.surroundings.provider.stream_max_retries}",
            codexErrorInfo=retrying_info(error),
            additionalDetails=str(error),
        )
        self.thread.events.error(self.turn.id, notice, will_retry=True)
