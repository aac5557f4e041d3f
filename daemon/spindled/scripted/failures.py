"""The `fail` directive: every way in which a provider fails a request."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from .items import Breakdown, Empty, Failed, Failure, HttpFailure, Incomplete

_STATUS_CODES = {
    400: "invalid_request_error",
    401: "invalid_api_key",
    403: "forbidden",
    404: "not_found",
    429: "rate_limit_exceeded",
    503: "server_is_overloaded",
}
_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}: a scripted gateway page</h1></body></html>"


def parse_failure(text: str) -> tuple[Failure, int | None]:
    """What follows `fail`: the failure, and how many times it is given (None: for good). Raises ValueError."""
    words = text.split()
    if not words or words[0] not in _KINDS:
        raise ValueError(f"wants one of {', '.join(_KINDS)}")
    options = _options(words[1:])
    times = options.pop("times", None)
    failure = _KINDS[words[0]](options)
    if options:
        raise ValueError(f"{words[0]} does not take {', '.join(options)}")
    return failure, None if times is None else _number(times, "times")


def _options(words: list[str]) -> dict[str, str]:
    """`VALUE key value key value` as a dictionary; the leading VALUE, if any, has the key ``."""
    keys = {"times", "retry-after", "code"}
    options: dict[str, str] = {}
    if words and words[0] not in keys:
        options[""] = words[0]
        words = words[1:]
    if len(words) % 2:
        raise ValueError(f"no value after {words[-1]}")
    for key, value in zip(words[::2], words[1::2], strict=True):
        if key not in keys:
            raise ValueError(f"unknown word {key}")
        options[key] = value
    return options


def _number(value: str, name: str) -> int:
    if not value.isdecimal():
        raise ValueError(f"{name} wants a number")
    return int(value)


def _status(value: str) -> int:
    status = _number(value, "status")
    if not 200 <= status <= 599:
        raise ValueError("status is from 200 to 599")
    return status


def _http(options: dict[str, str]) -> Failure:
    status = _status(options.pop("", ""))
    code = options.pop("code", None) or _STATUS_CODES.get(status, "server_error")
    retry_after = options.pop("retry-after", None)
    return HttpFailure(
        status=status,
        body=error_body(code, f"The script asked for status {status}."),
        retry_after=None if retry_after is None else _number(retry_after, "retry-after"),
    )


def _html(options: dict[str, str]) -> Failure:
    status = _status(options.pop("", "502"))
    return HttpFailure(status=status, body=_PAGE.format(status), content_type="text/html; charset=utf-8")


def _failed(options: dict[str, str]) -> Failure:
    code = options.pop("", "server_error")
    return Failed(code, f"The script asked for the failure {code}.")


def _context(options: dict[str, str]) -> Failure:
    return Failed("context_length_exceeded", "The script says that the input exceeds the context window.")


def _incomplete(options: dict[str, str]) -> Failure:
    return Incomplete(options.pop("", "max_output_tokens"))


_KINDS: dict[str, Callable[[dict[str, str]], Failure]] = {
    "status": _http,
    "html": _html,
    "cut": lambda options: Breakdown("cut"),
    "reset": lambda options: Breakdown("reset"),
    "stall": lambda options: Breakdown("stall"),
    "failed": _failed,
    "incomplete": _incomplete,
    "empty": lambda options: Empty(),
    "context": _context,
}


def error_body(code: str, message: str) -> str:
    """The JSON text of an error as the Responses API gives it."""
    kind = "invalid_request_error" if code.startswith("invalid") else code
    return msgspec.json.encode({"error": {"message": message, "type": kind, "code": code, "param": None}}).decode()
