"""Everything that can go wrong with a model, as one table.

A failure is classified by its HTTP status and the provider's error code or type; text is looked at last. The kind then
decides whether it is worth another try and what clients are told.
"""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import NamedTuple

import msgspec

from spindled_protocol.types import CodexErrorInfo, CodexErrorInfoObject

from .events import Usage


class Retry(Enum):
    """Who repeats: nobody, the turn (visibly, as a new attempt), or first the request itself (silently)."""

    NEVER = 0
    STREAM = 1
    REQUEST = 2


class Kind(StrEnum):
    CONNECTION = "connection"  # no answer: refused, unknown host, TLS, reset before the answer
    SERVER = "server"
    OVERLOADED = "overloaded"
    RATE_LIMIT = "rate limit"
    DISCONNECTED = "disconnected"  # the stream broke, went silent or ended too early
    UNAUTHORIZED = "unauthorized"
    CREDENTIALS = "credentials"  # missing on our side: nothing was sent
    CONTEXT_WINDOW = "context window"
    USAGE_LIMIT = "usage limit"
    MODEL_NOT_FOUND = "model not found"
    POLICY = "policy"
    BAD_REQUEST = "bad request"  # the provider does not accept the request
    SETTINGS = "settings"  # of the provider: the request cannot be made
    PROTOCOL = "protocol"  # the answer is not an event stream
    INCOMPLETE = "incomplete"
    NO_ANSWER = "no answer"  # a whole response without text and without a call
    OTHER = "other"


class Rule(NamedTuple):
    """`info`: the codexErrorInfo of the final error; `with_status`: it carries the HTTP status.
    `tell_status`: so does the notice that a retry follows."""

    retry: Retry
    info: str
    with_status: bool = False
    tell_status: bool = True


RULES: dict[Kind, Rule] = {
    Kind.CONNECTION: Rule(Retry.REQUEST, "httpConnectionFailed", with_status=True),
    Kind.SERVER: Rule(Retry.REQUEST, "internalServerError", tell_status=False),
    Kind.OVERLOADED: Rule(Retry.REQUEST, "serverOverloaded", tell_status=False),
    Kind.RATE_LIMIT: Rule(Retry.STREAM, "responseTooManyFailedAttempts", with_status=True),
    Kind.DISCONNECTED: Rule(Retry.STREAM, "other"),
    Kind.UNAUTHORIZED: Rule(Retry.STREAM, "unauthorized"),
    Kind.CREDENTIALS: Rule(Retry.NEVER, "unauthorized"),
    Kind.CONTEXT_WINDOW: Rule(Retry.NEVER, "contextWindowExceeded"),
    Kind.USAGE_LIMIT: Rule(Retry.NEVER, "usageLimitExceeded"),
    Kind.MODEL_NOT_FOUND: Rule(Retry.NEVER, "modelNotFound"),
    Kind.POLICY: Rule(Retry.NEVER, "cyberPolicy"),
    Kind.BAD_REQUEST: Rule(Retry.NEVER, "other"),
    Kind.SETTINGS: Rule(Retry.NEVER, "badRequest"),
    Kind.PROTOCOL: Rule(Retry.NEVER, "responseStreamConnectionFailed", with_status=True),
    Kind.INCOMPLETE: Rule(Retry.NEVER, "other"),
    Kind.NO_ANSWER: Rule(Retry.NEVER, "other"),
    Kind.OTHER: Rule(Retry.NEVER, "other"),
}

STATUSES: dict[int, Kind] = {
    401: Kind.UNAUTHORIZED,
    403: Kind.UNAUTHORIZED,
    402: Kind.USAGE_LIMIT,
    408: Kind.SERVER,
    409: Kind.SERVER,
    425: Kind.SERVER,
    429: Kind.RATE_LIMIT,
    503: Kind.OVERLOADED,
    529: Kind.OVERLOADED,
}

