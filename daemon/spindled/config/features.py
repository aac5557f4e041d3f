"""The features that a user can switch, in [features] of the configuration. Data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from spindled.config.schema import Settings


class Feature(NamedTuple):
    """`title` and `description` are for people who choose."""

    name: str
    stage: Literal["stable", "beta"]
    default: bool
    title: str | None = None
    description: str | None = None


FEATURES = {
    feature.name: feature
    for feature in (
        Feature(
            "step_model_switching",
            "beta",
            default=False,
            title="Settings within a turn",
            description="A client may change the model and the effort of a turn that runs (turn/settings/update).",
        ),
        Feature("shell_tool", "stable", default=True),
        Feature("view_image", "stable", default=True),
        Feature("goals", "stable", default=True),
    )
}

# Those that clients of this protocol ask about, and that nothing here has.
ABSENT = frozenset(
    (
        "api_key_cyber_access_programs",
        "api_key_model_discovery",
        "auth_elicitation",
        "background_paginated_rollout_migration",
        "codex_apps_mcp_2026_07_28",
        "daybreak_program_propagation",
        "mcp_2026_07_28",
        "mcp_connection_sharing",
        "mcp_lazy_stdio_startup",
        "memories",
        "mentions_v2",
        "remote_control",
        "remote_plugin",
        "tool_suggest",
        "windows_sandbox_service",
    )
)


def effective(settings: Settings) -> dict[str, bool]:
    """Of all that clients may ask about, whether it is on, whatever is written."""
    return {**dict.fromkeys(ABSENT, False), **{name: enabled(settings, name) for name in FEATURES}}


def enabled(settings: Settings, name: str) -> bool:
    """Whether a feature of the table is on; one with settings of its own is, unless they say otherwise."""
    value = settings.features.get(name, FEATURES[name].default)
    return bool(value.get("enabled", True)) if isinstance(value, dict) else value
