from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.config.skills.skill_file import MOST_BYTES, SkillError, front_matter, read_skill

INTERFACE = """
interface:
  display_name: "Nice"
  icon_small: "./assets/i.svg"
  icon_large: "../../elsewhere.svg"
  brand_color: "#112233"
dependencies:
  tools:
    - {type: mcp, value: foo, url: "https://x.invalid", more: 1}
    - {type: mcp}
    - nonsense
policy:
  allow_implicit_invocation: false
"""


def write(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "SKILL.md"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("front", "name", "description"),
    [
        ("name: a\ndescription: Does it.", "a", "Does it."),
        ("description: Does it.", "folder", "Does it."),
        ("name: a\ndescription: |\n  one\n  two: x", "a", "one two: x"),
        ("name: a\ndescription: Use this: now", "a", "Use this: now"),
        ('name: "a b"\ndescription: >\n  folded\n  text\n', "a b", "folded text"),
    ],
)
def test_what_a_skill_is_called(tmp_path: Path, front: str, name: str, description: str) -> None:
    skill = read_skill(write(tmp_path / "folder", f"---\n{front}\n---\n# Body\n"), "user")
    assert (skill.name, skill.description, skill.scope, skill.implicit) == (name, description, "user", True)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("no front matter", "missing YAML frontmatter"),
        ("---\nname: a\n", "missing YAML frontmatter"),
        ("---\nname: a\n---\n", "missing field `description`"),
        ("---\nname: [\n---\n", "missing field `description`"),
        ("---\n- a\n---\n", "missing field `description`"),
        ("---\nname: a\ndescription: 5\n---\n", "missing field `description`"),
        (f"---\nname: {'x' * 65}\ndescription: d\n---\n", "exceeds maximum length of 64"),
    ],
)
def test_what_is_no_skill(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(SkillError, match=problem):
        read_skill(write(tmp_path, text), "repo")


def test_the_interface_beside_it(tmp_path: Path) -> None:
    path = write(tmp_path, "---\nname: a\ndescription: d\nmetadata:\n  short-description: s\n---\n")
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "openai.yaml").write_text(INTERFACE)
    skill = read_skill(path, "user")
    assert skill.interface == {
        "displayName": "Nice",
        "shortDescription": None,
        "iconSmall": str(tmp_path / "assets" / "i.svg"),
        "iconLarge": None,  # it lies elsewhere
        "brandColor": "#112233",
        "defaultPrompt": None,
    }
    assert skill.dependencies == [{"type": "mcp", "value": "foo", "url": "https://x.invalid"}]
    assert (skill.short_description, skill.implicit) == ("s", False)


@pytest.mark.parametrize("text", ["[", "- a", "interface: 5", "&a [*a, *a]", ""])
def test_an_interface_that_is_none_does_not_matter(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, "---\nname: a\ndescription: d\n---\n")
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "openai.yaml").write_text(text)
    assert (read_skill(path, "user").interface, read_skill(path, "user").dependencies) == (None, [])


def test_a_large_file_is_read_in_part(tmp_path: Path) -> None:
    path = write(tmp_path, "---\nname: a\ndescription: d\n---\n" + "x" * MOST_BYTES * 2)
    assert read_skill(path, "user").name == "a"


@given(st.text())
def test_no_front_matter_breaks_it(text: str) -> None:
    with contextlib.suppress(SkillError):
        assert isinstance(front_matter(f"---\n{text}\n---\n"), dict)
