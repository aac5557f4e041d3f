"""Whether a tool of a server runs, waits for the user, or is refused: a pure decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spindled.tools.policy import Ask, Refuse, Run

if TYPE_CHECKING:
    from spindled.config.mcp import ApprovalMode

NEVER = "MCP tool call requires approval, but approval policy is never"


def decide_tool(
    mode: ApprovalMode, annotations: dict[str, Any], approval_policy: str, unrestricted: bool, granted: bool
) -> Run | Ask | Refuse:
    """`unrestricted`: nothing confines the thread. `granted`: the user allowed this tool for the session.

    What a tool says of itself counts as much as its server is trusted: the user configured it.
    """
    if mode == "approve" or (approval_policy == "never" and unrestricted):
        return Run()
    if not needs_approval(mode, annotations) or (granted and mode != "prompt"):
        return Run()
    return Refuse(NEVER) if approval_policy == "never" else Ask()


def needs_approval(mode: ApprovalMode, annotations: dict[str, Any]) -> bool:
    """Reading is free; under "auto" so is what destroys nothing and reaches nobody outside."""
    if mode == "prompt":
        return True
    if annotations.get("readOnlyHint") is True:
        return False
    harmless = annotations.get("destructiveHint") is False and annotations.get("openWorldHint") is False
    return mode == "writes" or not harmless
