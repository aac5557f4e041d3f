"""What a tool is, what it is given and what it answers.

The agent implements `ToolContext`; each tool is one module with a class that satisfies `Tool`.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from msgspec import Struct, field

if TYPE_CHECKING:
    from spindled.process.environment import EnvironmentPolicy
    from spindled.tools.commands.exec_sessions import ExecSessions
    from spindled.tools.files.text_files import TextFiles
    from spindled.tools.grants import CommandGrant, InputGrant, SessionGrants
    from spindled.tools.policy import CommandRule
    from spindled_protocol.types import (
        CommandExecutionThreadItem,
        DynamicToolCallResponse,
        DynamicToolCallThreadItem,
        FileChangeThreadItem,
        SandboxPolicy,
        ThreadGoal,
        ThreadGoalStatus,
        ThreadItem,
        ToolRequestUserInputQuestion,
        ToolRequestUserInputResponse,
        TurnPlanStep,
    )


class ToolCall(Struct, frozen=True, kw_only=True):
    """A call as the model made it. `arguments` is JSON text, or the free text of a custom tool."""

    call_id: str
    name: str
    arguments: str
    custom: bool = False
    namespace: str | None = None


class ToolOutput(Struct, frozen=True):
    """What the model gets back: text, or Responses content items (`input_text`, `input_image`)."""

    content: str | list[dict[str, Any]]
    success: bool = True


class Charge(Struct, frozen=True):
    """What a call takes of budgets beside itself. `cost_usd`: an estimate, None if there is none to be had."""

    cost_usd: float | None = 0.0
    tasks: int = 0  # handed to other agents


class ToolError(Exception):
    """A call that could not be carried out; the message is written for the model."""


class Verdict(enum.Enum):
    """The answer to an approval. After CANCELLED the agent also interrupts the turn."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    CANCELLED = "cancelled"


class CommandApproval(Struct, frozen=True, kw_only=True):
    """A command that waits for the user, or text that waits to be typed into one.

    For a command the agent publishes item/started for `item` (after the waiting status). It asks; acceptForSession
    adds `grant` to the thread's grants, acceptWithExecpolicyAmendment a rule for the accepted words.
    """

    item: CommandExecutionThreadItem
    grant: CommandGrant | InputGrant
    kind: Literal["command", "writeStdin"] = "command"
    reason: str | None = None
    amendment: list[str] | None = None


class PatchApproval(Struct, frozen=True, kw_only=True):
    """A patch that waits for the user; its item is already published.

    `files`: for each path of its changes every file that is touched. On acceptForSession the agent adds those of the
    accepted paths to the thread's granted paths.
    """

    item: FileChangeThreadItem
    files: Mapping[str, Sequence[Path]]
    reason: str | None = None
    grant_root: str | None = None


class PatchVerdict(Struct, frozen=True):
    """The answer about a patch. `paths`: those of its changes that may be made; none unless it is ACCEPTED."""

    verdict: Verdict
    paths: frozenset[str] = frozenset()


class ToolApproval(Struct, frozen=True, kw_only=True):
    """A tool of an MCP server that waits for the user; its item is already published.

    `keepable`: the user may allow it for the session or for good.
    """

    server: str
    tool: str
    description: str
    arguments: dict[str, Any]
    keepable: bool


class FileSnapshot(Struct, frozen=True, kw_only=True):
    """One file around a change: the whole text before and after, None where the file does not exist."""

    path: Path
    before: str | None
    after: str | None
    moved_from: Path | None = None  # then `before` is the text that the file had there


class ToolOptions(Struct, frozen=True, kw_only=True):
    """What the configuration says about tools. `environment` is the daemon's, before the policy is applied."""

    environment: Mapping[str, str]
    environment_policy: EnvironmentPolicy
    shell: str | None = None  # absolute path; None: $SHELL, else bash, else sh
    output_tokens: int = 10_000  # upper bound of a tool's text output
    update_plan: bool = False
    view_image: bool = True
    dynamic_tool_seconds: float = 0  # that a client's tool may take; 0: no limit
    shell_tool: bool = True  # whether commands can be run
    goals: bool = False
    patches: bool = True  # whether files can be edited
    read_file: bool = False  # texts may be elsewhere than on disk
    secret_variables: frozenset[str] = field(default_factory=frozenset)  # never given to a child


