"""Skills: instructions for a kind of task, which the model reads when it has one. Where they lie, and which are on."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from spindled.config.schema import Config, SkillSwitch
from spindled.config.skills.skill_file import FILE, Scope, Skill, SkillError, read_skill
from spindled.config.trust import downward

REPO = (Path(".agents") / "skills", Path(".codex") / "skills")
USER = Path(".agents") / "skills"
SYSTEM = ".system"
ADMIN = Path("/etc/codex/skills")
MOST_FOLDERS = 2_000
DEEPEST = 6
SCOPES: tuple[Scope, ...] = ("repo", "user", "system", "admin")

Stamp = tuple[str, int]
"""A place that was looked at and when it had changed, in nanoseconds; -1 where nothing is."""


class Root(NamedTuple):
    path: Path
    scope: Scope
    fence: Path | None = None
    """Nothing outside of it is read: a project that the user does not trust may hold links to anywhere."""


class Found(NamedTuple):
    """The skills of a folder, and the files that are none, each with the reason."""

    skills: tuple[Skill, ...]
    errors: tuple[tuple[Path, str], ...]
    stamps: tuple[Stamp, ...]

    @property
    def folders(self) -> list[Path]:
        """All that were looked for, there or not."""
        return [Path(place) for place, _ in self.stamps if os.path.basename(place) != FILE]


class SkillLibrary:
    """Finds skills, and remembers what it found as long as nothing has changed there. `extra`: roots of the clients."""

    def __init__(self, user_home: Path | None = None) -> None:
        self.extra: tuple[Path, ...] = ()
        self._user_home = user_home
        self._found: dict[tuple[Root, ...], Found] = {}

    def find(self, config: Config, *, anew: bool = False) -> Found:
        """Reads files; raises nothing."""
        roots = tuple(self.roots(config))
        known = self._found.get(roots)
        if known is None or anew or stamped(place for place, _ in known.stamps) != known.stamps:
            known = self._found[roots] = scan(roots)
        return known

    def roots(self, config: Config) -> Iterator[Root]:
        fence = None if config.trust == "trusted" else config.project_root
        users = (config.home / "skills", (self._user_home or Path.home()) / USER, *self.extra)
        if config.trust != "untrusted":
            for folder in downward(config.project_root, config.cwd.resolve()):
                # someone may work in their home directory
                yield from (Root(folder / name, "repo", fence) for name in REPO if folder / name not in users)
        yield from (Root(path, "user") for path in users)
        yield Root(config.home / "skills" / SYSTEM, "system")
        yield Root(ADMIN, "admin")


def scan(roots: Sequence[Root]) -> Found:
    skills: dict[Path, Skill] = {}
    errors: dict[Path, str] = {}
    places: list[str] = []
    for root in roots:
        for path in files(root, places):
            if path in skills or path in errors:
                continue
            try:
                skills[path] = read_skill(path, root.scope)
            except SkillError as error:
                errors[path] = str(error)
            except OSError as error:
                errors[path] = error.strerror or str(error)
    ordered = sorted(skills.values(), key=lambda skill: (SCOPES.index(skill.scope), skill.name, str(skill.path)))
    return Found(tuple(ordered), tuple(sorted(errors.items())), stamped(dict.fromkeys(places)))


def files(root: Root, places: list[str]) -> Iterator[Path]:
    """Every SKILL.md below a root; what was looked at is added to `places`. Folders with a dot are not entered."""
    waiting: list[tuple[Path, int]] = [(root.path, 0)]
    seen: set[Path] = set()
    while waiting:
        folder, depth = waiting.pop()
        real = Path(os.path.realpath(folder))
        places.append(str(real))
        if real in seen or len(seen) >= MOST_FOLDERS or not allowed(real, root):
            continue
        seen.add(real)
        try:
            entries = sorted(os.scandir(real), key=lambda entry: entry.name, reverse=True)
        except OSError:
            continue
        if any(entry.name == FILE for entry in entries):
            path = Path(os.path.realpath(real / FILE))
            places.append(str(path))
            if allowed(path, root):
                yield path
        if depth < DEEPEST:
            waiting += [(real / entry.name, depth + 1) for entry in entries if entry.is_dir() and entry.name[0] != "."]


def allowed(path: Path, root: Root) -> bool:
    return root.fence is None or path.is_relative_to(os.path.realpath(root.fence))


def stamped(places: Iterable[str]) -> tuple[Stamp, ...]:
    return tuple((place, changed_ns(place)) for place in places)


def changed_ns(place: str) -> int:
    try:
        return os.stat(place).st_mtime_ns
    except OSError:
        return -1


def enabled(skill: Skill, switches: Iterable[SkillSwitch]) -> bool:
    """As the last switch says that names the skill or its file; on if none does."""
    states = [switch.enabled for switch in switches if names(switch, skill)]
    return states[-1] if states else True


def names(switch: SkillSwitch, skill: Skill) -> bool:
    if switch.path is not None:
        return os.path.realpath(switch.path) in (str(skill.path), str(skill.path.parent))
    return switch.name == skill.name
