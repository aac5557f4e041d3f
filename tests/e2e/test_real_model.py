"""A model server that nobody here wrote: llama.cpp, through each of the three APIs. It is slow and loads 130 MB, so it
runs only if asked for:

    LLAMA_VENV=/some/folder pytest tests/e2e/test_real_model.py -s

The folder gets an environment with the server (see tests/support/llama.py) and is used again the next time.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import Spawn
from tests.support.broken import APIS
from tests.support.client import agent_texts
from tests.support.flow import of, turn_of
from tests.support.home import Home
from tests.support.llama import CONTEXT, serving

FOLDER = os.environ.get("LLAMA_VENV")
PATIENCE = 240.0

pytestmark = [
    pytest.mark.skipif(not FOLDER, reason="LLAMA_VENV names no folder for the server"),
    pytest.mark.timeout(900),
]


@pytest.mark.parametrize("api", APIS)
async def test_a_streamed_turn_and_another(home: Home, spawn: Spawn, api: str) -> None:
    """Text comes in pieces and adds up, tokens are counted, and the second turn is told of the first."""
    async with serving(Path(str(FOLDER))) as base_url:
        home.write_config(
            base_url,
            model="smollm2",
            model_context_window=CONTEXT,
            model_max_output_tokens=48,
            provider={"wire_api": api, "stream_idle_timeout_ms": 200_000},
        )
        client = await spawn()
        await client.initialize()
        thread = (await client.start_thread(baseInstructions="You are a friendly assistant."))["id"]
        inputs = []
        for text in ("Say hello to Ada in one short sentence.", "And now to Grace."):
            messages = await client.run_turn(thread, text, patience=PATIENCE)
            turn = turn_of(messages)
            deltas = [each["delta"] for each in of(messages, "item/agentMessage/delta")]
            print(f"\n{api}: {turn['status']} {turn['error']}; {len(deltas)} deltas: {agent_texts(messages)}")
            assert turn["status"] == "completed" or turn["error"]["codexErrorInfo"] == "other"  # it may ramble on
            assert len(deltas) > 1
            assert "".join(deltas) == "".join(agent_texts(messages))
            usage = of(messages, "thread/tokenUsage/updated")[-1]["tokenUsage"]
            print(f"{api}: {usage}")
            assert usage["last"]["outputTokens"] > 0
            inputs.append(usage["last"]["inputTokens"])
        assert inputs[1] > inputs[0] > 0
