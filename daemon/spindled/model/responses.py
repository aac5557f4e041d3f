"""The Responses API: one attempt at a request, as a stream of model events."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing

from . import retry
from .assembler import Assembler
from .connection import Answer, Connection
from .errors import Kind, ModelError
from .events import ModelEvent
from .failures import http_failure, summary
from .provider import Provider
from .request import ModelRequest, encode, own_user_agent
from .sse import EventTooLarge, SSESplitter

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
        answer = await self._answer(encode(request), {"user-agent": own_user_agent(), **request.headers})
        try:
            async with aclosing(answer.chunks()) as chunks:
                if answer.content_type in WRONG_TYPES:
                    raise await wrong_answer(answer, chunks)
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
            answer.close()

    async def _answer(self, body: bytes, headers: Mapping[str, str]) -> Answer:
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


async def wrong_answer(answer: Answer, chunks: AsyncIterator[bytes]) -> ModelError:
    """The error for an answer that is no event stream: the one that its body reports, if it does."""
    body = b""
    async for chunk in chunks:
        body += chunk
        if len(body) > MAX_WRONG_BODY:
            break
    told = http_failure(answer.status, answer.headers, body)
    if told.kind is not Kind.PROTOCOL:
        return told
    kind = answer.content_type
    text = f"The provider answered with {kind} where an event stream was expected: {summary(body, kind)}"
    return ModelError(Kind.PROTOCOL, text, status=answer.status)


async def drain(chunks: AsyncIterator[bytes]) -> None:
    """Read what follows the terminal event; nothing that goes wrong now matters."""
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            async for _ in chunks:
                pass
    except (ModelError, TimeoutError):
        pass
