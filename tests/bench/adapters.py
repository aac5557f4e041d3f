"""Prints what a delta costs through each API's adapter: CPU from the socket to the model event, in this process.

    python tests/bench/adapters.py [--deltas N] [--runs N]

The provider is a process of its own. A figure is the best of the runs, which take turns; a ratio is to the same kind of
delta through Responses.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from spindled.config.schema import Provider as Settings
from spindled.model.client import ModelClient, make_client
from spindled.model.events import Completed, ItemDone
from spindled.model.request import ModelRequest
from tests.bench.provider import Provider
from tests.support.broken import APIS

KINDS = ("text", "reasoning", "arguments")
Costs = dict[tuple[str, str], float]
"""Microseconds a delta, by kind and API."""


async def measure(deltas: int, runs: int) -> Costs:
    provider = await Provider.start()
    clients = {api: _client(api, provider.base_url) for api in APIS}
    costs: Costs = {}
    try:
        for run in range(runs + 1):
            for kind in KINDS:
                for api, client in clients.items():
                    await provider.answer_with(deltas=deltas, api=api, kind=kind)
                    cost = await _cost(client) / deltas * 1e6
                    if run:  # the first one is to warm up
                        costs[kind, api] = min(cost, costs.get((kind, api), cost))
    finally:
        for client in clients.values():
            await client.aclose()
        await provider.stop()
    return costs


def ratio(costs: Costs, kind: str, api: str) -> float:
    """To the same kind through Responses."""
    return costs[kind, api] / costs[kind, "responses"]


def table(costs: Costs) -> str:
    lines = [f"{'CPU us a delta':16}" + "".join(f"{api:>20}" for api in APIS)]
    for kind in KINDS:
        cells = [f"{costs[kind, api]:.2f} (x{ratio(costs, kind, api):.2f})" for api in APIS]
        lines.append(f"{kind:16}" + "".join(f"{cell:>20}" for cell in cells))
    return "\n".join(lines)


def _client(api: str, base_url: str) -> ModelClient:
    return make_client(Settings(id="bench", name="bench", base_url=base_url, wire_api=api), environ={})


async def _cost(client: ModelClient) -> float:
    """Seconds of CPU for one response."""
    request = ModelRequest(model="m", input=[{"type": "message", "role": "user", "content": "go"}])
    before, last = time.process_time(), None
    done = 0
    async for batch in client.stream(request):
        done += sum(isinstance(event, ItemDone) for event in batch)
        last = batch[-1]
    assert isinstance(last, Completed)
    assert done == 1
    return time.process_time() - before


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deltas", type=int, default=20_000, metavar="N")
    parser.add_argument("--runs", type=int, default=7, metavar="N")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    chosen = parse()
    print(table(asyncio.run(measure(chosen.deltas, chosen.runs))))
