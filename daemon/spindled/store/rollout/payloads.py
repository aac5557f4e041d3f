"""The payloads of a rollout's rows, in the reference's form. Fields at their default are not written.

Times: `started_at`/`completed_at` Unix seconds, `*_ms` milliseconds.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec import Raw, Struct, field

NULL = Raw(b"null")


class _Payload(Struct, omit_defaults=True):
    pass


class BaseInstructions(Struct):
    text: str


class Git(_Payload, kw_only=True):
    commit_hash: str | None = None
    branch: str | None = None
    repository_url: str | None = None


class HistoryBase(Struct, kw_only=True):
    """The rows before this file's own: those of another file up to an offset."""

    thread_id: str
    """Thread id, or segment id, of the other file."""
    end_ordinal_exclusive: int
    end_byte_offset: int


class SessionMeta(_Payload, kw_only=True):
    """The first row of a rollout."""

    session_id: str | None = None
    id: str
    forked_from_id: str | None = None
    attached_thread: bool = False
    forked_from_ordinal_exclusive: int | None = None
    parent_thread_id: str | None = None
    timestamp: str = ""
    cwd: str = ""
    runtime_workspace_roots: list[str] | None = None
    originator: str = ""
    cli_version: str = ""
    source: Any = None
    """"vscode", "cli", "exec" ..., or an object such as {"subagent": "review"}."""
    thread_source: str | None = None
    agent_nickname: str | None = None
    agent_role: str | None = None
    model_provider: str | None = None
    base_instructions: BaseInstructions | None = None
    dynamic_tools: list[dict[str, Any]] | None = None
    history_mode: str | None = None
    history_base: HistoryBase | None = None
    git: Git | None = None


class CollaborationSettings(Struct, kw_only=True):
    model: str
    reasoning_effort: str | None = None
    developer_instructions: str | None = None


class CollaborationMode(Struct, kw_only=True):
    mode: str
    settings: CollaborationSettings


class TurnContext(_Payload, kw_only=True):
    """The settings that a turn ran with."""

    turn_id: str | None = None
    cwd: str = ""
    approval_policy: Any = None
    """"untrusted", "on-request", "never", or {"granular": {...}}."""
    sandbox_policy: dict[str, Any] | None = None
    """The rollout's form, {"type": "workspace-write", ...}: see items.sandbox_policy."""
    model: str = ""
    effort: str | None = None
    summary: str | None = None
    service_tier: str | None = None
    personality: str | None = None
    collaboration_mode: CollaborationMode | None = None


class TokenUsage(Struct, kw_only=True):
    input_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_input_tokens: int = 0
    output_tokens: int = 0
    reasoning_output_tokens: int = 0
    total_tokens: int = 0


class TokenUsageInfo(Struct, kw_only=True):
    total_token_usage: TokenUsage
    last_token_usage: TokenUsage
    model_context_window: int | None = None


class GivenBudgets(_Payload, kw_only=True):
    """The limits that a client gave a thread and its turns, by kind; None lifts one of the configuration."""

    turn: dict[str, int | float | None] = {}
    thread: dict[str, int | float | None] = {}


class Spending(_Payload, kw_only=True):
    """What a thread has used up to here. Rows of our own: the reference passes over what it does not know."""

    turns: int = 0
    model_calls: dict[str, int] = {}
    """By what they were for: "turn", "compaction"."""
    tool_calls: int = 0
    delegated_tasks: int = 0
    wall_ms: int = 0
    """In turns."""
    tokens: dict[str, TokenUsage] = {}
    """By model."""
    tools_usd: Decimal = Decimal(0)
    approved_usd: Decimal = Decimal(0)
    """Of that: what the user allowed beyond a budget."""
    budgets: GivenBudgets = field(default_factory=GivenBudgets)


class Goal(Struct):
    """A row of our own."""

    objective: str


class TurnFailure(_Payload, kw_only=True):
    message: str
    codex_error_info: Any = None
    additional_details: str | None = None


class Event(_Payload, kw_only=True, gc=False):
    """Every kind of `event_msg` that is written or read, in one: a single decode tells the kind and its fields."""

    type: str
    thread_id: str | None = None
    turn_id: str | None = None
    root_turn_id: str | None = None
    item: Raw = NULL
    started_at_ms: int | None = None
    completed_at_ms: int | None = None
    info: Raw = NULL
    model_context_window: int | None = None
    collaboration_mode_kind: str | None = None
    last_agent_message: str | None = None
    error: TurnFailure | None = None
    reason: str | None = None
    message: str | None = None
    text: str | None = None
    images: list[str] | None = None
    started_at: int | None = None
    completed_at: int | None = None
    duration_ms: int | None = None


class Compacted(_Payload, kw_only=True):
    message: str = ""
    replacement_history: list[dict[str, Any]] | None = None
