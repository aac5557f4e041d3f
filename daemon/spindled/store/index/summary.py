"""What the index knows of a thread, and how thread/list shows it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from spindled.store.ids import created_ms
from spindled.store.replay.naming import renamed_keys
from spindled.store.rollout.payloads import Git, SessionMeta
from spindled_protocol.types import GitInfo, NotLoadedThreadStatus, SessionSource, Thread


class Summary(Struct, kw_only=True):
    """One row of the index. Times: Unix milliseconds. Field order is column order."""

    id: str
    path: str
    created_ms: int
    updated_ms: int
    preview: str = ""
    name: str | None = None
    archived: bool = False
    session_id: str
    forked_from_id: str | None = None
    parent_id: str | None = None
    attached_to: str | None = None
    """The thread that it was forked from to stay beside."""
    cwd: str = ""
    model: str | None = None
    effort: str | None = None
    model_provider: str = ""
    history_mode: str = "legacy"
    source: str = '"unknown"'
    """JSON, in the rollout's form."""
    source_kind: str = "unknown"
    """What thread/list's sourceKinds call it."""
    thread_source: str | None = None
    originator: str | None = None
    cli_version: str = ""
    agent_nickname: str | None = None
    agent_role: str | None = None
    git_sha: str | None = None
    git_branch: str | None = None
    git_origin_url: str | None = None
    open: bool = False
    """A writer has it open, or had when it died: times may be behind those of the file."""

    @classmethod
    def from_meta(cls, meta: SessionMeta, path: Path, fallback_ms: int) -> Summary:
        created = _milliseconds(meta.timestamp) or created_ms(meta.id) or fallback_ms
        return cls(
            id=meta.id,
            path=str(path),
            created_ms=created,
            updated_ms=created,
            session_id=meta.session_id or meta.id,
            forked_from_id=meta.forked_from_id,
            parent_id=meta.parent_thread_id,
            attached_to=meta.forked_from_id if meta.attached_thread else None,
            cwd=meta.cwd,
            model_provider=meta.model_provider or "",
            history_mode=meta.history_mode or "legacy",
            source=msgspec.json.encode(meta.source or "unknown").decode(),
            source_kind=source_kind(meta.source),
            thread_source=meta.thread_source,
            originator=meta.originator or None,
            cli_version=meta.cli_version,
            agent_nickname=meta.agent_nickname,
            agent_role=meta.agent_role,
        ).with_git(meta.git or Git())

    def with_git(self, git: Git) -> Summary:
        self.git_sha, self.git_branch, self.git_origin_url = git.commit_hash, git.branch, git.repository_url
        return self

    def to_thread(self) -> Thread:
        """As thread/list gives a thread that is not loaded."""
        git = GitInfo(sha=self.git_sha, branch=self.git_branch, originUrl=self.git_origin_url)
        return Thread(
            id=self.id,
            sessionId=self.session_id,
            forkedFromId=self.forked_from_id,
            parentThreadId=self.parent_id,
            attachedToThreadId=self.attached_to,
            preview=self.preview,
            ephemeral=False,
            historyMode="paginated" if self.history_mode == "paginated" else "legacy",
            modelProvider=self.model_provider,
            model=self.model,
            reasoningEffort=self.effort,
            createdAt=self.created_ms // 1000,
            updatedAt=self.updated_ms // 1000,
            recencyAt=self.updated_ms // 1000,
            status=NotLoadedThreadStatus(),
            path=self.path,
            cwd=self.cwd,
            projectId=None,
            cliVersion=self.cli_version,
            originator=self.originator,
            source=_wire_source(self.source),
            threadSource=self.thread_source,
            agentNickname=self.agent_nickname,
            agentRole=self.agent_role,
            gitInfo=git if git != GitInfo() else None,
            name=self.name,
            turns=[],
        )


def source_kind(source: Any) -> str:
    if isinstance(source, str):
        return {"mcp": "appServer", "app_server": "appServer"}.get(source, source)
    if not isinstance(source, dict):
        return "unknown"
    if "custom" in source:
        return "custom"
    agent = source.get("subagent", source.get("subAgent"))
    if isinstance(agent, dict):
        return "subAgentThreadSpawn" if "thread_spawn" in agent else "subAgentOther"
    return {"review": "subAgentReview", "compact": "subAgentCompact"}.get(str(agent), "subAgentOther")


_WIRE_NAMES = {"subagent": "subAgent"}


def _wire_source(text: str) -> SessionSource:
    source = msgspec.json.decode(text)
    if isinstance(source, dict):
        source = renamed_keys(source, lambda key: _WIRE_NAMES.get(key, key))
    elif source == "mcp":
        source = "appServer"
    try:
        known: SessionSource = msgspec.convert(source, SessionSource)
    except msgspec.ValidationError:
        return "unknown"
    return known


def _milliseconds(timestamp: str) -> int | None:
    try:
        return round(datetime.fromisoformat(timestamp).timestamp() * 1000)
    except ValueError:
        return None
