"""The endpoint over HTTP: /responses and /models, also below /v1, and /health."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any, Protocol

import msgspec
from aiohttp import web

from spindled.faces.gateway.answer import Model, answer
from spindled.faces.gateway.encoder import ResponseEncoder
from spindled.faces.gateway.errors import INTERNAL, Refusal, error_body, failed_code, failure
from spindled.faces.gateway.guard import Guard
from spindled.faces.gateway.request import read_request
from spindled.model.errors import Kind, ModelError

MOST_BODY_BYTES = 64 * 1024 * 1024
SHUTDOWN_SECONDS = 0.1
EVENT_STREAM = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store"}

log = logging.getLogger(__name__)


class Upstream(Model, Protocol):
    """The provider behind the gateway."""

    async def models(self) -> list[str]:
        """The ids of its models. Raises ModelError."""


class Gateway:
    """Serves one provider until `close`."""

    def __init__(self, upstream: Upstream, wire_api: str, guard: Guard):
        self._upstream = upstream
        self._wire_api = wire_api
        self._guard = guard
        app = web.Application(client_max_size=MOST_BODY_BYTES, middlewares=[self._answered])
        for path in ("/health", "/healthz"):
            app.router.add_get(path, self._health)
        for prefix in ("", "/v1"):
            app.router.add_get(f"{prefix}/models", self._models)
            app.router.add_post(f"{prefix}/responses", self._responses)
        # a client that goes away ends its request, and so the provider's
        self._runner = web.AppRunner(
            app, handler_cancellation=True, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS, handle_signals=False
        )

    async def listen(self, host: str, port: int) -> int:
        """Serve there and return the port. Raises OSError."""
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        return int(self._runner.addresses[0][1])

    async def close(self) -> None:
        """Stop listening and end every request."""
        await self._runner.cleanup()

    @web.middleware
    async def _answered(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Whatever goes wrong before a stream has begun is an error of the OpenAI API."""
        try:
            self._guard.check(request.headers)
            return await handler(request)
        except Refusal as refusal:
            return _json(refusal.status, refusal.body)
        except ModelError as error:
            status, headers, body = failure(error)
            return _json(status, body, headers)
        except web.HTTPException as refused:
            allow = {"allow": refused.headers["Allow"]} if "Allow" in refused.headers else {}
            text = f"{request.method} {request.path}: {refused.reason}"
            return _json(refused.status, error_body(text, kind="invalid_request_error"), allow)
        except Exception:
            log.exception("a request failed")
            return _json(500, error_body(INTERNAL, kind="server_error", code="server_error"))

    async def _health(self, _request: web.Request) -> web.Response:
        return _json(200, {"status": "ok"})

    async def _models(self, _request: web.Request) -> web.Response:
        models = [{"id": id, "object": "model", "created": 0, "owned_by": ""} for id in await self._upstream.models()]
        return _json(200, {"object": "list", "data": models})

    async def _responses(self, request: web.Request) -> web.StreamResponse:
        asked = read_request(await request.read(), self._wire_api)
        encoder = ResponseEncoder(asked.echo)
        async with aclosing(answer(self._upstream, asked.request, encoder)) as chunks:
            if asked.stream:
                return await self._stream(request, encoder, chunks)
            async for _ in chunks:
                pass
        return _json(200, encoder.response)

    async def _stream(self, request: web.Request, encoder: ResponseEncoder, chunks: Any) -> web.StreamResponse:
        """The status is the provider's until its first event has come; later failures are events."""
        response = web.StreamResponse(headers=EVENT_STREAM)
        begun = False
        try:
            async for chunk in chunks:
                if not begun:
                    begun = True
                    await response.prepare(request)
                await response.write(chunk)  # waits for a client that reads slowly, and so does the provider
        except ConnectionError:
            log.debug("the client went away")
        except ModelError as error:
            if not begun:
                raise
            await response.write(encoder.fail(error, failed_code(error)))
        except Exception:
            if not begun:
                raise
            log.exception("a response failed")
            internal = ModelError(Kind.OTHER, INTERNAL)
            await response.write(encoder.fail(internal, failed_code(internal)))
        return response


def _json(status: int, body: Any, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        status=status, body=msgspec.json.encode(body), content_type="application/json", headers=headers or {}
    )