CODES: dict[str, Kind] = {
    "context_length_exceeded": Kind.CONTEXT_WINDOW,
    "insufficient_quota": Kind.USAGE_LIMIT,
    "usage_limit_reached": Kind.USAGE_LIMIT,
    "usage_not_included": Kind.USAGE_LIMIT,
    "billing_hard_limit_reached": Kind.USAGE_LIMIT,
    "rate_limit_exceeded": Kind.RATE_LIMIT,
    "server_error": Kind.SERVER,
    "internal_server_error": Kind.SERVER,
    "server_is_overloaded": Kind.OVERLOADED,
    "slow_down": Kind.OVERLOADED,
    "overloaded_error": Kind.OVERLOADED,
    "invalid_prompt": Kind.BAD_REQUEST,
    "model_output_invalid": Kind.BAD_REQUEST,
    "model_not_found": Kind.MODEL_NOT_FOUND,
    "cyber_policy": Kind.POLICY,
    "invalid_api_key": Kind.UNAUTHORIZED,
    # Messages
    "request_too_large": Kind.CONTEXT_WINDOW,
    "authentication_error": Kind.UNAUTHORIZED,
    "permission_error": Kind.UNAUTHORIZED,
    "billing_error": Kind.USAGE_LIMIT,
    "not_found_error": Kind.MODEL_NOT_FOUND,
    "rate_limit_error": Kind.RATE_LIMIT,
    "timeout_error": Kind.SERVER,
    "api_error": Kind.SERVER,
    # Chat Completions of vLLM and llama.cpp
    "NotFoundError": Kind.MODEL_NOT_FOUND,
    "InternalServerError": Kind.SERVER,
    "exceed_context_size_error": Kind.CONTEXT_WINDOW,
    "unavailable_error": Kind.OVERLOADED,
}

# Say little: an HTTP status says more.
REFUSALS = {"invalid_request_error", "BadRequestError"}

# Only for failures that neither a status nor a code makes final.
TEXTS: tuple[tuple[str, Kind], ...] = (
    ("maximum context length", Kind.CONTEXT_WINDOW),
    ("exceeds the context window", Kind.CONTEXT_WINDOW),
    ("prompt is too long", Kind.CONTEXT_WINDOW),
    ("exceed context limit", Kind.CONTEXT_WINDOW),
    ("exceeds the available context size", Kind.CONTEXT_WINDOW),
    ("credit balance is too low", Kind.USAGE_LIMIT),
)
INCOMPLETE_TEXTS = {"content_filter": "The provider's content filter stopped the model's response."}
VAGUE = {Kind.BAD_REQUEST, Kind.SERVER, Kind.DISCONNECTED, Kind.OTHER}


class ModelError(Exception):
    """A model request that failed. `str()` is safe to show.

    `status`: of HTTP, None if there was no answer or it failed later; `retry_after`: seconds the provider asks to wait;
    `code`: the provider's own; `param`: the member of the request that it objects to; `said`: the provider's text, also
    where the message is ours; `usage`: tokens that were taken all the same, as far as the provider told.
    """

    def __init__(
        self,
        kind: Kind,
        message: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        code: str | None = None,
        param: str | None = None,
        said: str | None = None,
    ):
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.status = status
        self.retry_after = retry_after
        self.code = code
        self.param = param
        self.said = message if said is None else said
        self.usage: Usage | None = None

    @property
    def retry(self) -> Retry:
        return RULES[self.kind].retry

    @property
    def retryable(self) -> bool:
        return self.retry is not Retry.NEVER


def kind_of(status: int | None, codes: tuple[str | None, ...], message: str) -> Kind:
    """The kind of a failure. `codes`: the provider's error code and type; `status` None: within a stream."""
    kind = _by_status(status)
    for code in codes:
        if kind not in (Kind.UNAUTHORIZED, Kind.SETTINGS) and code in CODES:
            kind = CODES[code]
            break
    if status is None and kind is Kind.DISCONNECTED and REFUSALS.intersection(codes):
        kind = Kind.BAD_REQUEST
    if kind in VAGUE:
        text = message.lower()
        return next((found for needle, found in TEXTS if needle in text), kind)
    return kind


def _by_status(status: int | None) -> Kind:
    if status is None:
        return Kind.DISCONNECTED
    if status in STATUSES:
        return STATUSES[status]
    if status >= 500:
        return Kind.SERVER
    return Kind.BAD_REQUEST if status >= 400 else Kind.PROTOCOL


def no_answer_error() -> ModelError:
    """The response is whole and holds no answer: at most thoughts."""
    text = "The model ended its response without an answer."
    return ModelError(Kind.NO_ANSWER, text, code="model_output_invalid")


def incomplete_error(reason: str) -> ModelError:
    """The response ended early and the turn cannot go on from it."""
    text = INCOMPLETE_TEXTS.get(reason, f"The model ended its response early, reason: {reason}")
    return ModelError(Kind.INCOMPLETE, text, code=reason)


def to_codex_error_info(error: ModelError) -> CodexErrorInfo:
    """What clients are told when the turn fails."""
    rule = RULES[error.kind]
    return _info(rule.info, error.status) if rule.with_status else rule.info


def retrying_info(error: ModelError) -> CodexErrorInfo:
    """What clients are told when another attempt follows."""
    return _info("responseStreamDisconnected", error.status if RULES[error.kind].tell_status else None)


def _info(variant: str, status: int | None) -> CodexErrorInfo:
    return msgspec.convert({variant: {"httpStatusCode": status}}, CodexErrorInfoObject)
