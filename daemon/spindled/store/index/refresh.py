"""Bringing the index up to date with the rollouts on disk."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from spindled.store.errors import StoreError
from spindled.store.index.index import Index
from spindled.store.index.summary import Summary
from spindled.store.layout import Layout, RolloutName, parse_name, rollouts_in
from spindled.store.names import load_git, load_names
from spindled.store.rollout.head import read_head
from spindled.store.rollout.payloads import Git

Rank = tuple[bool, str]

_log = logging.getLogger(__name__)
# A folder that changed so lately may change again within the same tick of its clock: do not trust its time yet.
_SETTLED_NS = 2_000_000_000


def refresh(layout: Layout, index: Index) -> None:
    """Read the head of every rollout that the index does not know, forget those that are gone.

    Only folders whose time of change differs from last time are listed, so this is cheap when nothing happened. With a
    new index it reads the head of every rollout: run it in a thread.
    """
    known = {} if index.is_new else index.folders()
    times = {str(folder): folder.stat().st_mtime_ns for folder in layout.folders()}
    changed = [Path(folder) for folder, mtime in times.items() if known.get(folder) != mtime]
    gone = [Path(folder) for folder in known if folder not in times]
    _compare(layout, index, changed + gone)
    for summary in index.left_open():
        _touch(index, summary)
    limit = time.time_ns() - _SETTLED_NS
    settled = {folder: mtime for folder, mtime in times.items() if mtime < limit}
    if settled != known:
        index.compared(settled)
    index.filled()


def index_one(layout: Layout, index: Index, path: Path) -> Summary:
    """Read the head of one rollout into the index. Raises StoreError."""
    try:
        summary = read_head(path, layout.find_file, archived=path.parent == layout.archived)
    except OSError as error:
        raise StoreError(path, error) from error
    known = index.get(summary.id)
    summary.open = bool(known and known.open)
    _complete(summary, load_names(layout.home), load_git(layout.home))
    index.put(summary)
    return summary


def _compare(layout: Layout, index: Index, folders: list[Path]) -> None:
    missing: dict[str, str] = {}
    unknown: list[tuple[Path, RolloutName]] = []
    for folder in folders:
        before = index.in_folder(folder)
        there = dict(rollouts_in(folder))
        missing |= {path: thread_id for path, thread_id in before.items() if Path(path) not in there}
        unknown += [(path, name) for path, name in there.items() if str(path) not in before]
    if missing:
        index.remove(*missing.values())
    moved = set(missing.values()) - {name.thread_id for _, name in unknown}
    older = [
        paths[-1] for thread_id in moved if (paths := layout.find(thread_id))
    ]  # a reverted thread lost its segment
    if paths := _newest(layout, index, unknown) + older:
        names, git = load_names(layout.home), load_git(layout.home)
        found = (_read(layout, path) for path in paths)
        index.put(*[_complete(summary, names, git) for summary in found if summary])


def _newest(layout: Layout, index: Index, unknown: list[tuple[Path, RolloutName]]) -> list[Path]:
    """Of each thread the newest segment, unless the index has a newer one.

    The index has one path of a thread, so the segments before it are among the unknown ones, too.
    """
    best: dict[str, tuple[Rank, Path]] = {}
    for path, name in unknown:
        place = (_rank(layout, path, name), path)
        best[name.thread_id] = max(place, best.get(name.thread_id, place))
    known = {thread_id: _known_rank(layout, index, thread_id) for thread_id in best}
    return [path for thread_id, (rank, path) in best.items() if (there := known[thread_id]) is None or rank > there]


def _rank(layout: Layout, path: Path, name: RolloutName) -> Rank:
    """What is active comes before what is archived, a later segment before an earlier one."""
    return (path.parent != layout.archived, name.segment_id or "")


def _known_rank(layout: Layout, index: Index, thread_id: str) -> Rank | None:
    """That of the file in the index."""
    known = index.get(thread_id)
    path = Path(known.path) if known is not None else None
    if path is None or not path.exists() or (name := parse_name(path.name)) is None:
        return None
    return _rank(layout, path, name)


def _read(layout: Layout, path: Path) -> Summary | None:
    try:
        return read_head(path, layout.find_file, archived=path.parent == layout.archived)
    except (StoreError, OSError) as error:
        _log.warning("%s is not listed: %s", path, error)
        return None


def _touch(index: Index, summary: Summary) -> None:
    try:
        changed_ms = Path(summary.path).stat().st_mtime_ns // 1_000_000
    except OSError:
        return
    if changed_ms > summary.updated_ms:
        index.update(summary.id, updated_ms=changed_ms)


def _complete(summary: Summary, names: dict[str, str], git: dict[str, Git]) -> Summary:
    summary.name = names.get(summary.id)
    changed = git.get(summary.id)
    return summary.with_git(changed) if changed else summary
