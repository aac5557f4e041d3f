"""`fallback_models`: another model of the provider goes on when one fails for good. Row 4-26."""

from __future__ import annotations

from tests.conformance.conftest import Launch
from tests.conformance.steps import command, open_thread
from tests.support.client import Client
from tests.support.fake_items import message
from tests.support.fake_provider import FakeProvider, Reply, answer, stream
from tests.support.flow import ANSWERED, COMPLETED, FAILED, STARTED, flow

BUSY = {"error": {"message": "The engine is currently overloaded", "code": "server_is_overloaded"}}
ONCE = {"request_max_retries": 0, "stream_max_retries": 0}


def busy() -> Reply:
    return answer(503, BUSY)


async def launched(launch: Launch, *models: str) -> Client:
    return await launch(fallback_models=list(models), provider=ONCE)


def asked(provider: FakeProvider) -> list[str]:
    return [request.json["model"] for request in provider.requests if request.method == "POST"]


async def test_the_turn_goes_on_with_the_next_model(launch: Launch, provider: FakeProvider) -> None:
    client = await launched(launch, "gpt-5.4", "gpt-4o")
    provider.script(stream(command("echo one")), busy(), busy(), stream(message("done")))
    thread = await open_thread(client)
    messages = await client.run_turn(thread, "go")
    assert flow(messages)[-5:] == [*ANSWERED, *COMPLETED][-5:]
    assert asked(provider) == ["gpt-5.5", "gpt-5.5", "gpt-5.4", "gpt-4o"]
    warnings = [each["message"] for each in client.notifications("warning")]
    assert len(warnings) == 2
    assert "`gpt-5.5` does not answer (overloaded)" in warnings[0]


async def test_a_model_that_failed_is_not_asked_first(launch: Launch, provider: FakeProvider) -> None:
    client = await launched(launch, "gpt-5.4")
    provider.script(busy(), stream(message("one")), stream(message("two")), stream(message("three")))
    first = await open_thread(client)
    await client.run_turn(first, "go")
    for thread in (first, await open_thread(client)):  # also not by another thread
        happened = flow(await client.run_turn(thread, "again"))
        assert happened.count("warning") == 1
        assert [step for step in happened if step != "warning"] == [*STARTED, *ANSWERED, *COMPLETED]
    assert asked(provider) == ["gpt-5.5", *["gpt-5.4"] * 3]
    await client.close()
    client = await launched(launch, "gpt-5.4")
    resumed = await client.request("thread/resume", {"threadId": first})
    assert resumed["model"] == "gpt-5.5"  # the thread has kept its own


async def test_nobody_is_left(launch: Launch, provider: FakeProvider) -> None:
    client = await launched(launch, "gpt-5.4")
    provider.script(busy(), busy())
    assert flow(await client.run_turn(await open_thread(client), "go")) == [*STARTED, "warning", *FAILED]
    assert client.notifications("turn/completed")[0]["turn"]["error"]["codexErrorInfo"] == "serverOverloaded"


async def test_a_summary_by_another_model(launch: Launch, provider: FakeProvider) -> None:
    client = await launched(launch, "gpt-5.4")
    provider.script(stream(message("one")), busy(), stream(message("THE SUMMARY")))
    thread = await open_thread(client)
    await client.run_turn(thread, "go")
    since = client.mark()
    await client.request("thread/compact/start", {"threadId": thread})
    done = await client.wait_for("turn/completed", since=since)
    assert done["params"]["turn"]["status"] == "completed"
    assert asked(provider) == ["gpt-5.5", "gpt-5.5", "gpt-5.4"]
