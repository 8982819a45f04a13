"""Identifiers: UUIDv7 inside, a prefix and Crockford base 32 where people see them.

A caller may choose an id, so a retry is natural. UUIDv7 (RFC 9562, section 5.7) begins with
the time in milliseconds: ids made one after another stand side by side in an index.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from uuid import UUID

import numpy as np
import numpy.typing as npt

from karez.kernel.errors import InvalidInputError

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUE_OF = {letter: value for value, letter in enumerate(_ALPHABET)} | {"o": 0, "i": 1, "l": 1}
_TEXT_LENGTH = 26  # 130 bits hold 128

IdArray = npt.NDArray[np.void]
"""Ids as 16-byte records (dtype ``V16``), in the byte order of ``UUID.bytes``."""


class IdMalformedError(InvalidInputError):
    """{text!r} is not an id: write a UUID, or {prefix}_ and 26 letters of Crockford base 32."""

    code = "id-malformed"


_lock = threading.Lock()
_last_tick = 0


def new_ids(count: int) -> IdArray:
    """Return ``count`` fresh UUIDv7 in ascending order, also across calls in one process.

    The 12 bits after the milliseconds and the upper 30 of the following field hold a counter
    that starts each millisecond at random (RFC 9562, section 6.2, method 1); the last 32 bits
    are random too, so that two processes do not meet.
    """
    first = _take_ticks(count)
    ticks = np.arange(count, dtype=np.uint64) + np.uint64(first & 0x3FF_FFFF_FFFF)
    millis = np.uint64(first >> 42) + (ticks >> np.uint64(42))
    counter = ticks & np.uint64(0x3FF_FFFF_FFFF)
    words = np.empty((count, 2), dtype=">u8")
    words[:, 0] = (millis << np.uint64(16)) | np.uint64(0x7000) | (counter >> np.uint64(30))
    noise = np.frombuffer(os.urandom(4 * count), dtype=np.uint32).astype(np.uint64)
    low = (counter & np.uint64(0x3FFF_FFFF)) << np.uint64(32)
    words[:, 1] = np.uint64(1 << 63) | low | noise
    return words.view("V16").ravel()


def new_id() -> UUID:
    """Return one fresh UUIDv7: the same as ``new_ids(1)``, sooner."""
    tick = _take_ticks(1)
    high = tick >> 42 << 16 | 0x7000 | (tick >> 30 & 0xFFF)
    low = 1 << 63 | (tick & 0x3FFF_FFFF) << 32 | secrets.randbits(32)
    return UUID(int=high << 64 | low)


def _take_ticks(count: int) -> int:
    """Return the first of so many ticks that nobody in this process has had."""
    global _last_tick  # noqa: PLW0603 - one clock for the process, guarded by the lock.
    with _lock:
        start = (time.time_ns() // 1_000_000) << 42 | secrets.randbits(41)
        # Within the millisecond of the last id the counter goes on; a new one starts at random.
        first = start if start >> 42 > _last_tick >> 42 else _last_tick + 1
        _last_tick = first + count
    return first


def show_id(prefix: str, value: UUID) -> str:
    """Return the text people read: ``show_id("ent", value)`` begins with ``ent_``."""
    number = value.int
    letters = [_ALPHABET[number >> shift & 31] for shift in range(125, -5, -5)]
    return f"{prefix}_{''.join(letters)}"


def read_id(prefix: str, text: str) -> UUID:
    """Return the id that ``text`` shows, in either form.

    Raises:
        IdMalformedError: the text is neither a UUID nor an id with this prefix.
    """
    stem, _, body = text.strip().lower().partition("_")
    try:
        if not body:
            return UUID(text.strip())
        return UUID(int=_number_of(body if stem == prefix else ""))
    except (ValueError, KeyError) as fault:
        raise IdMalformedError(text=text, prefix=prefix) from fault


def _number_of(body: str) -> int:
    if len(body) != _TEXT_LENGTH:
        raise ValueError(body)
    number = 0
    for letter in body:
        number = number << 5 | _VALUE_OF[letter]
    return number
