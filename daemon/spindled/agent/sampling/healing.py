"""Requests that a provider refuses for something we can do without: what is left out, and remembered to be.

Each remedy is tried once for an answer or a summary, and told.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from spindled.model.errors import Kind

if TYPE_CHECKING:
    from spindled.agent.sampling.efforts import Efforts
    from spindled.model.errors import ModelError
    from spindled.model.request import ModelRequest

Item = dict[str, Any]
Remedy = Callable[["ModelError", "ModelRequest"], str | None]

EFFORT_PARAMS = ("reasoning", "reasoning.effort", "reasoning_effort", "thinking", "output_config.effort")
UNSUPPORTED = re.compile(r"unsupported|not support|n't support|unrecognized|unknown|not permitted|invalid")
STALE = re.compile(
    r"encrypted.content.*(?:verif|decrypt|pars|invalid)|invalid.*encrypted.content"
    r"|signature.*thinking|thinking.*signature|thinking.*cannot be modified"
    r"|without its required (?:following|'reasoning') item",
    re.DOTALL,
)


class Healing:
    """The remedies that are left for one request. `items` gives its history, `replace` lets it go on from another."""

    def __init__(self, items: Callable[[], list[Item]], efforts: Efforts, replace: Callable[[list[Item]], None]):
        self._items = items
        self._replace = replace
        self._efforts = efforts
        self._left: list[Remedy] = [self._lower_effort, self._leave_out_effort, self._forget_reasoning]

    def cure(self, error: ModelError, request: ModelRequest) -> str | None:
        """Change what the next request will hold. What was done, for the followers; None if the error stands."""
        for remedy in self._left:
            done = remedy(error, request)
            if done is not None:
                self._left.remove(remedy)
                return done
        return None

    def _lower_effort(self, error: ModelError, request: ModelRequest) -> str | None:
        refused = request.effort
        if refused is None or not is_about_effort(error, refused) or takes_no_effort(error):
            return None
        lower = self._efforts.lower(request.model, refused, error.message)
        if lower is None:
            return None
        return f"{request.model} does not take the reasoning effort `{refused}`; it is asked with `{lower}`."

    def _leave_out_effort(self, error: ModelError, request: ModelRequest) -> str | None:
        if request.effort is None or not is_about_effort(error, request.effort):
            return None
        self._efforts.leave_out(request.model, request.effort)
        return f"{request.model} does not take the reasoning effort `{request.effort}`; it is asked without one."

    def _forget_reasoning(self, error: ModelError, request: ModelRequest) -> str | None:
        if not is_stale_reasoning(error):
            return None
        items = self._items()
        kept = [item for item in items if not is_sealed_reasoning(item)]
        if len(kept) == len(items):
            return None
        self._replace([unlinked(item) for item in kept])
        return "The provider could not read the earlier reasoning of this thread; it goes on without it."


def is_about_effort(error: ModelError, effort: str) -> bool:
    """Whether a request was refused because of its reasoning effort."""
    if error.kind is not Kind.BAD_REQUEST:
        return False
    if error.param:
        return error.param in EFFORT_PARAMS
    text = error.message.lower()
    quoted = re.search(rf"['\"`]{re.escape(effort)}['\"`]", text) is not None
    named = quoted or "reasoning" in text or "thinking" in text
    return "effort" in text or (named and UNSUPPORTED.search(text) is not None and not is_stale_reasoning(error))


def takes_no_effort(error: ModelError) -> bool:
    """Whether it was the parameter that was refused, and not its value."""
    text = error.message.lower()
    return error.code == "unsupported_parameter" or "parameter" in text or "thinking" in text


def is_stale_reasoning(error: ModelError) -> bool:
    """Whether a provider cannot make use of reasoning that was once its own."""
    if error.code == "invalid_encrypted_content":
        return True
    return error.kind is Kind.BAD_REQUEST and STALE.search(error.message.lower()) is not None


def is_sealed_reasoning(item: Item) -> bool:
    return item.get("type") == "reasoning" and bool(item.get("encrypted_content"))


def unlinked(item: Item) -> Item:
    """An item without the id by which the provider knows the reasoning that it came from."""
    return {key: value for key, value in item.items() if key != "id"} if "id" in item else item
