"""Whose reasoning goes back to whom."""

from __future__ import annotations

import json
from typing import Any

import pytest

from spindled.model.request import ModelRequest, encode
from spindled.model.sealed import PREFIX, Seal, is_sealed

SEAL = Seal("anthropic", "messages")


def reasoning(content: Any) -> dict[str, Any]:
    return {"type": "reasoning", "summary": [], "encrypted_content": content}


def test_only_the_one_who_closed_it_opens_it() -> None:
    item = reasoning(SEAL.close({"signature": "s"}))
    assert SEAL.open(item) == {"signature": "s"}
    assert Seal("other", "messages").open(item) is None
    assert Seal("anthropic", "chat").open(item) is None


@pytest.mark.parametrize("content", [None, 7, "gAAAA", PREFIX, f"{PREFIX}[]", f'{PREFIX}{{"provider":"x"}}'])
def test_what_is_not_ours(content: Any) -> None:
    assert SEAL.open(reasoning(content)) is None


def test_a_responses_provider_gets_its_own_only() -> None:
    own, foreign = reasoning("gAAAA"), reasoning(SEAL.close({}))
    assert (is_sealed(own), is_sealed(foreign)) == (False, True)
    sent = json.loads(encode(ModelRequest(model="m", input=[own, foreign])))
    assert sent["input"] == [own]
