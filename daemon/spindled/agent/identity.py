"""Who a thread is: what never changes about it, and how the wire shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from spindled.agent.settings_shown import environments
from spindled_protocol import WIRE_VERSION
from spindled_protocol.types import GitInfo, Thread

if TYPE_CHECKING:
    from spindled.agent.settings import ThreadSettings
    from spindled_protocol.types import SessionSource, ThreadStatus, Turn


class ThreadIdentity(msgspec.Struct, kw_only=True):
    """`path`: the rollout, None for a thread that is not stored. Times in Unix seconds."""

    id: str
    session_id: str
    created_at: int
    originator: str
    source: SessionSource = "vscode"
    thread_source: str | None = None
    forked_from: str | None = None
    parent: str | None = None
    attached: bool = False
    """It stays beside the thread that it was forked from."""
    git: GitInfo | None = None
    path: str | None = None
    name: str | None = None
    preview: str = ""
    updated_at: int = 0

    @property
    def ephemeral(self) -> bool:
        return self.path is None

    def snapshot(self, settings: ThreadSettings, status: ThreadStatus, turns: list[Turn]) -> Thread:
        """The loaded thread as the wire shows it."""
        return Thread(
            id=self.id,
            environments=environments(settings),
            sessionId=self.session_id,
            forkedFromId=self.forked_from,
            parentThreadId=self.parent,
            attachedToThreadId=self.forked_from if self.attached else None,
            preview=self.preview,
            ephemeral=self.ephemeral,
            historyMode="paginated",
            modelProvider=settings.model_provider,
            model=settings.model,
            reasoningEffort=settings.effort,
            createdAt=self.created_at,
            updatedAt=self.updated_at or self.created_at,
            recencyAt=self.updated_at or self.created_at,
            status=status,
            path=self.path,
            cwd=str(settings.cwd),
            projectId=None,
            cliVersion=WIRE_VERSION,
            originator=self.originator,
            source=self.source,
            canAcceptDirectInput=True,
            threadSource=self.thread_source,
            gitInfo=self.git,
            name=self.name,
            turns=turns,
        )
