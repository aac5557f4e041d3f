"""Calls put together from fragments: told apart by index, or by id where an endpoint has no usable index."""

from __future__ import annotations

from typing import Any

from ..composer import Composer
from ..custom_tools import encoded, is_whole
from ..output import Draft
from .chunks import ToolCallPart


class Call:
    """One call. It is announced once it has a name and its arguments begin, and keeps the id it has by then."""

    def __init__(self, call_id: str | None):
        self.id = call_id
        self.name = ""
        self.arguments: list[str] = []  # once it is announced, the payload of its draft
        self.draft: Draft | None = None
        self.extra: Any = None

    def feed(self, part: ToolCallPart, composer: Composer) -> None:
        function = part.function
        self.extra = part.extra_content or self.extra
        if function is not None and function.arguments:
            self.arguments.append(_text(function.arguments))
        if self.draft is None:
            self.id = part.id or self.id
            self.name += (function and function.name) or ""
            if self.arguments:
                self.announce(composer)

    def announce(self, composer: Composer) -> None:
        if self.draft is None and self.name:
            self.draft = composer.call(self.id or "", self.name)
            self.draft.payload = self.arguments

    @property
    def is_whole(self) -> bool:
        return is_whole("".join(self.arguments))


class ToolCalls:
    """The calls of one response."""

    def __init__(self, composer: Composer):
        self._composer = composer
        self._at: dict[int, Call] = {}
        self._all: list[Call] = []
        self._last: Call | None = None

    def feed(self, part: ToolCallPart) -> None:
        call = self._last if part.index is None else self._at.get(part.index)
        if call is None or (part.id and begins_another(part, call)):
            self.end()
            call = Call(part.id)
            self._at[len(self._at) if part.index is None else part.index] = call
            self._all.append(call)
        self._last = call
        call.feed(part, self._composer)

    def end(self) -> None:
        """No more calls begin, or another one does."""
        for call in self._at.values():
            call.announce(self._composer)
            if call.draft is not None:
                self._composer.end_call_if_whole(call.draft)

    def extras(self) -> dict[str, Any]:
        """What has to go back with a call beside its arguments, by call id."""
        calls = [call for call in self._all if call.draft is not None and call.extra]
        return {call.draft.item["call_id"]: call.extra for call in calls if call.draft is not None}


def begins_another(part: ToolCallPart, call: Call) -> bool:
    """Whether a fragment is of a new call at the place of a known one: some endpoints give every call the same index,
    or none. It has another id and a name then, and the call before it is whole."""
    return part.id != call.id and part.function is not None and bool(part.function.name) and call.is_whole


def _text(arguments: Any) -> str:
    """Arguments are JSON as text; some endpoints send the object itself."""
    if arguments.__class__ is str:
        return arguments
    return encoded(arguments) if isinstance(arguments, dict) else ""
