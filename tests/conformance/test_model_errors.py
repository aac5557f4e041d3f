"""What goes wrong at the model: what is told, what is tried again, and that the next turn works."""

from __future__ import annotations

import socket
from typing import Any, NamedTuple

import pytest

from tests.conformance.conftest import Launch
from tests.conformance.steps import open_thread
from tests.support.client import Client, is_completion_of
from tests.support.fake_items import message
from tests.support.fake_provider import End, FakeProvider, Reply, answer, stream
from tests.support.flow import ANSWERED, COMPLETED, FAILED, INTERRUPTED, STARTED, flow, items, of, turn_of
from tests.support.home import Home

TEXT = ANSWERED[:3]
"""A message whose response was not counted."""
RETRY = "error willRetry"
USAGE = "thread/tokenUsage/updated"


def status(code: int, name: str | None, text: str = "scripted", kind: str | None = None, **headers: str) -> Reply:
    fields = {header.replace("_", "-"): value for header, value in headers.items()}
    return answer(code, {"error": {"code": name, "message": text, "type": kind}}, headers=fields)


def failed(code: str, *items: Any) -> Reply:
    return stream(*items, status="failed", error={"code": code, "message": f"It is {code}."})


def disconnected(http_status: int | None = None) -> dict[str, Any]:
    return {"responseStreamDisconnected": {"httpStatusCode": http_status}}


class Case(NamedTuple):
    """What the provider answers, what is told between the user's message and the end, and each error's info."""

    replies: list[Reply]
    told: tuple[str, ...]
    info: list[Any]


REFUSED_KEY = status(401, "invalid_api_key", kind="invalid_request_error")

AFTERWARDS: dict[str, Case] = {
    "500 once": Case([status(500, "server_error")], ANSWERED, []),
    "503 once": Case([status(503, "server_is_overloaded", kind="service_unavailable_error")], ANSWERED, []),
    "429 once": Case([status(429, "rate_limit_exceeded", retry_after="0.05")], (RETRY, *ANSWERED), [disconnected(429)]),
    "401 once": Case([REFUSED_KEY], (RETRY, *ANSWERED), [disconnected(401)]),
    "cut once": Case(
        [stream(message("half of an answer", deltas=3), status="", end=End.WHOLE)],
        (TEXT[0], f"{TEXT[1]} x3", TEXT[2], RETRY, *ANSWERED),
        [disconnected()],
    ),
    "failed": Case([failed("server_error", message("before"))], (*TEXT, RETRY, *ANSWERED), [disconnected()]),
}
"""The turn is completed in the end."""

FOR_GOOD: dict[str, Case] = {
    "400": Case([status(400, "invalid_value", kind="invalid_request_error")], (), ["other"]),
    # docs/compatibility.md, "A key that is refused"
    "401": Case([REFUSED_KEY] * 2, (RETRY,), [disconnected(401), "unauthorized"]),
    "quota": Case([status(429, None, kind="usage_limit_reached")], (), ["usageLimitExceeded"]),
    "failed quota": Case([failed("insufficient_quota")], (), ["usageLimitExceeded"]),
    "failed invalid prompt": Case([failed("invalid_prompt")], (), ["other"]),
    # max_output_tokens: test_odd_output.py
    "incomplete": Case(
        [stream(message("cut off"), status="incomplete", incomplete_details={"reason": "content_filter"})],
        (*TEXT, USAGE),
        ["other"],
    ),
    "cut for good": Case(
        [stream(message("half"), status="", end=End.CUT)] * 3,
        (*TEXT, RETRY, *TEXT, RETRY, *TEXT),
        [disconnected(), disconnected(), "other"],
    ),
    "500 for good": Case(
        [status(500, "server_error")] * 9,
        (f"{RETRY} x2",),
        [disconnected(), disconnected(), "internalServerError"],
    ),
    "429 for good": Case(
        [status(429, "rate_limit_exceeded", retry_after="0.01")] * 3,
        (f"{RETRY} x2",),
        [disconnected(429), disconnected(429), {"responseTooManyFailedAttempts": {"httpStatusCode": 429}}],
    ),
}
"""The turn fails."""


