"""`spindled` and `python -m spindled`."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING, NoReturn

from spindled import __version__
from spindled.cli import DAEMON, MANAGE, PROXY, USAGE, Options, UsageError, command_of, parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from spindled.faces.appserver import Backend

__all__ = ["main", "serve"]


def main() -> None:
    if command_of(sys.argv[1:]) in ("exec", "e"):
        execute(sys.argv[1:])
    try:
        options = parse(sys.argv[1:])
        if options.command is None and options.show is None:
            raise UsageError("a command is missing")
    except UsageError as error:
        _misused(error)
    if options.show:
        show(options, USAGE)
        return
    if options.folder is not None:
        write(options, options.folder)
        return
    if options.command == "gateway":
        gateway(options)
    if options.command == PROXY:
        proxy(options)
    if options.command in MANAGE:
        manage(options, str(options.command).removeprefix(f"{DAEMON} "))
    if options.command == "lsp":
        language(options)
    if options.listen != "stdio://":
        sockets(options)
    gc.disable()  # until the first answer: nothing to collect in what imports allocate
    serve(options)


def show(options: Options, usage: str) -> None:
    """The version or the help that was asked for."""
    from spindled_protocol import WIRE_VERSION

    version = f"codex-cli {WIRE_VERSION}" if options.as_codex else f"spindled {__version__}"
    sys.stdout.write(usage if options.show == "help" else f"{version}\n")


def write(options: Options, folder: str) -> None:
    """What is written into a folder and not served."""
    from pathlib import Path

    try:
        if options.command == "shim":
            from spindled.shim import write_shim

            sys.stdout.write(f"{write_shim(Path(folder))}\n")
        else:
            from spindled.interface_files import write_interface

            write_interface(str(options.command), Path(folder), options.experimental, options.prettier)
    except (RuntimeError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(1)


def execute(arguments: list[str]) -> NoReturn:
    """Run one turn. Never returns."""
    from spindled.faces.exec.options import EXEC_USAGE, parse_exec

    try:
        options = parse_exec(arguments)
    except UsageError as error:
        _misused(error)
    if options.show:
        show(options, EXEC_USAGE)
        sys.exit(0)
    from spindled.faces.exec.run import run

    _configure_log(options)
    _leave_with(run(options, _home(), os.environ))


def gateway(options: Options) -> NoReturn:
    """Serve a provider over HTTP. Never returns."""
    from spindled.faces.gateway.run import run

    _configure_log(options)
    _leave_with(run(options, _home(), os.environ))


def sockets(options: Options) -> NoReturn:
    """Serve all who connect. Never returns."""
    from spindled.faces.appserver import product
    from spindled.faces.sockets.run import run

    _configure_log(options)
    _leave_with(run(options, product(options, _home()), os.environ))


def proxy(options: Options) -> NoReturn:
    """Join stdin and stdout with a server that listens. Never returns."""
    from pathlib import Path

    from spindled.faces.sockets.address import default_socket
    from spindled.faces.sockets.proxy import run

    _leave_with(run(Path(options.socket) if options.socket else default_socket(_home())))


def manage(options: Options, verb: str) -> NoReturn:
    """Start, stop or look for the server in the background."""
    from spindled.faces.sockets.background import run

    sys.exit(run(verb, _home(), options.overrides))


def language(options: Options) -> NoReturn:
    """Serve an editor. Never returns."""
    gc.disable()  # nothing to collect in what imports allocate
    from spindled.transport.descriptors import claim_stdio

    descriptors = claim_stdio()
    from spindled.faces.appserver import product
    from spindled.faces.lsp.run import run

    _configure_log(options)
    _leave_with(run(options, product(options, _home()), *descriptors))


def serve(options: Options, load: Callable[[Options, str], Backend] | None = None) -> None:
    """Serve what `load` finds for the options and the home directory, by default the daemon itself. Never returns.

    Leaves by _exit: all is closed by then, and a thread that is stuck would hold the process.
    """
    import signal

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    from spindled.faces.greeting import greet
    from spindled.transport.descriptors import claim_stdio

    descriptors = claim_stdio()
    home = _home()
    greeting = greet(*descriptors, home)
    import asyncio

    from spindled.faces import appserver, stdio

    _configure_log(options)
    backend = (load or appserver.product)(options, home)
    _leave_with(asyncio.new_event_loop().run_until_complete(stdio.run(backend, *descriptors, greeting)))


def _configure_log(options: Options) -> None:
    from spindled import log

    try:
        log.configure(options.verbosity, options.log_file)
    except OSError as error:
        _give_up(error)


def _home() -> str:
    from spindled.config.errors import ConfigError
    from spindled.config.home.home import home_dir

    try:
        return str(home_dir())
    except ConfigError as error:
        _give_up(error)


def _leave_with(code: int) -> NoReturn:
    import logging

    logging.shutdown()
    sys.stderr.flush()
    os._exit(code)


def _misused(error: UsageError) -> NoReturn:
    sys.stderr.write(f"error: {error}\nTry `spindled --help`.\n")
    sys.exit(2)


def _give_up(error: Exception) -> NoReturn:
    sys.stderr.write(f"error: {error}\n")
    sys.stderr.flush()
    os._exit(1)


def _leave(*_: object) -> None:
    """A signal before there is anything to close."""
    os._exit(0)


if __name__ == "__main__":
    main()
