"""HTTP to one provider, on the OpenAI SDK: its client signs, connects and tells errors; the body is read as bytes.

Importing the SDK takes half a second, so it happens in `warm`, in a thread. The request goes through the client's
generic `post` with a body that is already encoded, and the answer comes back as the raw response: neither the SDK's
parameter transforms nor its event models are run. aiohttp below it reads a busy stream in few large chunks.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

from .errors import Kind, ModelError
from .failures import http_failure, one_line
from .provider import Credentials, Provider, is_openai

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI, Omit

CONNECT_SECONDS = 15.0
MAX_CONNECTIONS = 100_000  # turns never queue for one
KEEPALIVE_SECONDS = 60.0
NO_KEY = "none"  # the SDK insists on a key; its header is omitted
BODY_HEADERS = {"content-type": "application/json", "accept": "text/event-stream"}
SDK_FACTS = [
    *(f"X-Stainless-{name}" for name in ("Lang", "Package-Version", "OS", "Arch", "Runtime", "Runtime-Version")),
    *(f"X-Stainless-{name}" for name in ("Async", "Retry-Count", "Read-Timeout")),
]
ACCOUNT_HEADERS = ["OpenAI-Organization", "OpenAI-Project"]  # the SDK sends its environment's to any provider


class Connection:
    """The shared HTTP client of a provider. Made in any thread, used on one event loop, closed by its owner."""

    def __init__(self, provider: Provider, environ: Mapping[str, str]):
        self._provider = provider
        self._environ = environ
        self._lock = threading.Lock()
        self._gate = asyncio.Lock()
        self._client: AsyncOpenAI | None = None
        self._credentials: Credentials | None = None
        self._omitted: dict[str, Omit] = {}
        self.idle_seconds = provider.stream_idle_timeout_ms / 1000

    def warm(self) -> None:
        """Import the SDK and make the client. Slow the first time; raises ModelError."""
        with self._lock:
            if self._client is None:
                self._credentials = Credentials(self._provider, self._environ)
                self._client = self._make(self._credentials)

    async def _ready(self) -> None:
        if self._client is None:
            async with self._gate:  # one thread warms, however many turns begin at once
                await asyncio.to_thread(self.warm)

    async def aclose(self) -> None:
        """Close every connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def post(self, path: str, content: bytes, headers: Mapping[str, str]) -> httpx2.Response:
        """Send a request; the answer comes with its body unread. Raises ModelError, also if the answer is an error.

        The caller closes the answer, which closes the socket unless the body was read to its end.
        """
        await self._ready()
        import aiohttp
        import httpx2
        import openai

        assert self._client is not None
        assert self._credentials is not None
        fixed: dict[str, str | Omit] = {**self._omitted, **BODY_HEADERS, "content-length": str(len(content))}
        try:
            return await self._client.post(
                path,
                cast_to=httpx2.Response,
                content=once(content),
                options={"headers": {**fixed, **headers, **self._credentials.headers}},
                stream=True,
                stream_cls=openai.AsyncStream[Any],
            )  # type: ignore[return-value]  # with this cast_to the SDK hands out the raw response
        except (openai.OpenAIError, aiohttp.ClientError, httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            raise self.masked(self._explained(error)) from None

    def _explained(self, error: Exception) -> ModelError:
        """Why there is no answer, or none that counts."""
        import aiohttp
        import httpx2
        import openai

        if isinstance(error, openai.APIStatusError):
            answer = error.response
            return http_failure(answer.status_code, answer.headers, answer.content)
        if isinstance(error, openai.APITimeoutError) and isinstance(error.__cause__, httpx2.ReadTimeout):
            return ModelError(Kind.DISCONNECTED, f"The provider did not answer for {self.idle_seconds:g} s.")
        if isinstance(error, openai.APIConnectionError):
            return ModelError(Kind.CONNECTION, f"The provider cannot be reached: {cause(error)}")
        if isinstance(error, aiohttp.ClientError | httpx2.HTTPError) and not isinstance(error, ValueError):
            return ModelError(Kind.DISCONNECTED, f"The provider's answer is broken: {cause(error)}")
        return ModelError(Kind.SETTINGS, f"The provider's settings make no valid request: {type(error).__name__}")

    def masked(self, error: ModelError) -> ModelError:
        """The same error without any secret of the provider in its text."""
        if self._credentials is not None:
            error.message = self._credentials.masked(error.message)
            error.args = (error.message,)
        return error

    def _make(self, credentials: Credentials) -> AsyncOpenAI:
        import logging

        import httpx2
        import openai

        logging.getLogger("httpx2").setLevel(logging.WARNING)  # it logs whole URLs
        base_url = self._provider.base_url
        if not base_url:
            raise ModelError(Kind.SETTINGS, f"The provider {self._provider.name!r} has no base_url.")
        http = openai.DefaultAioHttpClient(
            limits=httpx2.Limits(
                max_connections=MAX_CONNECTIONS,
                keepalive_expiry=KEEPALIVE_SECONDS,
            ),
            timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS, read=self.idle_seconds),
        )
        unwanted = list(SDK_FACTS)
        if credentials.key is None:
            unwanted.append("Authorization")
        if not is_openai(self._provider):
            unwanted += ACCOUNT_HEADERS
        self._omitted = dict.fromkeys(unwanted, openai.Omit())
        return openai.AsyncOpenAI(
            api_key=credentials.key or NO_KEY,
            base_url=base_url,
            max_retries=0,
            timeout=http.timeout,
            http_client=http,
            default_query=dict(self._provider.query_params),
        )


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
    return one_line(text, 200)
