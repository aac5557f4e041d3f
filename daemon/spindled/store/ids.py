"""Identifiers: UUIDv7, strictly increasing within the process."""

from __future__ import annotations

import os
import threading
import time
import uuid

_RANDOM_BITS = 74  # rand_a (12) and rand_b (62): one counter, seeded at random in every new millisecond
_SEED_MASK = (1 << (_RANDOM_BITS - 1)) - 1  # the top bit stays free, so a millisecond never runs out of ids
_lock = threading.Lock()
_last = 0


class InvalidId(ValueError):
    """Not a UUID; the text says where it goes wrong."""


def new_id() -> str:
    """A UUIDv7 that is greater than every one made before, though the clock stands still or steps back."""
    global _last
    fresh = (time.time_ns() // 1_000_000) << _RANDOM_BITS | int.from_bytes(os.urandom(10)) & _SEED_MASK
    with _lock:
        # Equal or older milliseconds count on from the last id by a random step, so ids stay hard to guess.
        step = 1 + int.from_bytes(os.urandom(4))
        _last = fresh if fresh >> _RANDOM_BITS > _last >> _RANDOM_BITS else _last + step
        value = _last
    milliseconds, random = value >> _RANDOM_BITS, value & ((1 << _RANDOM_BITS) - 1)
    number = milliseconds << 80 | 0x7 << 76 | random >> 62 << 64 | 0b10 << 62 | random & ((1 << 62) - 1)
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def parse_id(text: str) -> str:
    """The canonical form of a UUID in any of its spellings; raises InvalidId."""
    body = text[9:] if text[:9].lower() == "urn:uuid:" else text
    if body.startswith("{") and body.endswith("}"):
        body = body[1:-1]
    for position, character in enumerate(body, 1):
        if character not in "0123456789abcdefABCDEF-":
            raise InvalidId(
                "invalid character: expected an optional prefix of `urn:uuid:` followed by [0-9a-fA-F-], "
                f"found `{character}` at {position}"
            )
    groups = body.split("-")
    if len(groups) == 1:
        if len(body) != 32:
            raise InvalidId(f"invalid length: expected length 32 for simple format, found {len(body)}")
    elif len(groups) != 5:
        raise InvalidId(f"invalid group count: expected 5, found {len(groups)}")
    else:
        for number, (group, length) in enumerate(zip(groups, (8, 4, 4, 4, 12), strict=True)):
            if len(group) != length:
                raise InvalidId(f"invalid group length in group {number}: expected {length}, found {len(group)}")
    return str(uuid.UUID(hex="".join(groups)))


def created_ms(thread_id: str) -> int | None:
    """When a UUIDv7 was made, Unix milliseconds; None for other ids."""
    digits = thread_id.replace("-", "")
    return int(digits[:12], 16) if len(digits) == 32 and digits[12] == "7" else None
