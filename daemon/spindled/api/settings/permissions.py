"""permissionProfile/list: the profiles of permissions that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled.agent.settings import PERMISSION_PROFILES
from spindled.api.errors import handler
from spindled.api.reading.pages import page
from spindled_protocol.types import PermissionProfileListResponse, PermissionProfileSummary

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled_protocol.types import PermissionProfileListParams


@handler
def permission_profile_list(session: Session, params: PermissionProfileListParams) -> PermissionProfileListResponse:
    """The built-in ones: those of the configuration are not understood, and nothing forbids any."""
    shown, following = page(params, list(PERMISSION_PROFILES))
    data = [PermissionProfileSummary(id=name, allowed=True) for name in shown]
    return PermissionProfileListResponse(data=data, nextCursor=following)
