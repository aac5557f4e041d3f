from __future__ import annotations

from pathlib import Path

import pytest

from spindled.store.errors import StoreError
from spindled.store.ids import new_id
from spindled.store.rollout import rows
from spindled.store.threads import ThreadStore
from tests.unit.store.samples import add_turn, message, meta, questions, turn_start


def test_the_index_follows_the_rows(store: ThreadStore) -> None:
    writer = store.create(meta())
    assert (writer.materialized, writer.pending) == (False, 0)
    writer.append([rows.response_item(message("developer", "rules"))])
    assert writer.materialized
    assert store.summary(writer.thread_id).preview == ""
    add_turn(writer, "first question")
    add_turn(writer, "second question")
    summary = store.summary(writer.thread_id)
    assert (summary.preview, summary.model, summary.open) == ("first question", "gpt-5.5", True)
    assert summary.updated_ms >= summary.created_ms
    writer.close()
    assert not store.summary(writer.thread_id).open


def test_without_a_lock_rows_wait(home: Path, store: ThreadStore) -> None:
    home.mkdir()
    (home / "thread-writer-locks").touch()
    writer = store.create(meta())
    with pytest.raises(StoreError, match="thread-writer-locks"):
        writer.append(turn_start(writer.thread_id, new_id(), "one"))
    assert writer.pending == 5
    assert not writer.path.exists()
    (home / "thread-writer-locks").unlink()
    writer.append([])
    assert writer.pending == 0
    assert questions(store, writer.thread_id) == ["one"]
    assert store.summary(writer.thread_id).preview == "one"


def test_closing_says_if_rows_are_lost(home: Path, store: ThreadStore) -> None:
    home.mkdir()
    (home / "sessions").touch()
    writer = store.create(meta())
    with pytest.raises(StoreError):
        add_turn(writer, "one")
    with pytest.raises(StoreError, match="cannot write"):
        writer.close()
    (home / "sessions").unlink()
    writer.close()  # another try
    assert questions(store, writer.thread_id) == ["one"]
