"""Credentials of a provider: where they come from, and that they stay there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from spindled.model.errors import Kind, ModelError
from spindled.model.provider import Credentials


@dataclass
class Settings:
    name: str = "local"
    base_url: str | None = "http://localhost/v1"
    env_key: str | None = None
    env_key_instructions: str | None = None
    experimental_bearer_token: str | None = None
    auth: Any = None
    http_headers: dict[str, str] = field(default_factory=dict)
    env_http_headers: dict[str, str] = field(default_factory=dict)
    query_params: dict[str, str] = field(default_factory=dict)
    request_max_retries: int = 4
    stream_idle_timeout_ms: int = 300_000
    stream_first_data_timeout_ms: int | None = None


@pytest.mark.parametrize(
    ("settings", "environ", "key"),
    [
        (Settings(), {"OPENAI_API_KEY": "sk-other"}, None),
        (Settings(env_key="MY_KEY"), {"MY_KEY": " sk-mine\n"}, "sk-mine"),
        (Settings(experimental_bearer_token="token"), {}, "token"),
        (Settings(name="OpenAI"), {"OPENAI_API_KEY": "sk-openai"}, "sk-openai"),
        (Settings(name="openai", env_key="MY_KEY"), {"OPENAI_API_KEY": "no", "MY_KEY": "yes"}, "yes"),
    ],
)
def test_the_key(settings: Settings, environ: dict[str, str], key: str | None) -> None:
    assert Credentials(settings, environ).key == key


@pytest.mark.parametrize(
    ("settings", "variable"),
    [(Settings(env_key="MY_KEY"), "MY_KEY"), (Settings(name="OpenAI"), "OPENAI_API_KEY")],
)
def test_a_missing_key_names_its_variable(settings: Settings, variable: str) -> None:
    with pytest.raises(ModelError, match=variable) as caught:
        Credentials(settings, {variable: " "})
    assert caught.value.kind is Kind.CREDENTIALS
    assert not caught.value.retryable


def test_headers_from_the_environment() -> None:
    settings = Settings(http_headers={"x-a": "1"}, env_http_headers={"x-b": "B", "x-c": "C"})
    assert Credentials(settings, {"B": "two"}).headers == {"x-a": "1", "x-b": "two"}


def test_no_secret_is_shown() -> None:
    settings = Settings(
        env_key="KEY", env_http_headers={"x-token": "TOKEN"}, query_params={"sig": "signature-1234", "v": "1"}
    )
    credentials = Credentials(settings, {"KEY": "sk-secret", "TOKEN": "sk-secret-longer"})
    assert credentials.masked("keys sk-secret sk-secret-longer signature-1234 1") == "keys [secret] [secret] [secret] 1"
    assert "secret" not in repr(credentials)
