"""The scripted model: a Responses endpoint for demonstrations and tests. It is no language model: it does what the
user's message says, line by line (docs/scripted-model.md)."""

from __future__ import annotations

from .endpoint import ScriptedEndpoint, start

__all__ = ["ScriptedEndpoint", "start"]
