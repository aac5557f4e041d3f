"""The body of a Messages request."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from spindled.model.messages.request import ANSWER_TOOL, encode
from spindled.model.quirks import MESSAGES, Quirks
from spindled.model.request import ModelRequest
from spindled.model.sealed import Seal

Json = dict[str, Any]
SEAL = Seal("p", "messages")
MARK = {"cache_control": {"type": "ephemeral"}}
USER = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}
SHELL = {"type": "function", "name": "shell", "description": "Runs.", "parameters": {"type": "object"}}
PATCH = {"type": "custom", "name": "apply_patch", "description": "Patches."}
IMAGE = {"type": "input_image", "image_url": "data:image/png;base64,AA", "detail": "high"}
SIGNED = replace(MESSAGES, signed=True, output_format=True)
ADAPTIVE = replace(MESSAGES, thinking="adaptive", efforts=("low", "medium", "high", "max"))


def sent(*items: Json, quirks: Quirks = MESSAGES, model: str = "m", **fields: Any) -> Json:
    request = ModelRequest(model=model, input=list(items), **fields)
    return json.loads(encode(request, quirks, SEAL))  # type: ignore[no-any-return]


def messages(*items: Json, **fields: Any) -> list[Json]:
    return sent(*items, **fields)["messages"]  # type: ignore[no-any-return]


def says(role: str, text: str) -> Json:
    return {"type": "message", "role": role, "content": [{"type": "output_text", "text": text}]}


def thought(text: str, seal: Seal = SEAL, **state: Any) -> Json:
    content = [{"type": "reasoning_text", "text": text}]
    return {"type": "reasoning", "summary": [], "content": content, "encrypted_content": seal.close(state)}


def call(call_id: str = "c1", arguments: str = "{}") -> Json:
    return {"type": "function_call", "call_id": call_id, "name": "shell", "arguments": arguments}


def output(call_id: str = "c1", content: Any = "out") -> Json:
    return {"type": "function_call_output", "call_id": call_id, "output": content}


def kinds(message: Json) -> list[str]:
    return [block["type"] for block in message["content"]]


def test_the_whole_body() -> None:
    assert sent(USER, instructions="Be brief.", tools=[SHELL, PATCH], parallel_tool_calls=False, verbosity="low") == {
        "model": "m",
        "max_tokens": 32000,
        "stream": True,
        "system": [{"type": "text", "text": "Be brief.", **MARK}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi", **MARK}]}],
        "tools": [
            {"name": "shell", "description": "Runs.", "input_schema": {"type": "object"}},
            {
                "name": "apply_patch",
                "description": "Patches.",
                "input_schema": {
                    "type": "object",
                    "properties": {
                        "input": {"type": "string", "description": "The whole input of the tool as plain text."}
                    },
                    "required": ["input"],
                    "additionalProperties": False,
                },
                **MARK,
            },
        ],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
    }


@pytest.mark.parametrize(
    ("model", "asked", "told"),
    [("m", None, 32000), ("m", 9, 9), ("claude-3-5-haiku-20241022", None, 8192), ("claude-opus-4-7", None, 32000)],
)
def test_max_tokens(model: str, asked: int | None, told: int) -> None:
    assert sent(USER, model=model, max_output_tokens=asked)["max_tokens"] == told


def test_a_turn_with_parallel_calls() -> None:
    custom = {"type": "custom_tool_call", "call_id": "c2", "name": "apply_patch", "input": "p"}
    done = {"type": "custom_tool_call_output", "call_id": "c2", "output": "Done."}
    items = [
        USER,
        thought("hm", signature="s"),
        says("assistant", "Ok."),
        call(arguments='{"n":1}'),
        custom,
        done,
        output(),
    ]
    assert messages(*items, USER, effort="low") == [
        {"role": "user", "content": [{"type": "text", "text": "hi"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": "s"},
                {"type": "text", "text": "Ok."},
                {"type": "tool_use", "id": "c1", "name": "shell", "input": {"n": 1}},
                {"type": "tool_use", "id": "c2", "name": "apply_patch", "input": {"input": "p"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": "out"}]},
                {"type": "tool_result", "tool_use_id": "c2", "content": [{"type": "text", "text": "Done."}]},
                {"type": "text", "text": "hi", **MARK},
            ],
        },
    ]


def test_images() -> None:
    url = {**IMAGE, "image_url": "https://x/y.png"}
    sources = [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA"}},
        {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}},
    ]
    user = {"type": "message", "role": "user", "content": [IMAGE, url, {"type": "input_text", "text": "look"}]}
    assert messages(user)[0]["content"][:2] == sources
    result = messages(USER, call(), output("c1", [IMAGE, url]))[2]["content"][0]
    assert result["content"] == sources


def test_the_user_has_the_first_word_and_the_last() -> None:
    assert [message["role"] for message in messages(says("assistant", "a"))] == ["user", "assistant", "user"]
    assert [message["role"] for message in messages()] == ["user"]


def test_the_mark_is_on_what_stays() -> None:
    first, _, last = messages(USER, says("assistant", "half"))
    assert first["content"][-1]["cache_control"] == {"type": "ephemeral"}
    assert "cache_control" not in last["content"][-1]


def test_ids_and_arguments_that_the_api_would_refuse() -> None:
    _, assistant, user = messages(USER, call("functions.shell:0", "[1]"), output("functions.shell:0"))
    assert assistant["content"][0]["id"] == user["content"][0]["tool_use_id"]
    assert ":" not in assistant["content"][0]["id"]
    assert assistant["content"][0]["input"] == {"input": "[1]"}


# -- thinking --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("effort", "most", "thinking"),
    [
        (None, None, None),
        ("none", None, None),
        ("low", None, {"type": "enabled", "budget_tokens": 4096}),
        ("max", None, {"type": "enabled", "budget_tokens": 24000}),
        ("high", 4000, {"type": "enabled", "budget_tokens": 3000}),
        ("high", 1000, None),
    ],
)
def test_budgets(effort: str | None, most: int | None, thinking: Json | None) -> None:
    assert sent(USER, effort=effort, max_output_tokens=most).get("thinking") == thinking


def test_adaptive_thinking() -> None:
    body = sent(USER, quirks=ADAPTIVE, effort="xhigh", summary="auto")
    assert body["thinking"] == {"type": "adaptive", "display": "summarized"}
    assert body["output_config"] == {"effort": "high"}
    assert sent(USER, quirks=ADAPTIVE, effort="ultra", summary="none")["thinking"] == {"type": "adaptive"}
    assert not {"thinking", "output_config"} & set(sent(USER, quirks=ADAPTIVE))


def test_thoughts_go_back_as_they_came() -> None:
    """Row 1-07."""
    items = [USER, thought("a", signature="s"), thought("", redacted="r"), thought("c"), says("assistant", "x"), USER]
    assert kinds(messages(*items, effort="low")[1]) == ["thinking", "redacted_thinking", "thinking", "text"]
    assert kinds(messages(*items, quirks=SIGNED, effort="low")[1]) == ["thinking", "redacted_thinking", "text"]
    assert kinds(messages(*items)[1]) == ["text"]


def test_thoughts_of_others_stay_out() -> None:
    own = {"type": "reasoning", "summary": [], "encrypted_content": "gAAA"}
    items = [USER, thought("a", Seal("q", "messages"), signature="s"), own, says("assistant", "x"), USER]
    assert kinds(messages(*items, effort="low")[1]) == ["text"]


def test_no_thinking_where_a_tool_loop_began_without() -> None:
    loop = [USER, call("a"), output("a"), thought("b", signature="s"), call("b"), output("b")]
    body = sent(*loop, effort="low")
    assert "thinking" not in body
    assert kinds(body["messages"][3]) == ["tool_use"]
    assert "thinking" in sent(*loop, effort="low", quirks=ADAPTIVE)
    assert "thinking" in sent(*loop, says("assistant", "done"), USER, effort="low")
    started = [USER, thought("b", signature="s"), call("a"), output("a"), call("b"), output("b")]
    assert "thinking" in sent(*started, effort="low")


# -- structured output -----------------------------------------------------------------------------------------------


def test_a_schema_where_the_api_takes_one() -> None:
    body = sent(USER, quirks=SIGNED, output_schema={"type": "object"})
    assert body["output_config"] == {"format": {"type": "json_schema", "schema": {"type": "object"}}}
    assert "tools" not in body


def test_an_answer_tool_elsewhere() -> None:
    body = sent(USER, tools=[SHELL], output_schema={"type": "object"})
    assert [tool["name"] for tool in body["tools"]] == ["shell", ANSWER_TOOL]
    assert body["tools"][1]["input_schema"] == {"type": "object"}
    assert body["tool_choice"] == {"type": "any"}
    assert sent(USER, output_schema={"type": "object"}, effort="low")["tool_choice"] == {"type": "auto"}


def test_the_history_is_not_changed() -> None:
    items = [USER, thought("x", signature="s"), call(), output("c1", [IMAGE]), USER]
    tools = [SHELL, PATCH]
    before = json.dumps([items, tools])
    sent(*items, tools=tools, effort="low")
    assert json.dumps([items, tools]) == before
