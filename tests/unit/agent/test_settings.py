from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from spindled.agent.settings import SettingsError, absolute, either, given, sandbox_policy
from spindled.agent.settings_shown import environments
from spindled.config.schema import WorkspaceWrite
from spindled_protocol.base import UNSET
from spindled_protocol.types import (
    AskForApprovalObject,
    AskForApprovalObjectGranular,
    CollaborationMode,
    DangerFullAccessSandboxPolicy,
    ReadOnlySandboxPolicy,
    Settings,
    TurnEnvironmentParams,
    TurnStartParams,
    WorkspaceWriteSandboxPolicy,
)
from tests.unit.agent.prompt.test_prompt import settings


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


@pytest.mark.parametrize(("name", "kind"), [(":read-only", "readOnly"), (":workspace", "workspaceWrite")])
def test_permissionss(name: str, kind: str) -> None:
    after = settings().with_turn(params(permissions=name))
    assert (after.permissions, msgspec.to_builtins(after.sandbox_policy)["type"]) == (name, kind)
    later = after.with_turn(params(sandboxPolicy=DangerFullAccessSandboxPolicy()))
    assert later.permissions is None


def test_permissions_that_cannot_be_used() -> None:
    with pytest.raises(SettingsError, match="`mine`"):
        settings().with_turn(params(permissions="mine"))
    with pytest.raises(SettingsError, match="cannot be combined"):
        settings().with_turn(params(permissions=":workspace", sandboxPolicy=DangerFullAccessSandboxPolicy()))


def test_environments(tmp_path: Path) -> None:
    local = TurnEnvironmentParams(environmentId="local", cwd=str(tmp_path))
    nowhere = settings().with_turn(params(environments=[]))
    assert not nowhere.has_environment and environments(nowhere) == []
    there = nowhere.with_turn(params(environments=[local]))
    assert (there.has_environment, there.cwd, there.workspace_roots) == (True, tmp_path, (str(tmp_path),))


@pytest.mark.parametrize(
    ("given_environments", "text"),
    [
        ([("nope", "/")], "unknown turn environment id `nope`"),
        ([("local", "rel")], "not absolute"),
        ([("local", "/nonexistent")], "not a folder"),
        ([("local", "/"), ("local", "/")], "no more than one"),
    ],
)
def test_environments_that_are_none(given_environments: list[tuple[str, str]], text: str) -> None:
    asked = [TurnEnvironmentParams(environmentId=name, cwd=cwd) for name, cwd in given_environments]
    with pytest.raises(SettingsError, match=text):
        settings().with_turn(params(environments=asked))


def test_roots_are_absolute_and_may_be_none() -> None:
    assert settings().with_turn(params(runtimeWorkspaceRoots=[])).workspace_roots == ()
    with pytest.raises(SettingsError, match="AbsolutePathBuf"):
        settings().with_turn(params(runtimeWorkspaceRoots=["rel"]))


def test_the_fast_tier_is_called_priority() -> None:
    assert settings().with_turn(params(serviceTier="fast")).service_tier == "priority"
    assert settings().with_turn(params(serviceTier="flex")).service_tier == "flex"
