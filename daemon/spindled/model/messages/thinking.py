"""How much the model may think, and its thoughts as content blocks.

A reasoning item's seal holds the `signature` of a thinking block, or the `redacted` data of one.
"""

from __future__ import annotations

from typing import Any

from ..conversation import Reply, thought_text
from ..quirks import Quirks
from ..request import ModelRequest
from ..sealed import Seal

Json = dict[str, Any]
LEAST_BUDGET = 1024
BUDGETS = {"minimal": 1024, "low": 4096, "medium": 10_240, "high": 20_480, "xhigh": 32_768}
LARGEST_BUDGET = 65_536
OFF = (None, "none")
KINDS = ("thinking", "redacted_thinking")


def thinking(request: ModelRequest, quirks: Quirks, max_tokens: int) -> Json | None:
    """The member of the request; None if the model is not to think."""
    if request.effort in OFF or quirks.thinking == "none":
        return None
    if quirks.thinking == "adaptive":
        told = request.summary not in OFF
        return {"type": "adaptive", **({"display": "summarized"} if told else {})}
    budget = min(BUDGETS.get(str(request.effort), LARGEST_BUDGET), max_tokens * 3 // 4)  # the rest is for the answer
    return {"type": "enabled", "budget_tokens": budget} if budget >= LEAST_BUDGET else None


def blocks(reply: Reply, quirks: Quirks, seal: Seal) -> list[Json]:
    """The thoughts of a reply, as this provider sent them."""
    found = []
    for item in reply.items:
        state = seal.open(item) if item["type"] == "reasoning" else None
        if state is None:
            continue
        signature, redacted = state.get("signature", ""), state.get("redacted")
        if redacted:
            found.append({"type": "redacted_thinking", "data": redacted})
        elif signature or not quirks.signed:
            found.append({"type": "thinking", "thinking": thought_text(item), "signature": signature})
    return found


def without(messages: list[Json]) -> list[Json]:
    """The messages without any thoughts."""
    kept = [{**m, "content": [block for block in m["content"] if block["type"] not in KINDS]} for m in messages]
    return [message for message in kept if message["content"]]


def may_go_on(messages: list[Json]) -> bool:
    """Whether a model with a thinking budget may think on: while it works with tools, the first thing it did since the
    user spoke has to begin with a thought."""
    first: Json | None = None
    for message in reversed(messages):
        if message["role"] == "assistant":
            first = message
        elif all(block["type"] != "tool_result" for block in message["content"]):
            break
    return first is None or first["content"][0]["type"] in KINDS
