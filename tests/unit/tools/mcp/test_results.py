"""What the wire and the model get of a tool's answer."""

from __future__ import annotations

import base64

import msgspec
import pytest

from spindled.tools.mcp.results import CUT, SHOWN, model_content, wire_result

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\nrest").decode()
HEAD = {"type": "input_text", "text": "Wall time: 0.5000 seconds\nOutput:"}


def test_the_model_reads_the_structured_result_if_there_is_one() -> None:
    result = {"content": [{"type": "text", "text": "{}"}], "structuredContent": {"a": 1}}
    assert model_content(result, 0.5) == 'Wall time: 0.5000 seconds\nOutput:\n{"a":1}'


def test_else_it_reads_the_blocks() -> None:
    link = {"type": "resource_link", "uri": "a://b", "name": "b"}
    result = {
        "content": [
            {"type": "text", "text": "one"},
            {"type": "image", "data": PNG, "mimeType": "image/jpeg"},
            link,
            {"type": "audio", "data": "AAAA", "mimeType": "audio/wav"},
        ]
    }
    assert model_content(result, 0.5) == [
        HEAD,
        {"type": "input_text", "text": "one"},
        {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}", "detail": "original"},
        {"type": "input_text", "text": msgspec.json.encode(link).decode()},
        {"type": "input_text", "text": "[audio: it cannot be passed on to a model]"},
    ]


@pytest.mark.parametrize("data", ["", "no base64!", base64.b64encode(b"no image").decode(), None, 5])
def test_an_image_that_would_break_later_requests_is_left_out(data: object) -> None:
    content = model_content({"content": [{"type": "image", "data": data}]}, 0.5)
    assert content == [HEAD, {"type": "input_text", "text": "[an image that cannot be shown]"}]


@pytest.mark.parametrize("content", [None, "text", [5, "a"], {}])
def test_an_answer_without_blocks_is_an_empty_one(content: object) -> None:
    assert model_content({"content": content}, 0.5) == [HEAD]
    assert wire_result({"content": content}).content == []


def test_the_wire_gets_what_the_server_said() -> None:
    result = {"content": [{"type": "odd", "x": 1}], "structuredContent": {"a": 1}, "_meta": {"m": 1}, "isError": True}
    shown = wire_result(result)
    assert (shown.content, shown.structuredContent, shown._meta) == ([{"type": "odd", "x": 1}], {"a": 1}, {"m": 1})


def test_an_item_does_not_grow_without_bound() -> None:
    result = {
        "content": [
            {"type": "text", "text": "x" * 10 * SHOWN},
            {"type": "image", "data": "A" * 2 * SHOWN},
            {"type": "text", "text": "y" * 100},
        ],
        "structuredContent": {"a": "x" * 2 * SHOWN},
    }
    shown = wire_result(result)
    assert len(msgspec.json.encode(shown)) < SHOWN + 1000
    assert shown.content[0]["text"].endswith(CUT)
    assert shown.content[1] == {"type": "text", "text": CUT}
