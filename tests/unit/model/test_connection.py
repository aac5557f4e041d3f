"""Row 4-27 and 4-26: proxies and certificate authorities of the environment, and how long an answer may take."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from msgspec.structs import replace

from spindled.config.schema import Provider
from spindled.model.client import make_client
from spindled.model.errors import Kind, ModelError
from spindled.model.events import Completed
from spindled.model.request import ModelRequest
from tests.support.fake_items import hold, message
from tests.support.fake_provider import FakeProvider, stream

PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


class Relay:
    """Copies bytes both ways between a client and `target`; as a proxy it first reads what the client wants."""

    def __init__(self, target: tuple[str, int] | None = None, tls: ssl.SSLContext | None = None):
        self.asked: list[str] = []
        self._target = target
        self._tls = tls
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Relay:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._relay(reader, writer)
        finally:
            writer.transport.abort()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target, first = self._target, b""
        if target is None:
            head = await reader.readuntil(b"\r\n\r\n")
            line = head.split(b"\r\n")[0].decode()
            self.asked.append(line)
            method, url, _ = line.split(" ")
            place = url if method == "CONNECT" else url.split("/")[2]
            target = ("127.0.0.1", int(place.rpartition(":")[2]))
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            else:
                path = "/" + url.split("/", 3)[3]
                first = head.replace(url.encode(), path.encode(), 1)
        there_reader, there_writer = await asyncio.open_connection(*target)
        there_writer.write(first)

        async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()

        copies = [asyncio.ensure_future(copy(reader, there_writer)), asyncio.ensure_future(copy(there_reader, writer))]
        try:
            await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in copies:
                each.cancel()
            await asyncio.gather(*copies, return_exceptions=True)
            there_writer.transport.abort()


class Authority:
    """A private certificate authority, and a server's certificate for localhost that it signed."""

    def __init__(self, folder: Path):
        self.bundle, self._cert, self._key = folder / "ca.pem", folder / "cert.pem", folder / "key.pem"
        ca_key, request, names = folder / "ca.key", folder / "cert.csr", folder / "names"
        names.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        new = ("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        usage = ("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
        sign = ("openssl", "x509", "-req", "-CAcreateserial", "-days", "2", "-extfile", names)
        for words in (
            (*new, "-x509", "-days", "2", "-subj", "/CN=A private CA", *usage, "-keyout", ca_key, "-out", self.bundle),
            (*new, "-subj", "/CN=localhost", "-keyout", self._key, "-out", request),
            (*sign, "-in", request, "-CA", self.bundle, "-CAkey", ca_key, "-out", self._cert),
        ):
            subprocess.run(words, check=True, capture_output=True)

    def server(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._cert, self._key)
        return context


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeProvider]:
    async with FakeProvider() as provider:
        yield provider


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in (*PROXY_VARIABLES, *map(str.lower, PROXY_VARIABLES), "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


async def sample(base_url: str, environ: dict[str, str] | None = None, **settings: Any) -> None:
    provider = replace(Provider(id="p", name="p", base_url=base_url, request_max_retries=0), **settings)
    client = make_client(provider, environ=environ)
    try:
        events = [event async for batch in client.stream(ModelRequest(model="m")) for event in batch]
        assert isinstance(events[-1], Completed)
    finally:
        await client.aclose()


def port_of(fake: FakeProvider) -> int:
    return int(fake.base_url.removesuffix("/v1").rpartition(":")[2])


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy"])
async def test_a_proxy(fake: FakeProvider, environment: pytest.MonkeyPatch, name: str) -> None:
    async with Relay() as proxy:
        environment.setenv(name, f"http://127.0.0.1:{proxy.port}")
        await sample(fake.base_url)
        assert proxy.asked == [f"POST {fake.base_url}/responses HTTP/1.1"]


async def test_addresses_that_need_no_proxy(fake: FakeProvider, environment: pytest.MonkeyPatch) -> None:
    async with Relay() as proxy:
        environment.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        environment.setenv("NO_PROXY", "localhost,127.0.0.1")
        await sample(fake.base_url)
        assert proxy.asked == []


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
async def test_a_private_authority_behind_a_proxy(
    fake: FakeProvider, environment: pytest.MonkeyPatch, authority: Authority, variable: str
) -> None:
    """TLS goes through the proxy end to end."""
    async with Relay(("127.0.0.1", port_of(fake)), authority.server()) as https, Relay() as proxy:
        environment.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        await sample(f"https://localhost:{https.port}/v1", {variable: str(authority.bundle)})
        assert proxy.asked == [f"CONNECT localhost:{https.port} HTTP/1.1"]
        assert fake.requests[0].path == "/v1/responses"


async def test_the_bundle_of_openssl(fake: FakeProvider, environment: pytest.MonkeyPatch, authority: Authority) -> None:
    async with Relay(("127.0.0.1", port_of(fake)), authority.server()) as https:
        await sample(f"https://localhost:{https.port}/v1", {"SSL_CERT_FILE": str(authority.bundle)})


@pytest.mark.parametrize("known", [False, True])
async def test_who_is_not_trusted(
    fake: FakeProvider, environment: pytest.MonkeyPatch, authority: Authority, known: bool
) -> None:
    """An unknown authority, and a name that the certificate does not have."""
    environ = {"REQUESTS_CA_BUNDLE": str(authority.bundle)} if known else {}
    host = "127.0.0.2" if known else "localhost"
    async with Relay(("127.0.0.1", port_of(fake)), authority.server()) as https:
        with pytest.raises(ModelError) as caught:
            await sample(f"https://{host}:{https.port}/v1", environ)
    assert caught.value.kind is Kind.CONNECTION
    assert fake.requests == []


async def test_an_answer_that_does_not_begin(fake: FakeProvider) -> None:
    """Row 4-26: the first data may have a limit of its own, shorter than the silence that is allowed later."""
    fake.script(stream(hold("begin"), message("late")))
    silent = fake.replies[0]
    silent.steps = lambda _id, steps=silent.steps: steps(_id)[1:]  # not even the first event
    with pytest.raises(ModelError, match="in time") as caught:
        await sample(fake.base_url, stream_first_data_timeout_ms=1_500)
    assert (caught.value.kind, caught.value.retryable) == (Kind.DISCONNECTED, True)
    await fake.requests[0].gone.wait()


async def test_the_limit_is_for_the_first_data_only(fake: FakeProvider) -> None:
    fake.script(stream(message("a"), hold("later"), message("b")))
    sampling = asyncio.ensure_future(sample(fake.base_url, stream_first_data_timeout_ms=2_000))
    await fake.reached("later")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(sampling), 2.5)
    fake.release("later")
    await sampling
