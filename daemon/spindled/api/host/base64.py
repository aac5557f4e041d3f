"""Bytes in params and notifications: standard base64, padded and canonical, refused with the place of the mistake."""

from __future__ import annotations

import binascii
import re

_NO_DIGIT = re.compile(rb"[^A-Za-z0-9+/]")
_PIECE = 1 << 18  # groups of three bytes that are converted at once: other threads run in between


def encode(data: bytes) -> str:
    size = 3 * _PIECE
    pieces = [binascii.b2a_base64(data[at : at + size], newline=False) for at in range(0, len(data), size)]
    return b"".join(pieces).decode()


def decode(text: str) -> bytes:
    """Raises ValueError that says what is wrong and at which byte."""
    encoded = text.encode()
    size = 4 * _PIECE
    pieces = []
    for at in range(0, len(encoded), size):
        piece = encoded[at : at + size]
        try:
            data = binascii.a2b_base64(piece, strict_mode=True)
        except binascii.Error:
            raise ValueError(_mistake(encoded)) from None
        ends_early = len(data) < 3 * _PIECE and at + size < len(encoded)
        if ends_early or binascii.b2a_base64(data, newline=False) != piece:
            raise ValueError(_mistake(encoded))
        pieces.append(data)
    return b"".join(pieces)


def _mistake(encoded: bytes) -> str:
    other = _NO_DIGIT.search(encoded)
    digits = other.start() if other else len(encoded)
    padding = len(encoded) - digits
    if encoded[digits:] != b"=" * padding or (padding and (digits % 4 < 2 or len(encoded) % 4)):
        return f"Invalid symbol {encoded[digits]}, offset {digits}."
    if len(encoded) % 4 == 1:
        return f"Invalid input length: {len(encoded)}"
    if len(encoded) % 4:
        return "Invalid padding"
    return f"Invalid last symbol {encoded[digits - 1]}, offset {digits - 1}."
