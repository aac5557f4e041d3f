"""A history of items as turns."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from spindled.model.conversation import Image, Reply, Said, Text, conversation, thought_text

Json = dict[str, Any]


def says(role: str, text: str) -> Json:
    kind = "output_text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}


def call(call_id: str) -> Json:
    return {"type": "function_call", "call_id": call_id, "name": "t", "arguments": "{}"}


def output(call_id: str, content: Any = "out") -> Json:
    return {"type": "function_call_output", "call_id": call_id, "output": content}


def test_what_developers_say_first_joins_the_instructions() -> None:
    talk = conversation("Be brief.", [says("developer", "a"), says("system", "b"), says("user", "c")])
    assert talk.system == "Be brief.\n\na\n\nb"
    assert talk.turns == [Said("user", [Text("c")])]


def test_later_developers_keep_their_place() -> None:
    talk = conversation("", [says("user", "a"), says("developer", "b")])
    assert [(turn.role, turn.parts) for turn in talk.turns if isinstance(turn, Said)] == [
        ("user", [Text("a")]),
        ("developer", [Text("b")]),
    ]


@pytest.mark.parametrize(
    "items",
    [
        [says("assistant", "x"), call("1"), call("2"), output("2", "two"), output("1", "one")],
        [says("assistant", "x"), call("1"), call("2"), output("1", "one"), says("user", "steer"), output("2", "two")],
    ],
)
def test_calls_of_one_response_stand_together_with_their_outputs(items: list[Json]) -> None:
    first, *rest = conversation("", items).turns
    assert isinstance(first, Reply)
    assert [item["call_id"] for item in first.calls] == ["1", "2"]
    assert first.outputs == {"1": [Text("one")], "2": [Text("two")]}
    assert all(isinstance(turn, Said) for turn in rest)


def test_responses_one_after_the_other_stay_apart() -> None:
    turns = conversation("", [call("1"), output("1"), call("2"), output("2")]).turns
    assert [[item["call_id"] for item in turn.calls] for turn in turns if isinstance(turn, Reply)] == [["1"], ["2"]]


def test_what_is_no_part_of_a_conversation_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "spindled.model.conversation")
    odd = [{"type": "web_search_call", "id": "w"}, output("nobody"), says("user", ""), says("user", "hi")]
    assert conversation("", odd).turns == [Said("user", [Text("hi")])]
    assert "web_search_call" in caplog.text
    assert "without a call" in caplog.text


def test_parts() -> None:
    content = [
        {"type": "input_text", "text": "look"},
        {"type": "input_image", "image_url": "data:image/png;base64,AA", "detail": "high"},
        {"type": "input_file", "file_id": "f"},
        {"type": "refusal", "refusal": "No."},
    ]
    (turn,) = conversation("", [{"role": "user", "content": content}]).turns
    assert isinstance(turn, Said)
    assert turn.parts == [Text("look"), Image("data:image/png;base64,AA", "high"), Text("No.")]


def test_the_text_of_a_thought() -> None:
    assert thought_text({"content": [{"text": "a"}, {"text": "b"}], "summary": [{"text": "s"}]}) == "a\n\nb"
    assert thought_text({"content": None, "summary": [{"text": "s"}]}) == "s"
    assert thought_text({"summary": []}) == ""
