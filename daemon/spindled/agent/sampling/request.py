"""A request to the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from spindled.agent.prompt.prompt import base_instructions
from spindled.agent.turn.context import options_in
from spindled.model.request import ModelRequest, identity_headers

if TYPE_CHECKING:
    from spindled.agent.settings import ThreadSettings
    from spindled.agent.thread import Thread
    from spindled.agent.turn.turn import RunningTurn


def model_request(turn: RunningTurn, settings: ThreadSettings | None = None) -> ModelRequest:
    """A turn's request, under its settings unless others are given."""
    request = request_of(turn.thread, settings or turn.settings, turn.id)
    return replace(
        request,
        service_tier=turn.service_tier or request.service_tier,
        output_schema=turn.output_schema,
        metadata={**turn.metadata, **request.metadata},
    )


def request_of(thread: Thread, settings: ThreadSettings, turn_id: str) -> ModelRequest:
    """The whole history of a thread as it stands now."""
    around = thread.surroundings
    info = around.model(settings.model)
    effort = around.efforts.accepted(settings.model, settings.effort or info.default_effort)
    verbosity = settings.verbosity or info.default_verbosity
    return ModelRequest(
        model=settings.model,
        instructions=settings.base_instructions or around.config.base_instructions or base_instructions(),
        input=thread.history.for_request(),
        tools=thread.toolset.specs(options_in(settings, around.tool_options)),
        parallel_tool_calls=info.parallel_tool_calls,
        effort=effort,
        summary=settings.summary or info.default_summary if effort else None,
        verbosity=verbosity,
        service_tier=settings.service_tier,
        max_output_tokens=around.config.settings.model_max_output_tokens,
        output_limit=info.max_output_tokens,
        cache_key=thread.id,
        metadata={"thread_id": thread.id, "turn_id": turn_id, "session_id": thread.identity.session_id},
        headers=identity_headers(
            session_id=thread.identity.session_id, thread_id=thread.id, originator=around.originator
        ),
    )
