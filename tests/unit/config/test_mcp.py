"""[mcp_servers.*]: what it says, and what it may not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from spindled.config.errors import ConfigError
from spindled.config.layers.load import load
from spindled.config.mcp import EnvVar, McpServer, header_variables


def loaded(home: Path, text: str) -> dict[str, McpServer]:
    (home / "config.toml").write_text(text)
    return load(home, cwd=home).settings.mcp_servers


def test_a_command(tmp_path: Path) -> None:
    server = loaded(
        tmp_path,
        """
        [mcp_servers.docs]
        command = "npx"
        args = ["-y", "docs"]
        env_vars = ["TOKEN", {name = "OTHER", source = "local"}]
        cwd = "sub"
        startup_timeout_sec = 2.5
        tool_timeout_sec = 7
        enabled_tools = ["a", "b"]
        disabled_tools = ["b"]
        default_tools_approval_mode = "writes"
        [mcp_servers.docs.env]
        A = "1"
        [mcp_servers.docs.tools.a]
        approval_mode = "approve"
        """,
    )["docs"]
    assert (server.command, server.args, server.env) == ("npx", ["-y", "docs"], {"A": "1"})
    assert server.env_vars == ["TOKEN", EnvVar(name="OTHER")]
    assert server.cwd == str(tmp_path / "sub")
    assert (server.startup_seconds, server.tool_seconds) == (2.5, 7)
    assert [server.offers(tool) for tool in ("a", "b", "c")] == [True, False, False]
    assert [server.approval_mode(tool) for tool in ("a", "b")] == ["approve", "writes"]


def test_an_address(tmp_path: Path) -> None:
    server = loaded(
        tmp_path,
        '[mcp_servers.web]\nurl = "https://h/mcp"\nbearer_token_env_var = "T"\nhttp_headers = {A = "b"}\n'
        'env_http_headers = {C = "D"}\nscopes = ["x"]\noauth = {client_id = "me"}\nenabled = false\nrequired = true\n',
    )["web"]
    assert server.url == "https://h/mcp"
    assert (server.enabled, server.required) == (False, True)
    assert server.oauth is not None
    assert server.oauth.client_id == "me"


def test_what_is_not_said(tmp_path: Path) -> None:
    server = loaded(tmp_path, '[mcp_servers.x]\ncommand = "x"\n')["x"]
    assert (server.startup_seconds, server.tool_seconds) == (30, 300)
    assert server.enabled
    assert not server.required
    assert server.offers("anything")
    assert server.approval_mode("anything") == "auto"


def test_the_older_name_of_the_start_time(tmp_path: Path) -> None:
    assert loaded(tmp_path, '[mcp_servers.x]\ncommand = "x"\nstartup_timeout_ms = 1500\n')["x"].startup_seconds == 1.5


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ('args = ["x"]', "either `command` or `url`"),
        ('command = "x"\nurl = "http://h"', "not both"),
        ('command = "x"\nbearer_token_env_var = "T"', "bearer_token_env_var is not supported for stdio"),
        ('command = "x"\nhttp_headers = {a = "b"}', "http_headers is not supported for stdio"),
        ('url = "http://h"\nargs = ["x"]', "args is not supported for streamable_http"),
        ('url = "ftp://h"', "url must start with http"),
        ('command = "x"\ntool_timeout_sec = -1', "invalid value"),
        ('command = "x"\ndefault_tools_approval_mode = "zz"', "expected one of `auto`, `prompt`, `writes`, `approve`"),
        ('command = "x"\nenv_vars = [1]', "invalid type"),
    ],
)
def test_what_cannot_be(tmp_path: Path, body: str, error: str) -> None:
    with pytest.raises(ConfigError) as failure:
        loaded(tmp_path, f"[mcp_servers.x]\n{body}\n")
    assert error in str(failure.value)


def test_a_later_layer_may_complete_a_server(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[mcp_servers.x]\nenabled = false\n")
    with pytest.raises(ConfigError):
        load(tmp_path, cwd=tmp_path)
    config = load(tmp_path, [("mcp_servers.x.command", "x")], cwd=tmp_path)
    assert config.settings.mcp_servers["x"] == McpServer(command="x", enabled=False)


def test_an_unknown_key_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[mcp_servers.x]\ncommand = "x"\nbogus = 1\n[mcp_servers.x.tools.a]\nz = 1\n')
    (warning,) = load(tmp_path, cwd=tmp_path).warnings
    assert "mcp_servers.x.bogus" in warning.summary
    assert "mcp_servers.x.tools.a.z" in warning.summary


def test_the_variables_that_hold_credentials() -> None:
    servers = [
        McpServer(url="http://h", bearer_token_env_var="A", env_http_headers={"X": "B", "Y": "C"}),
        McpServer(command="x", env_vars=["D"]),
    ]
    assert header_variables(servers) == {"A", "B", "C"}
    assert header_variables([]) == frozenset()


def test_no_secret_is_shown() -> None:
    server = McpServer(args=["hush"], env={"A": "hush"}, url="http://u:hush@h", http_headers={"A": "hush"})
    assert "hush" not in repr(server)
