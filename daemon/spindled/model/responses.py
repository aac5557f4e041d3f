"""The Responses API: one attempt at a request, as a stream of model events."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING

from . import retry
from .assembler import Assembler
from .connection import Connection, cause
from .errors import Kind, ModelError
from .events import ModelEvent
from .failures import http_failure, summary
from .provider import Provider
from .request import ModelRequest, encode, own_user_agent
from .sse import EventTooLarge, SSESplitter

if TYPE_CHECKING:
    import httpx2

PATH = "/responses"
WRONG_TYPES = ("application/json", "text/html")  # anything else, or nothing, may still be an event stream
MAX_WRONG_BODY = 65536
DRAIN_SECONDS = 0.1  # after the terminal event, for the end of the body: then the connection can be used again


class ResponsesClient:
    """A provider's Responses endpoint. Any number of streams at once on one event loop; `aclose` when done."""

    def __init__(
        self,
        provider: Provider,
        *,
        environ: Mapping[str, str] | None = None,
        backoff: retry.Backoff = retry.DEFAULT,
    ):
        self._provider = provider
        self._backoff = backoff
        self._connection = Connection(provider, os.environ if environ is None else environ)

    def warm(self) -> None:
        """Load what the first request needs (about half a second of work): call it in a thread. Raises ModelError."""
        self._connection.warm()

    async def aclose(self) -> None:
        """Close every connection; streams that still run end with an error."""
        await self._connection.aclose()

    async def stream(self, request: ModelRequest) -> AsyncGenerator[list[ModelEvent], None]:
        """The events of one attempt, a list per chunk of the network; the last one is terminal.

        Failures that a repetition of the request may cure are repeated silently, up to the provider's
        request_max_retries; everything else raises ModelError. To end the stream early, close the generator
        (`aclosing`).
        """
        response = await self._answer(encode(request), {"user-agent": own_user_agent(), **request.headers})
        try:
            async with aclosing(self._chunks(response)) as chunks:
                if content_type(response) in WRONG_TYPES:
                    raise await wrong_answer(response, chunks)
                splitter, assembler = SSESplitter(), Assembler()
                async for chunk in chunks:
                    events = assembler.feed(splitter.feed(chunk))
                    if events:
                        yield events
                    if assembler.error is not None:
                        raise assembler.error
                    if assembler.finished:
                        await drain(chunks)
                        return
            raise ModelError(Kind.DISCONNECTED, "The stream broke off: it ended before the response was complete.")
        except EventTooLarge as error:
            raise ModelError(Kind.DISCONNECTED, f"The stream broke off: {error}.") from None
        except ModelError as error:
            raise self._connection.masked(error) from None
        finally:
            await response.aclose()

    async def _answer(self, body: bytes, headers: Mapping[str, str]) -> httpx2.Response:
        """The answer to the request, repeated as often as the provider's settings allow."""
        for attempt in itertools.count(1):
            try:
                return await self._connection.post(PATH, body, headers)
            except ModelError as error:
                delay = self._backoff.request_delay(error, attempt, self._provider.request_max_retries)
                if delay is None:
                    raise
            await asyncio.sleep(delay)
        raise AssertionError("unreachable")

    async def _chunks(self, response: httpx2.Response) -> AsyncGenerator[bytes, None]:
        """The decompressed body, transport errors as ModelErrors."""
        import aiohttp
        import httpx2

        try:
            async for chunk in response.aiter_bytes():
                yield chunk
        except httpx2.TimeoutException:
            text = f"The stream broke off: nothing came for {self._connection.idle_seconds:g} s."
            raise ModelError(Kind.DISCONNECTED, text) from None
        except (httpx2.HTTPError, aiohttp.ClientError, OSError, RuntimeError) as error:  # the last: closed under us
            raise ModelError(Kind.DISCONNECTED, f"The stream broke off: {cause(error)}") from None


def content_type(response: httpx2.Response) -> str:
    return response.headers.get("content-type", "").partition(";")[0].strip().lower()


async def wrong_answer(response: httpx2.Response, chunks: AsyncIterator[bytes]) -> ModelError:
    """The error for an answer that is no event stream: the one that its body reports, if it does."""
    body = b""
    async for chunk in chunks:
        body += chunk
        if len(body) > MAX_WRONG_BODY:
            break
    told = http_failure(response.status_code, response.headers, body)
    if told.kind is not Kind.PROTOCOL:
        return told
    kind = content_type(response)
    text = f"The provider answered with {kind} where an event stream was expected: {summary(body, kind)}"
    return ModelError(Kind.PROTOCOL, text, status=response.status_code)


async def drain(chunks: AsyncIterator[bytes]) -> None:
    """Read what follows the terminal event; nothing that goes wrong now matters."""
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            async for _ in chunks:
                pass
    except (ModelError, TimeoutError):
        pass
