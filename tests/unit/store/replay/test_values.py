from __future__ import annotations

from typing import Any

import msgspec
import pytest

from spindled.store.replay import items, values
from spindled.store.rollout.payloads import TurnFailure
from spindled_protocol.types import (
    AskForApproval,
    DangerFullAccessSandboxPolicy,
    GitInfo,
    SandboxPolicy,
    TokenUsageBreakdown,
    TurnError,
    WorkspaceWriteSandboxPolicy,
)


@pytest.mark.parametrize(
    ("wire", "row"),
    [
        (None, None),
        ("contextWindowExceeded", "context_window_exceeded"),
        (
            {"responseTooManyFailedAttempts": {"httpStatusCode": 429}},
            {"response_too_many_failed_attempts": {"http_status_code": 429}},
        ),
        ({"activeTurnNotSteerable": {"turnKind": "review"}}, {"active_turn_not_steerable": {"turn_kind": "review"}}),
    ],
)
def test_errors(wire: Any, row: Any) -> None:
    error = msgspec.convert({"message": "m", "codexErrorInfo": wire, "additionalDetails": "d"}, TurnError)
    failed = items.failure(error)
    assert failed.codex_error_info == row
    assert values.failure_to_wire(failed) == error


def test_an_error_of_another_kind() -> None:
    assert values.failure_to_wire(TurnFailure(message="m", codex_error_info=5)).codexErrorInfo == "other"


@pytest.mark.parametrize(
    ("wire", "row"),
    [
        ({"type": "dangerFullAccess"}, {"type": "danger-full-access"}),
        ({"type": "readOnly", "networkAccess": True}, {"type": "read-only", "network_access": True}),
        (
            {
                "type": "workspaceWrite",
                "writableRoots": ["/w"],
                "networkAccess": False,
                "excludeTmpdirEnvVar": True,
                "excludeSlashTmp": False,
            },
            {
                "type": "workspace-write",
                "writable_roots": ["/w"],
                "network_access": False,
                "exclude_tmpdir_env_var": True,
                "exclude_slash_tmp": False,
            },
        ),
        (
            {"type": "externalSandbox", "networkAccess": "enabled"},
            {"type": "external-sandbox", "network_access": "enabled"},
        ),
    ],
)
def test_sandbox_policies(wire: Any, row: Any) -> None:
    policy = msgspec.convert(wire, SandboxPolicy)
    assert items.sandbox_policy(policy) == row
    assert items.sandbox_policy_to_wire(row) == policy


def test_sandbox_policies_of_the_reference_leave_fields_out() -> None:
    assert items.sandbox_policy_to_wire({"type": "workspace-write"}) == WorkspaceWriteSandboxPolicy()
    assert items.sandbox_policy_to_wire({"type": "danger-full-access"}) == DangerFullAccessSandboxPolicy()
    assert items.sandbox_policy_to_wire({"type": "nonsense"}) is None
    assert items.sandbox_policy_to_wire(None) is None


@pytest.mark.parametrize(
    "policy",
    ["never", "on-request", {"granular": {"sandbox_approval": True, "rules": False, "mcp_elicitations": True}}],
)
def test_approval_policies(policy: Any) -> None:
    wire = msgspec.convert(policy, AskForApproval)
    assert items.approval_policy_to_wire(items.approval_policy(wire)) == wire


def test_unknown_approval_policies() -> None:
    assert items.approval_policy_to_wire("sometimes") is None
    assert items.approval_policy_to_wire(None) is None


def test_usage_and_git() -> None:
    usage = TokenUsageBreakdown(
        totalTokens=6, inputTokens=1, cachedInputTokens=2, outputTokens=3, reasoningOutputTokens=4
    )
    assert values.token_usage_to_wire(items.token_usage(usage)) == usage
    git = items.git_to_row(GitInfo(sha="s", branch="b", originUrl="o"))
    assert git is not None
    assert (git.commit_hash, git.branch, git.repository_url) == ("s", "b", "o")
