from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from spindled.store.errors import (
    ActiveWriter,
    ArchivedRolloutNotFound,
    RolloutNotFound,
    ThreadArchived,
    TurnNotFound,
)
from spindled.store.index.query import ListQuery
from spindled.store.rollout.cut import Cut
from spindled.store.rollout.payloads import Git
from spindled.store.threads import ThreadStore
from tests.unit.store.samples import add_thread, add_turn, meta, questions

UNKNOWN = "01900000-0000-7000-8000-000000000000"


def files(home: Path) -> list[str]:
    return sorted(path.name for path in home.rglob("*.jsonl*") if "rollout" in path.name)


def test_a_thread_without_a_turn_leaves_nothing(home: Path, store: ThreadStore) -> None:
    writer = store.create(meta())
    assert not writer.materialized
    assert writer.path.is_relative_to(home / "sessions")
    writer.close()
    assert files(home) == []
    with pytest.raises(RolloutNotFound, match=f"^no rollout found for thread id {writer.thread_id}$"):
        store.open(writer.thread_id)


def test_the_first_row_is_the_meta(store: ThreadStore) -> None:
    writer = store.create(meta(git=Git(branch="main")))
    add_turn(writer, "hello")
    first = json.loads(writer.path.read_text().splitlines()[0])
    assert (first["ordinal"], first["type"]) == (0, "session_meta")
    assert first["payload"]["session_id"] == first["payload"]["id"] == writer.thread_id
    assert first["payload"]["git"] == {"branch": "main"}
    assert first["payload"]["timestamp"].endswith("Z")
    assert stat.S_IMODE(writer.path.stat().st_mode) == 0o600


def test_write_read_and_continue(home: Path, store: ThreadStore) -> None:
    thread = add_thread(store, "one")
    writer = store.open(thread)
    add_turn(writer, "two")
    assert questions(store, thread) == ["one", "two"]
    stored = store.read(thread)
    assert (stored.preview, stored.meta.id, stored.warnings) == ("one", thread, [])
    ordinals = [json.loads(line)["ordinal"] for line in writer.path.read_text().splitlines()]
    assert ordinals == list(range(len(ordinals)))
    shown = store.summary(thread).to_thread()
    assert (shown.id, shown.preview, shown.model, shown.cwd, shown.source) == (
        thread,
        "one",
        "gpt-5.5",
        "/somewhere",
        "vscode",
    )
    assert shown.status.__class__.__name__ == "NotLoadedThreadStatus"
    assert shown.updatedAt >= shown.createdAt


def test_one_writer_at_a_time(home: Path, store: ThreadStore) -> None:
    writer = store.create(meta())
    add_turn(writer, "one")
    other = ThreadStore(home)
    text = f"^thread {writer.thread_id} already has an active writer$"
    with pytest.raises(ActiveWriter, match=text):
        other.open(writer.thread_id)
    with pytest.raises(ActiveWriter, match=text):
        store.open(writer.thread_id)
    with pytest.raises(ActiveWriter, match=text):
        other.archive(writer.thread_id)
    writer.close()
    other.open(writer.thread_id).close()
    other.close()
    assert list((home / "thread-writer-locks").glob("[0-9]*.lock")) == []


def test_unknown_threads(store: ThreadStore) -> None:
    for call in (store.open, store.read, store.summary, store.archive, store.delete):
        with pytest.raises(RolloutNotFound, match=f"^no rollout found for thread id {UNKNOWN}$"):
            call(UNKNOWN)
    with pytest.raises(RolloutNotFound):
        store.set_name(UNKNOWN, "x")
    with pytest.raises(ArchivedRolloutNotFound, match=f"^no archived rollout found for thread id {UNKNOWN}$"):
        store.unarchive(UNKNOWN)


def test_archive_and_back(home: Path, store: ThreadStore) -> None:
    thread = add_thread(store, "one")
    path = Path(store.summary(thread).path)
    path.with_name(f"{path.name}.torn-1").touch()
    store.archive(thread)
    assert sorted(file.name for file in (home / "archived_sessions").iterdir()) == [path.name, f"{path.name}.torn-1"]
    with pytest.raises(RolloutNotFound):
        store.archive(thread)
    with pytest.raises(ThreadArchived, match=f"^session {thread} is archived"):
        store.open(thread)
    assert questions(store, thread) == ["one"]
    assert store.list(ListQuery()).threads == []
    assert [found.id for found in store.list(ListQuery(archived=True)).threads] == [thread]
    store.unarchive(thread)
    assert path.exists()
    with pytest.raises(ArchivedRolloutNotFound):
        store.unarchive(thread)
    store.open(thread).close()


