from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from spindled.config.layers.load import load
from spindled.config.schema import Config, SkillSwitch
from spindled.config.skills.skill_file import Skill
from spindled.config.skills.skills import DEEPEST, SkillLibrary, enabled


class Place:
    """A home, a project with a folder in it, and skills wherever the test puts them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home, self.project = root / "home", root / "project"
        self.folder = self.project / "sub"
        for folder in (self.home, self.project / ".git", self.folder):
            folder.mkdir(parents=True)
        self.library = SkillLibrary(root)

    def skill(self, folder: Path, name: str) -> Path:
        path = folder / name / "SKILL.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"---\nname: {name}\ndescription: d\n---\n")
        return path

    def config(self, cwd: Path | None = None, trust: str | None = "trusted") -> Config:
        trusted = {"trust_level": trust} if trust else {}
        (self.home / "config.toml").write_text(
            f'[projects."{self.project}"]\n' + "".join(f'{key} = "{value}"\n' for key, value in trusted.items())
        )
        return load(self.home, cwd=cwd or self.folder, environ={})

    def names(self, cwd: Path | None = None, trust: str | None = "trusted") -> list[tuple[str, str]]:
        return [(skill.scope, skill.name) for skill in self.library.find(self.config(cwd, trust)).skills]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_where_skills_lie(place: Place) -> None:
    place.skill(place.home / "skills", "own")
    place.skill(place.home / "skills" / "a" / "b", "deep")
    place.skill(place.home / "skills" / ".system", "built_in")
    place.skill(place.home / "skills" / ".hidden", "hidden")
    place.skill(place.root / ".agents" / "skills", "shared")
    place.skill(place.project / ".agents" / "skills", "agents")
    place.skill(place.project / ".codex" / "skills", "codex")
    place.skill(place.folder / ".agents" / "skills", "nearer")
    extra = place.skill(place.root / "extra", "more")
    place.library.extra = (extra.parent.parent,)
    user = [("user", "deep"), ("user", "more"), ("user", "own"), ("user", "shared"), ("system", "built_in")]
    assert place.names() == [("repo", "agents"), ("repo", "codex"), ("repo", "nearer"), *user]
    assert place.names(place.root) == user  # of which a home directory is no project
    assert place.names(trust="untrusted") == user


def test_changes_are_found(place: Place) -> None:
    assert place.names() == []
    first = place.skill(place.home / "skills", "first")
    assert place.names() == [("user", "first")]
    place.skill(place.home / "skills" / "group", "second")
    assert place.names() == [("user", "first"), ("user", "second")]
    before = first.stat().st_mtime_ns
    first.write_text("---\nname: other\ndescription: d\n---\n")
    os.utime(first, ns=(before + 1, before + 1))
    assert place.names() == [("user", "other"), ("user", "second")]
    first.unlink()
    first.parent.rmdir()
    assert place.names() == [("user", "second")]


def test_files_that_are_no_skills_are_told(place: Place) -> None:
    path = place.skill(place.home / "skills", "bad")
    path.write_text("nothing")
    [(where, why)] = place.library.find(place.config()).errors
    assert (where, "frontmatter" in why) == (path, True)


def test_links(place: Place) -> None:
    outside = place.skill(place.root / "elsewhere", "linked")
    inside = place.project / ".agents" / "skills"
    inside.mkdir(parents=True)
    (inside / "linked").symlink_to(outside.parent)
    (inside / "loop").symlink_to(inside)
    assert place.names() == [("repo", "linked")]
    assert place.library.find(place.config()).skills[0].path == outside
    assert place.names(trust=None) == []  # a project that is not trusted reads nothing outside of it


def test_folders_are_entered_only_so_far(place: Place) -> None:
    place.skill(place.home / "skills" / "/".join("x" * DEEPEST), "too_deep")
    place.skill(place.home / "skills" / "/".join("x" * (DEEPEST - 1)), "deep")
    assert place.names() == [("user", "deep")]


@pytest.mark.parametrize(
    ("switches", "on"),
    [
        ([], True),
        ([SkillSwitch(name="a", enabled=False)], False),
        ([SkillSwitch(name="b", enabled=False)], True),
        ([SkillSwitch(path="/s/a/SKILL.md", enabled=False)], False),
        ([SkillSwitch(path="/s/a", enabled=False)], False),
        ([SkillSwitch(name="a", enabled=False), SkillSwitch(path="/s/a", enabled=True)], True),
        ([SkillSwitch()], True),
    ],
)
def test_switches(switches: Iterable[SkillSwitch], on: bool) -> None:
    assert enabled(Skill(name="a", description="d", path=Path("/s/a/SKILL.md"), scope="user"), switches) is on
