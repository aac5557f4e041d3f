"""A thread's events: each is one typed notification to its followers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled_protocol.base import UNSET
from spindled_protocol.types import (
    ActiveThreadStatus,
    AgentMessageDeltaNotification,
    CommandExecutionOutputDeltaNotification,
    ErrorNotification,
    IdleThreadStatus,
    ItemCompletedNotification,
    ItemStartedNotification,
    McpToolCallProgressNotification,
    PlanDeltaNotification,
    ReasoningSummaryPartAddedNotification,
    ReasoningSummaryTextDeltaNotification,
    ReasoningTextDeltaNotification,
    SystemErrorThreadStatus,
    TerminalInteractionNotification,
    ThreadGoalClearedNotification,
    ThreadGoalUpdatedNotification,
    ThreadGrantsChangedNotification,
    ThreadQueueChangedNotification,
    ThreadReadStateChangedNotification,
    ThreadSettingsUpdatedNotification,
    ThreadStatusChangedNotification,
    ThreadTokenUsageUpdatedNotification,
    TurnCompletedNotification,
    TurnDiffUpdatedNotification,
    TurnPlanUpdatedNotification,
    TurnStartedNotification,
    WarningNotification,
)

if TYPE_CHECKING:
    from spindled.agent.ports import Followers
    from spindled_protocol.base import Wire
    from spindled_protocol.types import (
        McpServerStatusUpdatedNotification,
        ThreadActiveFlag,
        ThreadGoal,
        ThreadItem,
        ThreadReadState,
        ThreadSettings,
        ThreadStatus,
        ThreadTokenUsage,
        Turn,
        TurnError,
        TurnPlanStep,
    )


class ThreadEvents:
    """Publishes what happens in one thread, and holds the status that was last told."""

    def __init__(self, thread_id: str, followers: Followers):
        self.thread_id = thread_id
        self.followers = followers
        self.status: ThreadStatus = IdleThreadStatus()

    def active(self, *flags: ThreadActiveFlag) -> None:
        self._status(ActiveThreadStatus(activeFlags=list(flags)))

    def idle(self) -> None:
        self._status(IdleThreadStatus())

    def system_error(self) -> None:
        self._status(SystemErrorThreadStatus())

    def _status(self, status: ThreadStatus) -> None:
        self.status = status
        self._publish("thread/status/changed", ThreadStatusChangedNotification(threadId=self.thread_id, status=status))

    def settings_updated(self, settings: ThreadSettings) -> None:
        self._publish(
            "thread/settings/updated",
            ThreadSettingsUpdatedNotification(threadId=self.thread_id, threadSettings=settings),
        )

    def turn_started(self, turn: Turn) -> None:
        self._publish("turn/started", TurnStartedNotification(threadId=self.thread_id, turn=turn))

    def turn_completed(self, turn: Turn) -> None:
        self._publish("turn/completed", TurnCompletedNotification(threadId=self.thread_id, turn=turn))

    def error(self, turn_id: str, error: TurnError, *, will_retry: bool) -> None:
        self._publish(
            "error", ErrorNotification(error=error, willRetry=will_retry, threadId=self.thread_id, turnId=turn_id)
        )

    def warning(self, message: str) -> None:
        self._publish("warning", WarningNotification(threadId=self.thread_id, message=message))

    def item_started(self, turn_id: str, item: ThreadItem, at_ms: int) -> None:
        self._publish(
            "item/started",
            ItemStartedNotification(item=item, threadId=self.thread_id, turnId=turn_id, startedAtMs=at_ms),
        )

    def item_completed(self, turn_id: str, item: ThreadItem, at_ms: int) -> None:
        self._publish(
            "item/completed",
            ItemCompletedNotification(
                item=item, threadId=self.thread_id, turnId=turn_id, contentTokenCount=None, completedAtMs=at_ms
            ),
        )

    def message_delta(self, turn_id: str, item_id: str, delta: str) -> None:
        self.followers.publish(
            "item/agentMessage/delta",
            AgentMessageDeltaNotification(threadId=self.thread_id, turnId=turn_id, itemId=item_id, delta=delta),
        )

    def plan_delta(self, turn_id: str, item_id: str, delta: str) -> None:
        self._publish(
            "item/plan/delta",
            PlanDeltaNotification(threadId=self.thread_id, turnId=turn_id, itemId=item_id, delta=delta),
        )

    def summary_part(self, turn_id: str, item_id: str, index: int) -> None:
        self._publish(
            "item/reasoning/summaryPartAdded",
            ReasoningSummaryPartAddedNotification(
                threadId=self.thread_id, turnId=turn_id, itemId=item_id, summaryIndex=index
            ),
        )

    def summary_delta(self, turn_id: str, item_id: str, index: int, delta: str) -> None:
        self._publish(
            "item/reasoning/summaryTextDelta",
            ReasoningSummaryTextDeltaNotification(
                threadId=self.thread_id, turnId=turn_id, itemId=item_id, delta=delta, summaryIndex=index
            ),
        )

    def reasoning_delta(self, turn_id: str, item_id: str, index: int, delta: str) -> None:
        self._publish(
            "item/reasoning/textDelta",
            ReasoningTextDeltaNotification(
                threadId=self.thread_id, turnId=turn_id, itemId=item_id, delta=delta, contentIndex=index
            ),
        )

    def output_delta(self, turn_id: str, item_id: str, delta: str) -> None:
        self._publish(
            "item/commandExecution/outputDelta",
            CommandExecutionOutputDeltaNotification(
                threadId=self.thread_id, turnId=turn_id, itemId=item_id, delta=delta
            ),
        )

    def terminal_input(self, turn_id: str, item_id: str, process_id: str, stdin: str) -> None:
        self._publish(
            "item/commandExecution/terminalInteraction",
            TerminalInteractionNotification(
                threadId=self.thread_id, turnId=turn_id, itemId=item_id, processId=process_id, stdin=stdin
            ),
        )

    def plan_updated(self, turn_id: str, explanation: str | None, plan: list[TurnPlanStep]) -> None:
        self._publish(
            "turn/plan/updated",
            TurnPlanUpdatedNotification(threadId=self.thread_id, turnId=turn_id, explanation=explanation, plan=plan),
        )

    def diff_updated(self, turn_id: str, diff: str) -> None:
        self._publish(
            "turn/diff/updated", TurnDiffUpdatedNotification(threadId=self.thread_id, turnId=turn_id, diff=diff)
        )

    def tool_progress(self, turn_id: str, item_id: str, message: str) -> None:
        self._publish(
            "item/mcpToolCall/progress",
            McpToolCallProgressNotification(threadId=self.thread_id, turnId=turn_id, itemId=item_id, message=message),
        )

    def server_status(self, notification: McpServerStatusUpdatedNotification) -> None:
        self._publish("mcpServer/startupStatus/updated", notification)

    def usage_updated(self, turn_id: str, usage: ThreadTokenUsage, cost_usd: float | None = None) -> None:
        self._publish(
            "thread/tokenUsage/updated",
            ThreadTokenUsageUpdatedNotification(
                threadId=self.thread_id,
                turnId=turn_id,
                tokenUsage=usage,
                costUsd=UNSET if cost_usd is None else cost_usd,
            ),
        )

    def goal_updated(self, turn_id: str | None, goal: ThreadGoal) -> None:
        self._publish(
            "thread/goal/updated", ThreadGoalUpdatedNotification(threadId=self.thread_id, turnId=turn_id, goal=goal)
        )

    def goal_cleared(self) -> None:
        self._publish("thread/goal/cleared", ThreadGoalClearedNotification(threadId=self.thread_id))

    def grants_changed(self) -> None:
        self._publish("thread/grants/changed", ThreadGrantsChangedNotification(threadId=self.thread_id))

    def queue_changed(self) -> None:
        self._publish("thread/queue/changed", ThreadQueueChangedNotification(threadId=self.thread_id))

    def read_state_changed(self, state: ThreadReadState) -> None:
        self._publish(
            "thread/readState/changed", ThreadReadStateChangedNotification(threadId=self.thread_id, readState=state)
        )

    def _publish(self, method: str, params: Wire) -> None:
        self.followers.publish(method, params)
