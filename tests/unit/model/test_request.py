"""The body and the headers of a request."""

from __future__ import annotations

import json
from typing import Any

from spindled.model.request import ModelRequest, encode, identity_headers

INPUT = [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}]
SAID_FIRST = {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Be brief."}]}
TOOL = {"type": "function", "name": "t", "parameters": {"type": "object"}}


def sent(**fields: Any) -> dict[str, Any]:
    return json.loads(encode(ModelRequest(model="m", input=INPUT, **fields)))  # type: ignore[no-any-return]


def test_the_whole_body() -> None:
    """Row 4-20."""
    schema = {"type": "object", "properties": {}}
    assert sent(
        instructions="Be brief.",
        tools=[TOOL],
        parallel_tool_calls=False,
        effort="high",
        summary="auto",
        verbosity="low",
        service_tier="flex",
        output_schema=schema,
        cache_key="thread",
        metadata={"turn_id": "t1"},
    ) == {
        "model": "m",
        "input": [SAID_FIRST, *INPUT],
        "tools": [TOOL],
        "tool_choice": "auto",
        "parallel_tool_calls": False,
        "reasoning": {"effort": "high", "summary": "auto"},
        "store": False,
        "stream": True,
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": "thread",
        "text": {
            "verbosity": "low",
            "format": {"type": "json_schema", "name": "turn_output", "strict": True, "schema": schema},
        },
        "service_tier": "flex",
        "client_metadata": {"turn_id": "t1"},
    }


def test_what_is_not_set_is_left_out() -> None:
    assert sent() == {
        "model": "m",
        "input": INPUT,
        "store": False,
        "stream": True,
        "include": ["reasoning.encrypted_content"],
    }


def test_a_summary_of_none_is_no_summary() -> None:
    assert "reasoning" not in sent(summary="none")


def test_an_empty_schema_is_a_schema() -> None:
    assert sent(output_schema={})["text"]["format"]["schema"] == {}


def test_an_empty_conversation_is_sent_as_one() -> None:
    assert json.loads(encode(ModelRequest(model="m")))["input"] == []


def test_identity() -> None:
    headers = identity_headers(session_id="s", thread_id="t", originator="editör", client="editor/1.0")
    assert headers["session-id"] == "s"
    assert headers["thread-id"] == headers["x-client-request-id"] == "t"
    assert headers["originator"] == "edit_r"
    assert headers["user-agent"].startswith("spindled/")
    assert headers["user-agent"].endswith(" editor/1.0")
