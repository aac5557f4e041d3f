"""Row 1-13: every request to a model leaves a line."""

from __future__ import annotations

import logging

import pytest

from spindled.model.errors import Kind, ModelError
from tests.unit.agent.conftest import NewWorld
from tests.unit.agent.world import completed, said


async def test_what_was_asked_and_what_it_took(new_world: NewWorld, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "spindled.agent.sampling.telemetry")
    world = new_world([ModelError(Kind.BAD_REQUEST, "secret words")], [*said("m", "secret words"), completed(100)])
    await world.run("secret words")
    await world.run("secret words")
    failed, done = (record.getMessage() for record in caplog.records)
    assert failed.startswith("turn asked gpt-5.5: failed (bad request) after ")
    assert failed.endswith("tokens: not known")
    assert done.startswith("turn asked gpt-5.5: completed after ")
    assert "secret" not in failed + done


async def test_nothing_is_made_up_without_a_reader(new_world: NewWorld, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "spindled.agent.sampling.telemetry")
    world = new_world([*said("m", "text"), completed(100)])
    assert (await world.run("hi"))["status"] == "completed"
    assert caplog.records == []
