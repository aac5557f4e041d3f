"""What the tests of this folder do again and again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.client import Client, Message, RequestFailed
from tests.support.fake_items import Item, custom_tool_call, function_call

COMMAND_APPROVAL = "item/commandExecution/requestApproval"
PATCH_APPROVAL = "item/fileChange/requestApproval"
INVALID, UNSUPPORTED, PARSE = -32600, -32601, -32700
NOWHERE = "01900000-0000-7000-8000-000000000000"
"""The id of no thread, turn or item."""


async def open_thread(client: Client, **params: Any) -> str:
    """The id of a new thread whose thread/started has come."""
    since = client.mark()
    thread = await client.start_thread(**params)
    await client.wait_for("thread/started", since=since)
    return str(thread["id"])


async def refusal(client: Client, method: str, params: Any = None) -> tuple[int, str]:
    """Code and text of the error that the request is answered with."""
    with pytest.raises(RequestFailed) as failure:
        await client.request(method, params)
    return failure.value.code, failure.value.message


def decide(client: Client, *decisions: Any) -> list[Message]:
    """Answers approvals with these decisions in turn, the last one from then on; gives what was asked, as it comes."""
    asked: list[Message] = []

    def answer(params: Message) -> Message:
        asked.append(params)
        return {"decision": decisions[min(len(asked), len(decisions)) - 1]}

    client.on_request(COMMAND_APPROVAL, answer)
    client.on_request(PATCH_APPROVAL, answer)
    return asked


def command(cmd: str, call_id: str = "call_1", **more: Any) -> Item:
    return function_call("exec_command", {"cmd": cmd, **more}, call_id=call_id)


def patch(text: str, call_id: str = "call_1") -> Item:
    """`text` without the first and last line of a patch."""
    return custom_tool_call("apply_patch", f"*** Begin Patch\n{text}*** End Patch\n", call_id=call_id)


def outputs(request: Any) -> list[tuple[str, Any]]:
    """Call id and output of every tool output that a model request holds, in order."""
    found = [item for item in request.json["input"] if item["type"].endswith("_call_output")]
    return [(item["call_id"], item["output"]) for item in found]


def text_input(text: str) -> list[Message]:
    return [{"type": "text", "text": text, "text_elements": []}]


def shows(kind: str, status: str | None = None) -> Any:
    """Matches the item/started of such an item."""

    def matches(message: Message) -> bool:
        item = message["params"]["item"] if message.get("method") == "item/started" else {}
        return item.get("type") == kind and (status is None or item.get("status") == status)

    return matches
