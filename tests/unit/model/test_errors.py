"""The table of kinds, and what clients are told."""

from __future__ import annotations

import msgspec
import pytest

from spindled.model.errors import (
    RULES,
    Kind,
    ModelError,
    Retry,
    incomplete_error,
    kind_of,
    retrying_info,
    to_codex_error_info,
)


@pytest.mark.parametrize(
    ("status", "code", "error_type", "message", "kind"),
    [
        (400, "invalid_value", "invalid_request_error", "Invalid value", Kind.BAD_REQUEST),
        (400, "context_length_exceeded", "invalid_request_error", "", Kind.CONTEXT_WINDOW),
        (400, None, None, "This model's maximum context length is 8192 tokens.", Kind.CONTEXT_WINDOW),
        (400, "invalid_prompt", None, "", Kind.BAD_REQUEST),
        (401, "invalid_api_key", None, "", Kind.UNAUTHORIZED),
        (401, "server_error", None, "maximum context length", Kind.UNAUTHORIZED),
        (403, None, None, "", Kind.UNAUTHORIZED),
        (404, "model_not_found", None, "", Kind.MODEL_NOT_FOUND),
        (404, None, None, "", Kind.BAD_REQUEST),
        (408, None, None, "", Kind.SERVER),
        (413, None, None, "prompt is too long", Kind.CONTEXT_WINDOW),
        (429, "rate_limit_exceeded", "rate_limit", "", Kind.RATE_LIMIT),
        (429, None, "usage_limit_reached", "", Kind.USAGE_LIMIT),
        (429, "insufficient_quota", None, "", Kind.USAGE_LIMIT),
        (429, None, None, "", Kind.RATE_LIMIT),
        (500, "server_error", None, "", Kind.SERVER),
        (502, None, None, "Bad gateway", Kind.SERVER),
        (503, "server_is_overloaded", None, "", Kind.OVERLOADED),
        (503, None, None, "", Kind.OVERLOADED),
        (599, None, None, "", Kind.SERVER),
        (None, "server_error", None, "", Kind.SERVER),
        (None, "server_error", None, "Your input exceeds the context window.", Kind.CONTEXT_WINDOW),
        (None, "insufficient_quota", None, "", Kind.USAGE_LIMIT),
        (None, "cyber_policy", None, "", Kind.POLICY),
        (None, "never_heard_of", None, "", Kind.DISCONNECTED),
    ],
)
def test_kinds(status: int | None, code: str | None, error_type: str | None, message: str, kind: Kind) -> None:
    """Rows 1-04, 4-22, 4-23."""
    assert kind_of(status, (code, error_type), message) is kind


def test_every_kind_has_its_rule() -> None:
    assert set(RULES) == set(Kind)


@pytest.mark.parametrize(
    ("kind", "status", "retry", "final", "told"),
    [
        (Kind.SERVER, 500, Retry.REQUEST, "internalServerError", None),
        (Kind.OVERLOADED, 503, Retry.REQUEST, "serverOverloaded", None),
        (Kind.CONNECTION, None, Retry.REQUEST, {"httpConnectionFailed": {"httpStatusCode": None}}, None),
        (Kind.RATE_LIMIT, 429, Retry.STREAM, {"responseTooManyFailedAttempts": {"httpStatusCode": 429}}, 429),
        (Kind.UNAUTHORIZED, 401, Retry.STREAM, "unauthorized", 401),
        (Kind.DISCONNECTED, None, Retry.STREAM, "other", None),
        (Kind.CONTEXT_WINDOW, 400, Retry.NEVER, "contextWindowExceeded", 400),
        (Kind.USAGE_LIMIT, 429, Retry.NEVER, "usageLimitExceeded", 429),
        (Kind.BAD_REQUEST, 400, Retry.NEVER, "other", 400),
        (Kind.CREDENTIALS, None, Retry.NEVER, "unauthorized", None),
    ],
)
def test_what_clients_are_told(kind: Kind, status: int | None, retry: Retry, final: object, told: int | None) -> None:
    error = ModelError(kind, "text", status=status)
    assert error.retry is retry
    assert error.retryable is (retry is not Retry.NEVER)
    assert msgspec.to_builtins(to_codex_error_info(error)) == final
    assert msgspec.to_builtins(retrying_info(error)) == {"responseStreamDisconnected": {"httpStatusCode": told}}


def test_a_response_that_ended_early() -> None:
    error = incomplete_error("max_output_tokens")
    assert to_codex_error_info(error) == "other"
    assert "max_output_tokens" in str(error)
    assert not error.retryable
