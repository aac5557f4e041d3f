"""The scripted model: a conversation in, the next reply out. Pure, so the same request always gets the same reply."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from .conversation import Conversation, Outcome
from .directives import Directive, Fail, Marker, Plain, ScriptError, parse
from .example import example
from .items import Breakdown, Empty, HttpFailure, Incomplete, Item, Message, Reasoning, Reply, ToolCall

BROKEN_OFF = Message.of("This reply of the scripted model breaks off in the middle of")
_QUOTED_CHARACTERS = 200


def plan(conversation: Conversation, failures: int) -> Reply:
    """The reply to the conversation as it stands, after `failures` scripted failures for the same message."""
    try:
        directives = parse(conversation.message)
        return _next_reply(directives, conversation, failures)
    except ScriptError as error:
        return Reply((Message.of(f"The scripted model cannot read {error}"),))


def _next_reply(directives: list[Directive], conversation: Conversation, failures: int) -> Reply:
    """Walks the script: calls that have their outputs are behind us, the next group of calls ends the reply."""
    outcomes = conversation.outcomes
    answered, latest = 0, 0
    items: list[Item] = []
    for group in _groups(directives):
        calls = sum(isinstance(directive, ToolCall) for directive in group)
        if 0 < calls <= len(outcomes) - answered:
            answered, latest = answered + calls, answered
            failures -= sum(min(failures, fail.times or 0) for fail in group if isinstance(fail, Fail))
            continue
        for directive in group:
            if isinstance(directive, Fail):
                if directive.times is None or failures < directive.times:
                    return _failing(items, directive)
                failures -= directive.times
            elif (item := _item(directive, conversation)) is not None:
                items.append(item)
        if calls:
            break
    else:
        if not items or not isinstance(items[-1], Message):
            return Reply((*items, _summary(outcomes)))
    return Reply((*_acknowledgements(outcomes[latest:answered]), *items))


def _groups(directives: list[Directive]) -> Iterator[list[Directive]]:
    """Parts of a script that make one reply each: up to and including a call, or calls joined by `parallel`."""
    group: list[Directive] = []
    for index, directive in enumerate(directives):
        group.append(directive)
        joined = index + 1 < len(directives) and directives[index + 1] == Marker("parallel")
        if isinstance(directive, ToolCall) and not joined:
            yield group
            group = []
    if group:
        yield group


def _item(directive: Directive, conversation: Conversation) -> Item | None:
    match directive:
        case Message() | Reasoning() | ToolCall():
            return directive
        case Plain(text):
            return _structured(conversation) if conversation.schema else Message.of(_quote(text))
        case Marker("json"):
            return _structured(conversation)
        case _:
            return None


def _structured(conversation: Conversation) -> Message:
    try:
        value = example(conversation.schema or {"type": "object"})
    except ValueError as error:
        raise ScriptError(f"the output schema: {error}") from None
    return Message.of(msgspec.json.encode(value).decode())


def _failing(items: list[Item], fail: Fail) -> Reply:
    match fail.failure:
        case HttpFailure() | Empty():
            return Reply((), fail.failure)
        case Breakdown() | Incomplete():
            return Reply((*items, BROKEN_OFF), fail.failure)
        case _:
            return Reply(tuple(items), fail.failure)


def _summary(outcomes: tuple[Outcome, ...]) -> Message:
    """The last words of a script that has none of its own."""
    calls = f"{len(outcomes)} call{'s' * (len(outcomes) != 1)}"
    return Message.of(f"Done, {calls}. " + "; ".join(map(_describe, outcomes)) if outcomes else "Done.")


def _acknowledgements(outcomes: tuple[Outcome, ...]) -> Iterator[Message]:
    return (Message.of(_describe(outcome)) for outcome in outcomes if outcome.state != "ok")


def _describe(outcome: Outcome) -> str:
    state = "" if outcome.state == "ok" else f" {outcome.state}"
    return f"{outcome.tool}{state}: {_shortened(outcome.line)}"


def _quote(text: str) -> str:
    return f'The scripted model (not a language model) read: "{_shortened(text)}"'


def _shortened(text: str) -> str:
    return text if len(text) <= _QUOTED_CHARACTERS else text[: _QUOTED_CHARACTERS - 1] + "…"
