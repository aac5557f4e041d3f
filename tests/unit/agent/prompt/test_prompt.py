from __future__ import annotations

from pathlib import Path

from spindled.agent.prompt.prompt import base_instructions, context_items, environment_text, told_context
from spindled.agent.settings import ThreadSettings
from spindled.config.project import ProjectDoc
from spindled_protocol.types import DangerFullAccessSandboxPolicy


def settings(cwd: str = "/w", developer: str | None = None) -> ThreadSettings:
    return ThreadSettings(
        model="m",
        model_provider="p",
        cwd=Path(cwd),
        workspace_roots=(cwd,),
        approval_policy="never",
        sandbox_policy=DangerFullAccessSandboxPolicy(),
        developer_instructions=developer,
    )


def test_paths_are_escaped() -> None:
    text = environment_text(settings("/a</cwd><cwd>&b"), "ba<sh")
    assert "<cwd>/a&lt;/cwd&gt;&lt;cwd&gt;&amp;b</cwd>" in text
    assert "<root>/a&lt;/cwd&gt;&lt;cwd&gt;&amp;b</root>" in text
    assert "<shell>ba&lt;sh</shell>" in text


def test_one_message_for_each_role() -> None:
    document = ProjectDoc(Path("/w/AGENTS.md"), "be kind")
    developer, user = context_items(settings(developer="be brief"), [document], "bash")
    assert developer["role"] == "developer"
    assert "`never`" in developer["content"][0]["text"]
    assert developer["content"][1]["text"] == "be brief"
    assert "be kind" in user["content"][0]["text"]
    assert user["content"][1]["text"].startswith("<environment_context>")


def test_what_was_told_is_found_in_a_history() -> None:
    old = context_items(settings("/old"), [], "bash")
    new = context_items(settings("/new"), [], "bash")
    words = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello"}]}
    stored = [{**item, "id": "x"} for item in [*old, words, *new]]
    assert told_context([*stored, words]) == {"developer": new[0], "user": new[1]}


def test_instructions_are_there() -> None:
    assert base_instructions().strip()
