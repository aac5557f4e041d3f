"""One response of a provider, as the events of a Responses stream."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from typing import Protocol

from spindled.faces.gateway.encoder import ResponseEncoder
from spindled.model.errors import no_answer_error
from spindled.model.events import Completed, Incomplete, ItemAdded, ItemDone, ModelEvent, TextDelta
from spindled.model.request import ModelRequest

ATTEMPTS = 2


class Model(Protocol):
    def stream(self, request: ModelRequest) -> AsyncGenerator[list[ModelEvent], None]:
        """One attempt: lists of events as they arrive, the last one terminal. Raises ModelError."""


async def answer(model: Model, request: ModelRequest, encoder: ResponseEncoder) -> AsyncGenerator[bytes, None]:
    """Encoded events as they come. A response without an answer, at most with thoughts, is asked for once more: a
    client that kept it would send a history that providers refuse. Raises ModelError, `model_output_invalid` if the
    second one has no answer either."""
    for attempt in range(1, ATTEMPTS + 1):
        answered = False
        thoughts = Thoughts()
        async with aclosing(model.stream(request)) as batches:
            async for batch in batches:
                answered = answered or any(map(is_answer, batch))
                if isinstance(batch[-1], Completed) and not answered:
                    break
                if told := encoder.feed(thoughts.held_back(batch)):
                    yield told
        if answered:
            return
        yield encoder.discard()
        if attempt == ATTEMPTS:
            raise no_answer_error()


class Thoughts:
    """Finished thoughts wait until something else begins: those that nothing follows are not the client's to keep."""

    def __init__(self) -> None:
        self._waiting: list[ModelEvent] = []

    def held_back(self, batch: Iterable[ModelEvent]) -> list[ModelEvent]:
        """The events to tell now."""
        told: list[ModelEvent] = []
        for event in batch:
            if isinstance(event, ItemDone) and event.item.get("type") == "reasoning":
                self._waiting.append(event)
                continue
            if isinstance(event, Completed | Incomplete | ItemDone) or is_other(event):
                told += self._waiting
                self._waiting.clear()
            told.append(event)
        return told


def is_other(event: ModelEvent) -> bool:
    """Whether something begins that is no thought."""
    return isinstance(event, ItemAdded) and event.item.get("type") != "reasoning"


def is_answer(event: ModelEvent) -> bool:
    """Whether an event makes its response one that counts."""
    if isinstance(event, TextDelta):
        return bool(event.delta) and not event.delta.isspace()
    if isinstance(event, ItemDone):
        kind = event.item.get("type")
        return kind not in ("reasoning", "message") or (kind == "message" and has_text(event.item))
    if isinstance(event, Completed):
        return event.end_turn is False  # it wants to be asked again with these thoughts
    return isinstance(event, Incomplete)


def has_text(message: dict[str, object]) -> bool:
    parts = message.get("content")
    texts = [part.get("text") or part.get("refusal") or "" for part in parts] if isinstance(parts, list) else []
    return any(text.strip() for text in texts)