def test_delete_leaves_nothing(home: Path, store: ThreadStore) -> None:
    thread = add_thread(store, "one", "two")
    store.revert(thread, store.read(thread).turns[1].id)
    store.archive(thread)
    store.delete(thread)
    assert files(home) == []
    assert store.list(ListQuery(archived=True)).threads == []
    with pytest.raises(RolloutNotFound):
        store.read(thread)


def test_names(store: ThreadStore) -> None:
    writer = store.create(meta())
    store.set_name(writer.thread_id, "Early")
    add_turn(writer, "one")
    assert store.summary(writer.thread_id).name == "Early"
    store.set_name(writer.thread_id, "Later")
    store.set_git(writer.thread_id, Git(commit_hash="abc"))
    add_turn(writer, "two")
    thread = store.summary(writer.thread_id).to_thread()
    assert thread.name == "Later"
    assert thread.gitInfo is not None
    assert thread.gitInfo.sha == "abc"


def test_a_fork_stands_alone(store: ThreadStore) -> None:
    source = add_thread(store, "one", "two", "three")
    before = store.read(source).turns
    writer = store.fork(source, meta(), Cut(before_turn=before[2].id))
    add_turn(writer, "other")
    store.delete(source)
    fork = store.read(writer.thread_id)
    assert fork.turns[:2] == before[:2]
    assert questions(store, writer.thread_id) == ["one", "two", "other"]
    assert fork.meta.forked_from_id == source
    assert (writer.summary.preview, writer.summary.forked_from_id) == ("one", source)
    whole = store.fork(writer.thread_id, meta())
    assert questions(store, whole.thread_id) == ["one", "two", "other"]
    with pytest.raises(TurnNotFound):
        store.fork(writer.thread_id, meta(), Cut(before_turn=UNKNOWN))


def test_revert_keeps_the_old_file(home: Path, store: ThreadStore) -> None:
    thread = add_thread(store, "one", "two", "three")
    turns = store.read(thread).turns
    store.revert(thread, turns[1].id)
    assert questions(store, thread) == ["one"]
    writer = store.open(thread)
    turn = add_turn(writer, "new two")
    with pytest.raises(ActiveWriter):
        store.revert(thread, turn)
    add_turn(writer, "new three")
    writer.close()
    store.revert(thread, turn)
    assert questions(store, thread) == ["one"]
    assert len(files(home)) == 3
    store.revert(thread, turns[0].id)
    assert len(store.read(thread).turns) == 0
    with pytest.raises(TurnNotFound, match=f"^turn not found: {UNKNOWN}$"):
        store.revert(thread, UNKNOWN)
    fork = store.fork(thread, meta())
    add_turn(fork, "x")
    assert questions(store, fork.thread_id) == ["x"]


def test_a_base_that_is_gone_is_reported(store: ThreadStore) -> None:
    thread = add_thread(store, "one", "two")
    path = Path(store.summary(thread).path)
    store.revert(thread, store.read(thread).turns[1].id)
    path.unlink()
    stored = store.read(thread)
    assert len(stored.turns) == 0
    assert any("missing" in warning for warning in stored.warnings)


def test_a_base_that_is_itself_is_no_endless_loop(store: ThreadStore) -> None:
    writer = store.create(meta())
    writer.append([])
    base = f'{{"thread_id":"{writer.thread_id}","end_ordinal_exclusive":9,"end_byte_offset":99999}}'
    text = writer.path.read_text().replace('"history_mode"', f'"history_base":{base},"history_mode"')
    writer.close()
    writer.path.write_text(text)
    assert len(store.read(writer.thread_id).turns) == 0


def test_a_lost_meta_comes_from_the_file_name(store: ThreadStore) -> None:
    thread = add_thread(store, "one")
    path = Path(store.summary(thread).path)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))
    stored = store.read(thread)
    assert (stored.meta.id, stored.preview) == (thread, "one")


def test_a_meta_further_down_is_found(store: ThreadStore) -> None:
    thread = add_thread(store, "one")
    path = Path(store.summary(thread).path)
    first, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([rest[0], b"junk\n", first, *rest[1:]]))
    stored = store.read(thread)
    assert stored.meta.model_provider == "fake"
    assert stored.preview == "one"
    assert len(stored.warnings) == 1


def test_a_name_taken_by_another_thread_does_no_harm(store: ThreadStore) -> None:
    first, second = add_thread(store, "a"), add_thread(store, "b")
    store.set_name(first, "same")
    store.set_name(second, "same")
    assert {thread.name for thread in store.list(ListQuery()).threads} == {"same"}
