"""How a thread's turns run: model, folder, policies. Immutable; a turn's overrides make a new one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from spindled.agent.modes import instructions
from spindled.config.schema import WorkspaceWrite
from spindled_protocol.base import UNSET, UnsetType
from spindled_protocol.types import (
    AskForApprovalObject,
    CollaborationMode,
    DangerFullAccessSandboxPolicy,
    ReadOnlySandboxPolicy,
    Settings,
    WorkspaceWriteSandboxPolicy,
)

if TYPE_CHECKING:
    from spindled.config.schema import SandboxMode
    from spindled_protocol.types import (
        ApprovalsReviewer,
        AskForApproval,
        ModeKind,
        Personality,
        SandboxPolicy,
        ThreadSettingsUpdateParams,
        TurnEnvironmentParams,
        TurnStartParams,
    )


LOCAL = "local"
"""The one environment."""


class SettingsError(ValueError):
    """A setting that cannot be used; the text names it."""


class ThreadSettings(msgspec.Struct, kw_only=True, frozen=True):
    """Settings of a thread, as its next turn will use them. `cwd` and roots are absolute."""

    model: str
    model_provider: str
    cwd: Path
    workspace_roots: tuple[str, ...]
    approval_policy: AskForApproval
    sandbox_policy: SandboxPolicy
    approvals_reviewer: ApprovalsReviewer = "user"
    effort: str | None = None
    summary: str | None = None
    verbosity: str | None = None
    service_tier: str | None = None
    base_instructions: str | None = None
    developer_instructions: str | None = None
    mode: ModeKind | None = None  # None: no client has named one yet, which is the default mode
    mode_instructions: str | None = None  # instead of our own
    personality: Personality | None = None
    permissions: str | None = None  # the profile that a client chose the sandbox policy by
    has_environment: bool = True  # whether there is a place for commands and files

    @property
    def approval(self) -> str:
        """The policy as tools know it: a granular one asks, unless it leaves out commands and patches."""
        policy = self.approval_policy
        if isinstance(policy, AskForApprovalObject):
            return "on-request" if asks_for_commands(policy) else "never"
        return policy

    @property
    def collaboration_mode(self) -> CollaborationMode:
        """The mode as clients know it, with the instructions that hold in it."""
        text = self.mode_instructions or (instructions(self.mode) if self.mode else None)
        settings = Settings(model=self.model, reasoning_effort=self.effort, developer_instructions=text)
        return CollaborationMode(mode=self.mode or "default", settings=settings)

    @property
    def asks_for_servers(self) -> bool:
        """Whether questions of MCP servers reach the user."""
        policy = self.approval_policy
        if isinstance(policy, AskForApprovalObject):
            return policy.granular is not UNSET and policy.granular.mcp_elicitations
        return policy != "never"

    def with_turn(self, params: TurnStartParams) -> ThreadSettings:
        """These settings with what a turn/start overrides; raises SettingsError."""
        changes: dict[str, Any] = {}
        if isinstance(mode := either(params.collaborationMode, None), CollaborationMode):
            changes |= mode_changes(mode)
        for ours, theirs in TURN_OVERRIDES:
            value = getattr(params, theirs)
            if value is not UNSET and value is not None:
                changes.setdefault(ours, value)  # a mode's own settings come first
        changes |= sandbox_changes(params)
        if "service_tier" in changes:
            changes["service_tier"] = tier(changes["service_tier"])
        if given(params.cwd):
            changes["cwd"] = absolute(params.cwd, self.cwd)
            changes["workspace_roots"] = (str(changes["cwd"]),)
        if (roots := either(params.runtimeWorkspaceRoots, None)) is not None:
            changes["workspace_roots"] = workspace_roots(roots)
        if given(params.environments):
            changes |= place(either(params.environments, []))
        return msgspec.structs.replace(self, **changes) if changes else self


TURN_OVERRIDES = (
    ("model", "model"),
    ("approval_policy", "approvalPolicy"),
    ("approvals_reviewer", "approvalsReviewer"),
    ("effort", "effort"),
    ("summary", "summary"),
    ("service_tier", "serviceTier"),
    ("personality", "personality"),
)


def mode_changes(mode: CollaborationMode) -> dict[str, Any]:
    """What a client's mode sets: also the model and, given or not, its effort."""
    return {
        "mode": mode.mode,
        "mode_instructions": mode.settings.developer_instructions,
        "model": mode.settings.model,
        "effort": mode.settings.reasoning_effort,
    }


