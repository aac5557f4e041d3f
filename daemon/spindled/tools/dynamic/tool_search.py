"""The tool_search tool: tools that are told to the model only when it looks for them."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta, Struct

from spindled.tools.arguments import decode, function_spec
from spindled.tools.base import ToolCall, ToolContext, ToolOptions, ToolOutput

if TYPE_CHECKING:
    from spindled.tools.dynamic.dynamic import DynamicTool

WORD = re.compile(r"[^\W_]+")


class Search(Struct):
    query: Annotated[str, Meta(min_length=1)]
    limit: Annotated[int, Meta(ge=1, le=50)] = 8


class ToolSearch:
    """`namespaces`: what there is to find, by name; `load` is called with what was found."""

    name = "tool_search"
    parallel = True

    def __init__(
        self, tools: Sequence[DynamicTool], namespaces: dict[str, str], load: Callable[[Sequence[DynamicTool]], None]
    ):
        self._tools = tools
        self._namespaces = namespaces
        self._load = load

    def offered(self, options: ToolOptions) -> bool:
        return True

    def spec(self, options: ToolOptions) -> dict[str, Any]:
        listed = "".join(f"\n- {name}: {text}" for name, text in self._namespaces.items())
        return function_spec(
            self.name,
            "Find tools that are not listed yet. What is found can be called from your next response on. "
            f"There is more in:{listed}",
            {
                "query": {"type": "string", "description": "Words for what the tool should do."},
                "limit": {"type": "integer", "description": "How many tools at most; 8 if left out."},
            },
            "query",
        )

    async def run(self, call: ToolCall, context: ToolContext) -> ToolOutput:
        wanted = decode(call, Search)
        found = best(self._tools, wanted.query)[: wanted.limit]
        self._load(found)
        told = [{"namespace": each.namespace, "name": each.name, "description": each.description} for each in found]
        return ToolOutput(msgspec.json.encode(told).decode() if told else "No tool matches.")


def best(tools: Sequence[DynamicTool], query: str) -> list[DynamicTool]:
    """Those that share a word with the query, the rarest words counting most."""
    texts = [Counter(words(f"{tool.namespace} {tool.name} {tool.description}")) for tool in tools]
    known = Counter(word for text in texts for word in text)
    wanted = {word for word in words(query) if word in known}
    scores = [sum(math.log(1 + len(tools) / known[word]) for word in wanted if word in text) for text in texts]
    ranked = sorted(zip(scores, range(len(tools)), strict=True), key=lambda pair: (-pair[0], pair[1]))
    return [tools[index] for score, index in ranked if score > 0]


def words(text: str) -> list[str]:
    """In lower case; the parts of names_like_this and namesLikeThis count each."""
    return [word.lower() for word in WORD.findall(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text))]
