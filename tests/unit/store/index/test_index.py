from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.store.index.index import Index
from spindled.store.index.query import ListQuery
from spindled.store.index.summary import Summary


def summary(number: int, **fields: object) -> Summary:
    known: dict[str, object] = {
        "id": f"id-{number:04}",
        "path": f"/sessions/2026/01/01/{number}",
        "created_ms": 1_700_000_000_000 + number,
        "updated_ms": 1_700_000_000_000 - number,
        "preview": f"question {number}",
        "session_id": f"id-{number:04}",
        "cwd": "/w",
        "model_provider": "fake",
        "source_kind": "vscode",
    }
    return Summary(**{**known, **fields})  # type: ignore[arg-type]


def listed(index: Index, **fields: object) -> list[int]:
    return [int(thread.id[3:]) for thread in index.list(ListQuery(**fields)).threads]  # type: ignore[arg-type]


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return Index(tmp_path / "home" / "index.sqlite")


def test_keeps_what_it_is_given(index: Index, tmp_path: Path) -> None:
    one = summary(1, archived=True, open=True, name="n", git_branch="b")
    index.put(one)
    index.close()
    again = Index(tmp_path / "home" / "index.sqlite")
    assert not again.is_new
    assert again.get("id-0001") == one
    assert again.get("id-0002") is None
    assert stat.S_IMODE((tmp_path / "home" / "index.sqlite").stat().st_mode) == 0o600
    again.close()


def test_filters(index: Index) -> None:
    index.put(
        summary(1),
        summary(2, archived=True),
        summary(3, preview=""),
        summary(4, cwd="/elsewhere", name="Zebra 100%"),
        summary(5, model_provider="other", preview="about zebras"),
        summary(6, source_kind="subAgentReview", parent_id="id-0001"),
        summary(7, source_kind="exec", parent_id="id-0006"),
    )
    assert listed(index) == [5, 4, 1]
    assert listed(index, archived=True) == [2]
    assert listed(index, cwds=["/elsewhere", "/none"]) == [4]
    assert listed(index, model_providers=["other"]) == [5]
    assert listed(index, search="ZEBRA") == [5, 4]
    assert listed(index, search="100%") == [4]
    assert listed(index, search="1%0") == []
    assert listed(index, source_kinds=["exec"]) == [7]
    assert listed(index, source_kinds=["subAgent", "vscode"]) == [6, 5, 4, 1]
    assert listed(index, source_kinds=["exec", "subAgent"], parent_id="id-0001") == [6]
    assert listed(index, source_kinds=["exec", "subAgent"], ancestor_id="id-0001") == [7, 6]
    assert listed(index, excluded_ids=["id-0005"]) == [4, 1]
    assert listed(index, sort_key="updated_at") == [1, 4, 5]
    assert listed(index, sort_key="updated_at", descending=False) == [5, 4, 1]


def test_changes_and_removals(index: Index) -> None:
    index.put(summary(1, open=True), summary(2))
    index.update("id-0001", name="x", preview="y")
    found = index.get("id-0001")
    assert found is not None
    assert (found.name, found.preview) == ("x", "y")
    assert [thread.id for thread in index.left_open()] == ["id-0001"]
    index.remove("id-0001", "id-0002")
    assert listed(index) == []


def test_folders(index: Index) -> None:
    index.put(summary(1), summary(2, path="/sessions/2026/01/010/2"))
    assert index.in_folder(Path("/sessions/2026/01/01")) == {"/sessions/2026/01/01/1": "id-0001"}
    index.compared({"/a": 5})
    index.compared({"/b": 6})
    assert index.folders() == {"/b": 6}


@given(
    times=st.lists(st.integers(0, 8), max_size=30),
    size=st.integers(1, 5),
    key=st.sampled_from(["created_at", "updated_at", "recency_at"]),
    descending=st.booleans(),
)
def test_pages_give_every_thread_once_though_times_are_equal(
    tmp_path_factory: pytest.TempPathFactory, times: list[int], size: int, key: str, descending: bool
) -> None:
    index = Index(tmp_path_factory.mktemp("index") / "i")
    index.put(*[summary(n, created_ms=time, updated_ms=time) for n, time in enumerate(times)])
    found: list[str] = []
    cursor = None
    while True:
        page = index.list(ListQuery(cursor=cursor, limit=size, sort_key=key, descending=descending))
        found += [thread.id for thread in page.threads]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(found) == len(times)
    order = sorted((time, f"id-{n:04}") for n, time in enumerate(times))
    assert found == [thread_id for _, thread_id in (reversed(order) if descending else order)]
    index.close()


def test_pages_are_stable_under_inserts_and_turn_round(index: Index) -> None:
    index.put(*[summary(n) for n in range(10)])
    first = index.list(ListQuery(limit=4))
    index.put(summary(50), summary(51))
    second = index.list(ListQuery(limit=4, cursor=first.next_cursor))
    assert [thread.id for thread in second.threads] == ["id-0005", "id-0004", "id-0003", "id-0002"]
    back = index.list(ListQuery(cursor=second.backwards_cursor, descending=False))
    assert [thread.id for thread in back.threads][:3] == ["id-0005", "id-0006", "id-0007"]
    assert index.list(ListQuery(search="nothing")).backwards_cursor is None


def test_a_damaged_file_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "i"
    path.write_bytes(b"this is no database" * 100)
    index = Index(path)
    assert index.is_new
    index.put(summary(1))
    index.filled()
    assert (listed(index), index.is_new) == ([1], False)
    index.close()
    assert (tmp_path / "i.damaged").exists()


def test_damage_in_use_is_survived(tmp_path: Path) -> None:
    path = tmp_path / "i"
    index = Index(path)
    index.put(*[summary(n) for n in range(500)])
    index.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)
    assert listed(index) == []
    assert index.is_new
    index.put(summary(1))
    assert listed(index) == [1]
    index.close()


def test_another_schema_is_thrown_away(tmp_path: Path) -> None:
    path = tmp_path / "i"
    with sqlite3.connect(path) as other:
        other.executescript("CREATE TABLE threads (nonsense); PRAGMA user_version = 999;")
    other.close()
    index = Index(path)
    assert index.is_new
    index.put(summary(1))
    assert listed(index) == [1]
    index.close()


def test_without_a_place_for_the_file_it_lives_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    index = Index(tmp_path / "file" / "i")
    assert index.is_new
    index.put(summary(1))
    assert listed(index) == [1]
    index.close()


def test_two_processes_may_use_it(tmp_path: Path) -> None:
    one, two = Index(tmp_path / "i"), Index(tmp_path / "i")
    one.put(summary(1))
    two.put(summary(2))
    assert listed(one) == listed(two) == [2, 1]
    one.close()
    two.close()