PERMISSION_PROFILES: dict[str, SandboxMode] = {
    ":read-only": "read-only",
    ":workspace": "workspace-write",
    ":danger-full-access": "danger-full-access",
}


def profile_mode(name: str) -> SandboxMode:
    """The sandbox mode that a profile of permissions stands for; raises SettingsError for one that is not known."""
    mode = PERMISSION_PROFILES.get(name)
    if mode is None:
        raise SettingsError(f"unknown permission profile `{name[:100]}`")
    return mode


def sandbox_changes(params: TurnStartParams | ThreadSettingsUpdateParams) -> dict[str, Any]:
    """What a request says about the sandbox, by its policy or by a profile; raises SettingsError."""
    if not given(params.permissions):
        return {"sandbox_policy": params.sandboxPolicy, "permissions": None} if given(params.sandboxPolicy) else {}
    if given(params.sandboxPolicy):
        raise SettingsError("`permissions` cannot be combined with `sandboxPolicy`")
    profile = str(params.permissions)
    return {"sandbox_policy": sandbox_policy(profile_mode(profile), WorkspaceWrite()), "permissions": profile}


def place(environments: list[TurnEnvironmentParams]) -> dict[str, Any]:
    """Where tools work: on this machine, in a folder, or nowhere. Raises SettingsError."""
    if len(environments) > 1:
        raise SettingsError("there is one environment, `local`: no more than one can be used")
    for environment in environments:
        name, cwd = environment.environmentId, environment.cwd
        if name != LOCAL:
            raise SettingsError(f"unknown turn environment id `{name[:100]}`")
        if not cwd.startswith("/"):
            raise SettingsError(f"invalid cwd for environment `{name}`: path `{cwd}` is not absolute")
        folder = absolute(cwd, Path("/"))
        roots = workspace_roots(either(environment.runtimeWorkspaceRoots, [str(folder)]))
        return {"has_environment": True, "cwd": folder, "workspace_roots": roots}
    return {"has_environment": False}


def workspace_roots(roots: list[str]) -> tuple[str, ...]:
    """Raises SettingsError."""
    for root in roots:
        if not root.startswith("/"):
            raise SettingsError("Invalid request: AbsolutePathBuf deserialized without a base path")
    return tuple(roots)


def tier(name: str) -> str:
    """A service tier as providers call it."""
    return "priority" if name == "fast" else name


def asks_for_commands(policy: AskForApprovalObject) -> bool:
    return policy.granular is not UNSET and policy.granular.sandbox_approval


def given(value: Any) -> bool:
    return value is not UNSET and value is not None


def either(value: Any, otherwise: Any) -> Any:
    """The value a client gave, else the other."""
    return value if given(value) else otherwise


def absolute(path: str | UnsetType | None, base: Path) -> Path:
    """An absolute, normalised folder; raises SettingsError if it is none."""
    assert isinstance(path, str)
    folder = Path(os.path.normpath(base / path))
    if not os.path.isdir(folder):  # False also for what no path can be
        raise SettingsError(f"cwd is not a folder: {folder}")
    return folder


def sandbox_policy(mode: str, write: WorkspaceWrite) -> SandboxPolicy:
    """The policy that a sandbox mode stands for; `write` is the configuration of workspace-write."""
    if mode == "danger-full-access":
        return DangerFullAccessSandboxPolicy()
    if mode == "read-only":
        return ReadOnlySandboxPolicy(networkAccess=False)
    return WorkspaceWriteSandboxPolicy(
        writableRoots=[str(root) for root in write.writable_roots],
        networkAccess=write.network_access,
        excludeTmpdirEnvVar=write.exclude_tmpdir_env_var,
        excludeSlashTmp=write.exclude_slash_tmp,
    )
