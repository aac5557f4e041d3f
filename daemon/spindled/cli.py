"""The command line as data. Flags may stand before or after the sub-command."""

from __future__ import annotations

from collections.abc import Callable

from spindled.flags import UsageError, read_flags

__all__ = ["USAGE", "Options", "UsageError", "command_of", "parse"]

USAGE = """\
Usage: spindled [OPTIONS] COMMAND [OPTIONS]

Commands:
  app-server            Serve clients over JSON-RPC
  app-server proxy      Join stdin and stdout with a server that listens on a socket
  app-server daemon start|restart|stop|status|version
                        A server in the background, on the socket where clients look for it
  app-server generate-json-schema, app-server generate-ts
                        Write the types of the protocol into the folder --out
  exec [PROMPT]         Run one turn and leave; `spindled exec --help` tells more
  gateway               Serve a provider as a Responses endpoint on loopback
  lsp                   Serve an editor as a language server
  shim DIR              Write an executable named `codex` into a folder, for clients that know only that name

Options:
  -c, --config KEY=VALUE  Override a configuration value; KEY is a dotted path, VALUE is TOML or else plain text
      --enable FEATURE    The same as -c features.FEATURE=true
      --disable FEATURE   The same as -c features.FEATURE=false
      --strict-config     Refuse a configuration with unknown keys
      --listen WHERE      app-server: stdio:// (default), unix://, unix://PATH, ws://IP:PORT or off;
                          lsp: stdio:// (default), or unix://PATH for any number of editors;
                          gateway: 127.0.0.1:PORT; port 0 is any free one (default)
      --sock PATH         app-server proxy: the socket, if it is not the default one
      --stdio             The same as --listen stdio://
      --tcp [HOST:]PORT   lsp: wait for the editor there, on loopback; port 0 is any free one
      --ws [HOST:]PORT    lsp: the same over a websocket
      --pipe PATH         lsp: connect to the editor's Unix socket, or wait for it there
      --idle SECONDS      With unix:// or ws://: end when for so long nobody is connected and nothing runs
      --provider NAME     gateway: the same as -c model_provider=NAME
      --allow-remote      Listen also where other machines can reach it: gateway, with a token; ws://, without --ws-auth
  -o, --out DIR           generate-...: where to write
      --experimental      generate-...: with what only experimental clients may use
  -p, --prettier PROGRAM  generate-ts: formats what was written

Who may connect to ws://:
      --ws-auth MODE                       capability-token or signed-bearer-token
      --ws-token-file FILE                 Holds the token; or else the variable SPINDLED_WS_TOKEN does
      --ws-token-sha256 HEX                The token's SHA-256 instead
      --ws-shared-secret-file FILE         Holds the secret of HS256 tokens; or else SPINDLED_WS_SECRET does
      --ws-issuer, --ws-audience NAME      What these tokens must say in `iss` and `aud`
      --ws-max-clock-skew-seconds SECONDS  How far clocks may differ (30)

Logs and help:
      --log-file FILE     Write the log there and not to stderr
  -v, --verbose           Log more; twice for everything
      --codex             Be `codex` where clients look at it; `spindled shim` passes it
  -V, --version           Print the version
  -h, --help              Print this help
"""

GENERATE = ("app-server generate-json-schema", "app-server generate-ts")
DAEMON = "app-server daemon"
MANAGE = tuple(f"{DAEMON} {verb}" for verb in ("start", "restart", "stop", "status", "version"))
PROXY = "app-server proxy"
COMMANDS = ("app-server", DAEMON, *MANAGE, PROXY, *GENERATE, "gateway", "lsp", "shim")
OF_EXEC = frozenset(
    {
        "-C",
        "-a",
        "-i",
        "-m",
        "-s",
        "--add-dir",
        "--ask-for-approval",
        "--cd",
        "--image",
        "--local-provider",
        "--model",
        "--profile",
        "--sandbox",
    }
)
"""Flags with a value that may stand before `exec` (see faces/exec/options.py)."""
DEFAULT_LISTEN = {"app-server": "stdio://", "gateway": "127.0.0.1:0", "lsp": "stdio://"}
FOR_EDITORS = ("tcp://", "ws://", "pipe://", "unix://")


class WebSocketAuth:
    """Who may connect over ws://, as the command line says; a file or a variable holds the secret itself."""

    def __init__(self) -> None:
        self.mode: str | None = None
        self.token_file: str | None = None
        self.token_sha256: str | None = None
        self.shared_secret_file: str | None = None
        self.issuer: str | None = None
        self.audience: str | None = None
        self.max_clock_skew_seconds: int | None = None


