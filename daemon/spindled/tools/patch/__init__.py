"""The patch format of coding models: parsed, located, judged and applied as a whole or not at all."""

from __future__ import annotations

from spindled.tools.patch.apply import Change, Plan, edits, plan
from spindled.tools.patch.parser import PatchError, parse, render

__all__ = ["Change", "PatchError", "Plan", "edits", "parse", "plan", "render"]
