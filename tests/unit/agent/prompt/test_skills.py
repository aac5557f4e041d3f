from __future__ import annotations

from pathlib import Path
from typing import Any

from spindled.agent.history.compaction import is_user_message
from spindled.agent.prompt.skills import MOST_OF_ALL, listed, named, skill_item
from spindled.config.skills.skill_file import Skill
from spindled_protocol.types import SkillUserInput, TextUserInput


def skill(name: str, folder: str = "/s", **fields: Any) -> Skill:
    path = Path(folder) / name / "SKILL.md"
    return Skill(name=name, description=f"{name} <it>", path=path, scope="user", **fields)


ONE, TWO = skill("one"), skill("two-b")
AGAIN = skill("one", "/t")


def test_skills_that_the_user_names() -> None:
    inputs = [
        TextUserInput(text="use $two-b, then $one and $one; not $three, a$one or $$one"),
        SkillUserInput(name="x", path="/t/one/SKILL.md"),
        SkillUserInput(name="one", path="/elsewhere/SKILL.md"),
    ]
    assert [found.path for found in named(inputs, [ONE, TWO, AGAIN])] == [TWO.path, ONE.path, AGAIN.path]


def test_nothing_is_named() -> None:
    assert named([TextUserInput(text="costs $5, $HOME")], [ONE]) == []


def test_what_the_model_is_told() -> None:
    text = listed([ONE, skill("hidden", implicit=False)])
    assert text is not None
    assert "- one: one &lt;it&gt; (/s/one/SKILL.md)" in text and "hidden" not in text
    assert listed([]) is None
    assert listed([skill("hidden", implicit=False)]) is None


def test_too_many_skills() -> None:
    many = [skill(f"s{number}{'x' * 60}") for number in range(500)]
    text = listed(many)
    assert text is not None
    assert len(text) < MOST_OF_ALL * 1.2 and "more that are not shown" in text


def test_a_skill_in_the_conversation(tmp_path: Path) -> None:
    path = tmp_path / "SKILL.md"
    found = Skill(name="a", description="d", path=path, scope="user")
    assert "cannot be read" in skill_item(found)["content"][0]["text"]
    path.write_text("---\nname: a\n---\nDo it.\n")
    item = skill_item(found)
    assert "Do it." in item["content"][0]["text"]
    assert not is_user_message(item)
