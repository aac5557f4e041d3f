"""A thread's settings as the wire shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled.agent.settings import LOCAL
from spindled_protocol.types import ActivePermissionProfile, ThreadEnvironment, ThreadSettings

if TYPE_CHECKING:
    from spindled.agent.settings import ThreadSettings as Settings


def shown(settings: Settings) -> ThreadSettings:
    return ThreadSettings(
        cwd=str(settings.cwd),
        environments=environments(settings),
        approvalPolicy=settings.approval_policy,
        approvalsReviewer=settings.approvals_reviewer,
        sandboxPolicy=settings.sandbox_policy,
        activePermissionProfile=active_profile(settings),
        model=settings.model,
        modelProvider=settings.model_provider,
        serviceTier=settings.service_tier,
        effort=settings.effort,
        summary=settings.summary,  # type: ignore[arg-type]
        collaborationMode=settings.collaboration_mode,
        personality=settings.personality,
    )


def active_profile(settings: Settings) -> ActivePermissionProfile | None:
    return ActivePermissionProfile(id=settings.permissions) if settings.permissions else None


def environments(settings: Settings) -> list[ThreadEnvironment]:
    """Where tools work: this machine, or nowhere."""
    if not settings.has_environment:
        return []
    roots = list(settings.workspace_roots)
    return [ThreadEnvironment(environmentId=LOCAL, cwd=str(settings.cwd), runtimeWorkspaceRoots=roots)]
