"""How endpoints differ, as data. What is not listed is taken for an endpoint like vLLM's.

Looked up by the provider's id, the host of its base_url and the name of the model; see docs/providers.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from .provider import Provider

LADDER = ("none", "minimal", "low", "medium", "high", "xhigh", "max", "ultra")


class Quirks(Struct, frozen=True, kw_only=True):
    """Members under `chat` and `messages` matter to that API only."""

    key_headers: tuple[Literal["authorization", "x-api-key"], ...] = ("authorization",)
    headers: Mapping[str, str] = {}
    efforts: tuple[str, ...] = ()  # that the model takes, lowest first; empty: any
    # chat
    system_role: Literal["system", "developer"] = "system"  # of the instructions
    developer_role: Literal["system", "developer", "user"] = "user"  # of developer messages later on
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    reasoning_fields: tuple[Literal["reasoning_content", "reasoning"], ...] = ("reasoning_content", "reasoning")
    replay_reasoning: bool = True  # in the field it came in
    reasoning_required: bool = False  # on every message with calls, even if there is none
    parallel_tool_calls: bool = True
    stream_options: bool = True
    strict: bool = False  # in function specs
    reasoning_effort: bool = True
    json_schema: bool = True  # False: only "some JSON", and the schema has to be told
    short_call_ids: bool = False  # nine letters or digits
    openai_members: bool = False  # store, prompt_cache_key, verbosity, service_tier
    # messages
    thinking: Literal["none", "budget", "adaptive"] = "budget"
    summarized: bool = False  # thinking is told as a summary
    signed: bool = False  # thinking without a signature is refused
    output_format: bool = False  # output_config.format; False: an answer tool

    def sign(self, key: str | None) -> Mapping[str, str]:
        """The headers that show the key, and those that are always sent."""
        if key is None:
            return self.headers
        shown = {"authorization": f"Bearer {key}", "x-api-key": key}
        return {**self.headers, **{name: shown[name] for name in self.key_headers}}

    def effort(self, wanted: str | None) -> str | None:
        """The highest effort the model takes that is not above the wanted one."""
        if wanted is None or not self.efforts or wanted in self.efforts or wanted not in LADDER:
            return wanted
        below = [effort for effort in self.efforts if LADDER.index(effort) < LADDER.index(wanted)]
        return below[-1] if below else self.efforts[0]


class Row(NamedTuple):
    """`of`: an id or the end of a host, or the beginning of a model's name."""

    of: tuple[str, ...]
    differs: dict[str, Any]


CHAT = Quirks()
MESSAGES = Quirks(key_headers=("authorization", "x-api-key"), headers={"anthropic-version": "2023-06-01"})

CHAT_PROVIDERS: tuple[Row, ...] = (
    Row(
        ("openai", "api.openai.com", "openai.azure.com"),
        {
            "system_role": "developer",
            "developer_role": "developer",
            "max_tokens_field": "max_completion_tokens",
            "strict": True,
            "openai_members": True,
            "replay_reasoning": False,
        },
    ),
    Row(
        ("openrouter", "openrouter.ai"),
        {"developer_role": "system", "reasoning_fields": ("reasoning",), "efforts": LADDER[: LADDER.index("max")]},
    ),
    Row(("deepseek", "api.deepseek.com"), {"reasoning_required": True, "json_schema": False}),
    Row(
        ("mistral", "api.mistral.ai"),
        {"stream_options": False, "reasoning_effort": False, "replay_reasoning": False, "short_call_ids": True},
    ),
    Row(("groq", "api.groq.com"), {"max_tokens_field": "max_completion_tokens", "reasoning_fields": ("reasoning",)}),
)
MESSAGES_PROVIDERS: tuple[Row, ...] = (
    Row(("anthropic", "api.anthropic.com"), {"key_headers": ("x-api-key",), "signed": True, "output_format": True}),
)

ADAPTIVE = {"thinking": "adaptive", "summarized": True}
BUDGET = {"thinking": "budget", "summarized": True}
# The first row that fits counts.
MISTRAL_THINKS = ("mistral-small-latest", "mistral-small-26", "mistral-medium-latest", "mistral-medium-26")
CHAT_MODELS: tuple[Row, ...] = (
    Row(("gpt-4", "gpt-3.5", "grok-4"), {"reasoning_effort": False}),
    Row((*MISTRAL_THINKS, "mistral-medium-3-5"), {"reasoning_effort": True, "efforts": ("none", "high")}),
    Row(("mistral-large-4",), {"reasoning_effort": True}),
)
MESSAGES_MODELS: tuple[Row, ...] = (
    Row(("claude-3-7",), {"output_format": False}),
    Row(("claude-3",), {"thinking": "none", "output_format": False}),
    Row(("claude-opus-4-5",), {**BUDGET, "efforts": ("low", "medium", "high")}),
    Row(("claude-sonnet-4-5", "claude-haiku-4-5"), BUDGET),
    Row(
        ("claude-opus-4-0", "claude-opus-4-1", "claude-opus-4-2", "claude-sonnet-4-0", "claude-sonnet-4-2"),
        {**BUDGET, "output_format": False},
    ),
    Row(("claude-opus-4-6", "claude-sonnet-4-6"), {**ADAPTIVE, "efforts": ("low", "medium", "high", "max")}),
    Row(("claude",), {**ADAPTIVE, "efforts": ("low", "medium", "high", "xhigh", "max")}),
)


def chat_quirks(provider: Provider, model: str) -> Quirks:
    """Of a Chat Completions endpoint."""
    return _of_model(_of_provider(CHAT, CHAT_PROVIDERS, provider), CHAT_MODELS, model)


def messages_quirks(provider: Provider, model: str) -> Quirks:
    """Of a Messages endpoint."""
    return _of_model(_of_provider(MESSAGES, MESSAGES_PROVIDERS, provider), MESSAGES_MODELS, model)


def _of_provider(quirks: Quirks, rows: tuple[Row, ...], provider: Provider) -> Quirks:
    """The host decides; without a row of its own, the id does."""
    host = _host(provider)
    row = next((row for row in rows if any(host == name or host.endswith(f".{name}") for name in row.of)), None)
    row = row or next((row for row in rows if provider.id in row.of), None)
    return replace(quirks, **row.differs) if row else quirks


def _of_model(quirks: Quirks, rows: tuple[Row, ...], model: str) -> Quirks:
    """`vendor/model`, `vendor.model` and versions with a dot are known too."""
    name = model.rpartition("/")[2].lower()
    name = name[name.find("claude") :] if "claude" in name else name
    name = name.replace(".", "-") if name.startswith("claude") else name
    row = next((row for row in rows if name.startswith(row.of)), None)
    return replace(quirks, **row.differs) if row else quirks


def _host(provider: Provider) -> str:
    try:
        return (urlsplit(provider.base_url or "").hostname or "").lower()
    except ValueError:
        return ""
