"""The store against kills, full disks and places that cannot be used."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spindled.store.errors import StoreError
from spindled.store.index.query import ListQuery
from spindled.store.threads import ThreadStore
from tests.unit.store.samples import add_thread, add_turn, meta, questions

# Appends for ever; says the number of every row that `append` returned for.
WRITER = """
import os, sys
from pathlib import Path
from spindled.store.rollout.rows import Row
from spindled.store.threads import ThreadStore
store = ThreadStore(Path(sys.argv[1]))
writer = store.open(sys.argv[2])
number = int(sys.argv[3])
while True:
    rows = [Row("probe", {"n": number + k, "text": "x" * ((number + k) % 700)}) for k in range(1 + number % 3)]
    writer.append(rows)
    number += len(rows)
    os.write(1, b"%d\\n" % number)
"""


def probes(path: Path) -> list[int]:
    rows = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert [row["ordinal"] for row in rows] == list(range(len(rows)))
    return [row["payload"]["n"] for row in rows if row["type"] == "probe"]


def test_a_kill_costs_no_row_that_was_acknowledged(tmp_path: Path) -> None:
    store = ThreadStore(tmp_path)
    thread = add_thread(store, "hello")
    path = Path(store.summary(thread).path)
    chance = random.Random(7)
    start = 0
    for _ in range(6):
        command = [sys.executable, "-c", WRITER, str(tmp_path), thread, str(start)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            for _ in range(chance.randrange(1, 400)):
                child.stdout.readline()
            os.kill(child.pid, signal.SIGKILL)
            acknowledged = child.stdout.read().splitlines()
        writer = store.open(thread)  # the lock died with its holder; a torn tail is mended
        add_turn(writer, "after the kill")
        writer.close()
        found = probes(path)
        assert found == list(range(len(found)))
        if acknowledged and acknowledged[-1].isdigit() and len(acknowledged) > 1:
            assert len(found) >= int(acknowledged[-1])
        start = len(found)
    assert questions(store, thread) == ["hello", *["after the kill"] * 6]
    store.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB; where none may be mounted, files that may not grow beyond that."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode == 0:
        yield place
        subprocess.run(["umount", str(place)], check=True)
        return
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, before[1]))
    yield place
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_is_told_and_survived(small_disk: Path) -> None:
    store = ThreadStore(small_disk / "home")
    writer = store.create(meta(base_instructions=None))
    asked = []
    with pytest.raises(StoreError, match=r"No space left|File too large") as error:
        for number in range(200):
            asked.append(f"question {number}")
            add_turn(writer, asked[-1], "x" * 900)
    assert error.value.path == writer.path
    assert writer.pending
    assert questions(store, writer.thread_id)[:10] == asked[:10]
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.getrlimit(resource.RLIMIT_FSIZE)[1],) * 2)
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], capture_output=True, check=False)
    writer.append([])
    assert writer.pending == 0
    add_turn(writer, "there is room again")
    assert questions(store, writer.thread_id) == [*asked, "there is room again"]
    assert store.read(writer.thread_id).warnings == []
    store.close()


def test_a_small_file_limit_leaves_whole_rows(tmp_path: Path) -> None:
    """As a full disk, without mounting: the child is killed with rows pending, the next one mends the tail."""
    script = """
import resource, signal, sys
from pathlib import Path
from spindled.store.errors import StoreError
from spindled.store.rollout.rows import Row
from spindled.store.threads import ThreadStore
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = ThreadStore(Path(sys.argv[1]))
writer = store.open(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (20_001, 20_001))
for n in range(100):
    try:
        writer.append([Row("probe", {"n": n, "text": "x" * 700})])
    except StoreError as error:
        print(n, writer.pending, "File too large" in str(error), flush=True)
        signal.raise_signal(signal.SIGKILL)
"""
    store = ThreadStore(tmp_path)
    thread = add_thread(store, "hello")
    path = Path(store.summary(thread).path)
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path), thread], capture_output=True, check=False)
    number, pending, told = done.stdout.split()
    assert (pending, told) == (b"1", b"True")
    assert path.stat().st_size == 20_001
    writer = store.open(thread)
    add_turn(writer, "next")
    assert probes(path) == list(range(int(number)))
    assert path.with_name(f"{path.name}.torn-1").exists()
    store.close()


@pytest.mark.parametrize("place", ["file/home", "/proc/self/home", "/dev/null/home"])
def test_a_home_that_cannot_be_used(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    store = ThreadStore(tmp_path / place)
    assert store.list(ListQuery()).threads == []
    writer = store.create(meta())
    for _ in range(2):
        with pytest.raises(StoreError) as error:
            add_turn(writer, "hello")
        assert str(tmp_path / place) in str(error.value)
    with pytest.raises(StoreError):
        store.close()


def test_a_folder_in_the_way_of_the_rollout(tmp_path: Path) -> None:
    store = ThreadStore(tmp_path)
    writer = store.create(meta())
    writer.path.mkdir(parents=True)
    with pytest.raises(StoreError, match="Is a directory"):
        add_turn(writer, "hello")
    writer.path.rmdir()
    writer.append([])
    assert questions(store, writer.thread_id) == ["hello"]
    store.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, bytes, ThreadStore]:
    store = ThreadStore(tmp_path_factory.mktemp("damage"))
    thread = add_thread(store, *[f"question {n}" for n in range(4)])
    return thread, Path(store.summary(thread).path).read_bytes(), store


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage=st.lists(st.tuples(st.integers(0, 8000), st.binary(min_size=1, max_size=300)), max_size=6))
def test_any_damage_can_be_read_and_continued(
    whole: tuple[str, bytes, ThreadStore], damage: list[tuple[int, bytes]]
) -> None:
    thread, content, store = whole
    path = Path(store.summary(thread).path)
    damaged = content
    for at, data in damage:
        damaged = damaged[:at] + data + damaged[at + len(data) :]
    path.write_bytes(damaged)
    found = questions_that_survived(store, thread)
    untouched = [n for n in range(4) if question_line(content, n) in damaged.split(b"\n")]
    assert {f"question {n}" for n in untouched} <= set(found)
    writer = store.open(thread)
    add_turn(writer, "more")
    writer.close()
    assert questions_that_survived(store, thread)[-1] == "more"


def question_line(content: bytes, number: int) -> bytes:
    text = b'"UserMessage"'
    return [line for line in content.split(b"\n") if text in line][number]


def questions_that_survived(store: ThreadStore, thread: str) -> list[str]:
    items = [item for turn in store.read(thread).turns for item in turn.items]
    return [part.text for item in items if hasattr(item, "clientId") for part in item.content if hasattr(part, "text")]
