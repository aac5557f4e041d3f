"""thread/grants/*: what the user accepted for the session."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from spindled.api.errors import handler
from spindled.api.threads.ids import thread_id
from spindled.rpc.connection import Then
from spindled.tools.grants import CommandGrant, FileGrant, InputGrant
from spindled_protocol.types import (
    CommandThreadGrant,
    FileThreadGrant,
    McpToolThreadGrant,
    TerminalInputThreadGrant,
    ThreadGrantsListResponse,
    ThreadGrantsRevokeResponse,
)

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled.tools.grants import Given, SessionGrants
    from spindled_protocol.types import ThreadGrant, ThreadGrantsListParams, ThreadGrantsRevokeParams


@handler
def grants_list(session: Session, params: ThreadGrantsListParams) -> ThreadGrantsListResponse:
    """Oldest first."""
    return ThreadGrantsListResponse(data=[shown(given) for given in grants_of(session, params.threadId)])


@handler
def grants_revoke(session: Session, params: ThreadGrantsRevokeParams) -> ThreadGrantsRevokeResponse | Then:
    grants = grants_of(session, params.threadId)
    given = grants.find(params.grantId)
    if given is None:
        return ThreadGrantsRevokeResponse(revoked=False)
    return Then(ThreadGrantsRevokeResponse(revoked=True), partial(grants.take, given.grant))


def grants_of(session: Session, thread: str) -> SessionGrants:
    return session.application.threads.get(thread_id(thread)).approvals.grants


def shown(given: Given) -> ThreadGrant:
    id, at_ms, grant, command = given.id, given.at_ms, given.grant, given.command
    match grant:
        case CommandGrant():
            escalated = grant.escalated
            return CommandThreadGrant(id=id, grantedAtMs=at_ms, command=command, cwd=grant.cwd, escalated=escalated)
        case InputGrant():
            item_id = grant.item_id
            return TerminalInputThreadGrant(id=id, grantedAtMs=at_ms, itemId=item_id, command=command, cwd=grant.cwd)
        case FileGrant():
            return FileThreadGrant(id=id, grantedAtMs=at_ms, path=str(grant.path))
    return McpToolThreadGrant(id=id, grantedAtMs=at_ms, server=grant.server, tool=grant.tool)
