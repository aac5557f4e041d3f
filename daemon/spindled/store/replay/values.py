"""Values inside rows <-> the wire's types: errors, usage, policies, Git."""

from __future__ import annotations

from typing import Any

import msgspec

from spindled.store.replay.naming import camel, hyphenated, renamed, renamed_keys, snake
from spindled.store.rollout.payloads import Git, TokenUsage, TurnFailure
from spindled_protocol.types import (
    AskForApproval,
    GitInfo,
    SandboxPolicy,
    SessionSource,
    TokenUsageBreakdown,
    TurnError,
)


def failure(error: TurnError) -> TurnFailure:
    return TurnFailure(
        message=error.message,
        codex_error_info=renamed(msgspec.to_builtins(error.codexErrorInfo), snake),
        additional_details=error.additionalDetails,
    )


def failure_to_wire(failed: TurnFailure) -> TurnError:
    fields = {
        "message": failed.message,
        "codexErrorInfo": renamed(failed.codex_error_info, camel),
        "additionalDetails": failed.additional_details,
    }
    try:
        return msgspec.convert(fields, TurnError)
    except msgspec.ValidationError:
        return TurnError(message=failed.message, codexErrorInfo="other")


def token_usage(usage: TokenUsageBreakdown) -> TokenUsage:
    return TokenUsage(
        input_tokens=usage.inputTokens,
        cached_input_tokens=usage.cachedInputTokens,
        cache_write_input_tokens=usage.cacheWriteInputTokens,
        output_tokens=usage.outputTokens,
        reasoning_output_tokens=usage.reasoningOutputTokens,
        total_tokens=usage.totalTokens,
    )


def token_usage_to_wire(usage: TokenUsage) -> TokenUsageBreakdown:
    return TokenUsageBreakdown(
        totalTokens=usage.total_tokens,
        inputTokens=usage.input_tokens,
        cachedInputTokens=usage.cached_input_tokens,
        cacheWriteInputTokens=usage.cache_write_input_tokens,
        outputTokens=usage.output_tokens,
        reasoningOutputTokens=usage.reasoning_output_tokens,
    )


def sandbox_policy(policy: SandboxPolicy) -> dict[str, Any]:
    fields = {snake(key): value for key, value in msgspec.to_builtins(policy).items()}
    return {**fields, "type": hyphenated(fields["type"])}


def sandbox_policy_to_wire(fields: dict[str, Any] | None) -> SandboxPolicy | None:
    """None if there is none, or none that is known."""
    if not fields:
        return None
    known = {"writableRoots": [], "networkAccess": False, "excludeTmpdirEnvVar": False, "excludeSlashTmp": False}
    given = {camel(key): value for key, value in fields.items()}
    kind = camel(str(fields.get("type")))
    if kind == "externalSandbox":
        known = {"networkAccess": "restricted"}
    policy: SandboxPolicy | None = _converted({**known, **given, "type": kind}, SandboxPolicy)
    return policy


def approval_policy(policy: AskForApproval) -> Any:
    """A word, or {"granular": {...}}."""
    fields = msgspec.to_builtins(policy)
    return fields if isinstance(fields, str) else {key: renamed_keys(inner, snake) for key, inner in fields.items()}


def approval_policy_to_wire(policy: Any) -> AskForApproval | None:
    """None if there is none, or none that is known."""
    known: AskForApproval | None = _converted(policy, AskForApproval) if policy else None
    return known


def source_to_row(source: SessionSource) -> Any:
    """A word, or {"subagent": ...}."""
    fields = msgspec.to_builtins(source)
    return fields if isinstance(fields, str) else {key.lower(): value for key, value in fields.items()}


def git_to_row(git: GitInfo) -> Git:
    return Git(commit_hash=git.sha, branch=git.branch, repository_url=git.originUrl)


def _converted(fields: Any, kind: Any) -> Any:
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError:
        return None
