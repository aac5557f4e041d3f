"""The order of what a daemon sent, in words that a test can compare."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

Message = dict[str, Any]

STARTED = (
    "result",
    "thread/status/changed active",
    "turn/started inProgress",
    "item/started userMessage",
    "item/completed userMessage",
)
"""How every turn begins: the answer to turn/start, then the user's message."""
ANSWERED = (
    "item/started agentMessage",
    "item/agentMessage/delta",
    "item/completed agentMessage",
    "thread/tokenUsage/updated",
)
"""A response of the model that is one message of one delta."""
UNREAD = "thread/readState/changed"
COMPLETED = (UNREAD, "thread/status/changed idle", "turn/completed completed")
INTERRUPTED = ("thread/status/changed idle", "turn/completed interrupted")
FAILED = ("thread/status/changed systemError", "error final", UNREAD, "turn/completed failed")

PIECES = "item/commandExecution/outputDelta"
"""How often it is sent depends on how the pipe cuts the output, so its number is not part of a flow."""


def flow(messages: Iterable[Message]) -> list[str]:
    """One label a message; `LABEL xN` for N equal ones in a row."""
    labels = []
    for label, run in groupby(map(labelled, messages)):
        count = len(list(run))
        labels.append(label if count == 1 or label == PIECES else f"{label} x{count}")
    return labels


def labelled(message: Message) -> str:
    """The method and what sets it apart: kind and status of its item, status of thread or turn, whether it is final."""
    if "method" not in message:
        return f"error {message['error']['code']}" if "error" in message else "result"
    method, params = message["method"], message.get("params") or {}
    if "id" in message:
        return f"request {method}"
    return " ".join([method, *_details(method, params)])


def items(messages: Iterable[Message], kind: str) -> list[Message]:
    """The completed items of a kind."""
    found = [m["params"]["item"] for m in messages if m.get("method") == "item/completed"]
    return [item for item in found if item["type"] == kind]


def of(messages: Iterable[Message], method: str) -> list[Message]:
    """The params of all notifications and requests of a method."""
    return [message["params"] for message in messages if message.get("method") == method]


def turn_of(messages: Sequence[Message]) -> Message:
    """The turn as its turn/completed gives it."""
    turn: Message = of(messages, "turn/completed")[-1]["turn"]
    return turn


def _details(method: str, params: Message) -> list[str]:
    if method == "error":
        return ["willRetry" if params["willRetry"] else "final"]
    if "item" in params:
        item = params["item"]
        return [item["type"], *([item["status"]] if "status" in item else [])]
    if "turn" in params:
        return [params["turn"]["status"]]
    if "status" in params:
        status = params["status"]
        return [status["type"], *status.get("activeFlags", [])]
    return []