class Options:
    """What the command line said. `overrides` are (dotted key, value), the later one wins."""

    def __init__(self) -> None:
        self.command: str | None = None
        self.folder: str | None = None  # of shim and generate-...
        self.overrides: list[tuple[str, object]] = []
        self.strict_config = False
        self.listen = ""
        self.allow_remote = False
        self.idle_seconds: float | None = None
        self.ws_auth = WebSocketAuth()
        self.log_file: str | None = None
        self.verbosity = 0
        self.show: str | None = None  # "version" or "help"
        self.as_codex = False  # called by the name `codex`
        self.experimental = False
        self.prettier: str | None = None
        self.socket: str | None = None  # of proxy


def parse(arguments: list[str]) -> Options:
    """Raises UsageError."""
    options = Options()
    read_flags(arguments, options, _VALUES, _FLAGS, _word)
    _check(options)
    return options


def command_of(arguments: list[str]) -> str | None:
    """The first word that is neither a flag nor the value of one, whatever command it turns out to be."""
    rest = iter(arguments)
    for argument in rest:
        if not argument.startswith("-"):
            return argument
        if argument in _VALUES or argument in OF_EXEC:
            next(rest, None)
    return None


def _check(options: Options) -> None:
    """What a flag means, and whether it means anything, depends on the command."""
    options.listen = options.listen or DEFAULT_LISTEN.get(options.command or "", "")
    _check_auth(options.ws_auth)
    if options.command == "app-server":
        if options.listen == "off":
            raise UsageError("no transport configured; use --listen")
        if options.listen != "stdio://" and not options.listen.startswith(("unix://", "ws://")):
            expected = "`stdio://`, `unix://`, `unix://PATH`, `ws://IP:PORT`, or `off`"
            raise UsageError(f"unsupported --listen URL `{options.listen}`; expected {expected}")
    if options.command == "lsp":
        if options.listen != "stdio://" and not options.listen.startswith(FOR_EDITORS):
            raise UsageError(f"lsp cannot listen on {options.listen}; use --tcp, --ws, --pipe or --listen unix://PATH")
        if options.listen == "unix://":
            raise UsageError("lsp needs a path: the default socket is the app-server's")
        if options.ws_auth.mode:
            raise UsageError("--ws-auth is for the app-server")
    elif options.listen.startswith(("tcp://", "pipe://")):
        raise UsageError("--tcp and --pipe are for lsp")
    if options.ws_auth.mode and not options.listen.startswith("ws://"):
        raise UsageError("--ws-auth is for ws:// addresses")
    if options.allow_remote and options.listen.startswith(("stdio://", "unix://", "pipe://")):
        raise UsageError("--allow-remote is for ws:// addresses and the gateway")
    if options.command == DAEMON and not options.show:
        raise UsageError(f"{DAEMON} needs one of start, restart, stop, status, version")
    if options.command not in DEFAULT_LISTEN and options.listen:
        raise UsageError("--listen is for `app-server` and `gateway`")
    if options.socket is not None and options.command != PROXY:
        raise UsageError(f"--sock is for `{PROXY}`")
    many = (options.command == "app-server" and options.listen != "stdio://") or options.listen.startswith("unix://")
    if options.idle_seconds is not None and not many:
        raise UsageError("--idle is for servers of many clients")
    if options.command == "shim" and options.folder is None:
        raise UsageError("shim needs a folder")
    if options.command in GENERATE and options.folder is None:
        raise UsageError("option '--out' is missing")
    if (options.experimental or options.folder) and options.command not in (*GENERATE, "shim"):
        raise UsageError("--out and --experimental are for `app-server generate-...`")
    if options.prettier and options.command != "app-server generate-ts":
        raise UsageError("--prettier is for `app-server generate-ts`")


def _check_auth(auth: WebSocketAuth) -> None:
    """Every flag must mean something: one that is passed over would leave a door open."""
    token = auth.token_file is not None or auth.token_sha256 is not None
    signed = (auth.shared_secret_file, auth.issuer, auth.audience, auth.max_clock_skew_seconds)
    if auth.mode not in (None, "capability-token", "signed-bearer-token"):
        raise UsageError(f"invalid value '{auth.mode}' for --ws-auth: capability-token or signed-bearer-token")
    if token and auth.mode != "capability-token":
        raise UsageError("--ws-token-file and --ws-token-sha256 require --ws-auth capability-token")
    if auth.token_file is not None and auth.token_sha256 is not None:
        raise UsageError("--ws-token-file and --ws-token-sha256 are mutually exclusive")
    if any(value is not None for value in signed) and auth.mode != "signed-bearer-token":
        raise UsageError(
            "--ws-shared-secret-file, --ws-issuer, --ws-audience and --ws-max-clock-skew-seconds"
            " require --ws-auth signed-bearer-token"
        )


