"""Files that tests need again and again."""

from __future__ import annotations

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc00000"
    "030101000c9df4e00000000049454e44ae426082"
)
"""A PNG of one pixel."""
