"""Reading a sandbox policy: which paths may be written, and what to tell the model."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from spindled_protocol.types import (
    DangerFullAccessSandboxPolicy,
    ExternalSandboxSandboxPolicy,
    WorkspaceWriteSandboxPolicy,
)

if TYPE_CHECKING:
    from spindled_protocol.types import SandboxPolicy

# Whoever writes these can run code or change rules outside the sandbox later on.
PROTECTED = frozenset({".git", ".codex", ".spindled", ".agents"})


def unrestricted(policy: SandboxPolicy) -> bool:
    """Whether the daemon itself confines nothing: full access, or somebody else's sandbox around it."""
    return isinstance(policy, DangerFullAccessSandboxPolicy | ExternalSandboxSandboxPolicy)


def resolve(path: Path) -> Path:
    """Where a path really points: every symlink of its existing part followed, the missing rest kept."""
    return Path(os.path.realpath(path))


def writable_roots(policy: SandboxPolicy, cwd: Path) -> list[Path]:
    """The resolved folders that a workspaceWrite policy opens; none for the others."""
    if not isinstance(policy, WorkspaceWriteSandboxPolicy):
        return []
    roots = [cwd, *map(Path, policy.writableRoots)]
    if not policy.excludeSlashTmp:
        roots.append(Path("/tmp"))  # noqa: S108 - the policy means this very folder
    if not policy.excludeTmpdirEnvVar and (folder := os.environ.get("TMPDIR")):
        roots.append(Path(folder))
    return [resolve(root) for root in roots if root.is_absolute()]


def writable(path: Path, policy: SandboxPolicy, cwd: Path, *, follow: bool = True) -> bool:
    """Whether the policy lets the daemon write `path` on the model's behalf; `path` is resolved here.

    Without `follow` it is the directory entry that is judged, as for the removal of a link: where it is, not where it
    leads.
    """
    if unrestricted(policy):
        return True
    target = resolve(path) if follow else resolve(path.parent) / path.name
    return any(
        target.is_relative_to(root) and PROTECTED.isdisjoint(target.relative_to(root).parts)
        for root in writable_roots(policy, cwd)
    )


def describe(policy: SandboxPolicy) -> str:
    """The policy in a sentence or two for the model."""
    if isinstance(policy, DangerFullAccessSandboxPolicy):
        return "No sandbox: commands and patches may read and write every file and use the network."
    if isinstance(policy, ExternalSandboxSandboxPolicy):
        network = "open" if policy.networkAccess == "enabled" else "restricted"
        return f"A sandbox around the whole session limits what commands can reach; its network is {network}."
    network = "allowed" if policy.networkAccess else "not allowed"
    if isinstance(policy, WorkspaceWriteSandboxPolicy):
        extra = "".join(f", {root}" for root in policy.writableRoots)
        return (
            f"Sandbox: files may be read everywhere and written only below the working directory{extra} and the "
            f"temporary folders; version control and agent settings stay read-only. Network access is {network}."
        )
    return f"Sandbox: files may be read but not written. Network access is {network}."
