"""A port of its own in front of a fake provider, which can fail below HTTP."""

from __future__ import annotations

import asyncio
import socket
import ssl
from enum import Enum
from pathlib import Path

import trustme

from tests.support.fake_provider import FakeProvider


class Fault(Enum):
    """What happens to those who connect."""

    REFUSED = "nothing listens"
    UNTRUSTED = "TLS with a certificate that nobody trusts"
    WRONG_NAME = "TLS with a certificate for another name"
    HANDSHAKE = "closed before the TLS handshake"


class Certificates:
    """An authority, and the server sides that it gives or does not give."""

    def __init__(self) -> None:
        self._authority = trustme.CA()
        self.good = _server_side(self._authority, "127.0.0.1")
        self.wrong_name = _server_side(self._authority, "elsewhere.test")
        self.untrusted = _server_side(trustme.CA(), "127.0.0.1")

    def write_bundle(self, path: Path) -> None:
        """What a client has to trust."""
        self._authority.cert_pem.write_to_path(str(path))


class Link:
    """`up` and `down` as often as wanted; connections that are open stay. Close it at the end."""

    def __init__(self, provider: FakeProvider, fault: Fault, certificates: Certificates) -> None:
        self._provider = provider
        self._fault = fault
        self._certificates = certificates
        self._held = _bound(0)  # keeps the port for us, and refuses while nobody listens
        self.port: int = self._held.getsockname()[1]
        self._listening: asyncio.Server | None = None

    @property
    def base_url(self) -> str:
        return f"http{'' if self._fault is Fault.REFUSED else 's'}://127.0.0.1:{self.port}"

    async def up(self) -> None:
        tls = None if self._fault is Fault.REFUSED else self._certificates.good
        await self._listen(tls)

    async def down(self) -> None:
        if self._fault is Fault.REFUSED:
            self.close()
        elif self._fault is Fault.HANDSHAKE:
            self._stop()
            self._listening = await asyncio.start_server(lambda _reader, writer: writer.close(), sock=self._socket())
        else:
            bad = {Fault.UNTRUSTED: self._certificates.untrusted, Fault.WRONG_NAME: self._certificates.wrong_name}
            await self._listen(bad[self._fault])

    def close(self, *, port_too: bool = False) -> None:
        self._stop()
        if port_too:
            self._held.close()

    async def _listen(self, tls: ssl.SSLContext | None) -> None:
        self._stop()
        self._listening = await self._provider.also_on(self._socket(), tls)

    def _stop(self) -> None:
        if self._listening is not None:
            self._listening.close()
            self._listening = None

    def _socket(self) -> socket.socket:
        return _bound(self.port)


def _bound(port: int) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(("127.0.0.1", port))
    return made


def _server_side(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context
