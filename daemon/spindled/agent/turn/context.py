"""What a running tool may do: the agent's side of `tools.base.ToolContext`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from spindled.agent.clock import now_ms
from spindled.tools.base import Verdict
from spindled_protocol.types import DynamicToolCallParams, DynamicToolCallResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from spindled.agent.settings import ThreadSettings
    from spindled.agent.thread import Thread
    from spindled.tools.base import (
        CommandApproval,
        FileSnapshot,
        GoalBook,
        PatchApproval,
        PatchVerdict,
        ToolApproval,
        ToolOptions,
    )
    from spindled.tools.commands.exec_sessions import ExecSessions
    from spindled.tools.files.text_files import TextFiles
    from spindled.tools.grants import SessionGrants
    from spindled.tools.patch.diff import TurnDiff
    from spindled.tools.policy import CommandRule
    from spindled_protocol.types import (
        DynamicToolCallThreadItem,
        SandboxPolicy,
        ThreadItem,
        ToolRequestUserInputQuestion,
        ToolRequestUserInputResponse,
        TurnPlanStep,
    )


def options_in(settings: ThreadSettings, options: ToolOptions) -> ToolOptions:
    """Without an environment there are no commands and no files."""
    return options if settings.has_environment else replace(options, shell_tool=False, patches=False, view_image=False)


class TurnContext:
    """The tools' view of one turn. It may outlive the turn, as a command that runs on does."""

    def __init__(self, thread: Thread, turn_id: str, settings: ThreadSettings, interrupt: Callable[[], None]):
        self.thread = thread
        self.thread_id = thread.id
        self.turn_id = turn_id
        self.settings = settings
        self.interrupt = interrupt
        self._diff: TurnDiff | None = None

    @property
    def cwd(self) -> Path:
        return self.settings.cwd

    @property
    def approval_policy(self) -> str:
        return self.settings.approval

    @property
    def sandbox_policy(self) -> SandboxPolicy:
        return self.settings.sandbox_policy

    @property
    def mode(self) -> str:
        return self.settings.mode or "default"

    @property
    def sessions(self) -> ExecSessions:
        return self.thread.sessions

    @property
    def rules(self) -> Sequence[CommandRule]:
        return self.thread.surroundings.rules.current()

    @property
    def grants(self) -> SessionGrants:
        return self.thread.approvals.grants

    @property
    def files(self) -> TextFiles:
        return self.thread.surroundings.files

    @property
    def tool_options(self) -> ToolOptions:
        return options_in(self.settings, self.thread.surroundings.tool_options)

    @property
    def goals(self) -> GoalBook | None:
        return self.thread.follow_ups.goal if self.thread.follow_ups is not None else None

    def item_started(self, item: ThreadItem) -> None:
        self.thread.events.item_started(self.turn_id, item, item.startedAtMs or now_ms())

    def item_completed(self, item: ThreadItem) -> None:
        self.thread.complete_item(self.turn_id, item)
        self.thread.approvals.settled(item.id)

    def output_delta(self, item_id: str, text: str) -> None:
        self.thread.events.output_delta(self.turn_id, item_id, text)

    def terminal_input(self, item_id: str, process_id: str, stdin: str) -> None:
        self.thread.events.terminal_input(self.turn_id, item_id, process_id, stdin)

    def plan_updated(self, explanation: str | None, plan: list[TurnPlanStep]) -> None:
        self.thread.events.plan_updated(self.turn_id, explanation, plan)

    def files_changed(self, changes: Sequence[FileSnapshot]) -> None:
        if self._diff is None:
            from spindled.tools.patch.diff import TurnDiff

            self._diff = TurnDiff(self.cwd)
        self._diff.add(changes)
        self.thread.edits.note(self.turn_id, changes)
        self.thread.events.diff_updated(self.turn_id, self._diff.render())

    async def approve_command(self, ask: CommandApproval) -> Verdict:
        return self._obey(await self.thread.approvals.command(self.turn_id, ask))

    async def approve_patch(self, ask: PatchApproval) -> PatchVerdict:
        answer = await self.thread.approvals.patch(self.turn_id, ask)
        self._obey(answer.verdict)
        return answer

    async def ask_user(
        self, call_id: str, questions: list[ToolRequestUserInputQuestion]
    ) -> ToolRequestUserInputResponse | None:
        return await self.thread.approvals.user_input(self.turn_id, call_id, questions)

    async def call_client(self, item: DynamicToolCallThreadItem) -> DynamicToolCallResponse | None:
        seconds = self.tool_options.dynamic_tool_seconds
        params = DynamicToolCallParams(
            threadId=self.thread_id,
            turnId=self.turn_id,
            callId=item.id,
            namespace=item.namespace,
            tool=item.tool,
            arguments=item.arguments,
        )
        try:
            async with asyncio.timeout(seconds or None):
                return await self.thread.events.followers.ask("item/tool/call", params, DynamicToolCallResponse)
        except TimeoutError:
            return None

    async def approve_tool(self, ask: ToolApproval) -> Verdict:
        return await self.thread.approvals.tool(self.turn_id, ask)

    async def elicit(self, server: str, question: dict[str, Any]) -> dict[str, Any]:
        if not self.settings.asks_for_servers:
            return {"action": "decline"}
        return await self.thread.approvals.elicit(self.turn_id, server, question)

    def tool_progress(self, item_id: str, message: str) -> None:
        self.thread.events.tool_progress(self.turn_id, item_id, message)

    def _obey(self, verdict: Verdict) -> Verdict:
        if verdict is Verdict.CANCELLED:
            self.interrupt()
        return verdict
