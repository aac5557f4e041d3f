"""What a user sends, as the model gets it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from spindled.agent.prompt.markup import escape
from spindled.store.replay.previews import input_preview
from spindled.tools.files.images import ImageError, data_url
from spindled_protocol.types import (
    ImageUserInput,
    LocalImageUserInput,
    MentionUserInput,
    SkillUserInput,
    TextUserInput,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spindled_protocol.types import UserInput

Part = dict[str, Any]


MOST_CHARACTERS = 1 << 20


class InputError(ValueError):
    """An input that no model can be given; the text is for the client."""


class InputTooLarge(InputError):
    """More text than a conversation could go on with."""

    def __init__(self, characters: int) -> None:
        super().__init__(f"Input exceeds the maximum length of {MOST_CHARACTERS} characters.")
        self.characters = characters


class PreparedInput:
    """Checked input of one turn/start or turn/steer; raises InputError."""

    def __init__(self, inputs: Sequence[UserInput], client_id: str | None, context: Sequence[dict[str, Any]] = ()):
        """`context`: messages that go before it, unless the model has them already."""
        self.inputs = [checked(each) for each in inputs]
        characters = sum(len(each.text) for each in self.inputs if isinstance(each, TextUserInput))
        if characters > MOST_CHARACTERS:
            raise InputTooLarge(characters)
        self.client_id = client_id
        self.context = context

    async def content(self) -> list[Part]:
        """Responses content parts; local images are read now, off the loop. Skills come in messages of their own."""
        parts: list[Part] = []
        for number, each in enumerate(self.inputs, start=1):
            parts += await content_of(each, number)
        return parts or [text(f"${each.name}") for each in self.inputs if isinstance(each, SkillUserInput)]

    def preview(self) -> str:
        """What lists of threads show of the input."""
        return input_preview(self.inputs)


def checked(each: UserInput) -> UserInput:
    if isinstance(each, ImageUserInput):
        if each.url is UNSET:
            raise InputError("an image needs a data URL; uploaded files are not supported")
        if not each.url.startswith("data:"):
            raise InputError("remote image URLs are not supported; use an inline data URL instead")
        if each.detail is UNSET:
            each.detail = None
    elif isinstance(each, LocalImageUserInput):
        if each.detail is UNSET:
            each.detail = None
    elif not isinstance(each, TextUserInput | MentionUserInput | SkillUserInput):
        raise InputError("audio input is not supported")
    return each


async def content_of(each: UserInput, number: int) -> list[Part]:
    if isinstance(each, TextUserInput):
        return [text(each.text)]
    if isinstance(each, ImageUserInput):
        return [image(str(each.url), each.detail)]
    if isinstance(each, LocalImageUserInput):
        return await local_image(each, number)
    if isinstance(each, MentionUserInput):
        return [text(f"[{each.name}]({each.path})")]
    return []


async def local_image(each: LocalImageUserInput, number: int) -> list[Part]:
    """The image between tags that name its file, or a note saying why it could not be read."""
    try:
        url = await asyncio.to_thread(data_url, Path(each.path))
    except ImageError as error:
        return [text(f"[The user attached an image that could not be read: {error}]")]
    return [text(f'<image number={number} path="{escape(each.path)}">'), image(url, each.detail), text("</image>")]


def text(value: str) -> Part:
    return {"type": "input_text", "text": value}


def image(url: str, detail: Any) -> Part:
    return {"type": "input_image", "image_url": url, "detail": detail or "auto"}
