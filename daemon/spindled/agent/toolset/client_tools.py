"""The tools that a thread's client brought along, and which of the deferred ones the model has found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spindled_protocol.types import NamespaceDynamicToolSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence, Set

    from spindled.tools.base import Tool, ToolCall, ToolOptions
    from spindled.tools.dynamic.dynamic import DynamicTool
    from spindled_protocol.types import DynamicToolSpec

Json = dict[str, Any]


class ClientTools:
    """`history` gives it where there are deferred tools: one that was called counts as found."""

    def __init__(self, specs: Sequence[DynamicToolSpec] = (), history: Callable[[], Iterable[Json]] = tuple):
        self.specs_given = list(specs)
        self._descriptions = {
            spec.name: spec.description for spec in specs if isinstance(spec, NamespaceDynamicToolSpec)
        }
        self._tools = tools_of(specs)
        deferred = [tool for tool in self._tools.values() if tool.deferred]
        self._found = called_in(history()) & self._tools.keys() if deferred else set()
        self._search = self._tool_search(deferred)

    def find(self, call: ToolCall) -> Tool | None:
        """Also a tool that the model was not told of: it may remember it from before a restart."""
        if self._search is not None and (call.namespace, call.name) == (None, self._search.name):
            return self._search
        return None if call.custom else self._tools.get((call.namespace, call.name))

    def specs(self, options: ToolOptions, taken: Set[str]) -> list[Json]:
        """Those that are offered, the ones of a namespace together. A built-in tool keeps its name."""
        listed: list[Json] = []
        spaces: dict[str, list[Json]] = {}
        for (namespace, name), tool in self._tools.items():
            if tool.deferred and (namespace, name) not in self._found:
                continue
            if namespace is None:
                listed += [tool.spec(options)] if name not in taken else []
                continue
            if namespace not in spaces:
                spaces[namespace] = []
                described = self._descriptions[namespace]
                listed.append(
                    {"type": "namespace", "name": namespace, "description": described, "tools": spaces[namespace]}
                )
            spaces[namespace].append(tool.spec(options))
        return [*listed, *([self._search.spec(options)] if self._search is not None else [])]

    def _tool_search(self, deferred: Sequence[DynamicTool]) -> Tool | None:
        if not deferred:
            return None
        from spindled.tools.dynamic.tool_search import ToolSearch

        spaces = {tool.namespace: self._descriptions[tool.namespace] for tool in deferred if tool.namespace}
        return ToolSearch(deferred, spaces, self._load)

    def _load(self, found: Sequence[DynamicTool]) -> None:
        self._found |= {(tool.namespace, tool.name) for tool in found}


def called_in(history: Iterable[Json]) -> set[tuple[str | None, str]]:
    """Namespace and name of every function that was called."""
    return {(item.get("namespace"), str(item.get("name"))) for item in history if item.get("type") == "function_call"}


def tools_of(specs: Sequence[DynamicToolSpec]) -> dict[tuple[str | None, str], DynamicTool]:
    if not specs:
        return {}
    from spindled.tools.dynamic.dynamic import DynamicTool

    tools: list[DynamicTool] = []
    for spec in specs:
        if isinstance(spec, NamespaceDynamicToolSpec):
            tools += [DynamicTool(tool, spec.name) for tool in spec.tools]
        else:
            tools.append(DynamicTool(spec))
    return {(tool.namespace, tool.name): tool for tool in tools}
