"""Tools that a client brings along: offered to the model, run by the client."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec

from spindled.tools.base import ToolCall, ToolContext, ToolError, ToolOptions, ToolOutput

if TYPE_CHECKING:
    from spindled_protocol.types import (
        DynamicToolCallOutputContentItem,
        DynamicToolCallResponse,
        DynamicToolCallThreadItem,
        FunctionDynamicToolNamespaceTool,
        FunctionDynamicToolSpec,
    )

    Spec = FunctionDynamicToolSpec | FunctionDynamicToolNamespaceTool

FAILED = "dynamic tool request failed"


class DynamicTool:
    """`spec` as the client gave it. Calls run one after the other: what a client does with one is not known here."""

    parallel = False

    def __init__(self, spec: Spec, namespace: str | None = None):
        self.name = spec.name
        self.namespace = namespace
        self.description = spec.description
        self.deferred = spec.deferLoading is True
        self._parameters = parameters(spec.inputSchema)

    def offered(self, options: ToolOptions) -> bool:
        return True

    def spec(self, options: ToolOptions) -> dict[str, Any]:
        return {
            "type": "function",
            "name": self.name,
            "description": self.description,
            "strict": False,
            "parameters": self._parameters,
        }

    async def run(self, call: ToolCall, context: ToolContext) -> ToolOutput:
        from spindled_protocol.types import DynamicToolCallThreadItem

        item = DynamicToolCallThreadItem(
            id=call.call_id,
            namespace=self.namespace,
            tool=self.name,
            arguments=decoded(call),
            status="inProgress",
            startedAtMs=time.time_ns() // 1_000_000,
            completedAtMs=None,
        )
        context.item_started(item)
        answer: DynamicToolCallResponse | None = None
        try:
            answer = checked(await context.call_client(item))
        finally:
            complete(item, answer, context)
        return ToolOutput(output_of(answer.contentItems), answer.success)


def complete(item: DynamicToolCallThreadItem, answer: DynamicToolCallResponse | None, context: ToolContext) -> None:
    """Without an answer: the call was cut off."""
    item.success = answer is not None and answer.success
    item.status = "completed" if item.success else "failed"
    item.contentItems = answer.contentItems if answer is not None else []
    item.completedAtMs = time.time_ns() // 1_000_000
    item.durationMs = max(0, item.completedAtMs - int(item.startedAtMs or 0))
    context.item_completed(item)


def checked(answer: DynamicToolCallResponse | None) -> DynamicToolCallResponse:
    """The client's answer, or a failed one in its place where there is none or it cannot be passed on."""
    if answer is None:
        return failed(FAILED)
    for item in answer.contentItems:
        fields = msgspec.to_builtins(item)
        if fields["type"] == "inputAudio":
            return failed("audio is not supported in the output of a tool")
        if fields["type"] == "inputImage" and not fields["imageUrl"].startswith("data:"):
            return failed("remote image URLs are not supported; use an inline data URL instead")
    return answer


def failed(text: str) -> DynamicToolCallResponse:
    from spindled_protocol.types import DynamicToolCallResponse, InputTextDynamicToolCallOutputContentItem

    return DynamicToolCallResponse(contentItems=[InputTextDynamicToolCallOutputContentItem(text=text)], success=False)


def output_of(items: list[DynamicToolCallOutputContentItem]) -> str | list[dict[str, Any]]:
    """What the model gets: one text as text, anything else as parts."""
    parts = [part_of(msgspec.to_builtins(item)) for item in items]
    if len(parts) == 1 and "text" in parts[0]:
        return str(parts[0]["text"])
    return parts or ""


def part_of(item: dict[str, Any]) -> dict[str, Any]:
    if item["type"] == "inputText":
        return {"type": "input_text", "text": item["text"]}
    return {"type": "input_image", "image_url": item["imageUrl"], "detail": "auto"}


def decoded(call: ToolCall) -> Any:
    try:
        return msgspec.json.decode(call.arguments or "{}")
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ToolError(f"failed to parse function arguments: {error}") from error


def parameters(schema: Any) -> dict[str, Any]:
    """A schema of the arguments as providers take it: always that of an object."""
    if not isinstance(schema, dict) or schema.get("type", "object") != "object":
        return {"type": "object", "properties": {}}
    return {"type": "object", "properties": {}, **schema}
