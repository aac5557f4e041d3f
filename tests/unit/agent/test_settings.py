from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from spindled.agent.settings import SettingsError, absolute, either, given, sandbox_policy
from spindled.config.schema import WorkspaceWrite
from spindled_protocol.base import UNSET
from spindled_protocol.types import (
    AskForApprovalObject,
    AskForApprovalObjectGranular,
    CollaborationMode,
    DangerFullAccessSandboxPolicy,
    ReadOnlySandboxPolicy,
    Settings,
    TurnStartParams,
    WorkspaceWriteSandboxPolicy,
)
from tests.unit.agent.test_prompt import settings


def params(**fields: Any) -> TurnStartParams:
    return TurnStartParams(threadId="t", input=[], **fields)


def test_a_turn_that_overrides_nothing_changes_nothing() -> None:
    before = settings()
    assert before.with_turn(params()) is before


def test_overrides_of_a_turn(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    before = settings(str(tmp_path))
    after = before.with_turn(
        params(
            cwd="sub",
            model="other",
            effort="low",
            summary="none",
            approvalPolicy="untrusted",
            sandboxPolicy=ReadOnlySandboxPolicy(networkAccess=False),
        )
    )
    assert (after.cwd, after.workspace_roots) == (tmp_path / "sub", (str(tmp_path / "sub"),))
    assert (after.model, after.effort, after.summary, after.approval) == ("other", "low", "none", "untrusted")
    assert before.cwd == tmp_path
    assert before.with_turn(params(runtimeWorkspaceRoots=["/a", "/b"])).workspace_roots == ("/a", "/b")


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cwd is not a folder"):
        settings(str(tmp_path)).with_turn(params(cwd="missing"))
    assert absolute("a/..", tmp_path) == tmp_path


def test_a_granular_policy_asks() -> None:
    granular = AskForApprovalObject(
        granular=AskForApprovalObjectGranular(mcp_elicitations=True, rules=True, sandbox_approval=True)
    )
    assert settings().with_turn(params(approvalPolicy=granular)).approval == "on-request"


def test_values_that_are_given() -> None:
    assert [given(value) for value in (UNSET, None, "", 0)] == [False, False, True, True]
    assert [either(value, "x") for value in (UNSET, None, "")] == ["x", "x", ""]


def test_sandbox_modes() -> None:
    write = WorkspaceWrite(writable_roots=["/r"], network_access=True)
    policy = sandbox_policy("workspace-write", write)
    assert isinstance(policy, WorkspaceWriteSandboxPolicy)
    assert (policy.writableRoots, policy.networkAccess) == (["/r"], True)
    assert isinstance(sandbox_policy("read-only", write), ReadOnlySandboxPolicy)
    assert isinstance(sandbox_policy("danger-full-access", write), DangerFullAccessSandboxPolicy)


def test_a_profile_of_permissions_is_a_sandbox_mode_until_another_policy_is_named() -> None:
    confined = settings().with_turn(params(permissions=":read-only"))
    assert isinstance(confined.sandbox_policy, ReadOnlySandboxPolicy)
    assert confined.with_turn(params(model="other")).permissions == ":read-only"
    after = confined.with_turn(params(sandboxPolicy=DangerFullAccessSandboxPolicy()))
    assert (after.permissions, after.sandbox_policy) == (None, DangerFullAccessSandboxPolicy())
    with pytest.raises(SettingsError, match="unknown permission profile"):
        settings().with_turn(params(permissions="mine"))
    with pytest.raises(SettingsError, match="cannot be combined"):
        settings().with_turn(params(permissions=":read-only", sandboxPolicy=ReadOnlySandboxPolicy(networkAccess=False)))


def test_a_mode_sets_the_model_and_its_effort() -> None:
    before = msgspec.structs.replace(settings(), effort="high")
    mode = CollaborationMode(mode="plan", settings=Settings(model="other", reasoning_effort=None))
    after = before.with_turn(params(collaborationMode=mode, model="ignored", effort="low"))
    assert (after.mode, after.model, after.effort, after.mode_instructions) == ("plan", "other", None, None)
    shown = after.collaboration_mode
    assert (shown.mode, shown.settings.model) == ("plan", "other")
    assert "<proposed_plan>" in str(shown.settings.developer_instructions)
    later = after.with_turn(params(effort="low"))
    assert (later.mode, later.collaboration_mode.settings.reasoning_effort) == ("plan", "low")


def test_instructions_of_a_mode_replace_ours() -> None:
    mode = CollaborationMode(mode="plan", settings=Settings(model="m", developer_instructions="MINE"))
    shown = settings().with_turn(params(collaborationMode=mode)).collaboration_mode
    assert shown.settings.developer_instructions == "MINE"


def test_without_a_mode_it_is_the_default_one() -> None:
    shown = settings().collaboration_mode
    assert (shown.mode, shown.settings.developer_instructions) == ("default", None)
