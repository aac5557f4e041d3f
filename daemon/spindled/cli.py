"""The command line as data. Flags may stand before or after the sub-command."""

from __future__ import annotations

from collections.abc import Callable, Iterator

__all__ = ["USAGE", "Options", "UsageError", "parse"]

USAGE = """\
Usage: spindled [OPTIONS] COMMAND [OPTIONS]

Commands:
  app-server            Serve clients over JSON-RPC
  gateway               Serve a provider as a Responses endpoint on loopback

Options:
  -c, --config KEY=VALUE  Override a configuration value; KEY is a dotted path, VALUE is TOML or else plain text
      --enable FEATURE    The same as -c features.FEATURE=true
      --disable FEATURE   The same as -c features.FEATURE=false
      --strict-config     Refuse a configuration with unknown keys
      --listen WHERE      app-server: stdio:// (default); gateway: 127.0.0.1:PORT, port 0 is any free one (default)
      --provider NAME     gateway: the same as -c model_provider=NAME
      --allow-remote      gateway: listen also where other machines can reach it; needs a token
      --stdio             The same as --listen stdio://
      --log-file FILE     Write the log there and not to stderr
  -v, --verbose           Log more; twice for everything
  -V, --version           Print the version
  -h, --help              Print this help
"""

COMMANDS = ("app-server", "gateway")
DEFAULT_LISTEN = {"app-server": "stdio://", "gateway": "127.0.0.1:0"}


class UsageError(Exception):
    """A command line that makes no sense; the text says why."""


class Options:
    """What the command line said. `overrides` are (dotted key, value), the later one wins."""

    def __init__(self) -> None:
        self.command: str | None = None
        self.overrides: list[tuple[str, object]] = []
        self.strict_config = False
        self.listen = ""
        self.allow_remote = False
        self.log_file: str | None = None
        self.verbosity = 0
        self.show: str | None = None  # "version" or "help"


def parse(arguments: list[str]) -> Options:
    """Raises UsageError."""
    options = Options()
    rest = _words(arguments)
    for word in rest:
        if not word.startswith("-"):
            _command(options, word)
            continue
        name, value = _split(word)
        if name in _VALUES:
            value = next(rest, None) if value is None else value
            if value is None:
                raise UsageError(f"option '{name}' needs a value")
            _VALUES[name](options, value)
        elif name in _FLAGS and value is None:
            _FLAGS[name](options)
        elif name in _FLAGS:
            raise UsageError(f"option '{name}' takes no value")
        else:
            raise UsageError(f"unknown option '{name}'")
    _check(options)
    return options


def _check(options: Options) -> None:
    """What a flag means, and whether it means anything, depends on the command."""
    options.listen = options.listen or DEFAULT_LISTEN.get(options.command or "", "")
    if options.command == "app-server":
        if options.listen != "stdio://":
            raise UsageError(f"--listen {options.listen} is not supported in this build; use stdio://")
        if options.allow_remote:
            raise UsageError("--allow-remote is for the gateway")


def _words(arguments: list[str]) -> Iterator[str]:
    """Bundled flags taken apart: -vv is -v -v."""
    for word in arguments:
        if word.startswith("-v") and not word[1:].strip("v"):
            yield from ["-v"] * (len(word) - 1)
        else:
            yield word


def _split(word: str) -> tuple[str, str | None]:
    """--name=value, -nvalue and -n=value into name and value."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        return name, value if equals else None
    return word[:2], word[2:].removeprefix("=") or None


def _command(options: Options, word: str) -> None:
    if options.command is not None:
        raise UsageError(f"unexpected argument '{word}'")
    if word not in COMMANDS:
        raise UsageError(f"unknown command '{word}'")
    options.command = word


def _override(options: Options, text: str) -> None:
    key, equals, value = text.partition("=")
    key = key.strip()
    if not equals or not all(key.split(".")):
        raise UsageError(f"invalid override '{key}': expected KEY=VALUE")
    options.overrides.append((key, toml_value(value)))


def toml_value(text: str) -> object:
    """The TOML value that `text` spells, else `text` itself without outer blanks and quotes."""
    import tomllib

    try:
        document = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        document = {}
    if list(document) == ["value"]:
        return document["value"]
    return text.strip().strip("\"'")


def _feature(options: Options, name: str, on: bool) -> None:
    if not name:
        raise UsageError("a feature needs a name")
    options.overrides.append((f"features.{name}", on))


def _set(name: str, value: object) -> Callable[[Options], None]:
    return lambda options: setattr(options, name, value)


def _more(options: Options) -> None:
    options.verbosity += 1


_VALUES: dict[str, Callable[[Options, str], None]] = {
    "-c": _override,
    "--config": _override,
    "--enable": lambda options, name: _feature(options, name, True),
    "--disable": lambda options, name: _feature(options, name, False),
    "--listen": lambda options, where: setattr(options, "listen", where),
    "--provider": lambda options, name: options.overrides.append(("model_provider", name)),
    "--log-file": lambda options, file: setattr(options, "log_file", file),
}

_FLAGS: dict[str, Callable[[Options], None]] = {
    "--strict-config": _set("strict_config", True),
    "--stdio": _set("listen", "stdio://"),
    "--allow-remote": _set("allow_remote", True),
    "-v": _more,
    "--verbose": _more,
    "-V": _set("show", "version"),
    "--version": _set("show", "version"),
    "-h": _set("show", "help"),
    "--help": _set("show", "help"),
}
