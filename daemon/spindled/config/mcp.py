"""MCP servers as config.toml has them: [mcp_servers.<name>]. A server is a command or an address, never both."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct

from spindled.config.errors import ConfigError
from spindled.config.masking import masked

ApprovalMode = Literal["auto", "prompt", "writes", "approve"]
Seconds = Annotated[float, Meta(ge=0, le=1e6)]

STARTUP_SECONDS = 30.0
TOOL_SECONDS = 300.0

_STDIO_ONLY = ("args", "env", "env_vars", "cwd")
_HTTP_ONLY = ("bearer_token_env_var", "http_headers", "env_http_headers", "scopes", "oauth_resource", "oauth")
_NAME = re.compile(r"[a-zA-Z0-9_:@/.-]+")


class EnvVar(Struct, frozen=True, kw_only=True):
    """A variable of the daemon that a server gets. `source` "remote" is for servers that run elsewhere: not here."""

    name: str
    source: Literal["local", "remote"] = "local"


class McpOauth(Struct, frozen=True, kw_only=True):
    """`client_id`: of a client that was registered by hand; without it one is registered at the first login."""

    client_id: str | None = None


class McpTool(Struct, frozen=True, kw_only=True):
    approval_mode: ApprovalMode | None = None


class McpServer(Struct, frozen=True, kw_only=True):
    """`repr()` masks every value that can hold a secret."""

    command: str | None = None
    args: list[str] = []
    env: dict[str, str] = {}
    env_vars: list[str | EnvVar] = []
    cwd: str | None = None  # absolute once loaded; None: the thread's

    url: str | None = None
    bearer_token_env_var: str | None = None
    http_headers: dict[str, str] = {}
    env_http_headers: dict[str, str] = {}  # header -> environment variable
    scopes: list[str] = []
    oauth_resource: str | None = None
    oauth: McpOauth | None = None

    enabled: bool = True
    required: bool = False
    startup_timeout_sec: Seconds | None = None
    startup_timeout_ms: Annotated[int, Meta(ge=0)] | None = None  # an older name; the other one wins
    tool_timeout_sec: Seconds | None = None
    supports_parallel_tool_calls: bool = False
    enabled_tools: list[str] | None = None  # None: all
    disabled_tools: list[str] = []
    default_tools_approval_mode: ApprovalMode | None = None
    tools: dict[str, McpTool] = {}

    def __repr__(self) -> str:
        return masked(self, {"args", "env", "url", "http_headers"})

    @property
    def startup_seconds(self) -> float:
        if self.startup_timeout_sec is not None:
            return self.startup_timeout_sec
        return STARTUP_SECONDS if self.startup_timeout_ms is None else self.startup_timeout_ms / 1000

    @property
    def tool_seconds(self) -> float:
        return TOOL_SECONDS if self.tool_timeout_sec is None else self.tool_timeout_sec

    def offers(self, tool: str) -> bool:
        """Whether the user lets the model have this tool."""
        return (self.enabled_tools is None or tool in self.enabled_tools) and tool not in self.disabled_tools

    def approval_mode(self, tool: str) -> ApprovalMode:
        known = self.tools.get(tool)
        return (known and known.approval_mode) or self.default_tools_approval_mode or "auto"


def check_servers(servers: Mapping[str, McpServer]) -> None:
    """Raises ConfigError for a server that is neither a command nor an address, or a mixture of both."""
    for name, server in servers.items():
        if (server.command is None) == (server.url is None):
            raise ConfigError(f"mcp_servers.{name}: either `command` or `url` is needed, and not both")
        foreign, kind = (_HTTP_ONLY, "stdio") if server.command is not None else (_STDIO_ONLY, "streamable_http")
        for key in foreign:
            if getattr(server, key):
                raise ConfigError(f"mcp_servers.{name}: {key} is not supported for {kind}")
        if server.url is not None and not server.url.lower().startswith(("http://", "https://")):
            raise ConfigError(f"mcp_servers.{name}: url must start with http:// or https://")


def header_variables(servers: Collection[McpServer]) -> frozenset[str]:
    """The environment variables that hold credentials of servers over HTTP."""
    named = {server.bearer_token_env_var for server in servers if server.bearer_token_env_var}
    return frozenset(named.union(*(server.env_http_headers.values() for server in servers)))


def usable_name(name: str) -> bool:
    """Whether tools of a server of this name can be named for a model."""
    return _NAME.fullmatch(name) is not None
