"""How a server is reached: its settings, with what the daemon's environment adds to them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from spindled.config.masking import masked
from spindled.config.mcp import EnvVar, McpServer, usable_name

# What a program needs to find itself at home, and nothing that could be a secret.
INHERITED = ("HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER")


class Launch(Struct, frozen=True, kw_only=True):
    """Equal launches share one server. `problem`: why it cannot be reached at all."""

    name: str
    server: McpServer
    cwd: str = ""
    environment: dict[str, str] = {}
    headers: dict[str, str] = {}
    problem: str | None = None

    def __repr__(self) -> str:
        return masked(self, {"environment", "headers"})

    @property
    def key(self) -> bytes:
        """Equal for servers that can be one. Filters and approvals are the thread's, not the server's."""
        server = msgspec.structs.replace(
            self.server,
            enabled=True,
            required=False,
            enabled_tools=None,
            disabled_tools=[],
            default_tools_approval_mode=None,
            tools={},
        )
        return hashlib.sha256(msgspec.msgpack.encode(msgspec.structs.replace(self, server=server))).digest()

    @property
    def origin(self) -> str | None:
        """Scheme, host and port of a server's address, without what may stand in it for a login."""
        if self.server.url is None:
            return None
        parts = urlsplit(self.server.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    @property
    def secrets(self) -> list[str]:
        """Values that no log may show."""
        inherited = {self.environment.get(name) for name in INHERITED}
        values = [*self.environment.values(), *self.headers.values()]
        return [value for value in values if value and value not in inherited]


def launch(name: str, server: McpServer, cwd: Path, environ: Mapping[str, str]) -> Launch:
    """`cwd`: of the thread, where a command runs unless its settings say otherwise."""
    problem = None if usable_name(name) else f"`{name}` is no name for a server: letters, digits and _ : @ / . - are"
    if server.url is not None:
        headers, missing = http_headers(server, environ)
        return Launch(name=name, server=server, headers=headers, problem=problem or missing)
    elsewhere = [each.name for each in server.env_vars if isinstance(each, EnvVar) and each.source == "remote"]
    if elsewhere:
        problem = problem or f"env_vars: `{elsewhere[0]}` has the source `remote`, and servers run here"
    environment = child_variables(server, environ)
    return Launch(name=name, server=server, cwd=server.cwd or str(cwd), environment=environment, problem=problem)


def child_variables(server: McpServer, environ: Mapping[str, str]) -> dict[str, str]:
    """The basic variables, those that the settings name, and those that they set."""
    named = [each.name if isinstance(each, EnvVar) else each for each in server.env_vars]
    kept = {name: environ[name] for name in (*INHERITED, *named) if name in environ}
    return {**kept, **server.env}


def http_headers(server: McpServer, environ: Mapping[str, str]) -> tuple[dict[str, str], str | None]:
    """The headers of every request, and what is missing for them."""
    headers = dict(server.http_headers)
    for header, variable in server.env_http_headers.items():
        if value := environ.get(variable, "").strip():
            headers[header] = value
    if server.bearer_token_env_var is None:
        return headers, None
    token = environ.get(server.bearer_token_env_var, "").strip()
    if not token:
        return headers, f"the environment variable {server.bearer_token_env_var} is not set"
    headers["Authorization"] = f"Bearer {token}"
    return headers, None
