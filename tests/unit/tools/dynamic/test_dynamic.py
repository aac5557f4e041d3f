from __future__ import annotations

import asyncio
from typing import Any

import pytest

from spindled.tools.base import ToolCall, ToolError
from spindled.tools.dynamic.dynamic import FAILED, DynamicTool, parameters
from spindled_protocol.types import (
    DynamicToolCallResponse,
    FunctionDynamicToolSpec,
    InputAudioDynamicToolCallOutputContentItem,
    InputImageDynamicToolCallOutputContentItem,
    InputTextDynamicToolCallOutputContentItem,
)

TOOL = DynamicTool(FunctionDynamicToolSpec(name="buy", description="Buy.", inputSchema={}), "shop")
CALL = ToolCall(call_id="c1", name="buy", arguments='{"city":"Bern"}', namespace="shop")


def text(words: str) -> Any:
    return InputTextDynamicToolCallOutputContentItem(text=words)


def image(url: str) -> Any:
    return InputImageDynamicToolCallOutputContentItem(imageUrl=url)


def answer(*items: Any, success: bool = True) -> DynamicToolCallResponse:
    return DynamicToolCallResponse(contentItems=list(items), success=success)


async def test_the_client_runs_it(context: Any) -> None:
    context.client_answer = answer(text("sunny"))
    output = await TOOL.run(CALL, context)
    assert (output.content, output.success) == ("sunny", True)
    assert [event[0] for event in context.events] == ["started", "client", "completed"]
    [started], [done] = context.named("started"), context.named("completed")
    assert (started["id"], started["namespace"], started["tool"]) == ("c1", "shop", "buy")
    assert (started["status"], started["arguments"]) == ("inProgress", {"city": "Bern"})
    assert (done["status"], done["success"], done["contentItems"][0]["text"]) == ("completed", True, "sunny")
    assert done["durationMs"] >= 0


@pytest.mark.parametrize(
    ("given", "output"),
    [
        (None, FAILED),
        (answer(text("no such city"), success=False), "no such city"),
        (answer(image("https://example.invalid/x.png")), "remote image URLs are not supported"),
        (answer(InputAudioDynamicToolCallOutputContentItem(audioUrl="data:audio/wav;base64,")), "audio"),
    ],
)
async def test_what_fails(context: Any, given: Any, output: str) -> None:
    context.client_answer = given
    found = await TOOL.run(CALL, context)
    assert not found.success and output in found.content
    [done] = context.named("completed")
    assert (done["status"], done["success"]) == ("failed", False)
    assert done["contentItems"][0]["text"] == found.content


async def test_parts_stay_parts(context: Any) -> None:
    context.client_answer = answer(text("a"), image("data:image/png;base64,AA"))
    output = await TOOL.run(CALL, context)
    assert output.content == [
        {"type": "input_text", "text": "a"},
        {"type": "input_image", "image_url": "data:image/png;base64,AA", "detail": "auto"},
    ]
    context.client_answer = answer()
    assert (await TOOL.run(CALL, context)).content == ""


async def test_a_call_that_is_cut_off_is_completed(context: Any) -> None:
    context.client_answer = asyncio.Event().wait()
    task = asyncio.create_task(TOOL.run(CALL, context))
    await context.until(lambda: context.named("client"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    [done] = context.named("completed")
    assert (done["status"], done["success"], done["contentItems"]) == ("failed", False, [])


async def test_arguments_that_are_no_json_go_nowhere(context: Any) -> None:
    with pytest.raises(ToolError, match="failed to parse"):
        await TOOL.run(ToolCall(call_id="c", name="buy", arguments="{"), context)
    assert not context.events


@pytest.mark.parametrize(
    ("schema", "properties"),
    [
        ({"type": "object", "properties": {"a": {}}}, {"a": {}}),
        ({"properties": {"a": {}}}, {"a": {}}),
        ({}, {}),
        ({"type": "string"}, {}),
        (True, {}),
    ],
)
def test_arguments_are_always_an_object(schema: Any, properties: Any) -> None:
    found = parameters(schema)
    assert (found["type"], found["properties"]) == ("object", properties)
