from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from spindled.api.settings.configuration import origins, shown
from spindled.config.layers.load import load
from spindled.config.schema import Config
from spindled_protocol import types


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def loaded(home: Path, text: str, **overrides: object) -> Config:
    (home / "config.toml").write_text(text)
    return load(home, overrides.items(), cwd=home, environ={})


def test_every_leaf_has_the_layer_that_gave_it(home: Path) -> None:
    text = 'notify = ["a", "b"]\nmodel = "m"\n[projects."/a.b"]\ntrust_level = "trusted"\n[features]\nx = true\n'
    found = {key: origin.name for key, origin in origins(loaded(home, text, model="n", **{"features.y": True}))}
    user = types.UserConfigLayerSource(file=str(home / "config.toml"))
    flags = types.SessionFlagsConfigLayerSource()
    assert found == {
        "notify.0": user,
        "notify.1": user,
        "model": flags,
        "projects./a.b.trust_level": user,
        "features.x": user,
        "features.y": flags,
    }


def test_a_profile_is_the_user_s(home: Path) -> None:
    found = dict(origins(loaded(home, '[profiles.p]\nmodel = "m"\n', profile="p")))
    assert found["model"].name == types.UserConfigLayerSource(file=str(home / "config.toml"), profile="p")


@pytest.mark.parametrize(
    "text",
    [
        "",
        'forced_login_method = "carrier pigeon"\n',
        'analytics = 3\nweb_search = ["x"]\n[apps]\nx = 1\n',
        "[tools]\nweb_search = true\nview_image = false\n",
        'approval_policy = "on-failure"\n',
        "[approval_policy.granular]\nsandbox_approval = true\nrules = true\nmcp_elicitations = true\n",
        '[sandbox_workspace_write]\nwritable_roots = ["/a"]\n',
    ],
)
def test_a_typed_client_can_always_read_it(home: Path, text: str) -> None:
    config = shown(loaded(home, text))
    again = msgspec.to_builtins(msgspec.convert(config, types.Config))
    assert {key: config[key] for key in again} == again


def test_what_is_not_set_is_there(home: Path) -> None:
    config = shown(loaded(home, "no_such_key = 1\n[history]\npersistence = 'none'\n"))
    assert (config["model"], config["project_doc_max_bytes"], config["tui"]) == (None, 32768, None)
    assert (config["plugins"], config["budget"], config["file_opener"]) == ({}, None, "vscode")
    assert config["history"] == {"persistence": "none", "max_bytes": None}
    assert set(config["shell_environment_policy"].values()) == {None}
    assert "no_such_key" not in config


def test_features_are_shown_as_they_are_and_not_only_as_they_are_written(home: Path) -> None:
    text = "[features]\nmemories = true\ngoals = { enabled = false }\nother = true\n"
    features = shown(loaded(home, text))["features"]
    told = ("memories", "remote_control", "goals", "shell_tool", "other")
    assert [features[name] for name in told] == [False, False, False, True, True]


def test_a_provider_has_all_keys_that_it_could_have(home: Path) -> None:
    written = {"base_url": "http://x", "env_key": "K", "no_such_key": 1, "aws": {"region": "r"}}
    text = '[model_providers.p]\nbase_url = "http://x"\nenv_key = "K"\nno_such_key = 1\naws = { region = "r" }\n'
    provider = shown(loaded(home, text))["model_providers"]["p"]
    assert {key: provider.get(key) for key in written} == {**written, "no_such_key": None}
    assert (provider["wire_api"], provider["supports_websockets"]) == ("responses", False)
    assert (provider["request_max_retries"], provider["http_headers"]) == (None, None)
    assert not provider.keys() & {"id", "embedded", "no_such_key"}
