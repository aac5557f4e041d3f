"""The other tools: update_plan and view_image."""

from __future__ import annotations

import base64

import pytest

from tests.conformance.conftest import Launch
from tests.conformance.steps import open_thread, outputs
from tests.conformance.test_input import DATA_URL, PNG
from tests.support.client import Client
from tests.support.fake_items import function_call
from tests.support.fake_provider import FakeProvider, stream
from tests.support.flow import ANSWERED, COMPLETED, STARTED, flow, items, of
from tests.support.home import Home

PLAN = {
    "explanation": "why",
    "plan": [
        {"step": "first", "status": "completed"},
        {"step": "second", "status": "in_progress"},
        {"step": "third", "status": "pending"},
    ],
}
USAGE = "thread/tokenUsage/updated"


async def test_update_plan(launch: Launch, provider: FakeProvider) -> None:
    client = await launch(tables="[tools.update_plan]\nenabled = true\n")
    provider.script(stream(function_call("update_plan", PLAN)))
    messages = await client.run_turn(await open_thread(client), "plan")
    assert flow(messages) == [*STARTED, "turn/plan/updated", USAGE, *ANSWERED, *COMPLETED]
    told = of(messages, "turn/plan/updated")[0]
    assert told["explanation"] == "why"
    assert [step["status"] for step in told["plan"]] == ["completed", "inProgress", "pending"]


async def test_update_plan_is_off_by_default(client: Client, provider: FakeProvider) -> None:
    provider.script(stream(function_call("update_plan", PLAN, call_id="c1")))
    messages = await client.run_turn(await open_thread(client), "plan")
    assert flow(messages) == [*STARTED, USAGE, *ANSWERED, *COMPLETED]
    assert outputs(provider.requests[1]) == [("c1", "unsupported call: update_plan")]
    assert "update_plan" not in [tool.get("name") for tool in provider.requests[0].json["tools"]]


async def test_view_image(client: Client, provider: FakeProvider, home: Home) -> None:
    (home.workspace / "p.png").write_bytes(base64.b64decode(PNG))
    provider.script(stream(function_call("view_image", {"path": "p.png"}, call_id="c1")))
    messages = await client.run_turn(await open_thread(client), "look")
    assert flow(messages) == [
        *STARTED,
        "item/started imageView",
        "item/completed imageView",
        USAGE,
        *ANSWERED,
        *COMPLETED,
    ]
    assert items(messages, "imageView")[0]["path"] == str(home.workspace / "p.png")
    seen = outputs(provider.requests[1])[0][1]
    assert [part["image_url"] for part in seen if part["type"] == "input_image"] == [DATA_URL]


@pytest.mark.parametrize("arguments", [{"path": "missing.png"}, {"path": "."}, {}])
async def test_an_image_that_cannot_be_viewed_is_told_to_the_model(
    client: Client, provider: FakeProvider, arguments: dict[str, str]
) -> None:
    provider.script(stream(function_call("view_image", arguments, call_id="c1")))
    messages = await client.run_turn(await open_thread(client), "look")
    assert flow(messages) == [*STARTED, USAGE, *ANSWERED, *COMPLETED]
    assert [call for call, _ in outputs(provider.requests[1])] == ["c1"]
