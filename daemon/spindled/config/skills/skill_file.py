"""One SKILL.md: what its front matter says, and the interface file beside it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from spindled.config.home.files import read_bounded

Scope = Literal["repo", "user", "system", "admin"]

FILE = "SKILL.md"
INTERFACE = Path("agents") / "openai.yaml"
MOST_BYTES = 256 * 1024
MOST_NAME = 64
FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE)
PLAIN_LINE = re.compile(r"([A-Za-z][\w-]*):[ \t]+(.*)")
ASSETS = ("iconSmall", "iconLarge")
COLOR = re.compile(r"#[0-9a-fA-F]{6}")


class Skill(Struct, frozen=True, kw_only=True):
    """`path`: its SKILL.md, links resolved. `interface` and `dependencies` in the wire's words."""

    name: str
    description: str
    path: Path
    scope: Scope
    short_description: str | None = None
    interface: dict[str, Any] | None = None
    dependencies: list[dict[str, Any]] = []
    implicit: bool = True
    """Whether the model is told of it unasked."""


class SkillError(ValueError):
    """A file that is no skill; the text is for the user."""


def read_skill(path: Path, scope: Scope) -> Skill:
    """Raises SkillError and OSError."""
    fields = front_matter(text_of(path))
    name = words(fields.get("name")) or path.parent.name
    if len(name) > MOST_NAME:
        raise SkillError(f"invalid name: exceeds maximum length of {MOST_NAME} characters")
    description = words(fields.get("description"))
    if not description:
        raise SkillError("missing field `description`")
    metadata = fields.get("metadata")
    beside = interface_file(path.parent / INTERFACE)
    policy = beside.get("policy")
    return Skill(
        name=name,
        description=description,
        path=path,
        scope=scope,
        short_description=words(metadata.get("short-description")) or None if isinstance(metadata, dict) else None,
        interface=interface(beside.get("interface"), path.parent),
        dependencies=dependencies(beside.get("dependencies")),
        implicit=not (isinstance(policy, dict) and policy.get("allow_implicit_invocation") is False),
    )


def text_of(path: Path) -> str:
    """At most MOST_BYTES of it. Raises OSError."""
    return read_bounded(path, MOST_BYTES)[:MOST_BYTES].decode("utf-8", "replace")


def front_matter(text: str) -> dict[str, Any]:
    """Raises SkillError if there is none."""
    found = FRONT_MATTER.match(text)
    if found is None:
        raise SkillError("missing YAML frontmatter delimited by ---")
    fields = parsed(found[1])
    if isinstance(fields, dict):
        return fields
    # Descriptions with a colon are no YAML, and common.
    return {match[1]: match[2].strip() for line in found[1].splitlines() if (match := PLAIN_LINE.fullmatch(line))}


def parsed(text: str) -> Any:
    """The YAML value, None if it is none."""
    import yaml

    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


def interface_file(path: Path) -> dict[str, Any]:
    """Empty where it is missing or cannot be read: a skill works without it."""
    try:
        fields = parsed(text_of(path))
    except OSError:
        return {}
    return fields if isinstance(fields, dict) else {}


def interface(fields: Any, folder: Path) -> dict[str, Any] | None:
    if not isinstance(fields, dict):
        return None
    shown: dict[str, Any] = {
        "displayName": words(fields.get("display_name")) or None,
        "shortDescription": words(fields.get("short_description")) or None,
        "iconSmall": asset(fields.get("icon_small"), folder),
        "iconLarge": asset(fields.get("icon_large"), folder),
        "brandColor": color(fields.get("brand_color")),
        "defaultPrompt": words(fields.get("default_prompt")) or None,
    }
    return shown if any(shown.values()) else None


def asset(name: Any, folder: Path) -> str | None:
    """A file of the skill's own; none that lies elsewhere."""
    if not isinstance(name, str) or not name:
        return None
    path = (folder / name).resolve()
    return str(path) if path.is_relative_to(folder) else None


def color(value: Any) -> str | None:
    return value if isinstance(value, str) and COLOR.fullmatch(value) else None


def dependencies(fields: Any) -> list[dict[str, Any]]:
    """Tools that the skill needs, those without a type or a value left out."""
    listed = fields.get("tools") if isinstance(fields, dict) else None
    tools = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    names = ("type", "value", "description", "transport", "command", "url")
    texts = [{name: words(tool[name]) for name in names if words(tool.get(name))} for tool in tools]
    return [tool for tool in texts if "type" in tool and "value" in tool]


def words(value: Any) -> str:
    """A text in one line; empty for anything else."""
    return " ".join(value.split()) if isinstance(value, str) else ""
