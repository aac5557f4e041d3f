"""Skills in a conversation: the list that the model is given, and the ones that the user names."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from spindled.agent.prompt.markup import escape
from spindled.agent.prompt.prompt import message
from spindled.config.skills.skill_file import text_of
from spindled_protocol.types import SkillUserInput, TextUserInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spindled.config.skills.skill_file import Skill
    from spindled_protocol.types import UserInput

TAG = "skill"
MENTION = re.compile(r"(?<![\w$])\$([A-Za-z0-9][\w:-]*)")
MOST_OF_ONE, MOST_OF_ALL = 1_024, 16_000  # characters of descriptions


def named(inputs: Iterable[UserInput], skills: Sequence[Skill]) -> list[Skill]:
    """Those that the user chose, or mentions as $name; each once. Of two with one name the first counts."""
    by_path = {str(skill.path): skill for skill in skills}
    by_name = {skill.name: skill for skill in reversed(skills)}
    found: list[Skill | None] = []
    for each in inputs:
        if isinstance(each, SkillUserInput):
            found.append(by_path.get(os.path.realpath(each.path)))
        elif isinstance(each, TextUserInput):
            found += [by_name.get(name) for name in MENTION.findall(each.text)]
    return list({skill.path: skill for skill in found if skill is not None}.values())


def skill_item(skill: Skill) -> dict[str, Any]:
    """The whole skill for the model, or why it cannot be read."""
    try:
        text = text_of(skill.path)
    except OSError as error:
        text = f"This skill cannot be read: {error.strerror or error}. Say so, and go on without it."
    head = f'<{TAG} name="{escape(skill.name)}" path="{escape(str(skill.path))}">'
    return message("user", f"{head}\n{text.strip()}\n</{TAG}>")


def listed(skills: Sequence[Skill]) -> str | None:
    """What the model is told of skills that it may use unasked; None if there are none."""
    lines: list[str] = []
    room = MOST_OF_ALL
    shown = [skill for skill in skills if skill.implicit]
    for skill in shown:
        line = f"- {escape(skill.name)}: {escape(skill.description[:MOST_OF_ONE])} ({escape(str(skill.path))})"
        room -= len(line)
        if room < 0:
            lines.append(f"- and {len(shown) - len(lines)} more that are not shown here")
            break
        lines.append(line)
    if not lines:
        return None
    text = "\n".join(lines)
    return (
        "<skills>\nA skill is a file of instructions for one kind of task. Use one when the user names it (as $name or "
        "in words), or when its description fits what is to be done: read its file before you act, follow it for this "
        "turn, and look for the files that it mentions beside it. If it cannot be read, say so and go on without it.\n"
        f"{text}\n</skills>"
    )