def _word(options: Options, word: str) -> None:
    """A command, the command within it, or the folder that it takes."""
    within = f"{options.command} {word}"
    if options.command is None:
        if word not in COMMANDS:
            raise UsageError(f"unknown command '{word}'")
        options.command = word
    elif within in COMMANDS:
        options.command = within
    elif options.command == "shim" and options.folder is None:
        options.folder = word
    else:
        raise UsageError(f"unexpected argument '{word}'")


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


def _listen(options: Options, where: str) -> None:
    if options.listen not in ("", where):
        raise UsageError("option '--listen' cannot be used several times")
    options.listen = where


def _port(scheme: str) -> Callable[[Options, str], None]:
    """[HOST:]PORT, on loopback if there is no host."""

    def listen(options: Options, where: str) -> None:
        host, colon, port = where.rpartition(":")
        if not port.isdecimal() or int(port) > 65535 or (colon and not host):
            raise UsageError(f"invalid value '{where}' for --{scheme}: [HOST:]PORT")
        _listen(options, f"{scheme}://{host or '127.0.0.1'}:{port}")

    return listen


def _auth(name: str) -> Callable[[Options, str], None]:
    return lambda options, value: setattr(options.ws_auth, name, value)


def _idle(options: Options, text: str) -> None:
    if not text.isdecimal() or not 0 < int(text) < 10**7:
        raise UsageError(f"invalid value '{text}' for --idle: a number of seconds")
    options.idle_seconds = float(text)


def _skew(options: Options, text: str) -> None:
    if not text.isdecimal() or len(text) > 9:
        raise UsageError(f"invalid value '{text}' for --ws-max-clock-skew-seconds: a number of seconds")
    options.ws_auth.max_clock_skew_seconds = int(text)


_VALUES: dict[str, Callable[[Options, str], None]] = {
    "-c": _override,
    "--config": _override,
    "--enable": lambda options, name: _feature(options, name, True),
    "--disable": lambda options, name: _feature(options, name, False),
    "--listen": _listen,
    "--sock": lambda options, path: setattr(options, "socket", path),
    "--tcp": _port("tcp"),
    "--ws": _port("ws"),
    "--pipe": lambda options, path: _listen(options, f"pipe://{path}"),
    "--idle": _idle,
    "--ws-auth": _auth("mode"),
    "--ws-token-file": _auth("token_file"),
    "--ws-token-sha256": _auth("token_sha256"),
    "--ws-shared-secret-file": _auth("shared_secret_file"),
    "--ws-issuer": _auth("issuer"),
    "--ws-audience": _auth("audience"),
    "--ws-max-clock-skew-seconds": _skew,
    "--provider": lambda options, name: options.overrides.append(("model_provider", name)),
    "--log-file": lambda options, file: setattr(options, "log_file", file),
    "-o": lambda options, folder: setattr(options, "folder", folder),
    "--out": lambda options, folder: setattr(options, "folder", folder),
    "-p": lambda options, program: setattr(options, "prettier", program),
    "--prettier": lambda options, program: setattr(options, "prettier", program),
}

_FLAGS: dict[str, Callable[[Options], None]] = {
    "--strict-config": _set("strict_config", True),
    "--stdio": lambda options: _listen(options, "stdio://"),
    "--allow-remote": _set("allow_remote", True),
    "--analytics-default-enabled": lambda options: None,  # editors pass it; nothing is ever sent
    "--codex": _set("as_codex", True),
    "--experimental": _set("experimental", True),
    "-v": _more,
    "--verbose": _more,
    "-V": _set("show", "version"),
    "--version": _set("show", "version"),
    "-h": _set("show", "help"),
    "--help": _set("show", "help"),
}

CONFIG_VALUES = {name: _VALUES[name] for name in ("-c", "--config", "--enable", "--disable", "--log-file")}
CONFIG_FLAGS = {name: _FLAGS[name] for name in ("--strict-config", "--codex", "-v", "--verbose", "-V", "--version")}
"""What every command takes."""
