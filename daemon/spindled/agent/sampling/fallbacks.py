"""Models of the same provider that answer when the one that was asked for does not (`fallback_models`)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from spindled.model.errors import Kind

if TYPE_CHECKING:
    from spindled.agent.turn.turn import RunningTurn
    from spindled.model.errors import ModelError

REST_S = 900.0
"""So long a model that failed is not asked first."""
OF_THE_MODEL = frozenset({Kind.SERVER, Kind.OVERLOADED, Kind.RATE_LIMIT, Kind.DISCONNECTED, Kind.MODEL_NOT_FOUND})
"""What another model of the same provider may not have."""


class Fallbacks:
    """`resting`: models by the time until which they rest; shared by the threads of a provider. `now` in seconds."""

    def __init__(
        self, models: Sequence[str], resting: dict[str, float] | None = None, now: Callable[[], float] = time.monotonic
    ):
        self._models = models
        self._resting = {} if resting is None else resting
        self._now = now

    def for_now(self, wanted: str) -> str:
        """Who is asked when `wanted` is to answer: the first that does not rest, `wanted` itself if all do."""
        return self._first_awake(wanted) or wanted

    def after(self, error: ModelError, failed: str, wanted: str) -> str | None:
        """Who is asked after a model has failed for good; None if the error stands."""
        if not self._models or error.kind not in OF_THE_MODEL:
            return None
        self._resting[failed] = self._now() + REST_S
        return self._first_awake(wanted)

    def _first_awake(self, wanted: str) -> str | None:
        now = self._now()
        return next((model for model in (wanted, *self._models) if self._resting.get(model, now) <= now), None)


def stand_in(turn: RunningTurn) -> None:
    """Let another model run a turn that begins while its own rests; the thread keeps its model."""
    wanted = turn.settings.model
    other = turn.thread.surroundings.fallbacks.for_now(wanted)
    if other != wanted:
        _switch(turn, other, f"`{wanted}` did not answer a while ago; this turn is run with `{other}`.")


def fall_back(turn: RunningTurn, error: ModelError, failed: str) -> bool:
    """Go on with another model for the rest of the turn; False if there is none for this error."""
    other = turn.thread.surroundings.fallbacks.after(error, failed, turn.wanted_model)
    if other is None:
        return False
    _switch(turn, other, f"`{failed}` does not answer ({error.kind}); this turn goes on with `{other}`.")
    return True


def _switch(turn: RunningTurn, model: str, why: str) -> None:
    turn.settings = replace(turn.settings, model=model)
    turn.thread.events.warning(why)
