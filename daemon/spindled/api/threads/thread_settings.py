"""What a client's params, the configuration and a stored thread say about how turns run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, get_args

import msgspec

from spindled.agent.settings import (
    SettingsError,
    ThreadSettings,
    absolute,
    either,
    given,
    place,
    profile_mode,
    sandbox_policy,
    tier,
    workspace_roots,
)
from spindled.api.application import working_directory
from spindled.config.schema import GranularPolicy
from spindled.store.replay import values
from spindled.store.rollout import rows
from spindled_protocol.types import AskForApprovalObject, ModeKind

if TYPE_CHECKING:
    from pathlib import Path

    from spindled.config.schema import Config
    from spindled.store.replay.stored import StoredThread
    from spindled_protocol.types import AskForApproval


def folder(path: Any) -> Path:
    """The working directory a client named, else the daemon's; raises SettingsError."""
    cwd = working_directory(either(path, None))
    return absolute(str(cwd), cwd)


def stored_cwd(stored: StoredThread) -> str | None:
    """Where the last turn ran, if that folder is still there."""
    cwd = (stored.context.cwd if stored.context else "") or stored.meta.cwd
    return cwd if cwd and os.path.isdir(cwd) else None


def stored_overrides(stored: StoredThread) -> dict[str, object]:
    """What a thread keeps of its last turn's settings, as configuration overrides."""
    overrides: dict[str, object] = {}
    if stored.meta.model_provider:
        overrides["model_provider"] = stored.meta.model_provider
    if stored.context and stored.context.model:
        overrides["model"] = stored.context.model
    return overrides


def request_overrides(params: Any) -> dict[str, object]:
    """The configuration that a request sets for its thread. Raises SettingsError."""
    sandbox = params.sandbox
    if profile := either(params.permissions, None):
        if given(sandbox):
            raise SettingsError("`permissions` cannot be combined with `sandbox`")
        sandbox = profile_mode(profile)
    named = {
        "model": params.model,
        "model_provider": params.modelProvider,
        "sandbox_mode": sandbox,
        "service_tier": params.serviceTier,
    }
    return {**either(params.config, {}), **{key: value for key, value in named.items() if given(value)}}


def thread_settings(config: Config, params: Any, cwd: Path, stored: StoredThread | None = None) -> ThreadSettings:
    """Configuration, what the stored thread last used, and what the request says, the latter strongest."""
    written = config.settings
    context = stored.context if stored and stored.context else rows.TurnContext()
    requested = request_overrides(params)

    def kept(key: str, last: Any, configured: Any) -> Any:
        """What the thread last used stays, unless the request sets that key."""
        return configured if key in requested else last or configured

    policy: AskForApproval = kept(
        "approval_policy", values.approval_policy_to_wire(context.approval_policy), approval_policy(config)
    )
    sandbox = kept(
        "sandbox_mode",
        values.sandbox_policy_to_wire(context.sandbox_policy),
        sandbox_policy(config.sandbox_mode, written.sandbox_workspace_write),
    )
    found = ThreadSettings(
        model=config.model,
        model_provider=config.provider.id,
        cwd=cwd,
        workspace_roots=workspace_roots(either(params.runtimeWorkspaceRoots, [str(cwd)])),
        approval_policy=either(params.approvalPolicy, policy),
        approvals_reviewer=either(params.approvalsReviewer, "user"),
        sandbox_policy=sandbox,
        permissions=either(params.permissions, None),
        effort=kept("model_reasoning_effort", context.effort, written.model_reasoning_effort),
        summary=kept("model_reasoning_summary", context.summary, written.model_reasoning_summary),
        verbosity=written.model_verbosity,
        service_tier=tier(kept("service_tier", context.service_tier, written.service_tier) or "") or None,
        base_instructions=either(params.baseInstructions, None) or stored_instructions(stored),
        developer_instructions=either(params.developerInstructions, written.developer_instructions),
        personality=either(getattr(params, "personality", None), context.personality or written.personality),
        **stored_mode(context),
    )
    places = either(getattr(params, "environments", None), None)
    return found if places is None else msgspec.structs.replace(found, **place(places))


def stored_mode(context: rows.TurnContext) -> dict[str, Any]:
    """The mode of the last turn; none for one that is not known here."""
    mode = context.collaboration_mode
    if mode is None or mode.mode not in get_args(ModeKind):
        return {}
    return {"mode": mode.mode, "mode_instructions": mode.settings.developer_instructions}


def stored_instructions(stored: StoredThread | None) -> str | None:
    return stored.meta.base_instructions.text if stored and stored.meta.base_instructions else None


def approval_policy(config: Config) -> AskForApproval:
    policy = config.approval_policy
    if isinstance(policy, GranularPolicy):
        return msgspec.convert(msgspec.to_builtins(policy), AskForApprovalObject)
    return policy
