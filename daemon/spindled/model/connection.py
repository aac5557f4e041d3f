"""HTTP to one provider: signs, connects, and tells failures apart; the body is handed out as bytes.

On aiohttp, which reads a busy stream in few large chunks: 1.7 us of CPU a delta against 13 with httpx. The OpenAI SDK
would add 0.6 s of CPU and 23 MB to a process's first turn for a header and an URL; see docs/architecture.md.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from .errors import Kind, ModelError
from .failures import http_failure, one_line
from .provider import Credentials, Provider

if TYPE_CHECKING:
    from ssl import SSLContext

    from aiohttp import ClientResponse, ClientSession

CONNECT_SECONDS = 15.0
KEEPALIVE_SECONDS = 60.0
MAX_ERROR_BODY = 1 << 20
STREAM_HEADERS = {"content-type": "application/json", "accept": "text/event-stream"}
LISTING_SECONDS = 30.0
MAX_LISTING = 16 << 20
CA_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


Sign: TypeAlias = Callable[[str | None], Mapping[str, str]]


def bearer(key: str | None) -> Mapping[str, str]:
    """The headers that show a key, as most providers want it."""
    return {"authorization": f"Bearer {key}"} if key is not None else {}


class Connection:
    """The shared HTTP client of a provider. Warmed in any thread, used on one event loop, closed by its owner."""

    def __init__(self, provider: Provider, environ: Mapping[str, str], sign: Sign = bearer):
        self._provider = provider
        self._environ = environ
        self._sign = sign
        self._lock = threading.Lock()
        self._gate = asyncio.Lock()
        self._session: ClientSession | None = None
        self._credentials: Credentials | None = None
        self._trust: SSLContext | bool = True
        self.idle_seconds = provider.stream_idle_timeout_ms / 1000
        first = provider.stream_first_data_timeout_ms
        self.first_seconds = None if first is None else first / 1000

    def warm(self) -> None:
        """Load what a request needs. Slow the first time; raises ModelError."""
        with self._lock:
            if self._credentials is None:
                import aiohttp  # noqa: F401

                if not self._provider.base_url:
                    raise ModelError(Kind.SETTINGS, f"The provider {self._provider.name!r} has no base_url.")
                self._trust = trust(self._environ)
                self._credentials = Credentials(self._provider, self._environ)

    async def aclose(self) -> None:
        """Close every connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def post(self, path: str, content: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a request; the answer comes with its body unread. Raises ModelError, also if the answer is an error.

        The caller closes the answer, which closes the socket unless the body was read to its end.
        """
        length = {"content-length": str(len(content))}
        first = self.first_seconds
        until = None if first is None else asyncio.get_running_loop().time() + first
        try:
            async with asyncio.timeout_at(until):
                response = await self._send("POST", path, {**STREAM_HEADERS, **length}, headers, content)
        except TimeoutError:
            raise ModelError(Kind.DISCONNECTED, f"The provider did not answer for {first:g} s.") from None
        answer = Answer(response, self.idle_seconds, until)
        if response.status == 200:
            return answer
        raise self.masked(await answer.failure())

    async def get(self, path: str, headers: Mapping[str, str], query: Mapping[str, str]) -> Fetched | None:
        """A document; None if it is still the one that an `if-none-match` names. Raises ModelError."""
        try:
            async with asyncio.timeout(LISTING_SECONDS):
                response = await self._send("GET", path, {"accept": "application/json"}, headers, query=query)
                answer = Answer(response, self.idle_seconds)
                if response.status not in (200, 304):
                    raise self.masked(await answer.failure())
                try:
                    body = await answer.read(MAX_LISTING)
                finally:
                    answer.close()
        except TimeoutError:
            raise ModelError(Kind.DISCONNECTED, f"The provider did not answer for {LISTING_SECONDS:g} s.") from None
        return Fetched(body, answer.headers.get("etag", "")) if response.status == 200 else None

    async def _send(
        self,
        method: str,
        path: str,
        fixed: Mapping[str, str],
        headers: Mapping[str, str],
        content: bytes | None = None,
        query: Mapping[str, str] | None = None,
    ) -> ClientResponse:
        """One request; once more with a new token if the provider refuses the one of a command. Raises ModelError."""
        session, credentials = await self._ready()
        import aiohttp

        async def sent(key: str | None) -> ClientResponse:
            try:
                return await session.request(
                    method,
                    f"{self._provider.base_url}{path}",
                    params={**self._provider.query_params, **(query or {})},
                    data=None if content is None else once(content),
                    headers={**fixed, **self._sign(key), **headers, **credentials.headers},
                    allow_redirects=False,
                    ssl=self._trust,
                )
            except (aiohttp.ClientError, OSError, ValueError, TypeError) as error:
                raise self.masked(self._unanswered(error)) from None

        key = await credentials.current()
        response = await sent(key)
        if response.status != 401:
            return response
        try:
            newer = await credentials.after_refusal(key)
        except BaseException:
            response.close()
            raise
        if newer is None:
            return response
        response.close()
        return await sent(newer)

    async def _ready(self) -> tuple[ClientSession, Credentials]:
        if self._credentials is None:
            async with self._gate:  # one thread warms, however many turns begin at once
                await asyncio.to_thread(self.warm)
        assert self._credentials is not None
        if self._session is None:
            import aiohttp

            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE_SECONDS),
                timeout=aiohttp.ClientTimeout(
                    total=None, connect=None, sock_connect=CONNECT_SECONDS, sock_read=self.idle_seconds
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=True,
            )
        return self._session, self._credentials

    def _unanswered(self, error: Exception) -> ModelError:
        """Why there is no answer."""
        import aiohttp

        if isinstance(error, aiohttp.SocketTimeoutError):
            return ModelError(Kind.DISCONNECTED, f"The provider did not answer for {self.idle_seconds:g} s.")
        if isinstance(error, aiohttp.ClientResponseError):
            return ModelError(Kind.DISCONNECTED, f"The provider's answer is broken: {cause(error)}")
        if isinstance(error, aiohttp.InvalidURL) or not isinstance(error, aiohttp.ClientError | OSError):
            text = f"The provider's settings make no valid request: {type(error).__name__}"
            return ModelError(Kind.SETTINGS, text)
        return ModelError(Kind.CONNECTION, f"The provider cannot be reached: {cause(error)}")

    def masked(self, error: ModelError) -> ModelError:
        """The same error without any secret of the provider in its text."""
        if self._credentials is not None:
            error.message = self._credentials.masked(error.message)
            error.said = self._credentials.masked(error.said)
            error.args = (error.message,)
        return error


class Fetched(NamedTuple):
    body: bytes
    etag: str


class Answer:
    """A provider's answer: its status and lower-case headers, and its decompressed body as it comes."""

    def __init__(self, response: ClientResponse, idle_seconds: float, first_until: float | None = None):
        """`first_until`: by when the body has to begin, in the loop's time."""
        self._response = response
        self._idle_seconds = idle_seconds
        self._first_until = first_until
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.headers.items()}

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Transport errors are raised as ModelErrors."""
        import aiohttp

        body = self._response.content
        try:
            async with asyncio.timeout_at(self._first_until):
                chunk = await body.readany()
            while chunk:
                yield chunk
                chunk = await body.readany()
        except (aiohttp.SocketTimeoutError, TimeoutError):
            waited = f" for {self._idle_seconds:g} s" if self._first_until is None else " in time"
            text = f"The stream broke off: nothing came{waited}."
            raise ModelError(Kind.DISCONNECTED, text) from None
        except (aiohttp.ClientError, OSError, RuntimeError) as error:  # the last: closed under us
            raise ModelError(Kind.DISCONNECTED, f"The stream broke off: {cause(error)}") from None

    async def read(self, most: int) -> bytes:
        """The body, cut soon after `most` bytes."""
        pieces, size = [], 0
        async for chunk in self.chunks():
            pieces.append(chunk)
            size += len(chunk)
            if size > most:
                break
        return b"".join(pieces)

    async def failure(self) -> ModelError:
        """The error that the answer itself is; closes it."""
        body = b""
        try:
            with suppress(ModelError):
                body = await self.read(MAX_ERROR_BODY)
        finally:
            self.close()
        return http_failure(self.status, self.headers, body)

    def close(self) -> None:
        self._response.close()


def trust(environ: Mapping[str, str]) -> SSLContext | bool:
    """The certificates to trust: those of a bundle that the environment names, else the system's. Raises ModelError."""
    bundle = next((environ[name] for name in CA_BUNDLES if environ.get(name)), None)
    if bundle is None:
        return True
    import ssl

    try:
        return ssl.create_default_context(cafile=bundle)
    except OSError as error:
        raise ModelError(Kind.SETTINGS, f"The CA bundle {bundle} cannot be used: {cause(error)}") from None


async def once(content: bytes) -> AsyncIterator[bytes]:
    """A body that is let go once it is sent: a request lives as long as its stream, and may be large."""
    yield content
    del content


def cause(error: BaseException) -> str:
    """The innermost reason that has a text."""
    text = ""
    link: BaseException | None = error
    while link is not None:
        text = str(link) or text
        link = link.__cause__ or link.__context__
    return one_line(text or type(error).__name__, 200)
