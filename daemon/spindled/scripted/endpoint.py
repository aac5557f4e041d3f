"""A Responses endpoint on loopback with the scripted model behind it."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections import OrderedDict

import msgspec

from .conversation import ResponsesRequest, count_prompt_tokens, read_conversation
from .failures import error_body
from .http import Exchange, HttpServer
from .items import Breakdown, HttpFailure, Reply
from .reply import MODEL, ReplyEncoder
from .script import plan

_MOST_COUNTED_MESSAGES = 4096
_decoder = msgspec.json.Decoder(ResponsesRequest)


class ScriptedEndpoint:
    """`POST /v1/responses` and `GET /v1/models`, for whoever holds the token. Made by `start`."""

    base_url: str
    token: str

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(24)
        self._http = HttpServer(self._handle)
        self._served = 0
        self._failures = FailureCount()

    async def listen(self, port: int = 0) -> None:
        self.base_url = f"http://127.0.0.1:{await self._http.start(port)}/v1"

    async def close(self) -> None:
        """Stops listening and ends every open answer. May be called twice."""
        await self._http.close()

    async def _handle(self, exchange: Exchange) -> None:
        request = exchange.request
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, f"Bearer {self.token}".encode()):
            await _refuse(exchange, 401, "invalid_api_key", "A bearer token of this endpoint is needed.")
        elif (request.method, request.path) == ("GET", "/v1/models"):
            model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "spindled"}
            await exchange.send(200, msgspec.json.encode({"object": "list", "data": [model]}))
        elif (request.method, request.path) == ("POST", "/v1/responses"):
            await self._respond(exchange)
        else:
            await _refuse(exchange, 404, "not_found", f"No {request.method} {request.path} here.")

    async def _respond(self, exchange: Exchange) -> None:
        body = exchange.request.body
        try:
            request = _decoder.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            await _refuse(exchange, 400, "invalid_request_error", f"The request cannot be read: {error}")
            return
        conversation = read_conversation(request)
        reply = plan(conversation, self._failures.of(conversation.key))
        if reply.failure is not None:
            self._failures.add(conversation.key)
        if isinstance(reply.failure, HttpFailure):
            await _send_failure(exchange, reply.failure)
            return
        self._served += 1
        response_id = f"resp_{conversation.key}{self._served:04x}"
        encoder = ReplyEncoder(reply, response_id, *count_prompt_tokens(request, len(body)))
        await (_stream if request.stream else _send_whole)(exchange, encoder, reply)


class FailureCount:
    """How often each message had a scripted failure: all that the endpoint remembers, the oldest forgotten first."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, int] = OrderedDict()

    def of(self, key: str) -> int:
        return self._counts.get(key, 0)

    def add(self, key: str) -> None:
        self._counts[key] = self.of(key) + 1
        self._counts.move_to_end(key)
        if len(self._counts) > _MOST_COUNTED_MESSAGES:
            self._counts.popitem(last=False)


async def start(port: int = 0) -> ScriptedEndpoint:
    """An endpoint that listens on 127.0.0.1, on a free port unless one is named. Raises OSError."""
    endpoint = ScriptedEndpoint()
    await endpoint.listen(port)
    return endpoint


async def _stream(exchange: Exchange, encoder: ReplyEncoder, reply: Reply) -> None:
    await exchange.begin("text/event-stream; charset=utf-8")
    for part in encoder.events():
        if isinstance(part, float):
            await asyncio.sleep(part)
        else:
            await exchange.write(part)
    if isinstance(reply.failure, Breakdown):
        await _break_down(exchange, reply.failure)
    else:
        await exchange.end()


async def _send_whole(exchange: Exchange, encoder: ReplyEncoder, reply: Reply) -> None:
    if isinstance(reply.failure, Breakdown):
        await exchange.begin("application/json")
        await _break_down(exchange, reply.failure)
    else:
        await exchange.send(200, msgspec.json.encode(encoder.response()))


async def _break_down(exchange: Exchange, breakdown: Breakdown) -> None:
    if breakdown.how == "cut":
        await exchange.end()
        return
    if breakdown.how == "stall":
        await exchange.client_gone()
    exchange.reset()


async def _send_failure(exchange: Exchange, failure: HttpFailure) -> None:
    headers = {"Content-Type": failure.content_type}
    if failure.retry_after is not None:
        headers["Retry-After"] = str(failure.retry_after)
    await exchange.send(failure.status, failure.body.encode(), headers)


async def _refuse(exchange: Exchange, status: int, code: str, message: str) -> None:
    await exchange.send(status, error_body(code, message).encode())
