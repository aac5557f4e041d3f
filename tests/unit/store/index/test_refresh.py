from __future__ import annotations

import os
from pathlib import Path

import pytest

from spindled.store.index import refresh
from spindled.store.index.query import ListQuery
from spindled.store.rollout.payloads import Git
from spindled.store.threads import ThreadStore
from tests.unit.store.samples import add_thread, add_turn, meta


def listed(store: ThreadStore, **fields: object) -> list[tuple[str, str | None]]:
    page = store.list(ListQuery(**fields))  # type: ignore[arg-type]
    return [(thread.preview, thread.name) for thread in page.threads]


def lose_index(home: Path) -> None:
    for file in home.glob("spindled.sqlite*"):
        file.unlink()


def test_a_lost_index_is_rebuilt(home: Path, store: ThreadStore) -> None:
    first = add_thread(store, "one", "more")
    second = add_thread(store, "two", source={"custom": "mine"})
    archived = add_thread(store, "three")
    store.set_name(first, "Named")
    store.set_git(second, Git(branch="main", commit_hash="abc"))
    store.archive(archived)
    before = [store.summary(thread) for thread in (first, second, archived)]
    store.close()
    lose_index(home)
    again = ThreadStore(home)
    assert listed(again) == [("two", None), ("one", "Named")]
    assert listed(again, archived=True) == [("three", None)]
    for old in before:
        new = again.summary(old.id)
        old.updated_ms = new.updated_ms  # the file's time of change
        assert new == old
    again.close()


def test_finds_what_others_wrote_and_forgets_what_they_removed(home: Path, store: ThreadStore) -> None:
    gone = Path(store.summary(add_thread(store, "gone")).path)
    elsewhere = ThreadStore(home.parent / "elsewhere")
    foreign = Path(elsewhere.summary(add_thread(elsewhere, "foreign")).path)
    elsewhere.close()
    store.refresh()
    gone.unlink()
    foreign.rename(gone.with_name(foreign.name))
    store.refresh()
    assert listed(store) == [("foreign", None)]


def test_only_changed_folders_are_listed(home: Path, store: ThreadStore, monkeypatch: pytest.MonkeyPatch) -> None:
    thread = add_thread(store, "one")
    os.utime(Path(store.summary(thread).path).parent, (1_700_000_000, 1_700_000_000))
    store.refresh()
    listed_folders: list[Path] = []
    plain = refresh.rollouts_in
    monkeypatch.setattr(refresh, "rollouts_in", lambda folder: listed_folders.append(folder) or plain(folder))
    store.refresh()
    assert listed_folders == []


def test_after_a_crash_times_come_from_the_file(home: Path, store: ThreadStore) -> None:
    writer = store.create(meta())
    add_turn(writer, "one")
    os.utime(writer.path, (2_000_000_000, 2_000_000_000))
    other = ThreadStore(home)
    other.refresh()
    assert other.summary(writer.thread_id).updated_ms == 2_000_000_000_000
    other.close()


def test_a_rollout_without_a_head_is_listed_by_its_name(home: Path, store: ThreadStore) -> None:
    thread = add_thread(store, "one")
    path = Path(store.summary(thread).path)
    path.write_bytes(b"\0" * 100 + b"\n" + b"".join(path.read_bytes().splitlines(keepends=True)[1:]))
    store.close()
    lose_index(home)
    again = ThreadStore(home)
    again.refresh()
    found = again.summary(thread)
    assert (found.id, found.preview) == (thread, "one")
    assert found.created_ms > 1_700_000_000_000
    again.close()


def test_an_unreadable_rollout_spoils_nothing(home: Path, store: ThreadStore) -> None:
    thread = add_thread(store, "one")
    path = Path(store.summary(thread).path)
    path.with_name(path.name.replace(thread, "01900000-0000-7000-8000-000000000000")).mkdir()
    store.close()
    lose_index(home)
    again = ThreadStore(home)
    assert listed(again) == [("one", None)]
    again.close()


def test_a_thread_that_was_reverted_twice_stays_at_its_newest_segment(home: Path, store: ThreadStore) -> None:
    """The earlier segments lie beside it, and the index knows only one."""
    thread = add_thread(store, "one", "two", "three")
    turns = store.read(thread).turns
    store.revert(thread, turns[2].id)
    store.revert(thread, turns[1].id)
    for _ in range(2):
        store.refresh()
        assert [turn.id for turn in store.read(thread).turns] == [turns[0].id]
    store.close()
    again = ThreadStore(home)
    again.refresh()
    assert [turn.id for turn in again.read(thread).turns] == [turns[0].id]
    again.archive(thread)
    again.refresh()
    assert listed(again, archived=True) == [("one", None)]
    again.close()