class GoalBook(Protocol):
    """The goal of a thread, as its model may read and end it. The texts of what is raised are for the model."""

    @property
    def current(self) -> ThreadGoal | None: ...

    def begin(self, turn_id: str, objective: str, budget: int | None) -> ThreadGoal:
        """Raises ValueError."""

    def end(self, turn_id: str, status: ThreadGoalStatus) -> ThreadGoal:
        """Raises ValueError."""


class ToolContext(Protocol):
    """What the agent gives a running tool. It outlives the turn: a command may complete after it."""

    @property
    def thread_id(self) -> str: ...
    @property
    def turn_id(self) -> str: ...
    @property
    def cwd(self) -> Path: ...
    @property
    def approval_policy(self) -> str: ...  # "untrusted" | "on-request" | "never"
    @property
    def sandbox_policy(self) -> SandboxPolicy: ...
    @property
    def mode(self) -> str: ...  # "default" | "plan"
    @property
    def sessions(self) -> ExecSessions: ...
    @property
    def rules(self) -> Sequence[CommandRule]: ...
    @property
    def grants(self) -> SessionGrants: ...
    @property
    def files(self) -> TextFiles: ...
    @property
    def tool_options(self) -> ToolOptions: ...
    @property
    def goals(self) -> GoalBook | None: ...  # None: this thread keeps none

    def item_started(self, item: ThreadItem) -> None:
        """Publish item/started."""

    def item_completed(self, item: ThreadItem) -> None:
        """Record the item, then publish item/completed."""

    def output_delta(self, item_id: str, text: str) -> None:
        """Publish item/commandExecution/outputDelta."""

    def terminal_input(self, item_id: str, process_id: str, stdin: str) -> None:
        """Publish item/commandExecution/terminalInteraction."""

    def plan_updated(self, explanation: str | None, plan: list[TurnPlanStep]) -> None:
        """Publish turn/plan/updated."""

    def files_changed(self, changes: Sequence[FileSnapshot]) -> None:
        """Fold written files into the turn's diff."""

    async def approve_command(self, ask: CommandApproval) -> Verdict:
        """Publish the proposed item and ask the user."""

    async def approve_patch(self, ask: PatchApproval) -> PatchVerdict:
        """Ask the user about a published patch."""

    async def ask_user(
        self, call_id: str, questions: list[ToolRequestUserInputQuestion]
    ) -> ToolRequestUserInputResponse | None:
        """The user's answers; None if nobody gave any."""

    async def call_client(self, item: DynamicToolCallThreadItem) -> DynamicToolCallResponse | None:
        """Have the client run its tool, whose item is published; None if it cannot or does not."""

    async def approve_tool(self, ask: ToolApproval) -> Verdict:
        """Ask the user about a published call of an MCP server. CANCELLED does not interrupt the turn."""

    async def elicit(self, server: str, question: dict[str, Any]) -> dict[str, Any]:
        """Pass a server's question on to the user; declined unless it is answered."""

    def tool_progress(self, item_id: str, message: str) -> None:
        """Publish item/mcpToolCall/progress."""


class Tool(Protocol):
    """One tool: its name, its specification for the model and its run."""

    @property
    def name(self) -> str: ...

    @property
    def parallel(self) -> bool:
        """Whether it may run beside other calls."""

    def offered(self, options: ToolOptions) -> bool:
        """Whether the model sees it under these options; a call to a tool not offered is unsupported."""

    def spec(self, options: ToolOptions) -> dict[str, Any]:
        """The tool in the Responses API's form."""

    async def run(self, call: ToolCall, context: ToolContext) -> ToolOutput:
        """Carry out the call. Raises ToolError; when cancelled, leaves nothing running."""


@runtime_checkable
class Charged(Protocol):
    """A tool whose calls cost money or hand out tasks says so; a tool that is none of these costs nothing."""

    def charge(self, call: ToolCall) -> Charge:
        """Before the call is run, whatever its arguments are."""


def charge_of(tool: Tool, call: ToolCall) -> Charge:
    return tool.charge(call) if isinstance(tool, Charged) else Charge()
