"""Many stored threads in a home, from one that was made through the protocol."""

from __future__ import annotations

import time
import uuid
from pathlib import Path


def copy_thread(home: Path, thread_id: str, count: int) -> None:
    """Copies of a thread's rollout under ids of their own, a second apart before now; indexes are made anew."""
    (source,) = home.glob(f"sessions/**/rollout-*-{thread_id}.jsonl")
    text = source.read_text()
    newest = int(time.time())
    for number in range(1, count + 1):
        made = newest - number
        copy_id = _id_of(made)
        day = home / "sessions" / time.strftime("%Y/%m/%d", time.localtime(made))
        day.mkdir(parents=True, exist_ok=True)
        name = time.strftime("rollout-%Y-%m-%dT%H-%M-%S", time.localtime(made))
        (day / f"{name}-{copy_id}.jsonl").write_text(text.replace(thread_id, copy_id))
    for index in home.glob("*.sqlite*"):
        index.unlink()


def _id_of(seconds: int) -> str:
    """A UUID of version 7."""
    rest = uuid.uuid4().int
    return str(uuid.UUID(int=(seconds * 1000) << 80 | 7 << 76 | (rest & 0xFFF) << 64 | 2 << 62 | (rest >> 66)))
