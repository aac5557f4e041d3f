from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spindled.agent.settings import SettingsError
from spindled.api.threads.thread_settings import (
    folder,
    request_overrides,
    stored_cwd,
    stored_overrides,
    thread_settings,
)
from spindled.config.layers.load import load
from spindled.store.replay.stored import StoredThread
from spindled.store.rollout import rows
from spindled.store.rollout.rows import SessionMeta
from spindled_protocol.types import ReadOnlySandboxPolicy, ThreadResumeParams, WorkspaceWriteSandboxPolicy

CONFIG = """
model = "from-config"
model_reasoning_effort = "low"
model_reasoning_summary = "auto"
service_tier = "slow"
approval_policy = "on-request"
sandbox_mode = "workspace-write"
developer_instructions = "configured"
"""


class Stored(StoredThread):
    """A stored thread whose last turn had these settings."""

    def __init__(self, **context: Any) -> None:
        super().__init__(SessionMeta(id="t", cwd="/started", base_instructions=rows.BaseInstructions("stored base")))
        self.context = rows.TurnContext(**context) if context else None


LAST = Stored(
    cwd="/last",
    model="from-thread",
    effort="high",
    summary="detailed",
    service_tier="fast",
    approval_policy="never",
    sandbox_policy={"type": "read-only"},
)


def settled(home: Path, stored: StoredThread | None, **params: Any) -> dict[str, Any]:
    (home / "config.toml").write_text(CONFIG)
    asked = ThreadResumeParams(threadId="t", **params)
    overrides = {**(stored_overrides(stored) if stored else {}), **request_overrides(asked)}
    loaded = load(home, cwd=home, request=overrides, environ={})
    settings = thread_settings(loaded, asked, home, stored)
    return {name: getattr(settings, name) for name in settings.__struct_fields__}


def test_the_configuration_where_nothing_else_is_said(tmp_path: Path) -> None:
    found = settled(tmp_path, None)
    assert (found["model"], found["effort"], found["summary"]) == ("from-config", "low", "auto")
    assert (found["service_tier"], found["approval_policy"]) == ("slow", "on-request")
    assert isinstance(found["sandbox_policy"], WorkspaceWriteSandboxPolicy)
    assert found["developer_instructions"] == "configured"
    assert found["workspace_roots"] == (str(tmp_path),)


def test_what_the_thread_last_used_wins_over_the_configuration(tmp_path: Path) -> None:
    found = settled(tmp_path, LAST)
    assert (found["model"], found["effort"], found["summary"]) == ("from-thread", "high", "detailed")
    assert (found["service_tier"], found["approval_policy"]) == ("priority", "never")  # as providers call it
    assert isinstance(found["sandbox_policy"], ReadOnlySandboxPolicy)
    assert found["base_instructions"] == "stored base"


def test_the_request_wins_over_the_thread(tmp_path: Path) -> None:
    found = settled(
        tmp_path,
        LAST,
        model="asked",
        approvalPolicy="untrusted",
        sandbox="workspace-write",
        serviceTier="flex",
        baseInstructions="asked base",
        developerInstructions="asked dev",
        config={"model_reasoning_effort": "medium", "model_reasoning_summary": "none"},
    )
    assert (found["model"], found["effort"], found["summary"]) == ("asked", "medium", "none")
    assert (found["service_tier"], found["approval_policy"]) == ("flex", "untrusted")
    assert isinstance(found["sandbox_policy"], WorkspaceWriteSandboxPolicy)
    assert (found["base_instructions"], found["developer_instructions"]) == ("asked base", "asked dev")


def test_the_request_s_own_configuration_wins_over_the_thread(tmp_path: Path) -> None:
    found = settled(tmp_path, LAST, config={"approval_policy": "untrusted", "sandbox_mode": "workspace-write"})
    assert found["approval_policy"] == "untrusted"
    assert isinstance(found["sandbox_policy"], WorkspaceWriteSandboxPolicy)


def test_a_named_setting_wins_over_the_request_s_configuration() -> None:
    params = ThreadResumeParams(threadId="t", model="named", config={"model": "configured", "x": 1})
    assert request_overrides(params) == {"model": "named", "x": 1}


@pytest.mark.parametrize("context", [{}, {"sandbox_policy": {"type": "?"}, "approval_policy": "?"}])
def test_a_thread_that_says_nothing_useful(tmp_path: Path, context: dict[str, Any]) -> None:
    found = settled(tmp_path, Stored(**context))
    assert (found["model"], found["approval_policy"]) == ("from-config", "on-request")
    assert isinstance(found["sandbox_policy"], WorkspaceWriteSandboxPolicy)


def test_permissions_and_sandbox_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be combined"):
        settled(tmp_path, None, permissions="x", sandbox="read-only")


def test_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path)
    assert folder(None) == tmp_path
    assert folder("sub/../sub") == tmp_path / "sub"
    with pytest.raises(SettingsError, match="not a folder"):
        folder("missing")
    assert stored_cwd(Stored(cwd=str(tmp_path / "sub"))) == str(tmp_path / "sub")
    assert stored_cwd(Stored(cwd="/no/such/folder")) is None
