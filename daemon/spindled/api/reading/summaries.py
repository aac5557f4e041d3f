"""getConversationSummary: a few facts about a thread, as older clients ask for them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from spindled.api.errors import handler
from spindled.api.host.files import allowed_path
from spindled.api.threads.ids import thread_id
from spindled.rpc.errors import INTERNAL_ERROR, INVALID_REQUEST, RpcError, invalid_request
from spindled.store.errors import StoreError, ThreadLookupError
from spindled.store.rollout.rollout import timestamp
from spindled_protocol.types import (
    ConversationGitInfo,
    ConversationSummary,
    GetConversationSummaryResponse,
    OlderSessionSource,
)

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled.store.index.summary import Summary
    from spindled_protocol.types import GetConversationSummaryParams


@handler
async def get_conversation_summary(
    session: Session, params: GetConversationSummaryParams
) -> GetConversationSummaryResponse:
    """`rolloutPath` counts before the id; one that is relative is so to the home folder."""
    store = session.application.store
    if isinstance(params.rolloutPath, str):
        path = await allowed_path(session, str(session.application.home / params.rolloutPath))
        try:
            summary = await asyncio.to_thread(store.summary_at, path)
        except StoreError as error:
            text = f"failed to load conversation summary from {path}: {error}"
            raise RpcError(INTERNAL_ERROR, text) from error
    elif isinstance(params.conversationId, str):
        wanted = thread_id(params.conversationId, "conversation")
        try:
            summary = store.summary(wanted)
        except ThreadLookupError as error:
            raise RpcError(INVALID_REQUEST, f"no rollout found for conversation id {wanted}") from error
    else:
        raise invalid_request("data did not match any variant of untagged enum GetConversationSummaryParams")
    return GetConversationSummaryResponse(summary=shown(summary))


def shown(summary: Summary) -> ConversationSummary:
    git = ConversationGitInfo(sha=summary.git_sha, branch=summary.git_branch, origin_url=summary.git_origin_url)
    return ConversationSummary(
        conversationId=summary.id,
        path=summary.path,
        preview=summary.preview,
        timestamp=timestamp(summary.created_ms),
        updatedAt=timestamp(summary.updated_ms),
        modelProvider=summary.model_provider,
        cwd=summary.cwd,
        cliVersion=summary.cli_version,
        source=older_source(summary.source),
        gitInfo=git if git != ConversationGitInfo() else None,
    )


def older_source(text: str) -> OlderSessionSource:
    """The names that rollouts have; newer ones are unknown to older clients."""
    try:
        source: OlderSessionSource = msgspec.json.decode(text, type=OlderSessionSource)
    except msgspec.ValidationError:
        return "unknown"
    return source
