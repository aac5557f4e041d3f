"""Bodies of failed requests as errors."""

from __future__ import annotations

import json
from typing import Any

import pytest

from spindled.model.errors import Kind
from spindled.model.failures import http_failure, report_in, stream_failure, summary


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": {"message": "No.", "code": "c"}}, "No."),
        ({"error": "No."}, "No."),
        ({"message": "No."}, "No."),
        ({"detail": "No."}, "No."),
        ([{"error": {"message": "No."}}], "No."),
        ({"error": {"message": json.dumps({"error": {"message": "No."}})}}, "No."),
        ({"error": {"message": "No\n  way."}}, "No way."),
        ({"error": {"message": "{not json"}}, "{not json"),
    ],
)
def test_messages_are_unwrapped(body: Any, message: str) -> None:
    report = report_in(body)
    assert report is not None
    assert report.message == message
    assert message in str(http_failure(400, {}, json.dumps(body).encode()))


@pytest.mark.parametrize("body", [None, 7, "text", [], {}, {"error": None}, {"other": 1}])
def test_bodies_without_an_error(body: Any) -> None:
    assert report_in(body) is None


def test_codes_may_be_numbers() -> None:
    report = report_in({"error": {"code": 404, "type": None, "message": "x"}})
    assert report is not None
    assert report.code == "404"


def test_an_html_page_is_one_line() -> None:
    page = b"<!DOCTYPE html><html><head><title>502 Bad\nGateway</title><style>p{}</style></head></html>"
    error = http_failure(502, {"content-type": "text/html"}, page)
    assert str(error) == "The provider answered 502 Bad Gateway: an HTML page: 502 Bad Gateway"
    assert error.kind is Kind.SERVER


def test_summaries() -> None:
    assert summary(b"<p>Hello <b>there</b></p><script>var a;</script>", "text/html") == "an HTML page: Hello there"
    assert summary(b"<html></html>", "") == "an HTML page"
    assert summary(b"plain\r\ntext\xff", "text/plain") == "plain text\ufffd"
    assert len(summary(b"x" * 10_000, "")) < 250


def test_an_empty_body() -> None:
    assert str(http_failure(500, {}, b"")) == "The provider answered 500 Internal Server Error."
    assert str(http_failure(599, {}, b"")) == "The provider answered 599."


def test_status_code_hint_and_code_are_kept() -> None:
    body = {"error": {"message": "Please try again in 1.5s.", "code": "rate_limit_exceeded"}}
    error = http_failure(429, {}, json.dumps(body).encode())
    assert (error.kind, error.status, error.retry_after, error.code) == (
        Kind.RATE_LIMIT,
        429,
        1.5,
        "rate_limit_exceeded",
    )


def test_the_header_wins_over_the_text() -> None:
    assert http_failure(429, {"retry-after": "7"}, b'{"error":{"message":"try again in 1s"}}').retry_after == 7


def test_failures_within_a_stream() -> None:
    error = stream_failure({"code": "rate_limit_exceeded", "message": "Try again in 28ms"})
    assert (error.kind, error.status, error.retry_after) == (Kind.RATE_LIMIT, None, 0.028)
    assert stream_failure(None).kind is Kind.DISCONNECTED
