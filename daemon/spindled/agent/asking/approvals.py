"""Asking the user: one place where an answer becomes a verdict, and everything but a clear yes is a no."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spindled.agent.asking import elicitations
from spindled.agent.asking.questions import is_yes, yes_or_no
from spindled.agent.clock import now_ms
from spindled.store.ids import new_id
from spindled.tools.base import CommandApproval, PatchApproval, PatchVerdict, ToolApproval, Verdict
from spindled.tools.grants import FileGrant, Given, ToolGrant
from spindled_protocol.base import UNSET
from spindled_protocol.types import (
    CommandExecutionApprovalDecisionObject,
    CommandExecutionApprovalDecisionObjectAcceptWithExecpolicyAmendment,
    CommandExecutionRequestApprovalParams,
    CommandExecutionRequestApprovalResponse,
    FileChangeRequestApprovalParams,
    FileChangeRequestApprovalResponse,
    ToolRequestUserInputParams,
    ToolRequestUserInputResponse,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from spindled.agent.events import ThreadEvents
    from spindled.tools.grants import Grant, SessionGrants
    from spindled_protocol.types import (
        CommandExecutionApprovalDecision,
        ThreadActiveFlag,
        ToolRequestUserInputQuestion,
    )


class Approvals:
    """The open questions of one thread, and what the user granted for the session."""

    def __init__(
        self,
        events: ThreadEvents,
        grants: SessionGrants,
        allow_always: Callable[[Sequence[str]], None],
        keep_tool: Callable[[str, str], None],
    ):
        """`allow_always` keeps a command, `keep_tool` a server's tool, allowed for good."""
        self.events = events
        self.grants = grants
        self.allow_always = allow_always
        self.keep_tool = keep_tool
        self.open: dict[str, ThreadActiveFlag] = {}

    async def command(self, turn_id: str, ask: CommandApproval) -> Verdict:
        """Ask about a command, which is shown first, or about what is typed into one that runs.

        A declined command stays open until its item is completed.
        """
        item, typing = ask.item, ask.kind == "writeStdin"
        at_ms = now_ms() if typing else item.startedAtMs or now_ms()
        approval_id = new_id() if typing else None
        key = approval_id or item.id
        self._wait(key)
        verdict = Verdict.ACCEPTED
        try:
            if not typing:
                self.events.item_started(turn_id, item, at_ms)
            answer = await self.events.followers.ask(
                "item/commandExecution/requestApproval",
                CommandExecutionRequestApprovalParams(
                    kind=ask.kind,
                    threadId=self.events.thread_id,
                    turnId=turn_id,
                    itemId=item.id,
                    startedAtMs=at_ms,
                    approvalId=approval_id or UNSET,
                    environmentId="local",
                    reason=ask.reason or UNSET,
                    command=item.command,
                    cwd=item.cwd,
                    commandActions=item.commandActions,
                    proposedExecpolicyAmendment=ask.amendment or UNSET,
                    availableDecisions=command_decisions(ask.amendment),
                ),
                CommandExecutionRequestApprovalResponse,
            )
            verdict = self._command_verdict(ask, answer.decision) if answer else Verdict.DECLINED
            return verdict
        finally:
            if typing or verdict is Verdict.ACCEPTED:
                self.settled(key)

    async def patch(self, turn_id: str, ask: PatchApproval) -> PatchVerdict:
        """Ask about a patch whose item the followers have seen. The answer may accept a part of it."""
        self._wait(ask.item.id)
        try:
            answer = await self.events.followers.ask(
                "item/fileChange/requestApproval",
                FileChangeRequestApprovalParams(
                    threadId=self.events.thread_id,
                    turnId=turn_id,
                    itemId=ask.item.id,
                    startedAtMs=now_ms(),
                    reason=ask.reason,
                    grantRoot=ask.grant_root,
                    availablePaths=list(ask.files),
                ),
                FileChangeRequestApprovalResponse,
            )
        finally:
            self.settled(ask.item.id)
        verdict = verdict_of(answer.decision) if answer else Verdict.DECLINED
        if answer is None or verdict is not Verdict.ACCEPTED:
            return PatchVerdict(verdict)
        paths = accepted_paths(answer, ask)
        if not paths:
            return PatchVerdict(Verdict.DECLINED)
        if answer.decision == "acceptForSession":
            for path, files in ask.files.items():
                for file in files if path in paths else ():
                    self._give(FileGrant(file))
        return PatchVerdict(verdict, paths)

    async def tool(self, turn_id: str, ask: ToolApproval) -> Verdict:
        """Ask about a tool of a server, whose item the followers have seen."""
        answer = await self._elicit(elicitations.about_tool(self.events.thread_id, turn_id, ask))
        if answer is None or answer.action != "accept":
            return Verdict.CANCELLED if answer is not None and answer.action == "cancel" else Verdict.DECLINED
        kept = elicitations.persistence(answer) if ask.keepable else None
        if kept in ("session", "always"):
            self._give(ToolGrant(ask.server, ask.tool))
        if kept == "always":
            self.keep_tool(ask.server, ask.tool)
        return Verdict.ACCEPTED

    async def elicit(self, turn_id: str, server: str, question: dict[str, Any]) -> dict[str, Any]:
        """Pass a server's question on, and give the answer that it gets."""
        params = elicitations.of_server(self.events.thread_id, turn_id, server, question)
        return elicitations.for_server(await self._elicit(params) if params is not None else None)

    async def _elicit(self, params: elicitations.Params) -> elicitations.Answer | None:
        key = new_id()
        self._wait(key)
        try:
            return await self.events.followers.ask("mcpServer/elicitation/request", params, elicitations.Answer)
        finally:
            self.settled(key)

    async def question(self, turn_id: str, item_id: str, text: str) -> bool:
        """Ask for a yes or a no. The approval policy has no say in it: what is asked so is asked always."""
        return is_yes(await self.user_input(turn_id, item_id, [yes_or_no(text)]))

    async def user_input(
        self, turn_id: str, item_id: str, questions: list[ToolRequestUserInputQuestion]
    ) -> ToolRequestUserInputResponse | None:
        """What the user answers; None if nobody did."""
        self._wait(item_id, "waitingOnUserInput")
        try:
            return await self.events.followers.ask(
                "item/tool/requestUserInput",
                ToolRequestUserInputParams(
                    threadId=self.events.thread_id,
                    turnId=turn_id,
                    itemId=item_id,
                    questions=questions,
                    isBlocking=True,
                    autoResolutionMs=None,
                ),
                ToolRequestUserInputResponse,
            )
        finally:
            self.settled(item_id)

    def settled(self, item_id: str) -> None:
        """No longer waits for this item; tells the followers when they need not wait any more, or for less."""
        if item_id in self.open:
            before = self._flags
            del self.open[item_id]
            self._tell(before)

    def _wait(self, item_id: str, flag: ThreadActiveFlag = "waitingOnApproval") -> None:
        before = self._flags
        self.open[item_id] = flag
        self._tell(before)

    @property
    def _flags(self) -> list[ThreadActiveFlag]:
        return sorted(set(self.open.values()))

    def _tell(self, before: list[ThreadActiveFlag]) -> None:
        if self._flags != before:
            self.events.active(*self._flags)

    def _command_verdict(self, ask: CommandApproval, decision: CommandExecutionApprovalDecision) -> Verdict:
        if isinstance(decision, CommandExecutionApprovalDecisionObject):
            amendment = decision.acceptWithExecpolicyAmendment
            if amendment is UNSET or not amendment.execpolicy_amendment:
                return Verdict.DECLINED
            self.allow_always(amendment.execpolicy_amendment)
            return Verdict.ACCEPTED
        if decision == "acceptForSession":
            self._give(ask.grant, ask.item.command)
        return verdict_of(decision)

    def _give(self, grant: Grant, command: str = "") -> None:
        self.grants.give(Given(id=new_id(), grant=grant, at_ms=now_ms(), command=command))


def accepted_paths(answer: FileChangeRequestApprovalResponse, ask: PatchApproval) -> frozenset[str]:
    """What a yes is about: the whole patch, unless it names paths. None if it names one that was not offered."""
    offered = frozenset(ask.files)
    named = offered if answer.acceptedPaths is UNSET else frozenset(answer.acceptedPaths)
    return named if named <= offered else frozenset()


def verdict_of(decision: str) -> Verdict:
    if decision in ("accept", "acceptForSession"):
        return Verdict.ACCEPTED
    return Verdict.CANCELLED if decision == "cancel" else Verdict.DECLINED


def command_decisions(amendment: list[str] | None) -> list[CommandExecutionApprovalDecision]:
    """What a client may offer; `decline` and `acceptForSession` are understood though the reference leaves them out."""
    decisions: list[CommandExecutionApprovalDecision] = ["accept", "acceptForSession"]
    if amendment:
        words = CommandExecutionApprovalDecisionObjectAcceptWithExecpolicyAmendment(execpolicy_amendment=amendment)
        decisions.append(CommandExecutionApprovalDecisionObject(acceptWithExecpolicyAmendment=words))
    return [*decisions, "decline", "cancel"]
