"""Row 4-26: models that stand in for one that fails."""

from __future__ import annotations

import pytest

from spindled.agent.sampling.fallbacks import OF_THE_MODEL, REST_S, Fallbacks
from spindled.model.errors import Kind, ModelError

BUSY = ModelError(Kind.OVERLOADED, "busy")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_model_that_failed_rests() -> None:
    clock = Clock()
    fallbacks = Fallbacks(["b", "c"], now=clock)
    assert fallbacks.for_now("a") == "a"
    assert fallbacks.after(BUSY, "a", "a") == "b"
    assert (fallbacks.for_now("a"), fallbacks.for_now("b"), fallbacks.for_now("c")) == ("b", "b", "c")
    clock.now += REST_S / 2
    assert fallbacks.after(BUSY, "b", "a") == "c"
    assert fallbacks.after(BUSY, "c", "a") is None
    assert fallbacks.for_now("a") == "a"  # all rest
    clock.now += REST_S / 2
    assert fallbacks.after(BUSY, "c", "a") == "a"


def test_the_threads_of_a_provider_learn_from_each_other() -> None:
    resting: dict[str, float] = {}
    Fallbacks(["b"], resting).after(BUSY, "a", "a")
    assert Fallbacks(["c"], resting).for_now("a") == "c"


@pytest.mark.parametrize("kind", sorted(set(Kind) - OF_THE_MODEL))
def test_what_another_model_would_meet_too(kind: Kind) -> None:
    fallbacks = Fallbacks(["b"])
    assert fallbacks.after(ModelError(kind, "no"), "a", "a") is None
    assert fallbacks.for_now("a") == "a"


def test_without_others_nothing_rests() -> None:
    fallbacks = Fallbacks([])
    assert fallbacks.after(BUSY, "a", "a") is None
    assert fallbacks.for_now("a") == "a"
