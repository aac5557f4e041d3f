from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from spindled.agent.prompt.inputs import InputError
from spindled.agent.settings import SettingsError
from spindled.agent.threads import ThreadNotLoaded
from spindled.agent.turns import TurnConflict
from spindled.api.errors import handler, wire_error
from spindled.config.errors import ConfigError, Span
from spindled.rpc.errors import INTERNAL_ERROR, INVALID_REQUEST, RpcError
from spindled.store.errors import ActiveWriter, RolloutNotFound, StoreError, TurnNotFound


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (InputError("bad"), INVALID_REQUEST, "bad"),
        (SettingsError("bad"), INVALID_REQUEST, "bad"),
        (TurnConflict("busy"), INVALID_REQUEST, "busy"),
        (ThreadNotLoaded("t"), INVALID_REQUEST, "thread not found: t"),
        (RolloutNotFound("t"), INVALID_REQUEST, "no rollout found for thread id t"),
        (TurnNotFound("t"), INVALID_REQUEST, "turn not found: t"),
        (StoreError(Path("/r"), OSError(28, "No space left")), INTERNAL_ERROR, "cannot write /r: No space left"),
        (ActiveWriter(Path("/r"), "t"), INTERNAL_ERROR, "thread t already has an active writer"),
        (
            ConfigError("bad key", path=Path("/c.toml"), span=Span(3, 7, 3, 9)),
            INVALID_REQUEST,
            "failed to load configuration: /c.toml:3:7: bad key",
        ),
    ],
)
async def test_errors_of_the_layers_below(error: Exception, code: int, message: str) -> None:
    @handler
    def now() -> None:
        raise error

    @handler
    async def later() -> None:
        raise error

    with pytest.raises(RpcError) as caught:
        now()
    assert (caught.value.code, caught.value.message) == (code, message)
    with pytest.raises(RpcError) as caught:
        await later()
    assert (caught.value.code, caught.value.message) == (code, message)


def test_other_errors_stay_what_they_are() -> None:
    bug = KeyError("x")
    assert wire_error(bug) is bug


async def test_results_and_cancellation_pass() -> None:
    @handler
    async def waits(event: asyncio.Event) -> str:
        await event.wait()
        return "done"

    event = asyncio.Event()
    cancelled = asyncio.ensure_future(waits(event))
    passing = asyncio.ensure_future(waits(event))
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    event.set()
    assert await passing == "done"
