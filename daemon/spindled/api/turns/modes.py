"""collaborationMode/list: the modes that a client may offer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled.api.errors import handler
from spindled_protocol.types import CollaborationModeListResponse, CollaborationModeMask

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled_protocol.types import CollaborationModeListParams


@handler
def collaboration_mode_list(session: Session, params: CollaborationModeListParams) -> CollaborationModeListResponse:
    """A plan is worth some thought; what a mask leaves open stays as the thread has it."""
    plan = CollaborationModeMask(name="Plan", mode="plan", reasoning_effort="medium")
    return CollaborationModeListResponse(data=[plan, CollaborationModeMask(name="Default", mode="default")])
