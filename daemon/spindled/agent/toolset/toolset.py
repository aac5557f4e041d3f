"""The tools of one thread: the built-in ones, those of its servers, and those that its client brought along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spindled.agent.toolset.client_tools import ClientTools
    from spindled.agent.toolset.servers import ThreadServers
    from spindled.tools.base import Tool, ToolCall, ToolOptions
    from spindled.tools.registry import Registry


class Toolset:
    def __init__(self, registry: Registry, client: ClientTools, servers: ThreadServers):
        self._registry = registry
        self._client = client
        self._servers = servers

    def find(self, call: ToolCall, options: ToolOptions) -> Tool | None:
        """The tool for a call."""
        return self._registry.find(call, options) or self._servers.find(call) or self._client.find(call)

    def specs(self, options: ToolOptions) -> list[dict[str, Any]]:
        """What a request lists as its tools."""
        ours = [*self._registry.specs(options), *(tool.spec(options) for tool in self._servers.tools())]
        return [*ours, *self._client.specs(options, {str(spec.get("name")) for spec in ours})]
