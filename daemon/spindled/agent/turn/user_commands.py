"""The commands that the user runs in a thread, beside what the model does: it hears of each when that has ended."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from spindled.agent.prompt.prompt import message

if TYPE_CHECKING:
    from collections.abc import Callable

    from spindled.agent.thread import Thread
    from spindled.agent.turn.context import TurnContext
    from spindled.tools.commands.user_command import UserCommand


class UserCommands:
    """`heard`: results that wait until the running turn takes them; without a turn they are remembered at once."""

    def __init__(self, thread: Thread):
        self.heard: list[dict[str, Any]] = []
        self._thread = thread
        self._running: dict[asyncio.Task[None], str] = {}

    def beginning(self, command: UserCommand) -> Callable[[], None]:
        """What begins the command, in the turn that runs or in one of its own. Raises StoreError, TurnConflict."""
        thread = self._thread
        if thread.turns.active is None:
            from spindled.agent.turn.user_shell_turn import UserShellTurn

            return thread.turns.begin(UserShellTurn(thread, thread.settings, command)).start
        thread.turns.check_open()
        return partial(self.start, thread.turns.active.context, command)

    def start(self, context: TurnContext, command: UserCommand) -> None:
        """Begin to run it as an item of that turn."""
        task = asyncio.get_running_loop().create_task(self._run(context, command), name="command of the user")
        self._running[task] = context.turn_id
        task.add_done_callback(self._running.pop)

    async def _run(self, context: TurnContext, command: UserCommand) -> None:
        from spindled.tools.commands.user_command import run_for_user

        result = await run_for_user(command, context)
        self.heard.append(message("user", result))
        if self._thread.turns.active is None:
            self._thread.remember(self.take())

    def take(self) -> list[dict[str, Any]]:
        """What the model has not heard yet, as history items."""
        heard, self.heard = self.heard, []
        return heard

    async def ended(self, turn_id: str) -> None:
        """Wait for all of that turn, also those that begin meanwhile."""
        while running := self._of(turn_id):
            await asyncio.wait(running)

    async def end(self, turn_id: str | None = None) -> None:
        """End those of that turn, or all, and what descends from them."""
        if running := self._of(turn_id):
            for task in running:
                task.cancel()
            await asyncio.wait(running)

    def _of(self, turn_id: str | None) -> list[asyncio.Task[None]]:
        return [task for task, turn in self._running.items() if turn_id in (None, turn) and not task.done()]
