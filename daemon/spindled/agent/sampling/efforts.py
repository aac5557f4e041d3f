"""Reasoning efforts that a model refused, and what is asked of it instead."""

from __future__ import annotations

import re
from collections.abc import Callable

# Not within the name of a model or a parameter, as in gpt-5.1-codex-max or max_tokens.
WORDS = re.compile(r"(?<![\w.-])(none|minimal|low|medium|high|xhigh|max|ultra)(?![\w-])")
LISTS = re.compile(r"values|levels|valid|allowed|expected|one of|(?:should|must) be")


class Efforts:
    """What was learned of efforts, by model; kept while the thread is loaded. `known`: those that a model takes."""

    def __init__(self, known: Callable[[str], tuple[str, ...]]) -> None:
        self._known = known
        self._instead: dict[tuple[str, str], str | None] = {}

    def accepted(self, model: str, wanted: str | None) -> str | None:
        """The effort to ask for where `wanted` is set; None: leave it out."""
        while wanted is not None and (model, wanted) in self._instead:
            wanted = self._instead[model, wanted]
        return wanted

    def lower(self, model: str, refused: str, message: str) -> str | None:
        """Remember the next best effort after a refusal; None, and nothing is remembered, if there is no other."""
        found = next_best(refused, message, self._known(model))
        if found is None or (model, found) in self._instead:
            return None
        self._instead[model, refused] = found
        return found

    def leave_out(self, model: str, refused: str) -> None:
        self._instead[model, refused] = None


def next_best(refused: str, message: str, known: tuple[str, ...]) -> str | None:
    """The highest effort below the refused one of those the provider lists, else the lowest of them; where it lists
    none, the next lower one that the model is known to take, or that there is. None if nothing is left."""
    from spindled.model.quirks import LADDER

    rank = {effort: index for index, effort in enumerate(LADDER)}
    text = message.lower()
    listed = {word for word in WORDS.findall(text) if word != refused} if LISTS.search(text) else set()
    choice = listed or {*(known or LADDER)} - {"none"}
    below = [effort for effort in choice if rank[effort] < rank.get(refused, len(rank))]
    if below:
        return max(below, key=rank.__getitem__)
    return min(listed, key=rank.__getitem__, default=None)
