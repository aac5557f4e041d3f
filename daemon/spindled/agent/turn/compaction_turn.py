"""The turn of `thread/compact/start`: no input, no tools, one summary."""

from __future__ import annotations

from spindled.agent.turn.turn import RunningTurn


class CompactionTurn(RunningTurn):
    """Its outcome is another history, or the one that was."""

    kind = "compact"
    steerable = False
    promised = False

    async def _loop(self) -> None:
        self._begin()
        await self.thread.pressure.compact(self)

    def _note_interrupt(self) -> None:
        """The conversation was not interrupted."""
