"""The command line."""

from __future__ import annotations

import pytest

from spindled.cli import UsageError, parse

WS = ("app-server", "--listen", "ws://127.0.0.1:0")
TOKEN = (*WS, "--ws-auth", "capability-token")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("5", 5),
        ("true", True),
        ('"o3"', "o3"),
        ("o3", "o3"),
        ("'o3'", "o3"),
        ('["a", 1]', ["a", 1]),
        ("{a.b = 1}", {"a": {"b": 1}}),
        ("a=b", "a=b"),
        ("", ""),
        ("1\nother = 2", "1\nother = 2"),
        ("/path with blank", "/path with blank"),
    ],
)
def test_override_values(value: str, expected: object) -> None:
    assert parse(["app-server", "-c", f"a.b={value}"]).overrides == [("a.b", expected)]


@pytest.mark.parametrize(
    "words",
    [
        ["-c", "k=1", "app-server"],
        ["app-server", "-ck=1"],
        ["app-server", "-c=k=1"],
        ["--config", "k=1", "app-server", "--stdio"],
        ["app-server", "--config=k=1", "--listen", "stdio://"],
    ],
)
def test_flags_stand_anywhere(words: list[str]) -> None:
    options = parse(words)
    assert (options.command, options.overrides, options.listen) == ("app-server", [("k", 1)], "stdio://")


def test_the_rest() -> None:
    options = parse(
        ["-vv", "--enable", "X", "app-server", "--disable=Y", "--strict-config", "--log-file", "f", "--verbose"]
    )
    assert options.overrides == [("features.X", True), ("features.Y", False)]
    assert (options.strict_config, options.log_file, options.verbosity) == (True, "f", 3)
    assert parse(["--version"]).show == "version"
    assert parse(["-h"]).show == "help"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["app-server", "--allow-remote"], "--allow-remote is for ws:// addresses and the gateway"),
        (["--what"], "unknown option '--what'"),
        (["-x"], "unknown option '-x'"),
        (["serve"], "unknown command 'serve'"),
        (["app-server", "app-server"], "unexpected argument 'app-server'"),
        (["app-server", "--listen", "tcp://127.0.0.1:1"], "unsupported --listen URL `tcp://127.0.0.1:1`"),
        (["app-server", "--listen", "off"], "no transport configured"),
        (["app-server", "--listen", "unix://", "--stdio"], "'--listen' cannot be used several times"),
        (["app-server", "--ws-auth", "capability-token"], "--ws-auth is for ws:// addresses"),
        ([*WS, "--ws-auth", "none"], "invalid value 'none' for --ws-auth"),
        ([*WS, "--ws-token-file", "f"], "require --ws-auth capability-token"),
        ([*WS, "--ws-issuer", "me", "--ws-auth", "capability-token"], "require --ws-auth signed-bearer-token"),
        ([*TOKEN, "--ws-token-file", "f", "--ws-token-sha256", "00"], "mutually exclusive"),
        ([*WS, "--ws-max-clock-skew-seconds", "soon"], "a number of seconds"),
        (["app-server", "-c"], "option '-c' needs a value"),
        (["app-server", "-c", "novalue"], "invalid override 'novalue'"),
        (["app-server", "-c", "a..b=1"], "invalid override 'a..b'"),
        (["app-server", "--stdio=yes"], "option '--stdio' takes no value"),
        (["app-server", "--enable="], "a feature needs a name"),
        (["shim"], "shim needs a folder"),
        (["shim", "a", "b"], "unexpected argument 'b'"),
        (["app-server", "generate-ts"], "option '--out' is missing"),
        (["app-server", "generate-nothing"], "unexpected argument 'generate-nothing'"),
        (["app-server", "--out", "d"], "--out and --experimental are for"),
        (["app-server", "generate-json-schema", "--out", "d", "--prettier", "p"], "--prettier is for"),
    ],
)
def test_errors(words: list[str], text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(words)
    assert text in str(caught.value)


def test_the_gateway() -> None:
    options = parse(["gateway", "--provider", "deepseek", "--listen=127.0.0.1:8100", "--allow-remote", "-c", "a=1"])
    assert (options.command, options.listen, options.allow_remote) == ("gateway", "127.0.0.1:8100", True)
    assert options.overrides == [("model_provider", "deepseek"), ("a", 1)]
    assert parse(["gateway"]).listen == "127.0.0.1:0"


def test_what_writes_into_a_folder() -> None:
    options = parse(["-c", "a=1", "app-server", "generate-ts", "--experimental", "-o", "d", "--prettier=p"])
    assert (options.command, options.folder, options.prettier) == ("app-server generate-ts", "d", "p")
    assert options.experimental
    assert parse(["--codex", "shim", "d"]).folder == "d"


def test_as_editors_call_it() -> None:
    options = parse(["--codex", "app-server", "--analytics-default-enabled", "--enable", "x"])
    assert (options.command, options.overrides, options.as_codex) == ("app-server", [("features.x", True)], True)
