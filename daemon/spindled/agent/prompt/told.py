"""The context messages of a thread: what its model was told of where it works, and what is new of that."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from spindled.agent.prompt.prompt import context_items, told_context
from spindled.agent.prompt.skills import listed, named, skill_item

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spindled.agent.history.history import History
    from spindled.agent.settings import ThreadSettings
    from spindled.agent.surroundings import Surroundings
    from spindled_protocol.types import UserInput


class Told:
    """Of one loaded thread."""

    def __init__(self, surroundings: Surroundings, history: History):
        self._surroundings = surroundings
        self._history = history

    @cached_property
    def _told(self) -> dict[str, dict[str, Any]]:
        return told_context(self._history.items)

    def reread(self) -> None:
        """The history is another one: what the model was told is what stands there."""
        self._told = told_context(self._history.items)

    def news(self, settings: ThreadSettings) -> list[dict[str, Any]]:
        """The context messages that the model has not been given yet under these settings; it is given them now."""
        new = [item for item in self.context(settings) if self._told.get(item["role"]) != item]
        self._told.update((item["role"], item) for item in new)
        return new

    def context(self, settings: ThreadSettings) -> list[dict[str, Any]]:
        """All context messages under these settings."""
        around = self._surroundings
        skills = listed(around.skills(settings.cwd))
        return context_items(settings, around.documents(settings.cwd), around.shell, skills)

    def skills_named(self, inputs: Sequence[UserInput], settings: ThreadSettings) -> list[dict[str, Any]]:
        """The skills that the user names, as they stand now, for the history; not those that it has already."""
        items = map(skill_item, named(inputs, self._surroundings.skills(settings.cwd)))
        return [item for item in items if item not in self._history.items]
