"""One conversation over every transport: nothing of it may depend on how the bytes travel."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.client import Client, Message, RequestFailed, agent_texts

COMMAND_APPROVAL = "item/commandExecution/requestApproval"


async def test_a_handshake_comes_first(client: Client) -> None:
    with pytest.raises(RequestFailed, match="Not initialized"):
        await client.request("thread/loaded/list", {})
    assert (await client.initialize())["userAgent"].startswith("spindled_tests/")
    with pytest.raises(RequestFailed, match="Already initialized"):
        await client.initialize()
    assert await client.close() == 0


async def test_a_turn_and_its_order(client: Client) -> None:
    await client.initialize()
    thread = await client.start_thread()
    messages = await client.run_turn(thread["id"], "say Hello.")
    assert agent_texts(messages) == ["Hello."]
    methods = [message.get("method", "answer") for message in messages]
    assert methods.index("answer") < methods.index("turn/started") < methods.index("item/started")
    assert methods[-1] == "turn/completed"
    assert await client.close() == 0


@pytest.mark.parametrize(("decision", "status"), [("accept", "completed"), ("decline", "declined")])
async def test_an_approval(client: Client, decision: str, status: str) -> None:
    await client.initialize()
    client.on_request(COMMAND_APPROVAL, lambda params: {"decision": decision})
    thread = await client.start_thread(approvalPolicy="untrusted", sandbox="danger-full-access")
    messages = await client.run_turn(thread["id"], "run touch made")
    items = [m["params"]["item"] for m in messages if m.get("method") == "item/completed"]
    assert [item["status"] for item in items if item["type"] == "commandExecution"] == [status]


async def test_an_interrupt_in_the_middle(client: Client) -> None:
    await client.initialize()
    thread = await client.start_thread()
    turn = await client.start_turn(thread["id"], "stream 5000 words every 5 ms")
    await client.wait_for("item/agentMessage/delta")
    await client.request("turn/interrupt", {"threadId": thread["id"], "turnId": turn["id"]})
    done = await client.wait_for("turn/completed")
    assert done["params"]["turn"]["status"] == "interrupted"


async def test_text_of_every_kind_and_length(client: Client) -> None:
    await client.initialize()
    thread = await client.start_thread()
    text = "a\\u2028b 🧵 é\u00a0 " + "x" * 300_000
    messages = await client.run_turn(thread["id"], f"say {text}")
    assert agent_texts(messages) == [text]
    deltas = [m["params"]["delta"] for m in messages if m.get("method") == "item/agentMessage/delta"]
    assert "".join(deltas) == text


async def test_a_message_of_many_megabytes(client: Client) -> None:
    await client.initialize()
    with pytest.raises(RequestFailed, match="invalid thread id"):
        await client.request("thread/read", {"threadId": "x" * (20 << 20)})
    assert (await client.request("thread/loaded/list", {}))["data"] == []


async def test_what_is_no_message_is_answered_and_passed_over(client: Client) -> None:
    await client.initialize()
    client.send_raw(b"no json\n[1]\n")
    for code in (-32700, -32600):
        await client.wait_for(lambda m, code=code: m.get("id", 0) is None and m["error"]["code"] == code)  # type: ignore[misc]
    assert (await client.request("thread/loaded/list", {}))["data"] == []


async def test_requests_are_answered_in_their_order_however_many_wait(client: Client) -> None:
    await client.initialize()
    answered: list[int] = []

    def note(message: Message) -> None:
        if "result" in message:
            answered.append(message["id"])

    client.watch(note)
    posted = [client.post("thread/loaded/list", {}) for _ in range(500)]
    await asyncio.gather(*posted)
    assert answered == sorted(answered)
    assert len(answered) == len(posted)


async def test_a_thread_is_there_after_the_turn(client: Client) -> None:
    await client.initialize()
    thread = await client.start_thread()
    await client.run_turn(thread["id"], "say One.")
    read = await client.request("thread/read", {"threadId": thread["id"], "includeTurns": True})
    kinds = [item["type"] for turn in read["thread"]["turns"] for item in turn["items"]]
    assert kinds == ["userMessage", "agentMessage"]
