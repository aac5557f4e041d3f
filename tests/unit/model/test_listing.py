"""Row 4-28: what vendors say of their models, in the form of each."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.model.listing import ModelFacts, facts_in

VENDORS: dict[str, tuple[dict[str, Any], ModelFacts]] = {
    "OpenAI": ({"id": "gpt-5.5", "object": "model", "created": 1, "owned_by": "system"}, ModelFacts(id="gpt-5.5")),
    "OpenRouter": (
        {
            "id": "vendor/model",
            "name": "Vendor: Model",
            "context_length": 262_144,
            "architecture": {"input_modalities": ["text", "image", "file"]},
            "top_provider": {"context_length": 131_072, "max_completion_tokens": 16_384},
        },
        ModelFacts(
            id="vendor/model",
            name="Vendor: Model",
            context_window=131_072,
            max_output_tokens=16_384,
            modalities=("text", "image"),
        ),
    ),
    "vLLM": ({"id": "qwen", "object": "model", "max_model_len": 32_768}, ModelFacts(id="qwen", context_window=32_768)),
    "llama.cpp": (
        {"id": "smol.gguf", "meta": {"n_vocab": 49_152, "n_ctx_train": 2048}},
        ModelFacts(id="smol.gguf", context_window=2048),
    ),
    "llama.cpp with a smaller context": (
        {"id": "smol.gguf", "meta": {"n_ctx": 1024, "n_ctx_train": 2048}},
        ModelFacts(id="smol.gguf", context_window=1024),
    ),
    "Anthropic": (
        {
            "type": "model",
            "id": "claude-x",
            "display_name": "Claude X",
            "max_input_tokens": 1_000_000,
            "max_tokens": 128_000,
            "capabilities": {
                "image_input": {"supported": True},
                "effort": {"supported": True, "low": {"supported": True}, "max": {"supported": True}, "xhigh": None},
            },
        },
        ModelFacts(
            id="claude-x",
            name="Claude X",
            context_window=1_000_000,
            max_output_tokens=128_000,
            modalities=("text", "image"),
            efforts=("low", "max"),
        ),
    ),
    "Mistral": (
        {"id": "m", "name": "m", "max_context_length": 131_072, "capabilities": {"vision": False}},
        ModelFacts(id="m", context_window=131_072, modalities=("text",)),
    ),
    "Groq": (
        {"id": "g", "context_window": 8192, "max_completion_tokens": 1024},
        ModelFacts(id="g", context_window=8192, max_output_tokens=1024),
    ),
    "odd values": (
        {"id": "o", "name": 3, "context_length": "many", "max_tokens": -1, "architecture": [], "meta": {"n_ctx": True}},
        ModelFacts(id="o"),
    ),
}


@pytest.mark.parametrize(("model", "facts"), VENDORS.values(), ids=VENDORS.keys())
def test_vendors(model: dict[str, Any], facts: ModelFacts) -> None:
    for listed in ({"object": "list", "data": [model]}, {"models": [model, model]}, [model]):
        assert facts_in(json.dumps(listed).encode()) == (facts,)


def test_what_is_no_model_is_left_out() -> None:
    listed = ["plain", "", None, 3, {}, {"id": ""}, {"id": 7}, {"slug": "slug"}]
    assert [facts.id for facts in facts_in(json.dumps(listed).encode())] == ["plain", "slug"]


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b'"x"', b'{"data":{}}', b"\xff", b"[" * 5000])
def test_what_is_no_list(body: bytes) -> None:
    with pytest.raises(ValueError, match="it is no"):
        facts_in(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "data", "meta", "n_ctx", "capabilities", "effort", "x"]), inner, max_size=3
        )
    ),
)


@given(JSON)
def test_any_shape(value: Any) -> None:
    try:
        facts = facts_in(json.dumps(value).encode())
    except ValueError:
        return
    assert all(each.id for each in facts)
