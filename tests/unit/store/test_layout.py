from __future__ import annotations

from pathlib import Path

from spindled.store.layout import Layout, parse_name

THREAD = "01a1fd9d-d6ae-7592-b734-3731cab4e547"
SEGMENT = "01a1fdab-2a7f-70c3-9d8c-4d42ea600600"


def _touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_names_carry_time_thread_and_segment(home: Path) -> None:
    layout = Layout(home)
    created = 1_795_256_342_000
    path = layout.new_path(THREAD, created)
    name = parse_name(path.name)
    assert name is not None
    assert (name.thread_id, name.segment_id, name.file_id, name.created_ms) == (THREAD, None, THREAD, created)
    year, month, day = name.local_time[:10].split("-")
    assert path.parent == home / "sessions" / year / month / day
    segment = parse_name(layout.new_path(THREAD, created, SEGMENT).name)
    assert segment is not None
    assert (segment.thread_id, segment.file_id) == (THREAD, SEGMENT)


def test_other_names_are_no_rollouts() -> None:
    assert parse_name(f"rollout-2026-11-21T10-19-02-{THREAD}.jsonl.torn-1") is None
    assert parse_name("rollout-x.jsonl") is None


def test_finds_segments_oldest_first_and_active_before_archived(home: Path) -> None:
    layout = Layout(home)
    assert list(layout.rollouts()) == []
    old = _touch(layout.new_path(THREAD, 1_795_256_342_000))
    archived = _touch(layout.archived / old.name)
    assert layout.find(THREAD) == [old]
    new = _touch(layout.new_path(THREAD, 1_795_999_342_000, SEGMENT))
    assert layout.find(THREAD) == [old, new]
    assert layout.find_file(SEGMENT) == new
    assert layout.find_file(THREAD) in (old, archived)
    old.unlink()
    new.unlink()
    assert layout.find(THREAD) == [archived]
    assert layout.active_path(archived.name) == old