@pytest.mark.parametrize("name", AFTERWARDS)
async def test_what_passes(client: Client, provider: FakeProvider, name: str) -> None:
    case = AFTERWARDS[name]
    provider.script(*case.replies)
    messages = await client.run_turn(await open_thread(client), "hi")
    assert flow(messages) == [*STARTED, *case.told, *COMPLETED]
    assert [each["error"]["codexErrorInfo"] for each in of(messages, "error")] == case.info
    assert turn_of(messages)["error"] is None
    assert not provider.replies


@pytest.mark.parametrize("name", FOR_GOOD)
async def test_what_fails_the_turn_but_not_the_next(client: Client, provider: FakeProvider, name: str) -> None:
    case = FOR_GOOD[name]
    provider.script(*case.replies)
    thread = await open_thread(client)
    messages = await client.run_turn(thread, "hi")
    assert flow(messages) == [*STARTED, *case.told, *FAILED]
    errors = of(messages, "error")
    assert [each["error"]["codexErrorInfo"] for each in errors] == case.info
    assert turn_of(messages)["error"] == errors[-1]["error"]
    assert not provider.replies
    assert flow(await client.run_turn(thread, "and now")) == [*STARTED, *ANSWERED, *COMPLETED]

    read = await client.request("thread/read", {"threadId": thread, "includeTurns": True})
    turns = read["thread"]["turns"]
    assert [turn["status"] for turn in turns] == ["failed", "completed"]
    assert turns[0]["error"]["message"] == errors[-1]["error"]["message"]


async def test_a_retry_says_which_one_it_is(client: Client, provider: FakeProvider) -> None:
    provider.script(stream(message("half"), status="", end=End.CUT))
    messages = await client.run_turn(await open_thread(client), "hi")
    notice = of(messages, "error")[0]
    assert notice["error"]["message"] == "Reconnecting... 1/2"
    assert notice["error"]["additionalDetails"]


async def test_a_retry_keeps_what_was_finished(client: Client, provider: FakeProvider) -> None:
    provider.script(failed("server_error", message("before")), stream(message("after")))
    messages = await client.run_turn(await open_thread(client), "hi")
    assert [item["text"] for item in items(messages, "agentMessage")] == ["before", "after"]
    said = [part["text"] for item in provider.requests[1].json["input"] for part in item["content"]]
    assert said[-2:] == ["hi", "before"]


@pytest.mark.parametrize("end", [End.CUT, End.MID_CHUNK, End.RESET])
async def test_an_end_in_the_middle_of_a_message(client: Client, provider: FakeProvider, end: End) -> None:
    # created, item added, part added, two deltas: the message is not done, and the retry writes it anew.
    provider.script(stream(message("one two three", deltas=3), stop_after=5, end=end))
    messages = await client.run_turn(await open_thread(client), "hi")
    happened = [label for label in flow(messages) if not label.startswith("item/agentMessage/delta")]
    assert happened == [
        *STARTED,
        "item/started agentMessage",
        RETRY,
        "item/started agentMessage",
        "item/completed agentMessage",
        USAGE,
        *COMPLETED,
    ]
    ids = [each["item"]["id"] for each in of(messages, "item/started") if each["item"]["type"] == "agentMessage"]
    assert len(set(ids)) == 2
    assert [item["text"] for item in items(messages, "agentMessage")] == ["ok"]
    said = [part["text"] for item in provider.requests[1].json["input"] for part in item["content"]]
    assert said[-1] == "hi"


async def test_an_interrupt_ends_the_wait_for_a_retry(client: Client, provider: FakeProvider) -> None:
    provider.script(status(429, "rate_limit_exceeded", retry_after="500"))
    thread = await open_thread(client)
    since = client.mark()
    turn = await client.start_turn(thread, "hi")
    await client.wait_for("error")
    await client.request("turn/interrupt", {"threadId": thread, "turnId": turn["id"]})
    await client.wait_for(is_completion_of(turn["id"]))
    assert flow(client.received[since:]) == [*STARTED, RETRY, "result", *INTERRUPTED]
    assert flow(await client.run_turn(thread, "go on")) == [*STARTED, *ANSWERED, *COMPLETED]


async def test_a_server_that_is_not_there(launch: Launch, home: Home, provider: FakeProvider) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    client = await launch(provider={"base_url": f"http://127.0.0.1:{port}/v1", "request_max_retries": 1})
    messages = await client.run_turn(await open_thread(client), "hi")
    # docs/compatibility.md, "No network"
    assert flow(messages) == [*STARTED, f"{RETRY} x2", *FAILED]
    assert turn_of(messages)["error"]["message"]
