"""What the clients of all APIs share: one attempt at a request, as a stream of model events."""

from __future__ import annotations

import asyncio
import itertools
import os
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import aclosing
from typing import ClassVar, Protocol

from . import retry
from .connection import Answer, Connection, Sign, bearer
from .errors import Kind, ModelError
from .events import ModelEvent, Usage
from .failures import http_failure, summary
from .listing import Listing, facts_in
from .provider import Provider
from .request import ModelRequest, own_user_agent
from .sse import EventTooLarge, SSESplitter

WRONG_TYPES = ("application/json", "text/html")  # anything else, or nothing, may still be an event stream
MAX_WRONG_BODY = 65536
DRAIN_SECONDS = 0.1  # after the terminal event, for the end of the body: then the connection can be used again


class StreamAssembler(Protocol):
    """Makes model events of the data of one response's events."""

    error: ModelError | None
    finished: bool

    @property
    def usage(self) -> Usage | None:
        """Tokens of the response, as far as the provider has told."""

    def feed(self, payloads: Iterable[bytes]) -> list[ModelEvent]:
        """After `error` is set or `finished` is true, feed no more."""


class StreamClient(ABC):
    """One endpoint of a provider. Any number of streams at once on one event loop; `aclose` when done."""

    path: ClassVar[str]
    listing_query: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self,
        provider: Provider,
        *,
        environ: Mapping[str, str] | None = None,
        backoff: retry.Backoff = retry.DEFAULT,
        sign: Sign = bearer,
    ):
        self._provider = provider
        self._backoff = backoff
        self._connection = Connection(provider, os.environ if environ is None else environ, sign)

    @abstractmethod
    def body(self, request: ModelRequest) -> bytes:
        """The request as this API wants it."""

    @abstractmethod
    def assembler(self, request: ModelRequest) -> StreamAssembler:
        """For the response to this request."""

    def warm(self) -> None:
        """Load what the first request needs (about half a second of work): call it in a thread. Raises ModelError."""
        self._connection.warm()

    async def aclose(self) -> None:
        """Close every connection; streams that still run end with an error."""
        await self._connection.aclose()

    async def models(self, etag: str = "") -> Listing | None:
        """The provider's models; None if its list is still the one of `etag`. Raises ModelError."""
        unless = {"if-none-match": etag} if etag else {}
        fetched = await self._connection.get("/models", {"user-agent": own_user_agent(), **unless}, self.listing_query)
        if fetched is None:
            return None
        try:
            return Listing(facts_in(fetched.body), fetched.etag)
        except ValueError as error:
            raise ModelError(Kind.PROTOCOL, f"The provider's list of models cannot be read: {error}.") from None

    async def stream(self, request: ModelRequest) -> AsyncGenerator[list[ModelEvent], None]:
        """The events of one attempt, a list per chunk of the network; the last one is terminal.

        Failures that a repetition of the request may cure are repeated silently, up to the provider's
        request_max_retries; everything else raises ModelError. To end the stream early, close the generator
        (`aclosing`).
        """
        assembler = self.assembler(request)
        answer = await self._answer(self.body(request), {"user-agent": own_user_agent(), **request.headers})
        try:
            async with aclosing(answer.chunks()) as chunks:
                if answer.content_type in WRONG_TYPES:
                    raise await wrong_answer(answer, chunks)
                splitter = SSESplitter()
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
            error.usage = assembler.usage
            raise self._connection.masked(error) from None
        finally:
            answer.close()

    async def _answer(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """The answer to the request, repeated as often as the provider's settings allow."""
        for attempt in itertools.count(1):
            try:
                return await self._connection.post(self.path, body, headers)
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
