"""The features that a user can switch, in [features] of the configuration. Data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from spindled.config.schema import Settings


class Feature(NamedTuple):
    name: str
    stage: Literal["stable", "beta"]
    default: bool


FEATURES = {
    feature.name: feature
    for feature in (
        Feature("shell_tool", "stable", default=True),
        Feature("view_image", "stable", default=True),
        Feature("goals", "stable", default=True),
        Feature("step_model_switching", "beta", default=False),
    )
}


def enabled(settings: Settings, name: str) -> bool:
    """Whether a feature of the table is on; one with settings of its own is, unless they say otherwise."""
    value = settings.features.get(name, FEATURES[name].default)
    return bool(value.get("enabled", True)) if isinstance(value, dict) else value
