from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from spindled.process.environment import EnvironmentPolicy
from spindled.tools.base import FileSnapshot, PatchVerdict, ToolCall, ToolOptions, ToolOutput, Verdict
from spindled.tools.commands.exec_sessions import ExecSessions
from spindled.tools.commands.open_questions import OpenQuestions
from spindled.tools.files.text_files import DISK, TextFiles
from spindled.tools.grants import Given, Grant, SessionGrants
from spindled.tools.patch.diff import TurnDiff
from spindled.tools.registry import Registry
from spindled_protocol.types import DangerFullAccessSandboxPolicy

ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/nonexistent",
    "SHELL": "/bin/bash",
    "PROVIDER_KEY": "k",
}


class Context:
    """A turn as the tools see it, recording what they publish."""

    def __init__(self, cwd: Path) -> None:
        self.thread_id, self.turn_id = "thread", "turn"
        self.cwd = cwd
        self.approval_policy = "on-request"
        self.mode = "default"
        self.user_answer: Any = None
        self.client_answer: Any = None
        self.questions: list[tuple[str, Any]] = []
        self.sandbox_policy: Any = DangerFullAccessSandboxPolicy()
        self.sessions = ExecSessions(OpenQuestions())
        self.rules: Sequence[Any] = []
        self.grants = SessionGrants()
        self.files: TextFiles = DISK
        self.tool_options = ToolOptions(
            environment=ENVIRONMENT,
            environment_policy=EnvironmentPolicy(),
            secret_variables=frozenset({"PROVIDER_KEY"}),
        )
        self.events: list[tuple[Any, ...]] = []
        self.answer: Callable[[Any], Awaitable[Verdict]] | Verdict = Verdict.ACCEPTED
        self.accepted: frozenset[str] | None = None  # the paths of a patch; None: all
        self.asks: list[Any] = []
        self.diff = TurnDiff(cwd)
        self.changed = asyncio.Condition()

    def _event(self, *event: Any) -> None:
        self.events.append(event)

    def item_started(self, item: Any) -> None:
        self._event("started", msgspec.to_builtins(item))

    def item_completed(self, item: Any) -> None:
        self._event("completed", msgspec.to_builtins(item))

    def output_delta(self, item_id: str, text: str) -> None:
        self._event("delta", item_id, text)

    def terminal_input(self, item_id: str, process_id: str, stdin: str) -> None:
        self._event("input", item_id, process_id, stdin)

    def plan_updated(self, explanation: str | None, plan: list[Any]) -> None:
        self._event("plan", explanation, msgspec.to_builtins(plan))

    def files_changed(self, changes: Sequence[FileSnapshot]) -> None:
        self.diff.add(changes)
        self._event("diff", self.diff.render())

    async def approve_command(self, ask: Any) -> Verdict:
        if ask.kind == "command":
            self.item_started(ask.item)
        return await self._answered(ask)

    async def approve_patch(self, ask: Any) -> PatchVerdict:
        verdict = await self._answered(ask)
        if verdict is not Verdict.ACCEPTED:
            return PatchVerdict(verdict)
        return PatchVerdict(verdict, frozenset(ask.files) if self.accepted is None else self.accepted)

    async def _answered(self, ask: Any) -> Verdict:
        self.asks.append(ask)
        return self.answer if isinstance(self.answer, Verdict) else await self.answer(ask)

    async def ask_user(self, call_id: str, questions: Any) -> Any:
        self.questions.append((call_id, questions))
        return self.user_answer

    async def call_client(self, item: Any) -> Any:
        self._event("client", msgspec.to_builtins(item))
        given = self.client_answer
        return await given if asyncio.iscoroutine(given) else given

    def grant(self, *grants: Grant) -> None:
        for grant in grants:
            self.grants.give(Given(id=str(grant), grant=grant, at_ms=0))

    def named(self, name: str) -> list[Any]:
        return [event[1] for event in self.events if event[0] == name]

    @property
    def deltas(self) -> str:
        return "".join(event[2] for event in self.events if event[0] == "delta")

    async def call(self, tool: str, call_id: str = "c1", **arguments: Any) -> ToolOutput:
        text = msgspec.json.encode(arguments).decode()
        return await Registry().run(ToolCall(call_id=call_id, name=tool, arguments=text), self)

    async def patch(self, text: str, call_id: str = "p1") -> ToolOutput:
        return await Registry().run(ToolCall(call_id=call_id, name="apply_patch", arguments=text, custom=True), self)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Poll for what no event announces; the global timeout is the limit."""
        while not condition():  # noqa: ASYNC110 - the kernel has no event for it
            await asyncio.sleep(0.005)


@pytest_asyncio.fixture
async def context(tmp_path: Path) -> AsyncIterator[Context]:
    context = Context(tmp_path)
    yield context
    await context.sessions.close(0)


@pytest.fixture
def options() -> ToolOptions:
    return ToolOptions(environment=ENVIRONMENT, environment_policy=EnvironmentPolicy())
