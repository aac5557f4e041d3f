from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spindled.sandbox import Confined, Unavailable, confine, describe, unrestricted, writable
from spindled_protocol.types import (
    DangerFullAccessSandboxPolicy,
    ExternalSandboxSandboxPolicy,
    ReadOnlySandboxPolicy,
    WorkspaceWriteSandboxPolicy,
)

BARE = {"excludeSlashTmp": True, "excludeTmpdirEnvVar": True}
FREE = [DangerFullAccessSandboxPolicy(), ExternalSandboxSandboxPolicy()]
LIMITED = [ReadOnlySandboxPolicy(), WorkspaceWriteSandboxPolicy()]


def test_read_only_writes_nowhere(tmp_path: Path) -> None:
    assert not writable(tmp_path / "f", ReadOnlySandboxPolicy(), tmp_path)


@pytest.mark.parametrize("policy", FREE)
def test_without_limits_everything_is_writable(policy: Any) -> None:
    assert writable(Path("/etc/passwd"), policy, Path("/nowhere"))


def test_workspace_roots(tmp_path: Path) -> None:
    workspace, extra = tmp_path / "w", tmp_path / "x"
    workspace.mkdir()
    policy = WorkspaceWriteSandboxPolicy(writableRoots=[str(extra)], **BARE)
    assert writable(workspace / "new/f", policy, workspace)
    assert writable(extra / "f", policy, workspace)
    assert not writable(tmp_path / "f", policy, workspace)
    assert not writable(workspace / "../f", policy, workspace)
    assert not writable(Path(f"{workspace}-other/f"), policy, workspace)


@pytest.mark.parametrize("name", [".git/config", "sub/.git/hooks/pre-commit", ".codex/config.toml", ".git"])
def test_protected_folders(tmp_path: Path, name: str) -> None:
    policy = WorkspaceWriteSandboxPolicy(**BARE)
    assert not writable(tmp_path / name, policy, tmp_path)
    assert writable(tmp_path / ".gitignore", policy, tmp_path)


def test_links_are_followed_before_judging(tmp_path: Path) -> None:
    workspace = tmp_path / "w"
    workspace.mkdir()
    (workspace / "out").symlink_to(tmp_path)
    (workspace / "file").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "alias").symlink_to(workspace)
    policy = WorkspaceWriteSandboxPolicy(**BARE)
    assert not writable(workspace / "out/f", policy, workspace)
    assert not writable(workspace / "file", policy, workspace)
    assert writable(tmp_path / "alias/f", policy, workspace)
    assert writable(workspace / "f", policy, tmp_path / "alias")


def test_temporary_folders_unless_excluded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "t"))
    cwd = Path("/nowhere")
    assert writable(Path("/tmp/x"), WorkspaceWriteSandboxPolicy(excludeTmpdirEnvVar=True), cwd)
    assert not writable(Path("/tmp/x"), WorkspaceWriteSandboxPolicy(**BARE), cwd)
    assert writable(tmp_path / "t/x", WorkspaceWriteSandboxPolicy(excludeSlashTmp=True), cwd)


@pytest.mark.parametrize("policy", LIMITED)
def test_no_backend_confines_yet(policy: Any, tmp_path: Path) -> None:
    assert isinstance(confine(["ls"], policy, tmp_path), Unavailable)
    assert not unrestricted(policy)


@pytest.mark.parametrize("policy", FREE)
def test_without_limits_the_command_stays_as_it_is(policy: Any, tmp_path: Path) -> None:
    assert confine(["ls"], policy, tmp_path) == Confined(["ls"])


@pytest.mark.parametrize("policy", [*FREE, *LIMITED])
def test_every_policy_is_described(policy: Any) -> None:
    assert describe(policy)
