from __future__ import annotations

from collections.abc import Callable

import pytest

from spindled.config.errors import ConfigError
from spindled.config.models.providers import secret_variables
from spindled.config.schema import Config

Loaded = Callable[..., Config]

OWN = 'model_provider = "z"\n[model_providers.z]\nbase_url = "http://z/v1/"\n'


def test_own_provider(loaded: Loaded) -> None:
    provider = loaded(OWN).provider
    assert (provider.id, provider.name, provider.base_url, provider.wire_api) == ("z", "z", "http://z/v1", "responses")
    assert (provider.request_max_retries, provider.stream_max_retries, provider.stream_idle_timeout_ms) == (
        4,
        5,
        300000,
    )
    assert not provider.embedded


def test_retries_are_bounded(loaded: Loaded) -> None:
    provider = loaded(OWN + "request_max_retries = 5000\nstream_max_retries = 0\n").provider
    assert (provider.request_max_retries, provider.stream_max_retries) == (100, 0)


@pytest.mark.parametrize("wire_api", ["chat", "messages"])
def test_other_wires(loaded: Loaded, wire_api: str) -> None:
    assert loaded(OWN + f'wire_api = "{wire_api}"\n').provider.wire_api == wire_api


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('model_provider = "zzz"\n', "^Model provider `zzz` not found$"),
        ('model_provider = "z"\n[model_providers.z]\nname = "z"\n', "`z` has no base_url"),
        ('model_provider = "z"\n[model_providers.z]\nbase_url = "z.example"\n', "must start with http"),
    ],
)
def test_unusable(loaded: Loaded, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        loaded(text)


def test_built_in(loaded: Loaded) -> None:
    assert loaded('model_provider = "ollama"').provider.base_url == "http://localhost:11434/v1"
    assert loaded('model_provider = "lmstudio"').provider.base_url == "http://localhost:1234/v1"
    anthropic = loaded('model_provider = "anthropic"').provider
    assert (anthropic.wire_api, anthropic.env_key) == ("messages", "ANTHROPIC_API_KEY")
    assert {loaded(f'model_provider = "{id}"').provider.wire_api for id in ("openrouter", "deepseek")} == {"chat"}
    openai = loaded().provider
    assert (openai.base_url, openai.env_key) == ("https://api.openai.com/v1", "OPENAI_API_KEY")


def test_the_scripted_model(loaded: Loaded) -> None:
    config = loaded('model_provider = "scripted"')
    assert (config.model, config.provider.embedded, config.provider.base_url) == ("scripted", True, None)
    assert loaded('model_provider = "scripted"\nmodel = "m"').model == "m"
    assert not loaded(OWN + "embedded = true\n").provider.embedded


def test_addresses_of_openai(loaded: Loaded) -> None:
    environ = {"OPENAI_BASE_URL": "http://env/v1"}
    table = '[model_providers.openai]\nbase_url = "http://table/v1"\n'
    assert loaded(environ=environ).provider.base_url == "http://env/v1"
    assert loaded('openai_base_url = "http://key/v1"\n', environ=environ).provider.base_url == "http://key/v1"
    provider = loaded('openai_base_url = "http://key/v1"\n' + table, environ=environ).provider
    assert (provider.base_url, provider.env_key) == ("http://table/v1", "OPENAI_API_KEY")


def test_secret_variables(loaded: Loaded) -> None:
    text = OWN + 'env_key = "Z_KEY"\nenv_http_headers = { B = "Z_B", C = "Z_C" }\n'
    assert secret_variables([loaded(text).provider]) == {"Z_KEY", "Z_B", "Z_C"}


def test_secrets_are_never_shown(loaded: Loaded) -> None:
    config = loaded(
        OWN + 'experimental_bearer_token = "hush"\nhttp_headers = { A = "hush" }\nquery_params = { key = "hush" }\n'
        '[shell_environment_policy]\nset = { TOKEN = "hush" }\n[mcp_servers.m]\ncommand = "m"\n'
        'env = { TOKEN = "hush" }\n',
        request={"model_providers.z.http_headers.B": "hush"},
    )
    shown = f"{config} {config.provider} {config.settings} {config.layers} {config.origins}" + repr(
        (config, config.providers, config.settings, config.layers)
    )
    assert "hush" not in shown
    assert "http_headers={'A': '***', 'B': '***'}" in repr(config.provider)
