"""Another attempt at a request that failed, announced to the followers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from spindled.model import retry
from spindled.model.errors import retrying_info
from spindled_protocol.types import TurnError

if TYPE_CHECKING:
    from spindled.agent.thread import Thread
    from spindled.model.errors import ModelError


class Retries:
    """The attempts at one request of a turn."""

    def __init__(self, thread: Thread, turn_id: str):
        self.thread = thread
        self.turn_id = turn_id
        self.made = 0

    async def wait(self, error: ModelError) -> None:
        """Return when it is time for the next attempt; raises the error when there is to be none."""
        self.made += 1
        most = self.thread.surroundings.provider.stream_max_retries
        delay = retry.stream_delay(error, self.made, most)
        if delay is None:
            raise error
        notice = TurnError(
            message=f"Reconnecting... {self.made}/{most}",
            codexErrorInfo=retrying_info(error),
            additionalDetails=str(error),
        )
        self.thread.events.error(self.turn_id, notice, will_retry=True)
        await asyncio.sleep(delay)
