"""`spindled app-server --listen unix://` and `ws://`: from the command line to the exit code."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, MutableMapping
from typing import TYPE_CHECKING

from spindled.cli import UsageError
from spindled.faces.appserver import Backend
from spindled.faces.life import Life
from spindled.faces.sockets.address import Tcp, Unix, parse_listen
from spindled.faces.sockets.credentials import Credential, required
from spindled.faces.sockets.door import Door
from spindled.faces.sockets.idle import until_idle
from spindled.faces.sockets.listener import Listener, listen
from spindled.faces.sockets.server import Admit, SocketServer, through

if TYPE_CHECKING:
    from spindled.cli import Options

__all__ = ["run", "serve"]

log = logging.getLogger(__name__)


def run(options: Options, backend: Backend, environ: MutableMapping[str, str]) -> int:
    """Serve until SIGTERM or SIGINT (0). Told on stderr: what cannot be served (1), what makes no sense (2)."""
    try:
        address = parse_listen(options.listen, backend.home)
        credential = required(options.ws_auth, environ)
        check(address, credential, allow_remote=options.allow_remote)
        listener = listen(address)
    except (UsageError, ValueError) as error:
        return _refuse(error, 2)
    except OSError as error:
        return _refuse(error, 1)
    return asyncio.new_event_loop().run_until_complete(
        _serve_app(listener, Door(credential), backend, options.idle_seconds)
    )


def check(address: Unix | Tcp, credential: Credential | None, *, allow_remote: bool) -> None:
    """Raises UsageError for what would let in others than was meant."""
    if isinstance(address, Unix):
        if credential is not None or allow_remote:
            raise UsageError(
                "--ws-auth and --allow-remote are for ws:// addresses; only your user can use a unix:// one"
            )
    elif not address.is_loopback and credential is None:
        if not allow_remote:
            raise UsageError(
                f"refusing to start non-loopback websocket listener {address.shown} without auth;"
                " configure --ws-auth capability-token or --ws-auth signed-bearer-token"
            )
        log.warning("%s serves everybody who can reach it, without auth", address)


async def _serve_app(listener: Listener, door: Door, backend: Backend, idle_seconds: float | None) -> int:
    life = Life(backend)
    return await serve(listener, life, through(door, life.server), lambda: _announce(listener), idle_seconds)


async def serve(
    listener: Listener, life: Life, admit: Admit, announce: Callable[[], None], idle_seconds: float | None
) -> int:
    """Everybody who connects, until SIGTERM or SIGINT, or until nobody is there and nothing runs for so long."""
    sockets = SocketServer(admit)
    life.server.warm_up()
    if not life.exit_code:
        announce()
        if idle_seconds is not None:
            life.stop_after(until_idle(sockets.peers, life.server, idle_seconds))
        await life.unless_stopped(sockets.serve(listener))
    listener.close()
    await sockets.stop()
    await life.close(sockets.peers)
    return life.exit_code


def _announce(listener: Listener) -> None:
    """On stderr, for who started us: a port that was 0 is known only now."""
    address = listener.address
    print(f"spindled app-server\n  listening on: {address}", file=sys.stderr)  # noqa: T201
    if isinstance(address, Tcp):
        for name in ("readyz", "healthz"):
            print(f"  {name}: http://{address.shown}/{name}", file=sys.stderr)  # noqa: T201


def _refuse(error: Exception, code: int) -> int:
    print(f"error: {error}", file=sys.stderr)  # noqa: T201
    return code
