"""The body of a chat request."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from spindled.config.schema import Provider
from spindled.model.chat.request import encode
from spindled.model.quirks import CHAT, CHAT_PROVIDERS, Quirks, chat_quirks
from spindled.model.request import ModelRequest
from spindled.model.sealed import Seal

Json = dict[str, Any]
SEAL = Seal("p", "chat")
QUIRKS = {row.of[0]: replace(CHAT, **row.differs) for row in CHAT_PROVIDERS}
USER = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}
SHELL = {"type": "function", "name": "shell", "description": "Runs.", "strict": False, "parameters": {"type": "object"}}
IMAGE = {"type": "input_image", "image_url": "data:image/png;base64,AA", "detail": "high"}


def sent(*items: Json, quirks: Quirks = CHAT, **fields: Any) -> Json:
    request = ModelRequest(input=list(items), **{"model": "m", **fields})
    return json.loads(encode(request, quirks, SEAL))  # type: ignore[no-any-return]


def messages(*items: Json, quirks: Quirks = CHAT, **fields: Any) -> list[Json]:
    return sent(*items, quirks=quirks, **fields)["messages"]  # type: ignore[no-any-return]


def says(role: str, text: str) -> Json:
    return {"type": "message", "role": role, "content": [{"type": "output_text", "text": text}]}


def thought(text: str, field: str = "reasoning_content", seal: Seal = SEAL, **state: Any) -> Json:
    content = [{"type": "reasoning_text", "text": text}]
    sealed = seal.close({"field": field, **state})
    return {"type": "reasoning", "summary": [], "content": content, "encrypted_content": sealed}


def call(call_id: str = "c1", arguments: str = "{}") -> Json:
    return {"type": "function_call", "call_id": call_id, "name": "shell", "arguments": arguments}


def output(call_id: str = "c1", content: Any = "out") -> Json:
    return {"type": "function_call_output", "call_id": call_id, "output": content}


def test_the_least() -> None:
    assert sent(USER) == {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_the_whole_body_for_openai() -> None:
    schema = {"type": "object"}
    assert sent(
        USER,
        quirks=QUIRKS["openai"],
        instructions="Be brief.",
        tools=[SHELL],
        parallel_tool_calls=False,
        effort="high",
        summary="auto",
        verbosity="low",
        service_tier="flex",
        max_output_tokens=9,
        output_schema=schema,
        cache_key="thread",
        metadata={"a": "b"},
    ) == {
        "model": "m",
        "messages": [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "hi"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "shell",
                    "description": "Runs.",
                    "strict": False,
                    "parameters": {"type": "object"},
                },
            }
        ],
        "tool_choice": "auto",
        "parallel_tool_calls": False,
        "reasoning_effort": "high",
        "verbosity": "low",
        "service_tier": "flex",
        "max_completion_tokens": 9,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "turn_output", "strict": True, "schema": schema},
        },
        "prompt_cache_key": "thread",
        "store": False,
    }


def test_what_an_unknown_endpoint_is_not_sent() -> None:
    body = sent(USER, tools=[SHELL], verbosity="low", service_tier="flex", cache_key="k", max_output_tokens=9)
    assert body["max_tokens"] == 9
    assert "strict" not in body["tools"][0]["function"]
    assert not {"store", "verbosity", "service_tier", "prompt_cache_key", "max_completion_tokens"} & set(body)


def test_what_mistral_refuses() -> None:
    body = sent(USER, call("call_1"), output("call_1"), quirks=QUIRKS["mistral"], effort="high")
    assert not {"stream_options", "reasoning_effort"} & set(body)
    assert len(body["messages"][2]["tool_call_id"]) == 9
    assert body["messages"][1]["tool_calls"][0]["id"] == body["messages"][2]["tool_call_id"]


def test_a_schema_for_an_endpoint_without_schemas() -> None:
    body = sent(USER, quirks=QUIRKS["deepseek"], output_schema={"type": "object"})
    assert body["response_format"] == {"type": "json_object"}
    assert '{"type":"object"}' in body["messages"][0]["content"]
    assert not body["messages"][0]["content"].startswith("\n")


def test_tools() -> None:
    specs = [{"type": "custom", "name": "apply_patch", "description": "Patches."}, {"type": "web_search"}]
    (tool,) = sent(USER, tools=specs)["tools"]
    assert tool["function"]["name"] == "apply_patch"
    assert tool["function"]["parameters"]["required"] == ["input"]
    assert "tools" not in sent(USER, tools=specs[1:])
    assert "tool_choice" not in sent(USER, tools=specs[1:])


def test_a_turn_with_parallel_calls() -> None:
    custom = {"type": "custom_tool_call", "call_id": "c2", "name": "apply_patch", "input": 'a "b"'}
    done = {"type": "custom_tool_call_output", "call_id": "c2", "output": "Done."}
    assert messages(USER, thought("hm"), says("assistant", "Ok."), call(), custom, done, output()) == [
        {"role": "user", "content": "hi"},
        {
            "role": "assistant",
            "content": "Ok.",
            "reasoning_content": "hm",
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "shell", "arguments": "{}"}},
                {
                    "id": "c2",
                    "type": "function",
                    "function": {"name": "apply_patch", "arguments": '{"input":"a \\"b\\""}'},
                },
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "out"},
        {"role": "tool", "tool_call_id": "c2", "content": "Done."},
    ]


def test_neighbours_of_one_role_are_one_message() -> None:
    developer = says("developer", "b")
    assert messages(says("user", "a"), developer, says("user", "c")) == [{"role": "user", "content": "a\n\nb\n\nc"}]
    apart = messages(says("user", "a"), developer, says("user", "c"), quirks=QUIRKS["openai"])
    assert [message["role"] for message in apart] == ["user", "developer", "user"]
    assert messages(USER, says("assistant", "a"), says("assistant", "b"), USER)[1]["content"] == "ab"


def test_images() -> None:
    user = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "look"}, IMAGE]}
    shown = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA", "detail": "high"}}
    assert messages(user)[0]["content"] == [{"type": "text", "text": "look"}, shown]
    odd = {**IMAGE, "detail": "original"}
    assert messages({**user, "content": [odd]})[0]["content"][0]["image_url"].keys() == {"url"}


def test_images_of_outputs_follow_all_outputs() -> None:
    content = [{"type": "input_text", "text": "here"}, IMAGE]
    _, _, first, second, user = messages(USER, call("c1"), call("c2"), output("c1", content), output("c2"), USER)
    assert [first["content"], second["content"]] == ["here", "out"]
    assert [part["type"] for part in user["content"]] == ["text", "image_url", "text"]
    assert messages(USER, call(), output("c1", [IMAGE]))[2]["content"] == "(no output)"


def test_the_user_has_the_last_word() -> None:
    assert messages(USER, says("assistant", "half"))[-1]["role"] == "user"
    assert messages()[-1]["role"] == "user"
    assert messages(USER, call(), output())[-1]["role"] == "tool"


def test_a_call_without_an_output() -> None:
    assert messages(USER, call())[-1] == {"role": "tool", "tool_call_id": "c1", "content": "(no output)"}


@pytest.mark.parametrize("other", [Seal("q", "chat"), Seal("p", "messages")])
def test_reasoning_of_others_stays_out(other: Seal) -> None:
    own = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "x"}], "encrypted_content": "gAAA"}
    assistant = messages(USER, thought("x", seal=other), own, says("assistant", "a"), USER)[1]
    assert assistant == {"role": "assistant", "content": "a"}


def test_reasoning_goes_back_in_the_field_it_came_in() -> None:
    details = [{"type": "reasoning.text", "text": "hm"}]
    assistant = messages(USER, thought("hm", "reasoning", details=details), says("assistant", "a"), USER)[1]
    assert assistant["reasoning"] == "hm"
    assert assistant["reasoning_details"] == details
    assert (
        "reasoning" not in messages(USER, thought("a", "reasoning"), says("assistant", "a"), quirks=QUIRKS["openai"])[1]
    )


def test_a_thought_alone_is_left_out() -> None:
    assert messages(USER, thought("hm"), USER) == [{"role": "user", "content": "hi\n\nhi"}]


def test_deepseek_wants_reasoning_with_every_call() -> None:
    first, second = (
        message
        for message in messages(
            USER, thought("hm"), call("a"), output("a"), call("b"), output("b"), quirks=QUIRKS["deepseek"]
        )
        if message["role"] == "assistant"
    )
    assert (first["reasoning_content"], second["reasoning_content"]) == ("hm", "")


def test_the_history_is_not_changed() -> None:
    items = [USER, thought("x"), call(), output("c1", [IMAGE]), USER]
    before = json.dumps(items)
    sent(*items)
    assert json.dumps(items) == before


def test_what_goes_back_with_calls() -> None:
    extra = {"google": {"thought_signature": "sig"}}
    late = {"type": "reasoning", "summary": [], "encrypted_content": SEAL.close({"calls": {"c1": extra}})}
    reply = next(m for m in messages(call("c1"), call("c2"), late, output("c1"), output("c2")) if "tool_calls" in m)
    assert [made.get("extra_content") for made in reply["tool_calls"]] == [extra, None]
    others = {**late, "encrypted_content": Seal("other", "chat").close({"calls": {"c1": extra}})}
    reply = next(m for m in messages(call("c1"), others, output("c1")) if "tool_calls" in m)
    assert "extra_content" not in reply["tool_calls"][0]


@pytest.mark.parametrize(
    ("model", "effort", "told"),
    [
        ("mistral-small-latest", "high", "high"),
        ("mistral-medium-3-5", "medium", "none"),
        ("mistral-large-4-0", "medium", "medium"),
        ("mistral-large-2512", "high", None),
        ("devstral-latest", "high", None),
    ],
)
def test_efforts_of_mistral(model: str, effort: str, told: str | None) -> None:
    quirks = chat_quirks(Provider(id="mistral", base_url="https://api.mistral.ai/v1"), model)
    assert sent(quirks=quirks, model=model, effort=effort).get("reasoning_effort") == told
