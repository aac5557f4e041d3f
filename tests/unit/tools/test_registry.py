from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from spindled.tools.base import ToolCall, ToolError, ToolOptions
from spindled.tools.registry import Registry


def test_specs_follow_the_options(options: ToolOptions) -> None:
    names = [spec["name"] for spec in Registry().specs(options)]
    assert names == ["exec_command", "write_stdin", "request_user_input", "apply_patch", "view_image"]
    names = [spec["name"] for spec in Registry().specs(replace(options, update_plan=True, view_image=False))]
    assert names == ["exec_command", "write_stdin", "update_plan", "request_user_input", "apply_patch"]


def test_required_properties_exist(options: ToolOptions) -> None:
    for spec in Registry().specs(replace(options, update_plan=True)):
        if spec["type"] == "function":
            parameters = spec["parameters"]
            assert set(parameters["required"]) <= set(parameters["properties"])


@pytest.mark.parametrize("name", ["no_such_tool", "update_plan"])
async def test_what_is_not_offered_is_unsupported(context: Any, name: str) -> None:
    with pytest.raises(ToolError, match=f"unsupported call: {name}"):
        await context.call(name, plan=[])


@pytest.mark.parametrize("arguments", ["", "{", "[]", '"x"', "5", "null", '{"cmd": null}', "\ud800"])
async def test_malformed_arguments_are_not_run(context: Any, arguments: str) -> None:
    with pytest.raises(ToolError, match="exec_command was not run"):
        await Registry().run(ToolCall(call_id="c", name="exec_command", arguments=arguments), context)
    assert not context.events


async def test_a_namespace_is_another_world(context: Any) -> None:
    call = ToolCall(call_id="c", name="exec_command", arguments='{"cmd": "true"}', namespace="other")
    with pytest.raises(ToolError, match="unsupported"):
        await Registry().run(call, context)
