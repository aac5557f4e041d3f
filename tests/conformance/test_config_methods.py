"""config/*: what the settings are, where each comes from, and changing the user's file without losing a comment."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.conformance.conftest import Launch
from tests.conformance.steps import INVALID, open_thread
from tests.conftest import Spawn
from tests.support.client import Client, RequestFailed
from tests.support.fake_items import message
from tests.support.fake_provider import FakeProvider, stream
from tests.support.home import Home

INTERNAL = -32603
STALE = "sha256:0000"


@pytest.fixture
def file(home: Home) -> Path:
    return home.path / "config.toml"


async def put(client: Client, key: str, value: Any, merge: str = "replace", **more: Any) -> dict[str, Any]:
    params = {"keyPath": key, "value": value, "mergeStrategy": merge, **more}
    result: dict[str, Any] = await client.request("config/value/write", params)
    return result


async def refused(client: Client, method: str, params: dict[str, Any]) -> tuple[int, str, str]:
    """Code of the wire, code of the write, text."""
    with pytest.raises(RequestFailed) as failure:
        await client.request(method, params)
    error = failure.value
    return error.code, (error.data or {}).get("config_write_error_code", ""), error.message


async def not_put(client: Client, key: str, value: Any, **more: Any) -> tuple[int, str, str]:
    params = {"keyPath": key, "value": value, "mergeStrategy": "replace", **more}
    return await refused(client, "config/value/write", params)


async def read(client: Client, **params: Any) -> dict[str, Any]:
    result: dict[str, Any] = await client.request("config/read", params)
    return result


# -- reading


async def test_settings_with_their_origins_and_layers(
    home: Home, spawn: Spawn, provider: FakeProvider, file: Path
) -> None:
    project = home.workspace / ".codex"
    project.mkdir()
    (home.workspace / ".git").mkdir()
    (project / "config.toml").write_text('model_reasoning_effort = "high"\nmodel_provider = "elsewhere"\n')
    home.write_config(provider.base_url, tables="[tools]\nweb_search = true\n", notify=["a", "b"], no_such_key=1)
    client = await spawn("-c", "model_verbosity=low")
    await client.initialize()
    result = await read(client, includeLayers=True, cwd=str(home.workspace))

    config = result["config"]
    told = ("model", "model_provider", "model_reasoning_effort", "model_verbosity", "notify", "project_root_markers")
    assert [config[key] for key in told] == ["gpt-5.5", "test", "high", "low", ["a", "b"], [".git"]]
    assert config["projects"] == {str(home.workspace): {"trust_level": "trusted"}}
    assert config["model_providers"]["test"]["base_url"] == provider.base_url
    assert "id" not in config["model_providers"]["test"]
    assert config["tools"]["web_search"] is None  # the wire has a table there
    assert "no_such_key" not in config
    assert config["service_tier"] is None

    user = {"type": "user", "file": str(file), "profile": None}
    folder = {"type": "project", "dotCodexFolder": str(project)}
    names = {key: origin["name"] for key, origin in result["origins"].items()}
    assert names["model"] == names["notify.1"] == names["model_providers.test.base_url"] == user
    assert names["model_reasoning_effort"] == folder
    assert names["model_verbosity"] == {"type": "sessionFlags"}
    assert [layer["name"] for layer in result["layers"]] == [{"type": "sessionFlags"}, folder, user]
    versions = {msgspec.json.encode(layer["name"]): layer["version"] for layer in result["layers"]}
    origins = result["origins"].values()
    assert all(origin["version"] == versions[msgspec.json.encode(origin["name"])] for origin in origins)
    assert result["layers"][0]["config"] == {"model_verbosity": "low"}
    assert result["layers"][1]["config"] == {"model_reasoning_effort": "high"}


async def test_layers_only_for_who_asks_and_a_project_only_for_its_folder(client: Client) -> None:
    result = await read(client)
    assert result["layers"] is None
    assert result["config"]["model_reasoning_effort"] is None


async def test_a_home_without_a_file_has_an_empty_layer(spawn: Spawn, home: Home, file: Path) -> None:
    client = await spawn()
    await client.initialize()
    (layer,) = (await read(client, includeLayers=True))["layers"]
    assert (layer["config"], layer["name"]["file"]) == ({}, str(file))
    result = await put(client, "model", "m", expectedVersion=layer["version"])
    assert file.read_text() == 'model = "m"\n'
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert result["filePath"] == str(file)


async def test_a_file_that_cannot_be_read_is_an_error_until_it_is_repaired(client: Client, file: Path) -> None:
    good = file.read_text()
    file.write_text("model = \n")
    code, _, text = await refused(client, "config/read", {})
    assert (code, text) == (INTERNAL, f"failed to read configuration layers: {file}:1:9: invalid value")
    assert (await not_put(client, "model", "m"))[0] == INTERNAL
    assert file.read_text() == "model = \n"
    file.write_text(good)
    assert (await read(client))["config"]["model"] == "gpt-5.5"


async def test_nobody_else_restricts_the_settings(client: Client) -> None:
    assert (await client.request("configRequirements/read"))["requirements"] is None


# -- writing


async def test_a_write_keeps_everything_else_and_the_next_thread_has_it(
    client: Client, provider: FakeProvider, file: Path
) -> None:
    text = "# mine\n" + file.read_text().replace('model = "gpt-5.5"', 'model = "gpt-5.5"   # the model', 1)
    file.write_text(text)
    before = await open_thread(client)
    version = (await read(client, includeLayers=True))["layers"][-1]["version"]
    result = await put(client, "model", "gpt-5.4", expectedVersion=version)
    assert result == {"status": "ok", "version": result["version"], "filePath": str(file), "overriddenMetadata": None}
    assert file.read_text() == text.replace('model = "gpt-5.5"   # the model', 'model = "gpt-5.4"   # the model')
    assert (await read(client, includeLayers=True))["layers"][-1]["version"] == result["version"] != version

    provider.script(*(stream(message("ok")) for _ in range(2)))
    await client.run_turn(await open_thread(client), "go")
    await client.run_turn(before, "go")
    assert [request.json["model"] for request in provider.requests if request.body] == ["gpt-5.4", "gpt-5.5"]


async def test_values_are_merged_replaced_and_removed(client: Client) -> None:
    table = "shell_environment_policy"

    async def now() -> Any:
        layers = (await read(client, includeLayers=True))["layers"]
        return layers[-1]["config"].get(table)

    await put(client, table, {"inherit": "core", "exclude": ["A"]})
    await put(client, table, {"exclude": ["B"]}, merge="upsert")
    assert await now() == {"inherit": "core", "exclude": ["B"]}
    await put(client, table, {"exclude": ["C"]})
    assert await now() == {"exclude": ["C"]}
    await put(client, f"{table}.set.NAME", "x")
    assert await now() == {"exclude": ["C"], "set": {"NAME": "x"}}
    await put(client, f"{table}.exclude", None)
    assert await now() == {"set": {"NAME": "x"}}
    await put(client, table, None)
    assert await now() is None
    await put(client, 'projects."/a.b".trust_level', "trusted")
    assert (await read(client))["config"]["projects"]["/a.b"] == {"trust_level": "trusted"}


async def test_a_batch_is_written_whole_or_not_at_all(client: Client, file: Path) -> None:
    before = file.read_text()
    edits = [
        {"keyPath": "model", "value": "one", "mergeStrategy": "replace"},
        {"keyPath": "model_verbosity", "value": 5, "mergeStrategy": "replace"},
    ]
    code, reason, text = await refused(client, "config/batchWrite", {"edits": edits})
    assert (code, reason) == (INVALID, "configValidationError")
    assert "`model_verbosity`" in text
    assert file.read_text() == before
    edits[1]["value"] = "high"
    result = await client.request("config/batchWrite", {"edits": edits, "reloadUserConfig": True})
    assert result["status"] == "ok"
    config = (await read(client))["config"]
    assert (config["model"], config["model_verbosity"]) == ("one", "high")


async def test_what_was_changed_meanwhile_is_not_overwritten(client: Client, file: Path) -> None:
    before = file.read_text()
    conflict = (INVALID, "configVersionConflict")
    assert (await not_put(client, "model", "m", expectedVersion=STALE))[:2] == conflict
    edits = [{"keyPath": "model", "value": "m", "mergeStrategy": "replace"}]
    assert (await refused(client, "config/batchWrite", {"edits": edits, "expectedVersion": STALE}))[:2] == conflict
    assert file.read_text() == before


async def test_two_who_read_the_same_do_not_both_write(client: Client) -> None:
    version = (await read(client, includeLayers=True))["layers"][-1]["version"]
    writes = [put(client, "model", name, expectedVersion=version) for name in ("one", "two")]
    done = await asyncio.gather(*writes, return_exceptions=True)
    failed = [each for each in done if isinstance(each, RequestFailed)]
    assert [error.data for error in failed] == [{"config_write_error_code": "configVersionConflict"}]


async def test_who_is_overruled_is_told_by_whom(home: Home, spawn: Spawn, provider: FakeProvider) -> None:
    home.write_config(provider.base_url)
    client = await spawn("-c", "model_verbosity=low")
    await client.initialize()
    result = await put(client, "model_verbosity", "high")
    metadata = result["overriddenMetadata"]
    assert (result["status"], metadata["effectiveValue"]) == ("okOverridden", "low")
    assert metadata["overridingLayer"]["name"] == {"type": "sessionFlags"}
    assert metadata["message"] == "Overridden by session flags"
    assert (await put(client, "model_verbosity", "low"))["status"] == "ok"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("", "x"),
        ("a..b", 1),
        ('x."y', 1),
        ("model", 5),
        ("model.below", "x"),
        ("sandbox_mode", "bogus"),
        ("notify", ["a", None]),
        ("tools.web_search", {"a": None}),
        ("model_context_window", 2**63),
    ],
)
async def test_what_no_file_may_say(client: Client, file: Path, key: str, value: Any) -> None:
    before = file.read_text()
    assert (await not_put(client, key, value))[:2] == (INVALID, "configValidationError")
    assert file.read_text() == before


async def test_only_the_user_s_own_file_is_written(client: Client, home: Home, file: Path) -> None:
    elsewhere = home.path / "elsewhere.toml"
    for path in (str(elsewhere), "config.toml", str(home.workspace / "config.toml")):
        refusal = await not_put(client, "model", "m", filePath=path)
        assert refusal[:2] == (INVALID, "configLayerReadonly")
    assert not elsewhere.exists()
    assert (await put(client, "model", "m", filePath=str(file)))["status"] == "ok"


async def test_a_folder_that_cannot_be_written(client: Client, home: Home, file: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root writes anywhere")
    home.path.chmod(0o500)
    try:
        assert (await not_put(client, "model", "m"))[0] == INTERNAL
    finally:
        home.path.chmod(0o700)


# -- providers


def gateway(**settings: Any) -> dict[str, Any]:
    return {"settings": {"type": "customGateway", **settings}}


async def test_providers_and_which_of_them_is_used(launch: Launch, provider: FakeProvider) -> None:
    more = {"keyed": {"base_url": "http://k", "env_key": "K"}, "tokened": {"base_url": "http://t"}}
    more["tokened"]["experimental_bearer_token"] = "secret"
    client = await launch(providers=more)
    listed = await client.request("modelProvider/list", {})
    assert (listed["defaultProviderId"], listed["canChangeDefault"]) == ("test", True)
    found = {each["id"]: each for each in listed["data"]}
    assert found["test"]["baseUrl"] == provider.base_url
    assert found["openai"]["settings"] == {"type": "openai"}
    auth = {name: found[name]["settings"]["auth"] for name in ("test", "keyed", "tokened")}
    assert auth == {
        "test": {"mode": "none"},
        "keyed": {"mode": "environmentVariable", "envKey": "K"},
        "tokened": {"mode": "externallyConfigured", "envKey": None},
    }
    assert {name: each["canEdit"] for name, each in found.items()}["openai"] is False
    assert found["keyed"]["canEdit"] is True
    assert "secret" not in str(listed)
    assert await client.request("modelProvider/capabilities/read", {}) == {"imageGeneration": False, "webSearch": False}


async def test_a_provider_is_added_and_used(client: Client, provider: FakeProvider, file: Path) -> None:
    params = gateway(name="My Gate", baseUrl=provider.base_url)
    first = (await client.request("modelProvider/config/write", params))["provider"]
    second = (await client.request("modelProvider/config/write", params))["provider"]
    assert (first["id"], first["name"], second["id"]) == ("my-gate", "My Gate", "my-gate-2")
    provider.script(stream(message("ok")))
    await client.run_turn(await open_thread(client, modelProvider="my-gate"), "go")
    assert len(provider.requests) == 1
    assert '[model_providers.my-gate]\nname = "My Gate"' in file.read_text()


async def test_a_provider_is_changed_in_its_place(client: Client, file: Path) -> None:
    made = gateway(name="gate", baseUrl="http://x/v1", envKey="KEY")
    await client.request("modelProvider/config/write", made)
    file.write_text(file.read_text().replace('name = "gate"', 'name = "gate" # mine'))
    changed = await client.request("modelProvider/config/write", gateway(providerId="gate", name="Gate", envKey=None))
    assert changed["provider"]["settings"]["auth"] == {"mode": "none"}
    assert changed["provider"]["baseUrl"] == "http://x/v1"
    assert 'name = "Gate" # mine' in file.read_text()


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"name": "n"}, "configValidationError"),
        ({"baseUrl": "http://x"}, "configValidationError"),
        ({"name": " ", "baseUrl": "http://x"}, "configValidationError"),
        ({"name": "n", "baseUrl": "nonsense"}, "configValidationError"),
        ({"name": "n", "baseUrl": "http://user:key@x/v1"}, "configValidationError"),
        ({"name": "n", "baseUrl": "http://x/?key=1"}, "configValidationError"),
        ({"name": "n", "baseUrl": "http://x", "envKey": "A B"}, "configValidationError"),
        ({"providerId": "nobody", "name": "n"}, "configPathNotFound"),
        ({"providerId": "openai", "name": "n"}, "configValidationError"),
        ({"providerId": "test", "baseUrl": None}, "configValidationError"),
    ],
)
async def test_what_is_no_provider(client: Client, file: Path, settings: dict[str, Any], reason: str) -> None:
    before = file.read_text()
    assert (await refused(client, "modelProvider/config/write", gateway(**settings)))[:2] == (INVALID, reason)
    assert file.read_text() == before


async def test_another_cloud_s_provider_is_none_of_ours(client: Client) -> None:
    for settings in ({"type": "bedrock", "providerId": "amazon-bedrock"}, {"type": "gcp", "providerId": "gcp"}):
        assert (await refused(client, "modelProvider/config/write", {"settings": settings}))[0] == INVALID


# -- features and permissions


def tools(provider: FakeProvider) -> set[str]:
    return {tool["name"] for tool in provider.requests[-1].json["tools"]}


async def features(client: Client, **params: Any) -> dict[str, bool]:
    listed = await client.request("experimentalFeature/list", params)
    return {feature["name"]: feature["enabled"] for feature in listed["data"]}


async def test_a_feature_is_switched_for_later_threads(client: Client, provider: FakeProvider) -> None:
    provider.script(*(stream(message("ok")) for _ in range(3)))
    before = await open_thread(client)
    assert (await features(client))["shell_tool"] is True
    wanted = {"enablement": {"shell_tool": False, "no_such_feature": True}}
    assert await client.request("experimentalFeature/enablement/set", wanted) == {"enablement": {"shell_tool": False}}
    assert (await features(client))["shell_tool"] is False
    assert (await features(client, threadId=before))["shell_tool"] is True
    await client.run_turn(await open_thread(client), "go")
    assert not tools(provider) & {"exec_command", "write_stdin"}
    await client.run_turn(before, "go")
    assert tools(provider) >= {"exec_command", "write_stdin"}


async def test_the_configuration_wins_over_a_switch(home: Home, spawn: Spawn, provider: FakeProvider) -> None:
    home.write_config(provider.base_url, tables="[features]\nview_image = false\n")
    client = await spawn("--disable", "shell_tool")
    await client.initialize()
    await client.request("experimentalFeature/enablement/set", {"enablement": {"view_image": True, "shell_tool": True}})
    switched = await features(client)
    assert (switched["shell_tool"], switched["view_image"]) == (False, False)
    provider.script(stream(message("ok")))
    await client.run_turn(await open_thread(client), "go")
    assert not tools(provider) & {"exec_command", "view_image"}


@pytest.mark.parametrize("method", ["experimentalFeature/list", "permissionProfile/list"])
async def test_lists_in_pages(client: Client, method: str) -> None:
    whole = (await client.request(method, {}))["data"]
    seen, cursor = [], None
    while True:
        page = await client.request(method, {"limit": 1, "cursor": cursor})
        assert len(page["data"]) == 1
        seen += page["data"]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert seen == whole
    for bad in ("x", "99", "-1"):
        assert (await refused(client, method, {"cursor": bad}))[0] == INVALID


async def test_a_server_that_could_not_be_started_is_not_written(client: Client, file: Path) -> None:
    before = file.read_text()
    code, kind, text = await not_put(client, "mcp_servers.half", {"args": ["x"]})
    assert (code, kind) == (INVALID, "configValidationError")
    assert "mcp_servers.half: either `command` or `url` is needed" in text
    assert file.read_text() == before
    await put(client, "mcp_servers.whole", {"command": "true", "enabled": False})
    assert await open_thread(client)
