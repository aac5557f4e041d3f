"""The turn of `thread/shellCommand` in a thread that has nothing to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled.agent.turn.turn import RunningTurn

if TYPE_CHECKING:
    from spindled.agent.settings import ThreadSettings
    from spindled.agent.thread import Thread
    from spindled.tools.commands.user_command import UserCommand


class UserShellTurn(RunningTurn):
    """It ends with its commands, without asking the model, unless there was input meanwhile."""

    def __init__(self, thread: Thread, settings: ThreadSettings, command: UserCommand):
        super().__init__(thread, settings)
        self.command = command

    async def _loop(self) -> None:
        self._announce()
        commands = self.thread.user_commands
        commands.start(self.context, self.command)
        await commands.ended(self.id)
        self.thread.remember(commands.take())
        if self.pending.said:
            await self._converse()
