"""Projects: folders under a name, in the order that the user gives them, and the threads that belong to each."""

from __future__ import annotations

import os
from collections.abc import Sequence
from operator import attrgetter

from msgspec import Struct

from spindled.store.ids import new_id
from spindled.store.library.errors import LibraryError
from spindled.store.library.shelf import Shelf
from spindled.store.library.table import Change, Table
from spindled_protocol.types import Project, ProjectRoot

KEY_BYTES = 512


class Request(Struct, kw_only=True):
    """The project that an idempotency key has made."""

    key: str
    project_id: str


class Belonging(Struct, kw_only=True):
    """A thread of a project."""

    thread_id: str
    project_id: str


PROJECTS = Table("projects", Project, ("id",))
REQUESTS = Table("project_requests", Request, ("key",), ("project_id",))
BELONGINGS = Table("project_threads", Belonging, ("thread_id",), ("project_id",))

_RECENCY = (
    "SELECT project_threads.project_id, max(threads.updated_ms) FROM project_threads"
    " JOIN threads ON threads.id = project_threads.thread_id GROUP BY project_threads.project_id"
)


class Projects:
    """`position` is the place in the list; `recencyAt` comes from the threads, and is not stored."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def all(self) -> list[Project]:
        """In the user's order."""
        projects = sorted(self._shelf.select(PROJECTS), key=attrgetter("position"))
        recency = dict(self._shelf.ask(_RECENCY)) if projects else {}
        for project in projects:
            latest = recency.get(project.id)
            project.recencyAt = latest // 1000 if latest else None
        return projects

    def read(self, project_id: str) -> Project:
        """Raises LibraryError."""
        found = next((project for project in self.all() if project.id == project_id), None)
        if found is None:
            raise LibraryError(f"project not found: {project_id}")
        return found

    def requested(self, key: str) -> Project | None:
        """What was made under this idempotency key. Raises LibraryError for a key that cannot be one."""
        if not key:
            raise LibraryError("idempotencyKey must not be empty")
        if len(key.encode()) > KEY_BYTES:
            raise LibraryError(f"idempotencyKey must be at most {KEY_BYTES} bytes")
        request = self._shelf.find(REQUESTS, key)
        return self.read(request.project_id) if request else None

    def create(
        self,
        key: str,
        name: str,
        roots: Sequence[ProjectRoot],
        metadata: dict[str, str],
        threads: Sequence[str],
        now: int,
    ) -> Project:
        """`threads` belong to it then. Raises LibraryError."""
        project = Project(
            id=new_id(),
            name=_name(name),
            roots=_normal(roots),
            metadata=metadata,
            position=len(self._shelf.select(PROJECTS)),
            createdAt=now,
            updatedAt=now,
        )
        request = Request(key=key, project_id=project.id)
        belongings = [Belonging(thread_id=thread_id, project_id=project.id) for thread_id in threads]
        self._shelf.change(PROJECTS.put(project), REQUESTS.put(request), *map(BELONGINGS.put, belongings))
        return self.read(project.id)

    def update(
        self,
        project_id: str,
        name: str | None,
        roots: Sequence[ProjectRoot] | None,
        metadata: dict[str, str] | None,
        now: int,
    ) -> Project:
        """None: as it is. Raises LibraryError."""
        project = self.read(project_id)
        project.name = project.name if name is None else _name(name)
        project.roots = project.roots if roots is None else _normal(roots)
        project.metadata = project.metadata if metadata is None else metadata
        project.updatedAt = now
        self._shelf.change(PROJECTS.put(project))
        return project

    def move(self, project_id: str, before: str | None, now: int) -> None:
        """To the end, or before another one. Raises LibraryError."""
        projects = self.all()
        moved = self.read(project_id)
        if before == project_id:
            raise LibraryError(f"project {project_id} cannot be moved before itself")
        order = [project for project in projects if project.id != project_id]
        places = [project.id for project in order]
        if before is not None and before not in places:
            raise LibraryError(f"before project not found: {before}")
        order.insert(len(order) if before is None else places.index(before), moved)
        moved.updatedAt = now
        self._shelf.change(*self._renumbered(order, moved))

    def delete(self, project_id: str) -> list[str]:
        """The threads that belonged to it. Raises LibraryError."""
        gone = self.read(project_id)
        threads = self.threads(project_id)
        rest = [project for project in self.all() if project.id != project_id]
        requests = self._shelf.select(REQUESTS, "WHERE project_id = ?", project_id)
        self._shelf.change(
            *[BELONGINGS.drop(thread_id) for thread_id in threads],
            *[REQUESTS.drop(request.key) for request in requests],
            PROJECTS.drop(gone.id),
            *self._renumbered(rest),
        )
        return threads

    def threads(self, project_id: str) -> list[str]:
        found = self._shelf.select(BELONGINGS, "WHERE project_id = ? ORDER BY thread_id", project_id)
        return [belonging.thread_id for belonging in found]

    def of(self, thread_id: str) -> str | None:
        """The project that a thread belongs to."""
        found = self._shelf.find(BELONGINGS, thread_id)
        return found.project_id if found else None

    def of_all(self, thread_ids: Sequence[str]) -> dict[str, str]:
        """Thread -> project, of those of these threads that belong to one."""
        found = self._shelf.among(BELONGINGS, "thread_id", thread_ids)
        return {belonging.thread_id: belonging.project_id for belonging in found}

    def assign(self, thread_id: str, project_id: str | None) -> bool:
        """False if it belonged there already. None: to no project. Raises LibraryError."""
        if project_id is not None:
            self.read(project_id)
        if self.of(thread_id) == project_id:
            return False
        belongs = BELONGINGS.drop(thread_id)
        if project_id is not None:
            belongs = BELONGINGS.put(Belonging(thread_id=thread_id, project_id=project_id))
        self._shelf.change(belongs)
        return True

    def _renumbered(self, order: Sequence[Project], changed: Project | None = None) -> list[Change]:
        changes = []
        for position, project in enumerate(order):
            if project.position != position or project is changed:
                project.position = position
                changes.append(PROJECTS.put(project))
        return changes


def _name(text: str) -> str:
    name = text.strip()
    if not name:
        raise LibraryError("project name must not be empty")
    return name


def _normal(roots: Sequence[ProjectRoot]) -> list[ProjectRoot]:
    normal = [os.path.normpath(root.path) for root in roots]
    for path in normal:
        if normal.count(path) > 1:
            raise LibraryError(f"duplicate project root: {path}")
    return [ProjectRoot(path=path) for path in normal]
