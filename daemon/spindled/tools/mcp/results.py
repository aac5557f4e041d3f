"""What a tool answered: as the wire shows it, and as the model reads it."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

import msgspec

from spindled.tools.files.images import MAX_BYTES, media_type

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spindled_protocol.types import McpToolCallResult

Json = dict[str, Any]

SHOWN = 1 << 20  # characters of a result that an item holds: it is kept, and sent to every follower
CUT = "[left out: too long]"


def blocks(result: Json) -> list[Json]:
    content = result.get("content")
    return [each for each in content if isinstance(each, dict)] if isinstance(content, list) else []


def wire_result(result: Json) -> McpToolCallResult:
    from spindled_protocol.types import McpToolCallResult

    return McpToolCallResult(
        content=list(shown(blocks(result))),
        structuredContent=bounded_json(result.get("structuredContent")),
        _meta=bounded_json(result.get("_meta")),
    )


def shown(content: Iterable[Json]) -> Iterable[Json]:
    """The blocks, and a note for each that is too long for an item; a text keeps its beginning."""
    room = SHOWN
    for block in content:
        size = len(msgspec.json.encode(block))
        if size <= room:
            room -= size
            yield block
        elif block.get("type") == "text" and isinstance(block.get("text"), str):
            yield {**block, "text": f"{block['text'][:room]}\n{CUT}"}
            room = 0
        else:
            yield {"type": "text", "text": CUT}


def bounded_json(value: Any) -> Any:
    return value if value is None or len(msgspec.json.encode(value)) <= SHOWN else {"error": CUT}


def model_content(result: Json, seconds: float) -> str | list[Json]:
    """How long it took, then the structured result if there is one, else the blocks."""
    head = f"Wall time: {seconds:.4f} seconds\nOutput:"
    structured = result.get("structuredContent")
    if structured is not None:
        return f"{head}\n{msgspec.json.encode(structured).decode()}"
    return [{"type": "input_text", "text": head}, *(model_block(block) for block in blocks(result))]


def model_block(block: Json) -> Json:
    kind = block.get("type")
    if kind == "text" and isinstance(block.get("text"), str):
        return {"type": "input_text", "text": block["text"]}
    if kind == "image":
        return image(block)
    if kind == "audio":
        return {"type": "input_text", "text": "[audio: it cannot be passed on to a model]"}
    return {"type": "input_text", "text": msgspec.json.encode(block).decode()}


def image(block: Json) -> Json:
    """A picture that no provider will refuse: a bad one would break every later request of the thread."""
    try:
        data = base64.b64decode(str(block.get("data")), validate=True)
    except (binascii.Error, ValueError):
        data = b""
    kind = media_type(data)
    if kind is None or len(data) > MAX_BYTES:
        return {"type": "input_text", "text": "[an image that cannot be shown]"}
    url = f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
    return {"type": "input_image", "image_url": url, "detail": "original"}
