"""What a server gets of the daemon's environment, and what makes two of them one."""

from __future__ import annotations

from pathlib import Path

import pytest

from spindled.config.mcp import EnvVar, McpServer
from spindled.mcp.launch import Launch, launch

ENVIRON = {"HOME": "/home/u", "PATH": "/bin", "OPENAI_API_KEY": "sk-hush", "MINE": "mine", "BEARER": " bear-hush "}
HERE = Path("/work")


def launched(**settings: object) -> Launch:
    return launch("s", McpServer(**settings), HERE, ENVIRON)  # type: ignore[arg-type]


def test_a_child_gets_the_basics_and_what_its_settings_name() -> None:
    made = launched(command="x", env_vars=["MINE", "ABSENT", EnvVar(name="HOME")], env={"SET": "1", "PATH": "/own"})
    assert made.environment == {"HOME": "/home/u", "PATH": "/own", "MINE": "mine", "SET": "1"}
    assert made.problem is None


def test_it_runs_in_the_folder_of_the_thread_unless_it_has_its_own() -> None:
    assert launched(command="x").cwd == "/work"
    assert launched(command="x", cwd="/own").cwd == "/own"


def test_http_headers_come_from_settings_and_environment() -> None:
    made = launched(
        url="http://h/mcp",
        http_headers={"X-A": "a"},
        env_http_headers={"X-B": "MINE", "X-C": "ABSENT"},
        bearer_token_env_var="BEARER",
    )
    assert made.headers == {"X-A": "a", "X-B": "mine", "Authorization": "Bearer bear-hush"}
    assert not made.environment
    assert not made.cwd


def test_a_token_that_is_missing_is_a_problem_and_not_a_request_without_it() -> None:
    assert launched(url="http://h/mcp", bearer_token_env_var="ABSENT").problem == (
        "the environment variable ABSENT is not set"
    )


def test_what_cannot_be_is_a_problem() -> None:
    assert launched(command="x", env_vars=[EnvVar(name="A", source="remote")]).problem is not None
    assert launch("we ird", McpServer(command="x"), HERE, {}).problem is not None


def test_no_secret_is_shown() -> None:
    made = launched(command="x", args=["--key", "arg-hush"], env={"TOKEN": "env-hush"}, env_vars=["OPENAI_API_KEY"])
    assert "hush" not in repr(made)
    headers = launched(url="http://u:url-hush@h/mcp", http_headers={"X": "head-hush"}, bearer_token_env_var="BEARER")
    assert "hush" not in repr(headers)
    assert headers.origin == "http://h"
    assert sorted(made.secrets) == ["env-hush", "sk-hush"]


@pytest.mark.parametrize("other", [{"args": ["b"]}, {"env": {"A": "2"}}, {"cwd": "/x"}, {"tool_timeout_sec": 1.0}])
def test_what_the_server_is_makes_its_key(other: dict[str, object]) -> None:
    assert launched(command="x").key != launched(command="x", **other).key


def test_what_a_thread_makes_of_it_does_not() -> None:
    thread = {
        "required": True,
        "enabled_tools": ["a"],
        "disabled_tools": ["b"],
        "default_tools_approval_mode": "writes",
    }
    assert launched(command="x").key == launched(command="x", **thread).key
