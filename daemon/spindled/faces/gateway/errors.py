"""Refusals and failures in the form of the OpenAI API."""

from __future__ import annotations

from typing import Any, NamedTuple

from spindled.model.errors import Kind, ModelError


class Refusal(Exception):
    """A request that is not served: `status` 400 if it is malformed, 501 if it asks for what is not supported."""

    def __init__(self, status: int, message: str, *, code: str | None = None, param: str | None = None):
        super().__init__(message)
        self.status = status
        self.body = error_body(message, kind="invalid_request_error", code=code, param=param)


class Told(NamedTuple):
    """How a failure of the provider is told: the status before the stream began, the code within it."""

    status: int
    code: str
    type: str = "invalid_request_error"


FAILURES: dict[Kind, Told] = {
    Kind.CONNECTION: Told(502, "server_error", "server_error"),
    Kind.SERVER: Told(500, "server_error", "server_error"),
    Kind.OVERLOADED: Told(503, "server_is_overloaded", "server_error"),
    Kind.RATE_LIMIT: Told(429, "rate_limit_exceeded", "rate_limit_error"),
    Kind.DISCONNECTED: Told(502, "server_error", "server_error"),
    Kind.UNAUTHORIZED: Told(401, "invalid_api_key", "authentication_error"),
    Kind.CREDENTIALS: Told(401, "invalid_api_key", "authentication_error"),
    Kind.CONTEXT_WINDOW: Told(400, "context_length_exceeded"),
    Kind.USAGE_LIMIT: Told(429, "insufficient_quota", "insufficient_quota"),
    Kind.MODEL_NOT_FOUND: Told(404, "model_not_found"),
    Kind.POLICY: Told(400, "cyber_policy"),
    Kind.BAD_REQUEST: Told(400, "invalid_prompt"),
    Kind.SETTINGS: Told(500, "invalid_prompt", "server_error"),
    Kind.PROTOCOL: Told(502, "server_error", "server_error"),
    Kind.INCOMPLETE: Told(502, "server_error", "server_error"),
    Kind.NO_ANSWER: Told(502, "model_output_invalid", "server_error"),
    Kind.OTHER: Told(500, "server_error", "server_error"),
}
INTERNAL = "The gateway failed; its log says more."


def failed_code(error: ModelError) -> str:
    """The code of a `response.failed`."""
    return FAILURES[error.kind].code


def failure(error: ModelError) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Status, headers and body of the answer for a failure before anything was streamed."""
    told = FAILURES[error.kind]
    status = error.status if error.status is not None and error.status >= 400 else told.status
    wait = {"retry-after": f"{error.retry_after:.3f}".rstrip("0").rstrip(".")} if error.retry_after is not None else {}
    code = (error.code if error.kind is Kind.BAD_REQUEST else None) or told.code
    return status, wait, error_body(str(error), kind=told.type, code=code, param=error.param)


def error_body(message: str, *, kind: str, code: str | None = None, param: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}
