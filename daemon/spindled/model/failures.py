"""A provider's own account of a failure -- an HTTP answer or an event of the stream -- as a ModelError."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec

from .errors import Kind, ModelError, kind_of
from .retry import seconds_in, wait_hint

MAX_TEXT = 2000
MAX_SUMMARY = 200
MARKUP = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)

FIXED_TEXTS = {
    Kind.CONTEXT_WINDOW: "The conversation no longer fits into the model's context window. "
    "Start a new thread or shorten this one, then try again.",
}


class Report(NamedTuple):
    """What a provider says about an error: any part may be missing."""

    message: str = ""
    code: str | None = None
    type: str | None = None
    param: str | None = None


def http_failure(status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
    """The error of an answer with this status, body and lower-case headers."""
    report = report_in(_decoded(body))
    if report is None:
        report = Report(summary(body, headers.get("content-type", "")))
    kind = kind_of(status, (report.code, report.type), report.message)
    wait = wait_hint(headers, report.message, time.time())
    return ModelError(
        kind,
        FIXED_TEXTS.get(kind) or _http_text(status, report.message),
        status=status,
        retry_after=wait,
        code=report.code or report.type,
        param=report.param,
        said=report.message,
    )


def stream_failure(error: Any) -> ModelError:
    """The error of a failed response or an error event; `error` is the provider's error object."""
    report = report_in({"error": error}) or Report()
    kind = kind_of(_status(report.code), (report.code, report.type), report.message)
    text = FIXED_TEXTS.get(kind) or report.message or "The provider reports a failure without a reason."
    wait = seconds_in(report.message)
    code = report.code or report.type
    return ModelError(kind, text, retry_after=wait, code=code, param=report.param, said=report.message)


def report_in(value: Any, depth: int = 3) -> Report | None:
    """The error in a decoded body: {"error": {...}}, {"error": "..."}, {"message": ...}, {"detail": ...}, or in a list.

    A message that is again such a body, as text, is unwrapped.
    """
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, dict):
        return None
    error = value.get("error") or value
    if isinstance(error, str):
        error = {**value, "message": error}
    if not isinstance(error, dict):
        return None
    message = next((error[key] for key in ("message", "detail") if isinstance(error.get(key), str)), "")
    code, kind, param = (_text(error.get(name)) for name in ("code", "type", "param"))
    report = Report(one_line(message, MAX_TEXT), code, kind, param)
    if depth and message.lstrip().startswith("{"):
        inner = report_in(_decoded(message.encode()), depth - 1)
        if inner is not None and inner.message:
            return Report(inner.message, inner.code or code, inner.type or kind, inner.param or param)
    return report if any(report) else None


def summary(body: bytes, content_type: str) -> str:
    """One line about a body that is no JSON error."""
    text = body[:65536].decode("utf-8", "replace")
    if "html" in content_type or text.lstrip()[:15].lower().startswith(("<!doctype html", "<html")):
        title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
        text = MARKUP.sub(" ", title.group(1) if title else text)
        text = f"an HTML page: {text.strip()}" if text.strip() else "an HTML page"
    return one_line(text, MAX_SUMMARY)


def one_line(text: str, limit: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[:limit]}..."


def _http_text(status: int, message: str) -> str:
    if status == 400 and message:
        return message
    try:
        reason = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        reason = str(status)
    return f"The provider answered {reason}: {message}" if message else f"The provider answered {reason}."


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _status(code: str | None) -> int | None:
    """The HTTP status that a gateway gives as the code of an error."""
    return int(code) if code is not None and re.fullmatch(r"[45]\d\d", code) else None


def _text(value: Any) -> str | None:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None
