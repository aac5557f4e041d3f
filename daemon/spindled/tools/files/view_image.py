"""The view_image tool: an image file, shown to the model and the user."""

from __future__ import annotations

import asyncio
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from spindled.tools.arguments import decode, function_spec
from spindled.tools.base import ToolCall, ToolContext, ToolError, ToolOptions, ToolOutput
from spindled.tools.clock import now_ms
from spindled.tools.commands.shell import working_directory
from spindled.tools.files.images import ImageError, data_url


class ViewArguments(Struct):
    path: str


class ViewImage:
    name = "view_image"
    parallel = True

    def offered(self, options: ToolOptions) -> bool:
        return options.view_image

    def spec(self, options: ToolOptions) -> dict[str, Any]:
        path = {"type": "string", "description": "The file; relative to the working directory."}
        return function_spec(self.name, "Look at an image file (PNG, JPEG, GIF or WebP).", {"path": path}, "path")

    async def run(self, call: ToolCall, context: ToolContext) -> ToolOutput:
        from spindled_protocol.types import ImageViewThreadItem

        path = working_directory(decode(call, ViewArguments).path, context.cwd)
        try:
            url = await asyncio.to_thread(data_url, path)
        except ImageError as error:
            raise ToolError(f"The image was not shown: {error}.") from error
        item = ImageViewThreadItem(id=call.call_id, path=str(path), startedAtMs=now_ms(), completedAtMs=None)
        context.item_started(item)
        context.item_completed(replace(item, completedAtMs=now_ms()))
        return ToolOutput([{"type": "input_image", "image_url": url, "detail": "original"}])
