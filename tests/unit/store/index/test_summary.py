from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from spindled.store.index.summary import Summary, source_kind
from tests.unit.store.samples import meta

SPAWN = {"subagent": {"thread_spawn": {"parent_thread_id": "p", "depth": 1}}}


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("vscode", "vscode"),
        ("cli", "cli"),
        ("mcp", "appServer"),
        ({"custom": "x"}, "custom"),
        ({"subagent": "review"}, "subAgentReview"),
        ({"subagent": "compact"}, "subAgentCompact"),
        (SPAWN, "subAgentThreadSpawn"),
        ({"subagent": {"other": "x"}}, "subAgentOther"),
        (None, "unknown"),
        (5, "unknown"),
    ],
)
def test_kinds_of_sources(source: Any, kind: str) -> None:
    assert source_kind(source) == kind


@pytest.mark.parametrize(
    ("source", "wire"),
    [
        ("vscode", "vscode"),
        ("mcp", "appServer"),
        ({"subagent": "review"}, {"subAgent": "review"}),
        ({"custom": "x"}, {"custom": "x"}),
        ("never heard of", "unknown"),
        (None, "unknown"),
    ],
)
def test_sources_on_the_wire(source: Any, wire: Any) -> None:
    summary = Summary.from_meta(meta(source=source), Path("/x"), 0)
    assert msgspec.to_builtins(summary.to_thread().source) == wire


def test_when_a_thread_was_made() -> None:
    thread = "01a1fd9d-d6ae-7592-b734-3731cab4e547"
    for known, timestamp, created_ms in (
        (thread, "2026-11-21T10:19:02.193Z", 1_795_256_342_193),
        (thread, "rubbish", 1_795_256_342_190),
        ("rubbish", "", 5),
    ):
        assert Summary.from_meta(meta(id=known, timestamp=timestamp), Path(), 5).created_ms == created_ms
