"""The files of a thread go to the archive, come back, or go for good. The thread must be closed (ActiveWriter)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from spindled.store.errors import ArchivedRolloutNotFound, RolloutNotFound, StoreError
from spindled.store.places import Places
from spindled.store.rollout.rollout import make_private


def archive(places: Places, thread_id: str) -> None:
    """Raises RolloutNotFound also if it is archived already."""
    paths = places.layout.find(thread_id)
    if not paths or paths[-1].parent == places.layout.archived:
        raise RolloutNotFound(thread_id)
    _move(places, thread_id, paths, lambda name: places.layout.archived / name)


def unarchive(places: Places, thread_id: str) -> None:
    """Raises ArchivedRolloutNotFound."""
    paths = places.layout.find(thread_id)
    if not paths or paths[-1].parent != places.layout.archived:
        raise ArchivedRolloutNotFound(thread_id)
    _move(places, thread_id, paths, places.layout.active_path)


def delete(places: Places, thread_id: str) -> None:
    """Archived or not. Raises RolloutNotFound."""
    paths = places.layout.find(thread_id)
    if not paths:
        raise RolloutNotFound(thread_id)
    with places.lock(thread_id):
        for file in _with_sidecars(paths):
            _attempt(file, file.unlink)
    places.index.remove(thread_id)


def _move(places: Places, thread_id: str, paths: list[Path], target: Callable[[str], Path]) -> None:
    with places.lock(thread_id):
        for file in _with_sidecars(paths):
            _attempt(file, lambda file=file: _rename(file, target(file.name)))  # type: ignore[misc]
    places.indexed(target(paths[-1].name))


def _with_sidecars(paths: list[Path]) -> list[Path]:
    """The newest file of the thread last, each behind the torn ends that were cut off from it."""
    return [file for path in paths for file in (*path.parent.glob(f"{path.name}.torn-*"), path)]


def _rename(source: Path, target: Path) -> None:
    make_private(target.parent)
    source.rename(target)


def _attempt(path: Path, work: Callable[[], object]) -> None:
    try:
        work()
    except OSError as error:
        raise StoreError(path, error) from error
