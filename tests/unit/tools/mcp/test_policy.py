"""Which calls of servers wait for the user: a table."""

from __future__ import annotations

from typing import Any

import pytest

from spindled.tools.mcp.policy import NEVER, decide_tool
from spindled.tools.policy import Ask, Refuse, Run

READING: dict[str, Any] = {"readOnlyHint": True}
HARMLESS: dict[str, Any] = {"destructiveHint": False, "openWorldHint": False}


@pytest.mark.parametrize(
    ("mode", "annotations", "asks"),
    [
        ("auto", {}, True),
        ("auto", READING, False),
        ("auto", HARMLESS, False),
        ("auto", {"destructiveHint": False}, True),
        ("auto", {"openWorldHint": False}, True),
        ("auto", {"destructiveHint": True}, True),
        ("auto", {"readOnlyHint": "true"}, True),
        ("auto", {"readOnlyHint": True, "openWorldHint": True}, False),
        ("writes", READING, False),
        ("writes", HARMLESS, True),
        ("prompt", READING, True),
        ("approve", {"destructiveHint": True}, False),
    ],
)
@pytest.mark.parametrize("policy", ["untrusted", "on-request"])
def test_who_is_asked(mode: Any, annotations: dict[str, Any], asks: bool, policy: str) -> None:
    decision = decide_tool(mode, annotations, policy, unrestricted=False, granted=False)
    assert isinstance(decision, Ask if asks else Run)


def test_where_nobody_may_be_asked_it_is_refused() -> None:
    assert decide_tool("auto", {}, "never", unrestricted=False, granted=False) == Refuse(NEVER)
    assert decide_tool("prompt", READING, "never", unrestricted=False, granted=True) == Refuse(NEVER)
    assert isinstance(decide_tool("auto", READING, "never", unrestricted=False, granted=False), Run)


def test_never_with_full_access_means_that_everything_runs() -> None:
    assert isinstance(decide_tool("prompt", {}, "never", unrestricted=True, granted=False), Run)
    assert isinstance(decide_tool("auto", {}, "on-request", unrestricted=True, granted=False), Ask)


def test_a_grant_for_the_session_counts_unless_each_call_is_to_be_asked_about() -> None:
    assert isinstance(decide_tool("auto", {}, "on-request", unrestricted=False, granted=True), Run)
    assert isinstance(decide_tool("writes", {}, "on-request", unrestricted=False, granted=True), Run)
    assert isinstance(decide_tool("prompt", {}, "on-request", unrestricted=False, granted=True), Ask)
